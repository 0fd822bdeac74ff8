import type { Report } from './types.js';

/** What still fits on one line is written there: so a graph of a thousand nodes is a thousand lines, and a shape is one. */
const LINE = 160;

/** report.json: the report as JSON that a person can read, too. */
export function reportJson(report: Report): string {
  return `${written(report, '')}\n`;
}

function written(value: unknown, indent: string): string {
  const short = JSON.stringify(value);
  if (typeof value !== 'object' || value === null || indent.length + short.length <= LINE) return short;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = isFlat(value) ? folded(value, inner) : value.map((item) => inner + written(item ?? null, inner));
    return `[\n${items.join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{\n${entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${written(item, inner)}`).join(',\n')}\n${indent}}`;
}

/** Numbers, and pairs of numbers: as many to a line as fit. */
function isFlat(items: readonly unknown[]): boolean {
  return items.every(
    (item) => typeof item === 'number' || (Array.isArray(item) && item.length <= 2 && item.every(isNumber)),
  );
}

const isNumber = (value: unknown): boolean => typeof value === 'number';

function folded(items: readonly unknown[], indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const item of items) {
    const text = JSON.stringify(item);
    if (line !== '' && indent.length + line.length + text.length + 2 > LINE) {
      lines.push(indent + line);
      line = '';
    }
    line += line === '' ? text : `, ${text}`;
  }
  return [...lines, indent + line];
}
