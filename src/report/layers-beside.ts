import { shorten, visible } from '../diag/escape.js';
import { kerasColumns, kerasHeader, kerasRow, kerasTotals } from './keras-summary.js';
import { parameterLines } from './parameters.js';
import { sourceColumns, sourceHeader, sourceRow, sourceTotals } from './source-summary.js';
import type { KerasSummary, LayerRow, SourceRow, SourceSummary } from './types.js';

/**
 * The source's layers beside those of the written model, as one text: left torchsummary's form, right Keras's, each line of
 * the right with the number of the source layer that it stands for. Rows are in Keras's order, and a source layer stands
 * beside the layer that bears its name; one that became no layer keeps its place in the source.
 */

/** One line of the comparison: a source layer, a written layer, or both where one bears the other's name. */
export interface Pair {
  source?: SourceRow;
  layer?: LayerRow;
}

const BAR = ' │ ';

/** The text; at most `maxRows` rows, with a last line that counts the rest. */
export function layersBeside(source: SourceSummary, keras: KerasSummary | undefined, maxRows = Infinity): string {
  return keras === undefined ? fatesBeside(source, maxRows) : kerasBeside(source, keras, maxRows);
}

function kerasBeside(source: SourceSummary, keras: KerasSummary, maxRows: number): string {
  const left = sourceColumns(source);
  const right = kerasColumns(keras);
  const digits = source.rows.reduce((most, row) => Math.max(most, String(row.number).length), 1);
  const beside = (l: string, number: string, r: string) =>
    `${l.padEnd(left.lineLength)}${BAR}${number.padStart(digits)} ${r}`.trimEnd();
  const rule = (char: string, under: string) =>
    `${char.repeat(left.lineLength)}${BAR}${under.repeat(digits + 1 + right.lineLength)}`;
  const pairs = pairLayers(source.rows, keras.rows);
  const body = pairs.slice(0, maxRows).flatMap(({ source: row, layer }) => {
    const l = row === undefined ? '' : sourceRow(row, left);
    if (layer === undefined) return [beside(l, String(row?.number ?? ''), ` (${row?.became ?? 'no layer'})`)];
    const number = layer.source === undefined ? '' : String(layer.source);
    return kerasRow(layer, right).map((line, i) => (i === 0 ? beside(l, number, line) : beside('', '', line)));
  });
  return [
    rule('-', '_'),
    beside(sourceHeader(left), '#', kerasHeader(right)[0] as string),
    rule('=', '='),
    ...body,
    ...rest(pairs.length, maxRows),
    rule('=', '='),
    ...below(sourceTotals(source, left), kerasTotals(keras), beside),
    ...parameterLines(source, keras),
  ].join('\n');
}

/** Two blocks of lines side by side. */
function below(left: string[], right: string[], beside: (l: string, n: string, r: string) => string): string[] {
  const n = Math.max(left.length, right.length);
  return Array.from({ length: n }, (_, i) => beside(left[i] ?? '', '', right[i] ?? ''));
}

function rest(rows: number, maxRows: number): string[] {
  return rows > maxRows ? [`… and ${rows - maxRows} more`] : [];
}

/** The layers in Keras's order, each source row beside its principal layer. */
export function pairLayers(rows: readonly SourceRow[], layers: readonly LayerRow[]): Pair[] {
  const byNumber = new Map(rows.map((row) => [row.number, row]));
  const principal = principals(layers);
  const pairs: Pair[] = [];
  const waiting = rows.filter((row) => !principal.has(row.number));
  for (const layer of layers) {
    const row =
      layer.source !== undefined && principal.get(layer.source) === layer ? byNumber.get(layer.source) : undefined;
    while (row !== undefined && waiting.length > 0 && (waiting[0] as SourceRow).number < row.number)
      pairs.push({ source: waiting.shift() as SourceRow });
    pairs.push(row === undefined ? { layer } : { source: row, layer });
  }
  return [...pairs, ...waiting.map((source) => ({ source }))];
}

/** The layer that bears the node's name: helpers (`_pad`, `_crop`, `_CHW`) have longer ones. */
function principals(layers: readonly LayerRow[]): Map<number, LayerRow> {
  const found = new Map<number, LayerRow>();
  for (const layer of layers) {
    if (layer.source === undefined) continue;
    const other = found.get(layer.source);
    if (other === undefined || layer.name.length < other.name.length) found.set(layer.source, layer);
  }
  return found;
}

/** For a graph-model: what became of each node, and under which names it can be found. */
function fatesBeside(source: SourceSummary, maxRows: number): string {
  const left = sourceColumns(source);
  const beside = (l: string, r: string) => `${l.padEnd(left.lineLength)}${BAR}${r}`.trimEnd();
  const wide = source.rows.reduce((most, row) => Math.max(most, names(row).length), 13);
  const width = 12 + wide;
  const rule = (char: string, under: string) => `${char.repeat(left.lineLength)}${BAR}${under.repeat(width)}`;
  return [
    rule('-', '_'),
    beside(sourceHeader(left), `${'became'.padEnd(11)} in the graph`),
    rule('=', '='),
    ...source.rows
      .slice(0, maxRows)
      .map((row) => beside(sourceRow(row, left), `${(row.became ?? '').padEnd(11)} ${names(row)}`)),
    ...rest(source.rows.length, maxRows),
    rule('=', '='),
    ...sourceTotals(source, left).map((line) => beside(line, '')),
  ].join('\n');
}

function names(row: SourceRow): string {
  return shorten(visible((row.tfjs ?? []).join(', ')), 80);
}
