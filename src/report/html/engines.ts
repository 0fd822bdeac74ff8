import { engineMatrix } from '../engine-matrix.js';
import type { Check } from '../types.js';
import { errorBar } from './bar.js';
import { h, join, type Markup } from './markup.js';
import { more, scrolling, type Section } from './section.js';

/** Rows; report.json has all. */
const SHOWN = 200;

/** Each output against each reference, by engine: where it agrees and where not, at a glance. */
export const engines: Section = {
  title: 'Engines',
  body({ model }) {
    const matrix = engineMatrix(model);
    if (matrix === undefined) return undefined;
    const body = matrix.rows
      .slice(0, SHOWN)
      .map(
        ({ output, reference, cells }) =>
          h`<tr><th scope="row">${output === undefined ? 'all outputs' : h`<code>${output}</code>`}</th><td><code>${reference}</code></td>${cells.map(cell)}</tr>`,
      );
    const titles = ['Output', 'Reference', ...matrix.columns].map((title) => h`<th scope="col">${title}</th>`);
    const table = h`<table><thead><tr>${titles}</tr></thead><tbody>${join(body)}</tbody></table>`;
    return h`${scrolling('Errors by output and engine', table)}${more(matrix.rows.length, SHOWN)}`;
  },
};

function cell(check: Check | undefined): Markup {
  if (check === undefined) return h`<td>–</td>`;
  if (check.used !== undefined) return h`<td>${errorBar(check.used)}</td>`;
  return h`<td><span class="status ${check.status}">${check.status === 'pass' ? 'agrees' : 'failed'}</span></td>`;
}
