import type { ClassScore, TopClasses } from '../report/types.js';
import { actualAt, type Pairs, rounded } from './pairs.js';

/** Fewer channels are hardly classes. */
export const FEWEST_CLASSES = 3;
const SHOWN = 5;

/** The best classes of both sides, where the output is one row of scores per item of the batch: (N, C), or with axes of size 1. */
export function topClasses(pairs: Pairs): TopClasses | undefined {
  const { dims } = pairs;
  const [, classes = 0, ...places] = dims;
  if (dims.length < 2 || classes < FEWEST_CLASSES || places.some((d) => d !== 1)) return undefined;
  const expected = Float64Array.from({ length: classes }, (_, c) => pairs.expected[c] as number);
  const actual = Float64Array.from({ length: classes }, (_, c) => actualAt(pairs, c));
  if (![...expected, ...actual].every(Number.isFinite)) return undefined;
  const areProbabilities = isDistribution(expected);
  const best = (values: Float64Array) => largest(areProbabilities ? values : softmax(values));
  return { scores: areProbabilities ? 'none' : 'softmax', expected: best(expected), actual: best(actual) };
}

/** Not negative, and one in sum. */
export function isDistribution(values: ArrayLike<number>): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) < 0) return false;
    sum += values[i] as number;
  }
  return Math.abs(sum - 1) < 1e-3;
}

/** In place. */
export function softmax<T extends Float32Array | Float64Array>(values: T): T {
  let top = -Infinity;
  for (let i = 0; i < values.length; i++) top = Math.max(top, values[i] as number);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.exp((values[i] as number) - top);
    sum += values[i] as number;
  }
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) / sum;
  return values;
}

function largest(values: Float64Array): ClassScore[] {
  const order = [...values.keys()].sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
  return order.slice(0, SHOWN).map((c) => ({ class: c, score: rounded(values[c] as number) }));
}
