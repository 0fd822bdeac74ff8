import { isComplex } from '../tensor/dtype.js';
import { sizeOf, type Tensor } from '../tensor/tensor.js';
import type { AppliedTolerance, Figures, ToleranceSettings } from './checks.js';
import { figure } from './checks.js';
import { advance, strides } from './walk.js';
import type { TfTensor } from './tftensor.js';

/** What was asked for beyond the elements themselves, and whether it holds. */
export interface PolicyOutcome {
  readonly agreement?: Figures['agreement'];
  /** A clause for each that doesn't hold: `the cosine is 0.98 where 0.99 is asked for`. */
  readonly wanting: readonly string[];
}

/** The part of the settings that isn't about single elements, as applied. */
export function appliedPolicy(s: ToleranceSettings): Partial<AppliedTolerance> {
  const { ulp, outliers, cosine, topK, argMax, nan, infinite } = s;
  const given = { ulp, outliers, cosine, topK, argMax, nan, infinite };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/**
 * Holds whole outputs against what is asked of them: cosine, and the best classes along an axis. `order`: how `actual`'s
 * axes lie. Both have the same shape.
 */
export function policyOf(
  expected: Tensor,
  actual: TfTensor,
  order: readonly number[],
  { cosine, topK, argMax }: ToleranceSettings,
): PolicyOutcome {
  if ((cosine === undefined && !topK && !argMax) || expected.dtype === 'string' || isComplex(expected.dtype))
    return { wanting: [] };
  const wanting: string[] = [];
  const agreement: NonNullable<Figures['agreement']> = {};
  const pair = inOnnxOrder(expected, actual, order);
  if (cosine !== undefined) {
    const value = cosineOf(pair);
    agreement.cosine = figure(value);
    if (!(value >= cosine)) wanting.push(`the cosine is ${short(value)} where ${cosine} is asked for`);
  }
  for (const [name, wanted] of [
    ['topK', topK],
    ['argMax', argMax ? { ...argMax, k: 1 } : undefined],
  ] as const) {
    if (!wanted) continue;
    const [classes, agree] = wanted.k === 1 ? ['best class', 'agrees'] : [`${wanted.k} best classes`, 'agree'];
    const found = shareOfPlaces(pair, expected.dims, wanted.axis, wanted.k);
    if (found === undefined) wanting.push(`it has no axis ${wanted.axis} of classes to compare the ${classes} along`);
    else {
      agreement[name] = found;
      if (found < wanted.share)
        wanting.push(
          `the ${classes} ${agree} at ${percent(found)} of the places where ${percent(wanted.share)} is asked for`,
        );
    }
  }
  return { agreement, wanting };
}

const short = (x: number): string => String(Number(x.toPrecision(6)));
const percent = (x: number): string => `${short(Math.floor(x * 1e6) / 1e4)} %`;

interface Pair {
  readonly b: Float64Array;
  readonly a: Float64Array;
}

function inOnnxOrder(expected: Tensor, actual: TfTensor, order: readonly number[]): Pair {
  const { dims } = expected;
  const n = sizeOf(dims);
  const [a, b] = [new Float64Array(n), new Float64Array(n)];
  const steps = strides(dims, order);
  const index = new Array<number>(dims.length).fill(0);
  for (let at = 0, offset = 0; at < n; at++) {
    b[at] = Number(expected.data[at]);
    a[at] = actual.data[offset] as number;
    offset = advance(index, dims, steps, offset);
  }
  return { a, b };
}

/** 1 where both are zero. */
function cosineOf({ a, b }: Pair): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  if (aa === 0 && bb === 0) return 1;
  // Roots before the product: squares of large numbers overflow.
  // Rounding leads a little beyond 1.
  return Math.max(-1, Math.min(1, ab / (Math.sqrt(aa) * Math.sqrt(bb))));
}

/**
 * At which share of the places the k best classes are the same; classes that the reference holds for equal are one as good
 * as the other. Undefined where there is no such axis.
 */
function shareOfPlaces({ a, b }: Pair, dims: readonly number[], given: number, k: number): number | undefined {
  const axis = given < 0 ? given + dims.length : given;
  const classes = dims[axis];
  if (axis < 0 || classes === undefined || classes === 0) return undefined;
  const inner = sizeOf(dims.slice(axis + 1));
  const outer = sizeOf(dims.slice(0, axis));
  if (inner * outer === 0) return 1;
  let same = 0;
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const at = (c: number): number => (o * classes + c) * inner + i;
      const best = bestOf(a, at, classes, k);
      const bound = b[at(bestOf(b, at, classes, k).at(-1) as number)] as number;
      if (best.every((c) => (b[at(c)] as number) >= bound)) same++;
    }
  return same / (inner * outer);
}

/** The k largest, best first. */
function bestOf(values: Float64Array, at: (c: number) => number, classes: number, k: number): number[] {
  const best: number[] = [];
  for (let c = 0; c < classes; c++) {
    const value = values[at(c)] as number;
    let place = best.length;
    while (place > 0 && value > (values[at(best[place - 1] as number)] as number)) place--;
    if (place < k) best.splice(place, 0, c);
    if (best.length > k) best.pop();
  }
  return best;
}
