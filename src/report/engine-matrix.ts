import type { Check, ModelReport } from './types.js';
import { verdictChecks } from './verdict.js';

/** Each output against each reference (a row), by engine and format (a column). */
export interface EngineMatrix {
  columns: string[];
  rows: { output: string | undefined; reference: string; cells: (Check | undefined)[] }[];
}

/** Undefined where a model was judged on one engine and in one format alone. */
export function engineMatrix(model: ModelReport): EngineMatrix | undefined {
  const checks = verdictChecks(model);
  const columns = [...new Set(checks.map(columnOf))];
  if (columns.length < 2) return undefined;
  const rows = new Map<string, Map<string, Check>>();
  for (const check of checks) {
    const key = JSON.stringify([check.output ?? '', check.reference.name]);
    rows.set(key, (rows.get(key) ?? new Map<string, Check>()).set(columnOf(check), check));
  }
  return {
    columns,
    rows: [...rows.values()].map((row) => {
      const [first] = row.values();
      return {
        output: first?.output,
        reference: first?.reference.name ?? '',
        cells: columns.map((column) => row.get(column)),
      };
    }),
  };
}

const columnOf = ({ engine, format }: Check): string => `${engine}, ${format}`;
