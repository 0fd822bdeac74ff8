import { markdown } from '../diag/escape.js';
import { bar } from './bar.js';
import { count, counted, duration, share, size } from './figures.js';
import { groupFindings } from './findings.js';
import { type Detail, findingText, modelDetails, name, opsets, table } from './markdown-model.js';
import type { ModelReport, Report } from './types.js';
import {
  headline,
  isFailing,
  isWaived,
  selectionText,
  shownPath,
  SIGNS,
  signOf,
  STATUS_WORDS,
  statusWords,
  worstCheck,
  worstFirst,
} from './verdict.js';

/** What the summary can't know from the report. */
export interface SummaryOptions {
  /** Bytes of UTF-8 at most. GitHub drops a whole job summary above 1 MiB; the default leaves room for what others add. */
  limit?: number;
  /** Where the whole report can be had, for the note of a shortened summary. */
  artifactUrl?: string;
}

const LIMIT = 1_000_000;

/** From everything to nothing, in the order in which a summary gives up detail. */
const DETAILS: readonly (Detail | undefined)[] = [
  { layerRows: 1000, rows: 50 },
  { layerRows: 100, rows: 20 },
  { layerRows: 0, rows: 10 },
  { layerRows: 0, rows: 3 },
  undefined,
];

/** The least detail of a failing model that is given up only after all else. */
const LAST = DETAILS.length - 1;

/** summary.md: the verdict, a table of the models, and the details of each; never more than `limit` bytes. */
export function summaryMarkdown(report: Report, options: SummaryOptions = {}): string {
  const limit = options.limit ?? LIMIT;
  const models = worstFirst(report.models);
  const head = [`## ${sign(report)} ${headline(report, name)}`, overview(report), runFindings(report)];
  const rows = models.map(modelRow);
  const note = shortened(options);
  const details = fitDetails(report, models, limit - bytes([...head, modelTable(rows), note].join('\n\n')) - 2);
  if (details !== undefined) {
    const whole = details.levels.every((level) => level === 0);
    return assemble([...head, modelTable(rows), ...(whole ? [] : [note]), ...details.texts]);
  }
  return assemble([...head, fitRows(models, rows, limit - bytes([...head, note].join('\n\n')) - 200), note]);
}

function assemble(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}

function sign(report: Report): string {
  if (report.models.some(isFailing)) return SIGNS.mismatch;
  return report.models.length > 0 && report.models.every((m) => m.status === 'pass') ? SIGNS.pass : SIGNS.unverified;
}

function overview(report: Report): string {
  const { totals } = report;
  const selection = selectionText(report);
  const chosen = selection === undefined ? '' : markdown(selection);
  if (report.models.length === 0) return chosen;
  const parts = [counted(totals.models, 'model'), `${size(totals.bytesIn)} of ONNX in`, `${size(totals.bytesOut)} out`];
  if (report.timings?.total !== undefined) parts.push(duration(report.timings.total));
  if (chosen !== '') parts.push(chosen);
  return `${parts.join(' · ')} · ${markdown(`${report.tool.name} ${report.tool.version}`)}`;
}

/** Findings about the run as a whole. */
function runFindings(report: Report): string {
  const groups = groupFindings(report.diagnostics ?? []);
  return groups
    .slice(0, 20)
    .map((group) => findingText(group, undefined, 10))
    .join('\n')
    .trimEnd();
}

const TITLES = ['', 'Model', 'Verdict', 'Format', 'Error, of what is allowed', 'ONNX', 'Written', 'Opset', 'Time'];
const ALIGN = ['-', '-', '-', '-', '-', '-:', '-:', '-:', '-:'];

function modelTable(rows: readonly string[][]): string {
  return rows.length === 0 ? '' : table(TITLES, ALIGN, rows);
}

function modelRow(model: ModelReport): string[] {
  const worst = worstCheck(model);
  const written = model.artefacts.reduce((sum, a) => sum + a.bytes, 0);
  return [
    signOf(model),
    name(shownPath(model)),
    `${statusWords(model)}${warnings(model)}`,
    model.format ?? '–',
    worst?.used === undefined ? '–' : `\`${bar(worst.used)}\` ${share(worst.used)}`,
    model.source === undefined ? '–' : size(model.source.bytes),
    model.artefacts.length === 0 ? '–' : size(written),
    model.source?.opsets === undefined ? '–' : opsets(model.source.opsets),
    model.timings.total === undefined ? '–' : duration(model.timings.total),
  ];
}

function warnings(model: ModelReport): string {
  const n = model.diagnostics.filter((d) => d.severity === 'warning').length;
  return n === 0 ? '' : `, ${counted(n, 'warning')}`;
}

/**
 * The details of all models within `budget` bytes: all at the fullest, then, while that is too much, one model after the
 * other a level less, those that pass first, the longest first. Undefined where not even the table alone fits.
 */
function fitDetails(
  report: Report,
  models: readonly ModelReport[],
  budget: number,
): { texts: string[]; levels: number[] } | undefined {
  if (budget < 0) return undefined;
  const failing = models.filter(isFailing).length;
  const text = (i: number, level: number): string => {
    const detail = DETAILS[level];
    // A few that fail are read at once; many would hide the table.
    const open = failing <= 3 && isFailing(models[i] as ModelReport);
    return detail === undefined ? '' : modelDetails(report, models[i] as ModelReport, detail, open);
  };
  const levels = models.map(() => 0);
  const texts = models.map((_, i) => text(i, 0));
  const sizes = texts.map((t) => bytes(t) + 2);
  let total = sizes.reduce((sum, n) => sum + n, 0);
  for (const [ofFailing, level] of GIVING_UP) {
    const candidates = models.flatMap((m, i) => (isFailing(m) === ofFailing ? [i] : []));
    candidates.sort((a, b) => (sizes[b] as number) - (sizes[a] as number) || b - a);
    for (const i of candidates) {
      if (total <= budget) return { texts, levels };
      levels[i] = level;
      texts[i] = text(i, level);
      total -= sizes[i] as number;
      sizes[i] = texts[i] === '' ? 0 : bytes(texts[i] as string) + 2;
      total += sizes[i] as number;
    }
  }
  return total <= budget ? { texts, levels } : undefined;
}

/** Whose detail goes down to which level, in order: what a reader misses least goes first. */
const GIVING_UP: readonly [failing: boolean, level: number][] = [
  [false, 1],
  [false, 2],
  [true, 1],
  [false, 3],
  [true, 2],
  [false, LAST],
  [true, 3],
  [true, LAST],
];

/** As many rows as fit, worst first, and the number of the others by status. */
function fitRows(models: readonly ModelReport[], rows: readonly string[][], budget: number): string {
  let used = bytes(modelTable([]) + table(TITLES, ALIGN, []));
  let n = 0;
  for (; n < rows.length; n++) {
    used += bytes(table([], [], [rows[n] as string[]]));
    if (used > budget) break;
  }
  const left = models.slice(n);
  const words = (Object.keys(STATUS_WORDS) as ModelReport['status'][]).flatMap((status) => {
    const some = left.filter((m) => m.status === status);
    const waived = some.filter(isWaived).length;
    const known = waived === 0 ? '' : ` (${count(waived)} waived)`;
    return some.length === 0 ? [] : [`${count(some.length)} ${STATUS_WORDS[status]}${known}`];
  });
  return `${modelTable(rows.slice(0, n))}\n\n… and ${counted(left.length, 'model')} more: ${words.join(', ')}.`;
}

function shortened({ artifactUrl }: SummaryOptions): string {
  const safe = artifactUrl !== undefined && /^https:\/\/[A-Za-z0-9./_~:?=&%-]+$/.test(artifactUrl);
  return `_Shortened to stay within GitHub's limit: the whole report is \`report/index.html\` and \`report/report.json\` in ${safe ? `[the artifact](${artifactUrl})` : 'the output folder and the artifact'}._`;
}
