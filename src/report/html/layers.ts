import { pairLayers, type Pair } from '../layers-beside.js';
import { count, shape } from '../figures.js';
import { kerasTotals, outputShapeText } from '../keras-summary.js';
import { parameterLines } from '../parameters.js';
import { layerText, shapeText } from '../source-summary.js';
import type { LayerRow, ModelReport, SourceRow } from '../types.js';
import { h, join, type Markup } from './markup.js';
import { head, scrolling, type Section, type SectionInput } from './section.js';

/**
 * Both summaries as one table: the source's layers beside what they became, each with the source layer's number. Rows of
 * one number light up together, and a connection leads to the layer it comes from.
 */
export const layers: Section = {
  title: 'Layers',
  body(input) {
    const { model, layerRows } = input;
    if (model.layers === undefined || layerRows === 0) return undefined;
    const table = model.keras === undefined ? fateTable(input) : kerasTable(input);
    return h`${scrolling('Layers of the source and of the written model', table)}${totals(model)}`;
  },
};

const SOURCE = ['#', 'Source layer', 'Output shape', 'Params'];
const NODE = 'ONNX node';
const NUMERIC = ['#', 'Params', 'Param #'];

function kerasTable({ model, id, layerRows }: SectionInput): Markup {
  const pairs = pairLayers(model.layers?.rows ?? [], model.keras?.rows ?? []);
  const shown = pairs.slice(0, layerRows);
  const anchors = new Map(shown.flatMap(({ layer }, i) => (layer === undefined ? [] : [[layer.name, `${id}l${i}`]])));
  const titles = head([...SOURCE, 'Layer (type)', 'Output Shape', 'Param #', 'Connected to', NODE], NUMERIC);
  const rows = shown.map((pair) => pairRow(pair, anchors));
  return h`<table class="layers">${titles}<tbody>${join(rows, '\n')}${rest(pairs.length, layerRows)}</tbody></table>`;
}

function pairRow({ source, layer }: Pair, anchors: ReadonlyMap<string, string>): Markup {
  const number = source?.number ?? layer?.source;
  const anchor = layer === undefined ? undefined : anchors.get(layer.name);
  return h`<tr${number !== undefined && h` data-n="${number}"`}${anchor !== undefined && h` id="${anchor}"`}>${sourceCells(source, number)}${layer === undefined ? h`<td colspan="4">${source?.became ?? ''}</td>` : layerCells(layer, anchors)}${nodeCell(source)}</tr>`;
}

function nodeCell(row: SourceRow | undefined): Markup {
  return row === undefined ? h`<td></td>` : h`<td class="wrap">${row.op} <code>${row.name}</code></td>`;
}

function layerCells(layer: LayerRow, anchors: ReadonlyMap<string, string>): Markup {
  const from = layer.connectedTo.map((connection) => {
    const anchor = anchors.get(connection.replace(/\[\d+\]\[\d+\]$/, ''));
    return anchor === undefined ? h`${connection}` : h`<a href="#${anchor}">${connection}</a>`;
  });
  return h`<th scope="row" class="why"><code>${layer.name}</code> (${layer.className})</th><td>${outputShapeText(layer)}</td><td class="n">${count(layer.params)}</td><td class="why">${join(from, '<br>')}</td>`;
}

function sourceCells(row: SourceRow | undefined, number: number | undefined): Markup {
  if (row === undefined) return h`<td class="n">${number}</td><td></td><td></td><td></td>`;
  return h`<td class="n">${row.number}</td><td>${layerText(row)}</td><td>${shapeText(row)}</td><td class="n">${count(row.params)}</td>`;
}

function fateTable({ model, layerRows }: SectionInput): Markup {
  const all = model.layers?.rows ?? [];
  const rows = all.slice(0, layerRows).map((row) => {
    const names = join(
      (row.tfjs ?? []).map((name) => h`<code>${name}</code>`),
      ', ',
    );
    return h`<tr data-n="${row.number}">${sourceCells(row, row.number)}<td>${row.became ?? ''}</td><td class="why">${names}</td>${nodeCell(row)}</tr>`;
  });
  return h`<table class="layers">${head([...SOURCE, 'Became', 'In the graph', NODE], NUMERIC)}<tbody>${join(rows, '\n')}${rest(all.length, layerRows)}</tbody></table>`;
}

function rest(rows: number, shown: number): Markup | undefined {
  return rows > shown ? h`<tr><td colspan="9">… and ${count(rows - shown)} more, in report.json</td></tr>` : undefined;
}

function totals({ layers: source, keras, source: facts }: ModelReport): Markup {
  const inputs = facts?.inputs?.map((t) => `${shape(t.shape)}`).join(', ');
  const fed = h`${inputs !== undefined && `Input ${inputs}. `}`;
  if (source === undefined || keras === undefined) {
    const params = (source?.rows ?? []).reduce((sum, row) => sum + row.params, 0);
    return h`<p>${fed}Source: ${count(params)} params.</p>`;
  }
  return h`<p>${fed}Keras: ${kerasTotals(keras).join('; ')}.<br>${join(
    parameterLines(source, keras).map((line) => h`${line}`),
    '<br>',
  )}</p>`;
}
