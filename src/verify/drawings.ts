/** What of a comparison the report draws: small, sampled data. Nothing here bears on a verdict. */
import type { Drawings, ErrorHistogram, ValueSample } from '../report/types.js';
import { isFloat } from '../tensor/dtype.js';
import type { Tensor } from '../tensor/tensor.js';
import type { AppliedTolerance } from './checks.js';
import { advance, strides } from './walk.js';
import { topClasses } from './classes.js';
import { responseMaps } from './maps.js';
import { actualAt, type Pairs, rounded } from './pairs.js';
import type { TfTensor } from './tftensor.js';

/** How many pairs are kept. */
const SAMPLE = 300;
const PER_DECADE = 4;
/** Bins from the largest error down; what is smaller goes into the lowest. */
const MOST_BINS = 12 * PER_DECADE;

/**
 * @param order how `actual` lies: order[i] is the ONNX axis at its position i
 * @param inputs what was fed, by ONNX's names and in its order of axes
 */
export function drawingsOf(
  expected: Tensor,
  actual: TfTensor,
  order: readonly number[],
  tolerance: AppliedTolerance | undefined,
  inputs: ReadonlyMap<string, Tensor>,
): Drawings {
  const sameShape =
    order.length === expected.dims.length && order.every((axis, i) => expected.dims[axis] === actual.shape[i]);
  const isDrawable = sameShape && isFloat(expected.dtype) && actual.dtype === 'float32' && expected.data.length > 0;
  if (!isDrawable || tolerance === undefined) return {};
  const pairs: Pairs = {
    dims: expected.dims,
    expected: expected.data as Float32Array | Float64Array,
    actual: actual.data as Float32Array,
    steps: strides(expected.dims, order),
  };
  const { histogram, worst } = histogramOf(pairs, tolerance);
  const top = topClasses(pairs);
  const maps = responseMaps(pairs, inputs);
  return { histogram, sample: sampleOf(pairs, worst), ...(top ? { top } : {}), ...(maps ? { maps } : {}) };
}

/** Visits every pair. `at`: the place in `expected`; `offset`: that in `actual`. */
function visit({ dims, expected, actual, steps }: Pairs, see: (b: number, a: number, at: number) => void): void {
  const index = new Array<number>(dims.length).fill(0);
  for (let at = 0, offset = 0; at < expected.length; at++) {
    see(expected[at] as number, actual[offset] as number, at);
    offset = advance(index, dims, steps, offset);
  }
}

function histogramOf(pairs: Pairs, tolerance: AppliedTolerance): { histogram: ErrorHistogram; worst: number } {
  const floor = tolerance.atol + (tolerance.rangeTol === 0 ? 0 : tolerance.rangeTol * (tolerance.range ?? 0));
  const bins = new Map<number, { count: number; beyond: number }>();
  let [equal, nonFinite, worst, worstShare] = [0, 0, 0, -1];
  visit(pairs, (b, a, at) => {
    const difference = Math.abs(a - b);
    if (Object.is(a, b) || difference === 0) equal++;
    else if (!Number.isFinite(difference)) nonFinite++;
    else {
      const key = Math.floor(Math.log10(difference) * PER_DECADE);
      const bin = bins.get(key) ?? { count: 0, beyond: 0 };
      bins.set(key, bin);
      const limit = floor + tolerance.rtol * Math.abs(b);
      bin.count++;
      if (difference > limit) bin.beyond++;
      if (difference / limit > worstShare) {
        worstShare = difference / limit;
        worst = at;
      }
    }
  });
  const keys = [...bins.keys()];
  const last = keys.length === 0 ? -1 : Math.max(...keys);
  const first = keys.length === 0 ? 0 : Math.max(Math.min(...keys), last - MOST_BINS + 1);
  const counts = new Array<number>(last - first + 1).fill(0);
  const beyond = [...counts];
  for (const [key, bin] of bins) {
    const place = Math.max(key, first) - first;
    counts[place] = (counts[place] as number) + bin.count;
    beyond[place] = (beyond[place] as number) + bin.beyond;
  }
  return { histogram: { equal, nonFinite, perDecade: PER_DECADE, first, counts, beyond }, worst };
}

/** The fractions of the golden ratio's multiples: spread evenly, in step with no axis. */
const GOLDEN = 0.6180339887498949;

function sampleOf(pairs: Pairs, worst: number): ValueSample {
  const n = pairs.expected.length;
  const places = new Set<number>([worst]);
  for (let i = 0; i < Math.min(n, SAMPLE) - 1; i++)
    places.add(n <= SAMPLE ? i + (i >= worst ? 1 : 0) : Math.floor(((i * GOLDEN) % 1) * n));
  const sample: ValueSample = { expected: [], actual: [] };
  for (const at of [...places].sort((x, y) => x - y)) {
    const [b, a] = [pairs.expected[at] as number, actualAt(pairs, at)];
    if (!Number.isFinite(a) || !Number.isFinite(b)) continue;
    sample.expected.push(rounded(b));
    sample.actual.push(rounded(a));
  }
  return sample;
}
