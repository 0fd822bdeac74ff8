import { count, counted, duration, size } from '../figures.js';
import type { ModelReport, Report } from '../types.js';
import { shownPath, statusWords, worstCheck } from '../verdict.js';
import { statusClass } from './status-class.js';
import { errorBar } from './bar.js';
import { findingList } from './findings.js';
import { h, join, type Markup } from './markup.js';
import { scrolling } from './section.js';

/** Below this many models, there is nothing to look for. */
const FILTER_FROM = 6;

/** The table of all models, and what was found about the run. */
export function overview(report: Report, models: readonly { model: ModelReport; id: string }[]): Markup {
  const rows = join(
    models.map(({ model, id }) => row(model, id)),
    '\n',
  );
  const titles = join(
    TITLES.map(
      ({ text, sort, left }) =>
        h`<th scope="col"${sort === 'n' && !left && h` class="n"`}><button type="button" data-sort="${sort}">${text}</button></th>`,
    ),
  );
  const table = h`<table id="models"><thead><tr>${titles}</tr></thead><tbody>${rows}</tbody></table>`;
  return h`<section aria-labelledby="overview"><h2 id="overview">Models</h2>
${findingList(report.diagnostics ?? [])}
${models.length >= FILTER_FROM && filter()}
${models.length > 0 && scrolling('All models', table)}
</section>`;
}

/** How a column is compared: as text or as numbers. */
const TITLES: readonly { text: string; sort: 't' | 'n'; left?: true }[] = [
  { text: 'Model', sort: 't' },
  { text: 'Verdict', sort: 't' },
  { text: 'Format', sort: 't' },
  { text: 'Error, of what is allowed', sort: 'n', left: true },
  { text: 'ONNX', sort: 'n' },
  { text: 'Written', sort: 'n' },
  { text: 'Parameters', sort: 'n' },
  { text: 'Opset', sort: 'n' },
  { text: 'Time', sort: 'n' },
];

function filter(): Markup {
  return h`<p class="filter"><label>Show only models whose line holds <input type="search" id="filter" autocomplete="off"></label> <output id="shown"></output></p>`;
}

function row(model: ModelReport, id: string): Markup {
  const used = worstCheck(model)?.used;
  const written = model.artefacts.reduce((sum, a) => sum + a.bytes, 0);
  const opset = model.source?.opsets?.[''];
  return h`<tr data-model="${id}"><th scope="row"><a href="#${id}"><code>${shownPath(model)}</code></a></th>
<td class="wrap"><span class="status ${statusClass(model)}">${statusWords(model)}</span>${warnings(model)}</td><td>${model.format ?? '–'}</td>
<td data-v="${used === undefined ? -1 : used}">${errorBar(used)}</td>
${sized(model.source?.bytes)}${sized(model.artefacts.length === 0 ? undefined : written)}
${number(model.source?.parameters, count)}${number(opset, String)}${number(model.timings.total, duration)}</tr>`;
}

function sized(bytes: number | undefined): Markup {
  return number(bytes, size);
}

function number(value: number | undefined, text: (n: number) => string): Markup {
  return value === undefined
    ? h`<td class="n" data-v="-1">–</td>`
    : h`<td class="n" data-v="${value}">${text(value)}</td>`;
}

function warnings(model: ModelReport): string {
  const n = model.diagnostics.filter((d) => d.severity === 'warning').length;
  return n === 0 ? '' : `, ${counted(n, 'warning')}`;
}
