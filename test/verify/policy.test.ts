/** What can be asked of an output beyond its elements, each by numbers worked out by hand. */
import { tensorOf } from '../../src/tensor/tensor.js';
import { DEFAULT_TOLERANCE, type ToleranceSettings } from '../../src/verify/checks.js';
import { compare } from '../../src/verify/compare.js';
import { sentenceOf } from '../../src/verify/describe.js';
import type { RecordedTensor } from '../../src/verify/record.js';
import { row } from './written.js';

const EXACT = { ...DEFAULT_TOLERANCE, rtol: 0, atol: 0, rangeTol: 0 };

function judged(dims: number[], want: number[], have: number[], policy: Partial<ToleranceSettings>) {
  const actual = { dtype: 'float32' as const, shape: dims, data: Float32Array.from(have) };
  const face = row('y', 'float32', dims) as unknown as RecordedTensor;
  const comparison = compare(tensorOf('float32', dims, want), actual, face, { ...EXACT, ...policy });
  return { ...comparison, said: sentenceOf(comparison) };
}

const anything = { outliers: 1 };

test('ulp: neighbours of float32 agree, at any size', () => {
  const next = (x: number, n: number) => {
    const bits = new Int32Array(Float32Array.of(x).buffer);
    bits[0] = (bits[0] as number) + n;
    return new Float32Array(bits.buffer)[0] as number;
  };
  const want = [1, 1e-30, 3e30, 1e-40, -7];
  const off = (n: number) => want.map((x) => next(x, n));
  expect(judged([5], want, off(2), { ulp: 2 }).kind).toBe('pass');
  expect(judged([5], want, off(3), { ulp: 2 })).toMatchObject({ kind: 'values', figures: { beyond: 5 } });
});

test('outliers: a share of the elements may be off, NaN may not', () => {
  const want = Array.from({ length: 10 }, () => 1);
  const have = [5, ...want.slice(1)];
  expect(judged([10], want, have, { outliers: 0.1 })).toMatchObject({ kind: 'pass', figures: { beyond: 1 } });
  expect(judged([10], want, have, { outliers: 0.09 }).kind).toBe('values');
  expect(judged([10], want, [Number.NaN, ...want.slice(1)], { outliers: 0.5 }).kind).toBe('non-finite');
});

test('cosine', () => {
  const right = judged([2], [1, 0], [1, 1], { ...anything, cosine: 0.7 });
  expect(right.kind).toBe('pass');
  expect(right.figures.agreement?.cosine).toBeCloseTo(Math.SQRT1_2, 12);
  const wrong = judged([2], [1, 0], [1, 1], { ...anything, cosine: 0.71 });
  expect([wrong.kind, wrong.said]).toEqual(['policy', 'the cosine is 0.707107 where 0.71 is asked for']);
  expect(judged([2], [0, 0], [0, 0], { cosine: 1 }).kind).toBe('pass');
});

test('top-k: the same set of best classes, equal scores being as good as one another', () => {
  const scores = [0.1, 0.5, 0.3, 0.1];
  const top2 = { ...anything, topK: { k: 2, axis: 1, share: 1 } };
  expect(judged([1, 4], scores, [0.1, 0.3, 0.5, 0.1], top2).kind).toBe('pass');
  expect(judged([1, 4], scores, [0.4, 0.5, 0.3, 0.1], top2).kind).toBe('policy');
  const top3 = { ...anything, topK: { k: 3, axis: 1, share: 1 } };
  expect(judged([1, 4], scores, [0, 0.5, 0.3, 0.2], top3).kind).toBe('pass');
});

test('arg-max: the best class at so many places of a map, along the axis that is said', () => {
  // [1, 2, 2, 2]: two classes at four places; at the last place another is best.
  const want = [1, 1, 1, 1, 0, 0, 0, 0];
  const have = [1, 1, 1, 0, 0, 0, 0, 1];
  const ask = (share: number) => judged([1, 2, 2, 2], want, have, { ...anything, argMax: { axis: 1, share } });
  expect(ask(0.75)).toMatchObject({
    kind: 'pass',
    figures: { agreement: { argMax: 0.75 }, tolerance: { argMax: { axis: 1, share: 0.75 } } },
  });
  expect(ask(0.8)).toMatchObject({
    kind: 'policy',
    said: 'the best class agrees at 75 % of the places where 80 % is asked for',
  });
  expect(judged([4], want.slice(0, 4), want.slice(0, 4), { argMax: { axis: 1, share: 1 } }).said).toContain(
    'no axis 1',
  );
});

test('NaN and infinities: equal, forbidden, or passed over where expected', () => {
  const { NaN: nan } = Number;
  expect(judged([2], [nan, 1], [nan, 1], {}).kind).toBe('pass');
  expect(judged([2], [nan, 1], [nan, 1], { nan: 'forbid' }).kind).toBe('non-finite');
  expect(judged([2], [nan, 1], [3, 1], {}).kind).toBe('non-finite');
  expect(judged([2], [nan, 1], [3, 1], { nan: 'ignore' }).kind).toBe('pass');
  expect(judged([2], [2, 1], [nan, 1], { nan: 'ignore' }).kind).toBe('non-finite');
  expect(judged([2], [Infinity, 1], [-Infinity, 1], { infinite: 'ignore' }).kind).toBe('pass');
  expect(judged([2], [Infinity, 1], [Infinity, 1], { infinite: 'forbid' }).kind).toBe('non-finite');
  expect(judged([2], [Infinity, 1], [3e38, 1], {}).kind).toBe('non-finite');
});
