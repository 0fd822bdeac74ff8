import { count, figure, numberOf } from '../figures.js';
import type { Check, Divergence, ErrorHistogram, Figure, Tolerance, ValueSample } from '../types.js';
import { h, join, type Markup } from './markup.js';

const WIDTH = 360;
const HEIGHT = 200;
/** Around the drawing: room for the axes' words. */
const EDGE = { left: 46, right: 10, top: 10, bottom: 30 };
const INNER = { width: WIDTH - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };

/** How many elements are off by how much, both in powers of ten; what is beyond tolerance in red. */
export function histogramChart(histogram: ErrorHistogram, elements: number): Markup | undefined {
  const { counts, beyond, first, perDecade, equal } = histogram;
  if (counts.length === 0) return undefined;
  const most = Math.max(...counts);
  const decades = Math.max(1, Math.ceil(Math.log10(most + 1)));
  const step = INNER.width / counts.length;
  const tall = (n: number) => (n === 0 ? 0 : round(((Math.log10(n) + 0.3) / (decades + 0.3)) * INNER.height));
  const bar = (n: number, i: number, name: string) =>
    n > 0 &&
    h`<rect class="${name}" x="${round(EDGE.left + i * step)}" y="${EDGE.top + INNER.height - tall(n)}" width="${round(Math.max(step - 1, 0.5))}" height="${tall(n)}"/>`;
  const bars = counts.map((n, i) => [bar(n, i, 'good'), bar(beyond[i] as number, i, 'bad')]);
  const ticks = counts.flatMap((_, i): Markup[] => {
    const exponent = (first + i) / perDecade;
    if (!Number.isInteger(exponent) || (counts.length > 24 && exponent % 2 !== 0)) return [];
    return [h`<text class="tick" x="${round(EDGE.left + i * step)}" y="${HEIGHT - 16}">1e${exponent}</text>`];
  });
  const total = beyond.reduce((sum, n) => sum + n, 0);
  const words = `Histogram of ${count(elements)} errors: ${count(equal)} are exactly 0, ${total === 0 ? 'none' : count(total)} beyond tolerance`;
  return h`<figure class="chart"><figcaption>Errors</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words}">${frame()}${bars}${ticks}
<text class="tick" x="${EDGE.left - 4}" y="${EDGE.top + 8}" text-anchor="end">1e${decades}</text><text class="tick" x="${EDGE.left - 4}" y="${EDGE.top + INNER.height}" text-anchor="end">0</text>
<text class="axis" x="${EDGE.left + INNER.width / 2}" y="${HEIGHT - 3}">abs(actual − expected), by elements</text></svg><p class="hint">${words}.</p></figure>`;
}

/** Each of the sampled values against what it should be: on the line where both agree. */
export function scatterChart({ sample, tolerance, elements = 0 }: Check & { sample: ValueSample }): Markup | undefined {
  const { expected, actual } = sample;
  if (expected.length === 0) return undefined;
  const all = [...expected, ...actual];
  const low = Math.min(...all);
  const high = Math.max(...all);
  const span = high - low || 1;
  const x = (v: number) => round(EDGE.left + ((v - low) / span) * INNER.width);
  const y = (v: number) => round(EDGE.top + (1 - (v - low) / span) * INNER.height);
  const points = (wanted: boolean): Markup[] =>
    expected
      .map((b, i) => ({ b, a: actual[i] as number }))
      .filter(({ a, b }) => isBeyond(a, b, tolerance) === wanted)
      .map(({ a, b }) => h`M${x(b)} ${y(a)}h0`);
  const words = `Expected against actual: ${count(expected.length)} of ${count(elements)} values, from ${figure(low)} to ${figure(high)}`;
  const [within, beyond] = [points(false), points(true)];
  return h`<figure class="chart"><figcaption>Expected against actual</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words}">${frame()}
<path class="same" d="M${x(low)} ${y(low)}L${x(high)} ${y(high)}"/>${within.length > 0 && h`<path class="dots good" d="${within}"/>`}${beyond.length > 0 && h`<path class="dots bad" d="${beyond}"/>`}
<text class="tick" x="${EDGE.left}" y="${HEIGHT - 16}">${figure(low)}</text><text class="tick" x="${WIDTH - EDGE.right}" y="${HEIGHT - 16}" text-anchor="end">${figure(high)}</text>
<text class="tick" x="${EDGE.left - 4}" y="${EDGE.top + 8}" text-anchor="end">${figure(high)}</text><text class="tick" x="${EDGE.left - 4}" y="${EDGE.top + INNER.height}" text-anchor="end">${figure(low)}</text>
<text class="axis" x="${EDGE.left + INNER.width / 2}" y="${HEIGHT - 3}">expected (across), actual (up)</text></svg><p class="hint">${words}.</p></figure>`;
}

/** What rounding gives, and less: nothing below it is told apart. */
const LEAST_SHARE = -9;
const MOST_SHARE = 2;

/** How far off each value inside is that was compared, from the first node to the last; where it begins to differ in red. */
export function errorCurve({ curve = [], index: at }: Divergence): Markup | undefined {
  if (curve.length < 2) return undefined;
  const first = Math.min(...curve.map((p) => p.index));
  const last = Math.max(...curve.map((p) => p.index), first + 1);
  const x = (index: number) => round(EDGE.left + ((index - first) / (last - first)) * INNER.width);
  const decade = (share: Figure) => {
    const n = numberOf(share);
    return n === 0
      ? LEAST_SHARE
      : Math.min(MOST_SHARE, Math.max(LEAST_SHARE, Number.isFinite(n) ? Math.log10(n) : MOST_SHARE));
  };
  const y = (share: Figure) =>
    round(EDGE.top + (1 - (decade(share) - LEAST_SHARE) / (MOST_SHARE - LEAST_SHARE)) * INNER.height);
  const isFar = (index: number) => at !== undefined && index >= at;
  const dots = (far: boolean): Markup[] =>
    curve.filter((p) => isFar(p.index) === far).map((p) => h`M${x(p.index)} ${y(p.share)}h0`);
  const line = curve.map((p, i) => h`${i === 0 ? 'M' : 'L'}${x(p.index)} ${y(p.share)}`);
  const [good, bad] = [dots(false), dots(true)];
  const ticks = [-8, -6, -4, -2, 0].map(
    (e) => h`<text class="tick" x="${EDGE.left - 4}" y="${y(10 ** e) + 3}" text-anchor="end">1e${e}</text>`,
  );
  const words = `Difference of ${count(curve.length)} values inside, beside their usual size: from ${figure(curve[0]?.share)} at node ${first} to ${figure(curve.at(-1)?.share)} at node ${last}`;
  return h`<figure class="chart"><figcaption>Error by node</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words}">${frame()}
${at !== undefined && h`<path class="here" d="M${x(at)} ${EDGE.top}v${INNER.height}"/>`}<path class="curve" d="${line}"/>${good.length > 0 && h`<path class="dots good" d="${good}"/>`}${bad.length > 0 && h`<path class="dots bad" d="${bad}"/>`}${ticks}
<text class="tick" x="${EDGE.left}" y="${HEIGHT - 16}">${first}</text><text class="tick" x="${WIDTH - EDGE.right}" y="${HEIGHT - 16}" text-anchor="end">${last}</text>
<text class="axis" x="${EDGE.left + INNER.width / 2}" y="${HEIGHT - 3}">node, in file order</text></svg><p class="hint">${words}.</p></figure>`;
}

function isBeyond(a: number, b: number, t: Tolerance | undefined): boolean {
  // The sample has six digits: its rounding must not look like an error.
  const slack = 1e-5 * Math.max(Math.abs(a), Math.abs(b));
  return t !== undefined && Math.abs(a - b) > t.atol + t.rtol * Math.abs(b) + t.rangeTol * (t.range ?? 0) + slack;
}

function frame(): Markup {
  return join([
    h`<rect class="frame" x="${EDGE.left}" y="${EDGE.top}" width="${INNER.width}" height="${INNER.height}"/>`,
  ]);
}

const round = (x: number): number => Math.round(x * 10) / 10;
