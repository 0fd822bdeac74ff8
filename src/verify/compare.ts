import { isBig, isComplex, isFloat } from '../tensor/dtype.js';
import { sizeOf, type Tensor } from '../tensor/tensor.js';
import { type Figures, figure, type ToleranceSettings } from './checks.js';
import { appliedPolicy, policyOf } from './policy.js';
import { isIdentity, permute, type RecordedTensor } from './record.js';
import type { TfTensor } from './tftensor.js';
import { advance, strides } from './walk.js';

/** A comparison's outcome; `kind` is the first thing that is wrong, in the order of the list. */
export interface Comparison {
  kind: 'pass' | 'shape' | 'dtype' | 'non-finite' | 'values' | 'policy';
  figures: Figures;
  /** For `policy`: what was asked of the whole and doesn't hold. */
  wanting?: readonly string[];
}

/**
 * Compares what a written model gave with what the reference expects, both read in ONNX's order of axes (`row.order` says
 * how the former lies). One pass over the elements, after one over the expected ones for their range; nothing is copied.
 * Shape and dtype have to be those of the reference and of conversion.json; NaN has to meet NaN, an infinity its equal.
 */
export function compare(
  expected: Tensor,
  actual: TfTensor,
  row: RecordedTensor,
  tolerance: ToleranceSettings,
): Comparison {
  const order = orderFor(expected.dims.length, row.order);
  const figures: Figures = {
    dtype: { expected: row.tfjs.dtype, actual: actual.dtype },
    shape: { expected: [...expected.dims], actual: onnxShape(actual.shape, order) },
  };
  const placed = permute(expected.dims, order);
  const sameShape = placed.length === actual.shape.length && placed.every((d, i) => d === actual.shape[i]);
  const isText = expected.dtype === 'string';
  if (order.length !== expected.dims.length || !sameShape) return { kind: 'shape', figures };
  if (isText !== (actual.dtype === 'string') || isComplex(expected.dtype) !== (actual.dtype === 'complex64'))
    return { kind: 'dtype', figures };

  const kind = isText
    ? compareStrings(expected, actual, order, figures)
    : compareNumbers(expected, actual, order, tolerance, figures);
  if (actual.dtype !== row.tfjs.dtype) return { kind: 'dtype', figures };
  const { agreement, wanting } = policyOf(expected, actual, order, tolerance);
  if (agreement) figures.agreement = agreement;
  return kind === 'pass' && wanting.length > 0 ? { kind: 'policy', figures, wanting } : { kind, figures, wanting };
}

/** An output's rank may be another than the file says; where nothing moved, nothing moves at any rank. */
function orderFor(rank: number, order: readonly number[]): readonly number[] {
  return order.length !== rank && isIdentity(order) ? Array.from({ length: rank }, (_, axis) => axis) : order;
}

/** A TensorFlow.js shape in ONNX's order; as it is where its rank is another. */
function onnxShape(shape: readonly number[], order: readonly number[]): number[] {
  if (shape.length !== order.length) return [...shape];
  const sizes = new Array<number>(shape.length);
  for (const [i, axis] of order.entries()) sizes[axis] = shape[i] as number;
  return sizes;
}

/** The index over `dims` of the element at position `at` in row-major order. */
function unravel(at: number, dims: readonly number[]): number[] {
  const index = new Array<number>(dims.length);
  let rest = at;
  for (let k = dims.length - 1; k >= 0; k--) {
    const size = dims[k] as number;
    index[k] = rest % size;
    rest = Math.floor(rest / size);
  }
  return index;
}

function compareStrings(
  expected: Tensor,
  actual: TfTensor,
  order: readonly number[],
  figures: Figures,
): Comparison['kind'] {
  const want = expected.data as readonly string[];
  const have = actual.data as readonly string[];
  const steps = strides(expected.dims, order);
  const index = new Array<number>(expected.dims.length).fill(0);
  let beyond = 0;
  for (let at = 0, offset = 0; at < want.length; at++) {
    if (want[at] !== have[offset]) {
      if (beyond === 0)
        figures.worst = { index: [...index], expected: want[at] as string, actual: String(have[offset]) };
      beyond++;
    }
    offset = advance(index, expected.dims, steps, offset);
  }
  figures.elements = want.length;
  figures.beyond = beyond;
  return beyond > 0 ? 'values' : 'pass';
}

function compareNumbers(
  expected: Tensor,
  actual: TfTensor,
  axes: readonly number[],
  settings: ToleranceSettings,
  figures: Figures,
): Comparison['kind'] {
  const pairs = isComplex(expected.dtype);
  // The real and the imaginary part are one more axis, the innermost in both.
  const dims = pairs ? [...expected.dims, 2] : expected.dims;
  const order = pairs ? [...axes, expected.dims.length] : axes;
  const exact = !isFloat(expected.dtype) && !pairs;
  const limits = exact ? { atol: settings.integerAtol, rtol: 0, rangeTol: 0 } : settings;
  const want = isBig(expected.dtype)
    ? (expected.data as BigInt64Array | BigUint64Array)
    : (expected.data as Exclude<Tensor['data'], readonly string[] | BigInt64Array | BigUint64Array>);
  const have = actual.data as Float32Array | Int32Array | Uint8Array;

  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < want.length; i++) {
    const b = Number(want[i]);
    if (!Number.isFinite(b)) continue;
    if (b < min) min = b;
    if (b > max) max = b;
  }
  const range = max >= min ? max - min : 0;
  const ulp = exact ? 0 : (settings.ulp ?? 0);
  const floor = limits.atol + (limits.rangeTol === 0 ? 0 : limits.rangeTol * range);

  const n = sizeOf(dims);
  const rank = dims.length;
  const inner = rank > 0 ? (dims[rank - 1] as number) : 1;
  const steps = strides(dims, order);
  const innerStep = rank > 0 ? (steps[rank - 1] as number) : 1;
  const outerDims = dims.slice(0, -1);
  const outerSteps = steps.slice(0, -1);
  const index = new Array<number>(outerDims.length).fill(0);
  const nonFinite = { expected: { nan: 0, inf: 0 }, actual: { nan: 0, inf: 0 } };
  let maxAbs = 0;
  let maxRel = 0;
  let used = 0;
  let usedAbs = 0;
  let beyond = 0;
  let broken = 0;
  let worst = -1;
  let worstActual = Number.NaN;
  for (let at = 0, base = 0; at < n; base = advance(index, outerDims, outerSteps, base)) {
    for (let j = 0, offset = base; j < inner; j++, at++, offset += innerStep) {
      const b = Number(want[at]);
      const a = have[offset] as number;
      const difference = Math.abs(a - b);
      let share: number;
      if (Number.isFinite(difference)) {
        const size = Math.abs(b);
        const limit = Math.max(floor + limits.rtol * size, ulp === 0 ? 0 : ulp * unitOf(b));
        if (difference > maxAbs) maxAbs = difference;
        if (size > 0 && difference > maxRel * size) maxRel = difference / size;
        share = difference === 0 ? 0 : difference / limit;
        if (!(difference <= limit)) beyond++;
      } else {
        if (Number.isNaN(b)) nonFinite.expected.nan++;
        else if (!Number.isFinite(b)) nonFinite.expected.inf++;
        if (Number.isNaN(a)) nonFinite.actual.nan++;
        else if (!Number.isFinite(a)) nonFinite.actual.inf++;
        if (mayMeet(a, b, settings)) continue;
        share = Infinity;
        beyond++;
        broken++;
      }
      const error = Number.isFinite(difference) ? difference : Infinity;
      if (worst < 0 || share > used || (share === used && error > usedAbs)) {
        used = share;
        usedAbs = error;
        worst = at;
        worstActual = a;
      }
    }
  }

  figures.elements = pairs ? n / 2 : n;
  figures.maxAbs = figure(maxAbs);
  figures.maxRel = figure(maxRel);
  figures.used = figure(used);
  figures.beyond = beyond;
  figures.nonFinite = nonFinite;
  const { rtol, atol, rangeTol } = limits;
  figures.tolerance = { rtol, atol, rangeTol, range, ...appliedPolicy(settings) };
  if (max >= min) figures.expectedRange = { min: Number(figure(min)), max: Number(figure(max)) };
  if (worst >= 0)
    figures.worst = { index: unravel(worst, dims), expected: figure(Number(want[worst])), actual: figure(worstActual) };
  if (broken > 0) return 'non-finite';
  return beyond > (settings.outliers ?? 0) * n ? 'values' : 'pass';
}

/** Whether a pair of which one is NaN or infinite is as it should be. */
function mayMeet(a: number, b: number, { nan = 'equal', infinite = 'equal' }: ToleranceSettings): boolean {
  const policy = Number.isNaN(a) || Number.isNaN(b) ? nan : infinite;
  if (policy === 'forbid') return false;
  if (Object.is(a, b)) return true;
  return policy === 'ignore' && !Number.isFinite(b);
}

const bits = new Uint32Array(1);
const single = new Float32Array(bits.buffer);

/** The distance of neighbours at a float32. */
function unitOf(x: number): number {
  single[0] = x;
  const exponent = ((bits[0] as number) >>> 23) & 255;
  return 2 ** (Math.max(exponent, 1) - 150);
}
