import { figure } from '../figures.js';
import type { Check, TopClasses } from '../types.js';
import { checksWorstFirst } from '../verdict.js';
import { histogramChart, scatterChart } from './charts.js';
import { className } from './class-name.js';
import { responseFigures } from './maps.js';
import { h, join, type Markup } from './markup.js';
import { head, type Section } from './section.js';

/** Comparisons drawn per model. */
const SHOWN = 4;

/** The values of both sides, drawn: how the errors are spread, values against values, the best classes, the maps. */
export const values: Section = {
  title: 'Values',
  body({ model, id, drawings }) {
    const drawable = checksWorstFirst(model.checks.filter((c) => c.histogram !== undefined && c.guarded !== true));
    const shown = drawable.slice(0, Math.min(SHOWN, drawings));
    if (shown.length === 0) return undefined;
    return join(
      shown.map((check, i) => comparison(check, `${id}p${i}`)),
      '\n',
    );
  },
};

function comparison(check: Check, id: string): Markup {
  const parts = [
    check.histogram && histogramChart(check.histogram, check.elements ?? 0),
    check.sample && scatterChart({ ...check, sample: check.sample }),
    check.top && topTable(check.top),
  ];
  const reference = check.reference.kind === 'stored' ? h`<code>${check.reference.name}</code>` : 'onnxruntime';
  return h`<h4><code>${check.output}</code> on ${check.engine} (${check.format}), against ${reference}</h4>
<div class="charts">${join(parts)}</div>${check.maps && responseFigures(check.maps, id)}`;
}

/** The best classes of both sides, line by line. */
function topTable({ scores, expected, actual }: TopClasses): Markup {
  const rows = expected.map((e, i) => {
    const a = actual[i];
    const same = a !== undefined && a.class === e.class;
    return h`<tr><td class="n">${i + 1}</td><td>${className(e)}</td><td class="n">${figure(e.score)}</td><td>${a && className(a)}${!same && h` <strong class="status mismatch">differs</strong>`}</td><td class="n">${a && figure(a.score)}</td></tr>`;
  });
  const title = scores === 'softmax' ? 'Best classes (after softmax)' : 'Best classes';
  return h`<figure class="chart"><figcaption>${title}</figcaption><table>${head(['#', 'Expected', 'Score', 'Actual', 'Score'], ['#', 'Score'])}<tbody>${join(rows)}</tbody></table></figure>`;
}
