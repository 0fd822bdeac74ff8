/** `inspect`: what is in a model, which formats are possible, and what stands against the others. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import pc from 'picocolors';
import type { InspectRequest, InspectResult } from '../convert/convert-types.js';
import { logText, shorten, visible } from '../diag/escape.js';
import { failure, type Turn } from './judge.js';
import { ConfigurationError, type Settings } from './options.js';
import { createPool, WORKER } from './pool.js';
import { count, counted, size } from '../report/figures.js';
import type { Finding, SourceFacts, TensorFact } from '../report/types.js';

/** Prints the page; 0 where some format is possible, 1 where none is. */
export async function inspect(
  file: string,
  settings: Settings,
  out: NodeJS.WriteStream,
  signal?: AbortSignal,
  worker = WORKER,
): Promise<number> {
  const absolute = path.resolve(file);
  const there = await stat(absolute).catch(() => undefined);
  if (!there?.isFile()) throw new ConfigurationError(`there is no file ${JSON.stringify(visible(file))}`);
  const pool = createPool({ size: 1, program: worker, signal });
  const colour = Boolean(out.isTTY) && !process.env.NO_COLOR;
  const print = (lines: readonly string[]) =>
    out.write(`${lines.map((line) => (colour ? line : logText(line))).join('\n')}\n`);
  try {
    return await pool.use(async (lease) => {
      const turn: Turn = {
        lease,
        settings,
        place: { file },
        deadline: performance.now() + settings.timeoutPerModel * 1000,
        doing: () => {},
      };
      const request: InspectRequest = {
        path: absolute,
        relativePath: path.basename(file),
        limits: { maxModelBytes: settings.maxModelSize * 2 ** 20 },
      };
      const outcome = await lease.call<InspectResult>('inspect', request, turn.deadline);
      const style = pc.createColors(colour);
      if (!outcome.ok) {
        print(findingLines(failure(turn, outcome, 'inspecting')));
        return 1;
      }
      print(page(outcome.value, file, style.bold, style.dim));
      return outcome.value.formats.some((f) => f.possible) ? 0 : 1;
    });
  } finally {
    pool.close();
  }
}

type Style = (text: string) => string;

function page({ source, formats, diagnostics }: InspectResult, file: string, bold: Style, dim: Style): string[] {
  const lines = [bold(visible(file)), ...facts(source).map(([name, value]) => `  ${name.padEnd(11)} ${value}`)];
  lines.push(...tensors('Inputs', source.inputs, bold), ...tensors('Outputs', source.outputs, bold));
  const operators = Object.entries(source.operators ?? {}).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  if (operators.length > 0) {
    const digits = String(operators[0]?.[1] ?? 0).length;
    lines.push(
      '',
      bold('Operators'),
      ...operators.map(([name, n]) => `  ${String(n).padStart(digits)} ${visible(name)}`),
    );
  }
  if (formats.length > 0) lines.push('', bold('Formats'));
  for (const { format, possible, obstacles } of formats) {
    lines.push(
      `  ${format.padEnd(13)} ${possible ? 'possible' : `not possible: ${counted(obstacles.length, 'obstacle')}`}`,
    );
    lines.push(...obstacles.flatMap((d) => findingLines(d)).map((line) => dim(`    ${line}`)));
  }
  const told = diagnostics.filter((d) => d.severity !== 'note');
  if (told.length > 0)
    lines.push('', bold('Findings'), ...told.flatMap((d) => findingLines(d)).map((line) => `  ${line}`));
  return lines;
}

function facts(source: SourceFacts): [string, string][] {
  const opsets = Object.entries(source.opsets ?? {}).map(([domain, version]) =>
    domain === '' ? String(version) : `${visible(domain)} ${version}`,
  );
  const rows: [string, string | undefined][] = [
    ['size', source.bytes === 0 ? undefined : size(source.bytes)],
    ['opset', opsets.join(', ') || undefined],
    ['IR version', source.irVersion === undefined ? undefined : String(source.irVersion)],
    ['producer', source.producer ? visible(source.producer) : undefined],
    ['nodes', source.nodes === undefined ? undefined : count(source.nodes)],
    ['parameters', source.parameters === undefined ? undefined : count(source.parameters)],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function tensors(title: string, list: readonly TensorFact[] | undefined, bold: Style): string[] {
  if (!list || list.length === 0) return [];
  return [
    '',
    bold(title),
    ...list.map((t) => {
      const dims =
        t.shape === undefined
          ? 'any shape'
          : `[${t.shape.map((d) => (d === null ? '?' : visible(String(d)))).join(', ')}]`;
      return `  ${visible(shorten(t.name, 60))}  ${t.dtype} ${dims}`;
    }),
  ];
}

function findingLines({ severity, message, remedy, place }: Finding): string[] {
  const where = [place.op, place.node ?? place.tensor]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => visible(shorten(String(part), 60)))
    .join(' ');
  return [
    `${severity}: ${where === '' ? '' : `${where}: `}${visible(shorten(message, 500))}`,
    `  → ${visible(remedy)}`,
  ];
}
