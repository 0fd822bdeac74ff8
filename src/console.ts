/**
 * What a person sees of a run: which model is being worked on, what was found, and at the end a line per model. Lines go
 * out through one function, which makes them safe for a runner's log.
 */
import pc from 'picocolors';
import { logText, shorten, visible } from './diag/escape.js';
import type { FoundModel } from './find.js';
import { counted, duration, figure, share, size } from './report/figures.js';
import { largestError } from './report/totals.js';
import type { Finding, ModelReport, Report, Status } from './report/types.js';
import { findingsWorstFirst, headline, isWaived, waiverText, worstCheck } from './report/verdict.js';
import type { Listener } from './run.js';

export interface Terminal {
  /** Takes one line without its end. */
  line(text: string): void;
  colour: boolean;
  /** Where a line can be drawn over again. Absent: plain lines only. */
  live?: { write(text: string): void; columns: number };
  /** How a model's lines are folded, where the reader can. */
  group?: { open(title: string): void; close(): void };
}

type Style = (text: string) => string;
type Styles = Record<Status | 'dim' | 'bold' | 'warning', Style>;

const SIGNS: Record<Status, string> = { pass: '✓', unverified: '?', unsupported: '–', mismatch: '✗', error: '!' };

/** How many findings of one model are shown; the report has all. */
const FINDINGS_SHOWN = 8;
const NAME_WIDTH = 60;
const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const FRAME_MS = 100;

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

/** Stdout of a process: colour and a live line only on a terminal; NO_COLOR and FORCE_COLOR as no-color.org has them. */
export function terminalOf(out: NodeJS.WriteStream, live: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Terminal {
  const tty = Boolean(out.isTTY) && env.TERM !== 'dumb';
  const colour = tty && !env.NO_COLOR;
  return {
    // On a terminal nobody reads commands, and escaping would take our own colours away.
    line: (text) => out.write(`${colour ? text : logText(text)}\n`),
    colour,
    ...(tty && live.isTTY && !env.CI
      ? {
          live: {
            write: (text: string) => live.write(text),
            get columns() {
              return live.columns ?? 80;
            },
          },
        }
      : {}),
  };
}

export interface Console extends Listener {
  /** The table, the verdict and where to read more. */
  summarize(report: Report, reportPath?: string): void;
  /** Takes the live line away. */
  close(): void;
}

export function createConsole(terminal: Terminal): Console {
  const style = stylesFor(terminal.colour);
  const active = new Map<string, { name: string; step: string; since: number }>();
  let total = 0;
  let done = 0;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;

  const erase = () => terminal.live?.write('\r\x1b[K');
  const draw = () => {
    if (!terminal.live || active.size === 0) return;
    const [first] = active.values();
    if (!first) return;
    const more = active.size > 1 ? ` (and ${active.size - 1} more)` : '';
    const tail = ` ${first.step}${more} · ${duration(performance.now() - first.since)}`;
    const head = `${FRAMES[frame++ % FRAMES.length]} [${done}/${total}] `;
    const room = Math.max(10, terminal.live.columns - head.length - tail.length - 1);
    terminal.live.write(`\r${style.bold(head)}${shorten(first.name, room)}${style.dim(tail)}\x1b[K`);
  };
  /** Whole lines stand above the live one. */
  const print = (lines: readonly string[]) => {
    erase();
    for (const line of lines) terminal.line(line);
    draw();
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    erase();
  };

  return {
    found(models) {
      total = models.length;
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
    summarize(report, reportPath) {
      stop();
      const rows = table(report, style);
      const about = (report.diagnostics ?? [])
        .filter((d) => d.severity !== 'note')
        .flatMap((d) => findingLines(d, style));
      const lines = [...about, ...(rows.length > 0 ? ['', ...rows, ''] : []), style.bold(headline(report, visible))];
      for (const line of lines) terminal.line(line);
      if (reportPath !== undefined) terminal.line(style.dim(`Report: ${visible(reportPath)}`));
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
    ...findings.slice(0, FINDINGS_SHOWN).flatMap((d) => findingLines(d, style).map((line) => `    ${line}`)),
    ...(more > 0 ? [`    and ${counted(more, 'finding')} more: see the report`] : []),
  ];
}

/** The worst error and how much of what is allowed it takes. */
function agreement(model: ModelReport): string {
  const worst = worstCheck(model);
  if (worst?.used === undefined) return '';
  return `max error ${figure(largestError(model.checks))}, ${share(worst.used)} of what is allowed`;
}

function findingLines(finding: Finding, style: Styles): string[] {
  const colour = finding.severity === 'note' ? style.dim : style[finding.severity];
  const { node, op, tensor } = finding.place;
  const where = [
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
