import type { Check } from '../types.js';
import { verdictChecks } from '../verdict.js';
import { errorBar } from './bar.js';
import { h, join, type Markup } from './markup.js';
import { more, scrolling, type Section } from './section.js';

/** Rows; report.json has all. */
const SHOWN = 200;

/** Each output against each reference, by engine: where it agrees and where not, at a glance. */
export const engines: Section = {
  title: 'Engines',
  body({ model }) {
    const checks = verdictChecks(model);
    const columns = [...new Set(checks.map(columnOf))];
    if (columns.length < 2) return undefined;
    const rows = new Map<string, Map<string, Check>>();
    for (const check of checks) {
      const key = JSON.stringify([check.output ?? '', check.reference.name]);
      rows.set(key, (rows.get(key) ?? new Map<string, Check>()).set(columnOf(check), check));
    }
    const body = [...rows.values()].slice(0, SHOWN).map((row) => {
      const [first] = row.values();
      const cells = columns.map((column) => cell(row.get(column)));
      return h`<tr><th scope="row">${first?.output === undefined ? 'all outputs' : h`<code>${first.output}</code>`}</th><td><code>${first?.reference.name ?? ''}</code></td>${cells}</tr>`;
    });
    const titles = ['Output', 'Reference', ...columns].map((title) => h`<th scope="col">${title}</th>`);
    const table = h`<table><thead><tr>${titles}</tr></thead><tbody>${join(body)}</tbody></table>`;
    return h`${scrolling('Errors by output and engine', table)}${more(rows.size, SHOWN)}`;
  },
};

const columnOf = ({ engine, format }: Check): string => `${engine}, ${format}`;

function cell(check: Check | undefined): Markup {
  if (check === undefined) return h`<td>–</td>`;
  if (check.used !== undefined) return h`<td>${errorBar(check.used)}</td>`;
  return h`<td><span class="status ${check.status}">${check.status === 'pass' ? 'agrees' : 'failed'}</span></td>`;
}
