/**
 * What a person sees of a run: which model is being worked on, what was found, and at the end a line per model. Lines go
 * out through one function, which makes them safe for a runner's log.
 */
import pc from 'picocolors';
import { logText, shorten, visible } from '../diag/escape.js';
import type { FoundModel } from './find.js';
import { progressLines } from './progress.js';
import { counted, duration, figure, shareOfAllowed, size } from '../report/figures.js';
import { toleranceText } from '../report/markdown-model.js';
import { largestError } from '../report/totals.js';
import type { Finding, ModelReport, Report, Status } from '../report/types.js';
import { findingsWorstFirst, headline, isWaived, waiverText, worstCheck } from '../report/verdict.js';
import type { Listener } from './run.js';

export interface Terminal {
  /** Takes one line without its end. */
  line(text: string): void;
  colour: boolean;
  /** Where lines can be drawn over again. Absent: plain lines only. */
  live?: Live;
  /** How a model's lines are folded, where the reader can. */
  group?: { open(title: string): void; close(): void };
}

export interface Live {
  /** Draws these lines in the place of the last ones. */
  draw(lines: readonly string[]): void;
  /** Takes them away. */
  clear(): void;
  readonly columns: number;
  readonly rows: number;
}

type Style = (text: string) => string;
type Styles = Record<Status | 'dim' | 'bold' | 'warning', Style>;

const SIGNS: Record<Status, string> = { pass: '✓', unverified: '?', unsupported: '–', mismatch: '✗', error: '!' };

/** How many findings of one model are shown; the report has all. */
const FINDINGS_SHOWN = 8;
const NAME_WIDTH = 60;
const FRAME_MS = 200;

function stylesFor(colour: boolean): Styles {
  const c = pc.createColors(colour);
  return {
    pass: c.green,
    unverified: c.yellow,
    unsupported: c.magenta,
    mismatch: c.red,
    error: c.red,
    warning: c.yellow,
    dim: c.dim,
    bold: c.bold,
  };
}

/** Stdout of a process: colour, and bars on stderr, only on a terminal; NO_COLOR and FORCE_COLOR as no-color.org has them. */
export async function terminalOf(
  out: NodeJS.WriteStream,
  live: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv,
): Promise<Terminal> {
  const tty = Boolean(out.isTTY) && env.TERM !== 'dumb';
  const colour = tty && !env.NO_COLOR;
  return {
    // On a terminal nobody reads commands, and escaping would take our own colours away.
    line: (text) => out.write(`${colour ? text : logText(text)}\n`),
    colour,
    // A terminal that says it has no lines would show nothing of what is drawn.
    ...(tty && live.isTTY && !env.CI && live.rows !== 0 && live.columns !== 0 ? { live: await liveOn(live) } : {}),
  };
}

async function liveOn(stream: NodeJS.WriteStream): Promise<Live> {
  const { createLogUpdate } = await import('log-update');
  // The cursor stays: whoever is stopped by force can't bring it back.
  const update = createLogUpdate(stream, { showCursor: true });
  return {
    draw: (lines) => update(lines.join('\n')),
    clear: () => update.clear(),
    get columns() {
      return stream.columns ?? 80;
    },
    get rows() {
      return stream.rows ?? 24;
    },
  };
}

export interface Console extends Listener {
  /** The table, the verdict and where to read more. */
  summarize(report: Report, page?: string): void;
  /** Takes the bars away. */
  close(): void;
}

export function createConsole(terminal: Terminal): Console {
  const style = stylesFor(terminal.colour);
  const active = new Map<string, { name: string; step: string; since: number }>();
  let total = 0;
  let done = 0;
  let begun = performance.now();
  let timer: NodeJS.Timeout | undefined;

  const draw = () => {
    if (!terminal.live || active.size === 0) return;
    const now = performance.now();
    const working = [...active.values()].map(({ name, step, since }) => ({ name, step, took: now - since }));
    const [head, ...lines] = progressLines(working, { total, done, took: now - begun }, terminal.live);
    terminal.live.draw([style.bold(head as string), ...lines.map(style.dim)]);
  };
  /** Whole lines stand above the bars. */
  const print = (lines: readonly string[]) => {
    terminal.live?.clear();
    for (const line of lines) terminal.line(line);
    draw();
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    terminal.live?.clear();
  };

  return {
    found(models) {
      total = models.length;
      begun = performance.now();
      if (total > 0) terminal.line(`Found ${counted(total, 'model')}.`);
      if (terminal.live && total > 0) {
        timer = setInterval(draw, FRAME_MS);
        timer.unref();
      }
    },
    started(model) {
      active.set(model.path, { name: visible(model.shown), step: '', since: performance.now() });
      if (!terminal.live) print([`${visible(model.shown)} …`]);
    },
    doing(model: FoundModel, step) {
      const state = active.get(model.path);
      if (state) state.step = visible(step);
      draw();
    },
    finished(model, report) {
      active.delete(model.path);
      done += 1;
      if (terminal.group) {
        terminal.group.open(`[${done}/${total}] ${visible(model.shown)}: ${report.status}`);
        print(modelLines(report, style));
        terminal.group.close();
      } else {
        print([`[${done}/${total}] ${visible(model.shown)}`, ...modelLines(report, style)]);
      }
    },
    summarize(report, page) {
      stop();
      const rows = table(report, style);
      const about = (report.diagnostics ?? [])
        .filter((d) => d.severity !== 'note')
        .flatMap((d) => findingLines(d, style));
      const lines = [...about, ...(rows.length > 0 ? ['', ...rows, ''] : []), style.bold(headline(report, visible))];
      for (const line of lines) terminal.line(line);
      if (page !== undefined) terminal.line(style.dim(`Report: ${visible(page)}`));
    },
    close: stop,
  };
}

/** What was found about one model, indented. */
function modelLines(model: ModelReport, style: Styles): string[] {
  const facts = [
    model.format ?? '',
    model.artefacts.length > 0 ? `${size(model.source?.bytes ?? 0)} → ${size(bytesOf(model))}` : '',
    agreement(model),
    model.cached ? 'as in an earlier run' : duration(model.timings.total ?? 0),
  ].filter((fact) => fact !== '');
  const findings = findingsWorstFirst(model.diagnostics).filter((d) => d.severity !== 'note');
  const more = findings.length - FINDINGS_SHOWN;
  const known = waiverText(model);
  return [
    `  ${style[model.status](`${SIGNS[model.status]} ${model.status}`)}  ${style.dim(facts.join(' · '))}`,
    ...(known === undefined ? [] : [`    ${visible(shorten(known, 500))}`]),
    ...allowed(model).map((line) => `    ${style.dim(line)}`),
    ...findings.slice(0, FINDINGS_SHOWN).flatMap((d) => findingLines(d, style, model).map((line) => `    ${line}`)),
    ...(more > 0 ? [`    and ${counted(more, 'finding')} more: see the report`] : []),
  ];
}

/** What the verdict was held against, and what was allowed; the report says it for each output. */
function allowed({ checks }: ModelReport): string[] {
  const rules = new Set(checks.flatMap(({ tolerance }) => (tolerance === undefined ? [] : [toleranceText(tolerance)])));
  if (rules.size === 0) return [];
  const kinds = new Set(checks.map(({ reference }) => reference.kind));
  const against =
    kinds.size > 1
      ? "stored and onnxruntime's outputs"
      : kinds.has('stored')
        ? 'stored outputs'
        : "onnxruntime's outputs";
  return [`against ${against}, allowed: ${[...rules].join('; or ')}`];
}

/** The worst error and how much of what is allowed it takes. */
function agreement(model: ModelReport): string {
  const worst = worstCheck(model);
  if (worst?.used === undefined) return '';
  return `max error ${figure(largestError(model.checks))}, ${shareOfAllowed(worst.used)}`;
}

/** With the file that is at fault, where that isn't the model that the lines stand below. */
function findingLines(finding: Finding, style: Styles, model?: ModelReport): string[] {
  const colour = finding.severity === 'note' ? style.dim : style[finding.severity];
  const { file, line, node, op, tensor } = finding.place;
  const beside = file === undefined || file === model?.path || file === model?.file ? undefined : file;
  const where = [
    beside && visible(shorten(line === undefined ? beside : `${beside}:${line}`, NAME_WIDTH)),
    op && visible(op),
    node && visible(shorten(node, NAME_WIDTH)),
    tensor && visible(shorten(tensor, NAME_WIDTH)),
  ];
  const place = where.filter(Boolean).join(' ');
  const lines = finding.message.split('\n').map((line) => visible(shorten(line, 500)));
  return [
    `${colour(finding.severity)}: ${place === '' ? '' : `${place}: `}${lines[0]}`,
    ...lines.slice(1).map((line) => style.dim(`  ${line}`)),
    ...(finding.remedy === '' ? [] : [style.dim(`  → ${visible(finding.remedy)}`)]),
  ];
}

/** One aligned line per model, in the report's order. */
function table(report: Report, style: Styles): string[] {
  const rows = report.models.map((m) => [
    `${SIGNS[m.status]} ${m.status}${isWaived(m) ? ' (waived)' : ''}`,
    visible(shorten(m.file ?? m.path, NAME_WIDTH)),
    m.format ?? '',
    largestError(m.checks) === undefined ? '' : `error ${figure(largestError(m.checks))}`,
    m.artefacts.length > 0 ? size(bytesOf(m)) : '',
    duration(m.timings.total ?? 0),
  ]);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] as string))));
  const rightAligned = [4, 5];
  return rows.map((row, i) => {
    const cells = row.map((cell, column) => {
      const pad = ' '.repeat((widths[column] as number) - width(cell));
      return rightAligned.includes(column) ? pad + cell : cell + pad;
    });
    const { status } = report.models[i] as ModelReport;
    const colored = [style[status](cells[0] as string), ...cells.slice(1)];
    return colored
      .filter((_, column) => widths[column] !== 0)
      .join('  ')
      .trimEnd();
  });
}

const width = (text: string): number => Array.from(text).length;

function bytesOf(model: ModelReport): number {
  return model.artefacts.reduce((sum, artefact) => sum + artefact.bytes, 0);
}
