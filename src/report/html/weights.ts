import { count, numberOf, share, size } from '../figures.js';
import { searchText, storageText } from '../quantization-text.js';
import type { QuantizationFacts, QuantizationSearch } from '../types.js';
import { errorBar } from './bar.js';
import { h, join, type Markup } from './markup.js';
import { head, more, scrolling, type Section } from './section.js';

/** Weights in the table; report.json has all. */
const SHOWN = 20;

/** How narrow the weights are stored, and for `auto` what each size would have cost. */
export const weights: Section = {
  title: 'Storage of the weights',
  body({ model: { quantization = [] } }) {
    if (quantization.length === 0) return undefined;
    return join(quantization.map(ofFormat), '\n');
  },
};

function ofFormat(facts: QuantizationFacts): Markup {
  const { search, format } = facts;
  const text = h`<p>${format}: ${storageText(facts)}.${search && ` ${searchText(facts, search)}`}</p>`;
  if (search === undefined) return text;
  const rows = search.weights
    .slice(0, SHOWN)
    .map(
      (w) =>
        h`<tr><th scope="row"><code>${w.name}</code></th><td>${w.stored}</td><td class="n">${size(w.bytes)}</td><td>${errorBar(w.used)}</td></tr>`,
    );
  const titles = ['Weight', 'Stored as', 'Size', 'Error of its smallest form, of what is allowed'];
  const table = h`<table>${head(titles, ['Size'])}<tbody>${join(rows)}</tbody></table>`;
  return h`${text}<div class="charts">${curveChart(search, facts.float32Bytes)}</div>${rows.length > 0 && scrolling('Weights and how they are stored', table)}${more(search.weights.length, SHOWN)}`;
}

const [WIDTH, HEIGHT] = [360, 200];
const EDGE = { left: 46, right: 10, top: 10, bottom: 30 };
const INNER = { width: WIDTH - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };

/** Each run: its size against the share of the tolerance that it uses, in powers of ten. */
function curveChart({ curve, chosen }: QuantizationSearch, whole: number): Markup {
  const finite = curve.map(({ used }) => numberOf(used)).filter((u) => Number.isFinite(u) && u > 0);
  const low = Math.floor(Math.log10(Math.min(0.1, ...finite)));
  const high = Math.ceil(Math.log10(Math.max(10, ...finite)));
  const x = (bytes: number) => round(EDGE.left + (whole === 0 ? 1 : bytes / whole) * INNER.width);
  const y = (used: number) => {
    const at = Math.min(high, Math.max(low, Math.log10(used)));
    return round(EDGE.top + (1 - (at - low) / (high - low)) * INNER.height);
  };
  const points = (wanted: boolean): Markup[] =>
    curve.filter((t) => t.passes === wanted).map((t) => h`M${x(t.bytes)} ${y(numberOf(t.used))}h0`);
  const [within, beyond] = [points(true), points(false)];
  const best = curve[chosen];
  const words = `Size against error: ${count(curve.length)} runs, ${count(within.length)} within tolerance${best === undefined ? '' : `; written is that of ${size(best.bytes)}, which uses ${share(best.used)}`}`;
  const limit = y(1);
  return h`<figure class="chart"><figcaption>Size against error</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words}"><rect class="frame" x="${EDGE.left}" y="${EDGE.top}" width="${INNER.width}" height="${INNER.height}"/>
<path class="same" d="M${EDGE.left} ${limit}h${INNER.width}"/>${beyond.length > 0 && h`<path class="dots bad" d="${beyond}"/>`}${within.length > 0 && h`<path class="dots good" d="${within}"/>`}${best && h`<circle class="frame" cx="${x(best.bytes)}" cy="${y(numberOf(best.used))}" r="5"/>`}
<text class="tick" x="${EDGE.left}" y="${HEIGHT - 16}">0</text><text class="tick" x="${WIDTH - EDGE.right}" y="${HEIGHT - 16}" text-anchor="end">${size(whole)}</text>
<text class="tick" x="${EDGE.left - 4}" y="${EDGE.top + 8}" text-anchor="end">1e${high}</text><text class="tick" x="${EDGE.left - 4}" y="${limit + 3}" text-anchor="end">allowed</text><text class="tick" x="${EDGE.left - 4}" y="${EDGE.top + INNER.height}" text-anchor="end">1e${low}</text>
<text class="axis" x="${EDGE.left + INNER.width / 2}" y="${HEIGHT - 3}">size of the weights (across), error by what is allowed (up)</text></svg><p class="hint">${words}.</p></figure>`;
}

const round = (n: number): number => Math.round(n * 10) / 10;
