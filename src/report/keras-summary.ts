import { visible } from '../diag/escape.js';
import { kerasSize } from './figures.js';
import type { KerasSummary, LayerRow } from './types.js';

/**
 * `model.summary()` as Keras 2 prints it for a functional model: the form that users know. Columns are at least as wide as
 * Keras makes them by itself, and wider where a field needs it (Keras's `positions`), where Keras would wrap; and there is
 * no white space at the ends of lines.
 */

/** The line's length unless told another, and where each column ends, as shares of it: with branches, and a plain chain. */
const BRANCHED = { lineLength: 98, shares: [0.3, 0.6, 0.7, 1] };
const CHAIN = { lineLength: 65, shares: [0.45, 0.85, 1] };
/** Beyond this many characters, a field wraps as Keras wraps it. */
const WIDEST = 80;

const TITLES = ['Layer (type)', 'Output Shape', 'Param #', 'Connected to'];

/** The layout of one summary: what its rows need to be printed. */
export interface KerasColumns {
  lineLength: number;
  /** Where each column ends, in characters. */
  ends: number[];
}

/** The whole text, without a line end at the end. `lineLength` as Keras's `line_length`; chosen so that all fits if absent. */
export function kerasSummary(summary: KerasSummary, lineLength?: number): string {
  const columns = kerasColumns(summary, lineLength);
  return [
    `Model: "${visible(summary.name)}"`,
    '_'.repeat(columns.lineLength),
    ...kerasHeader(columns),
    '='.repeat(columns.lineLength),
    ...summary.rows.flatMap((row) => kerasRow(row, columns)),
    '='.repeat(columns.lineLength),
    ...kerasTotals(summary),
    '_'.repeat(columns.lineLength),
  ].join('\n');
}

/** The columns for a summary; a chain has no `Connected to`, as in Keras. */
export function kerasColumns(summary: KerasSummary, lineLength?: number): KerasColumns {
  const form = isChain(summary.rows) ? CHAIN : BRANCHED;
  const length = lineLength ?? form.lineLength;
  const usual = { lineLength: length, ends: form.shares.map((share) => Math.floor(length * share)) };
  return lineLength === undefined ? widened(usual, summary) : usual;
}

/** As wide as the fields need, each column by itself. */
function widened(usual: KerasColumns, summary: KerasSummary): KerasColumns {
  const widest = usual.ends.map(() => 0);
  for (const row of summary.rows)
    for (const [i, field] of fields(row).slice(0, widest.length).entries())
      for (const part of parts(field)) widest[i] = Math.max(widest[i] as number, part.length);
  let end = 0;
  const ends = widest.map((width, i) => {
    const given = (usual.ends[i] as number) - (i === 0 ? 0 : (usual.ends[i - 1] as number));
    // One more in the first column, for the blank that every row begins with; two between columns.
    const needed = Math.min(width, WIDEST) + (i === 0 ? 1 : 0) + (i === widest.length - 1 ? 0 : 2);
    end += Math.max(given, needed);
    return end;
  });
  return { lineLength: end, ends };
}

/** The line with the titles, as a row. */
export function kerasHeader(columns: KerasColumns): string[] {
  return printRow(TITLES, columns);
}

/** The line or lines of one layer. */
export function kerasRow(row: LayerRow, columns: KerasColumns): string[] {
  return printRow(fields(row), columns);
}

/** The three lines of totals. All weights of a stock layers-model are float32 in memory: four bytes each. */
export function kerasTotals(summary: KerasSummary): string[] {
  const line = (title: string, params: number) => `${title} params: ${params} (${kerasSize(4 * params)})`;
  return [
    line('Total', summary.trainable + summary.nonTrainable),
    line('Trainable', summary.trainable),
    line('Non-trainable', summary.nonTrainable),
  ];
}

/** Each layer feeds the next and nothing else: Keras then leaves `Connected to` out. */
function isChain(rows: readonly LayerRow[]): boolean {
  return rows.every((row, i) => {
    if (i === 0) return row.connectedTo.length === 0;
    return row.connectedTo.length === 1 && producer(row.connectedTo[0] as string) === rows[i - 1]?.name;
  });
}

/** `conv[0][0]` is made by `conv`. */
function producer(connection: string): string {
  return connection.replace(/\[\d+\]\[\d+\]$/, '');
}

function fields(row: LayerRow): string[] {
  return [
    visible(`${row.name} (${row.className})`),
    outputShapeText(row),
    String(row.params),
    visible(`[${row.connectedTo.map((c) => `'${c}'`).join(', ')}]`),
  ];
}

/** Python's text of `layer.output_shape`: a tuple; a list of tuples for an InputLayer and for several outputs. */
export function outputShapeText(row: LayerRow): string {
  const tuples = row.outputShapes.map((dims) => {
    const inside = dims.map((d) => d ?? 'None').join(', ');
    return dims.length === 1 ? `(${inside},)` : `(${inside})`;
  });
  return tuples.length === 1 && row.className !== 'InputLayer' ? (tuples[0] as string) : `[${tuples.join(', ')}]`;
}

/** Keras breaks a field after the end of a tuple, a dict, a list or a string in a list. */
const BREAKS = ['),', '},', '],', "',"];

/** The pieces of a field that stand on a line each, however wide the column is. */
function parts(field: string): string[] {
  const pieces: string[] = [];
  for (let rest = field; ; ) {
    const cut = firstBreak(rest);
    if (cut === undefined || cut >= rest.length) return [...pieces, rest];
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
}

/** Where the line ends for Keras: after the first of the breaks, if there is one. */
function firstBreak(text: string): number | undefined {
  const cuts = BREAKS.map((b) => text.indexOf(b)).flatMap((at, i) =>
    at < 0 ? [] : [at + (BREAKS[i] as string).length],
  );
  return cuts.length === 0 ? undefined : Math.min(...cuts);
}

/** Characters that a column has for text: two blanks part it from the next one. */
function room(columns: KerasColumns, i: number): number {
  const last = i === columns.ends.length - 1;
  return (columns.ends[i] as number) - (i === 0 ? 0 : (columns.ends[i - 1] as number)) - (last ? 0 : 2);
}

/** Lines of one row: each field takes as many as it needs, as in `print_row` of keras/utils/layer_utils.py. */
function printRow(row: readonly string[], columns: KerasColumns): string[] {
  const left = columns.ends.map((_, i) => row[i] as string);
  const lines: string[] = [];
  do {
    let line = '';
    left.forEach((text, i) => {
      const fitting = text.slice(0, room(columns, i));
      const cut = firstBreak(fitting) ?? fitting.length;
      line += `${i === 0 ? ' ' : ''}${text.slice(0, cut)}${i === left.length - 1 ? '' : '  '}`;
      left[i] = text.slice(cut);
      line = line.padEnd(columns.ends[i] as number);
    });
    lines.push(line.trimEnd());
  } while (left.some((text) => text !== ''));
  return lines;
}
