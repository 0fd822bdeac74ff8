/** Rounding to steps, by its laws, and what it is for: outputs nearer to the exact ones than those of the nearest steps. */
import { roundedTogether } from '../../src/tensor/rounding.js';
import { Random } from '../../src/verify/source/random.js';

const MOST = 255;
const size = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1);

function weight(dims: readonly number[], seed: string): { values: Float32Array; scale: number; min: number } {
  const random = new Random(seed);
  const values = Float32Array.from({ length: size(dims) }, () => random.normal());
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const scale = (high - low) / MOST;
  return { values, scale, min: -Math.round(-low / scale) * scale };
}

/** By how many steps each value is above the exact one. */
const errorsOf = (rounded: ArrayLike<number>, { values, scale, min }: ReturnType<typeof weight>): number[] =>
  Array.from(values, (v, i) => (rounded[i] as number) - (v - min) / scale);

/** Sums over all elements with the same key. */
function sumsBy(errors: readonly number[], key: (at: number) => number): number[] {
  const sums: number[] = [];
  for (const [at, e] of errors.entries()) sums[key(at)] = (sums[key(at)] ?? 0) + e;
  return sums;
}
const largest = (of: readonly number[]): number => of.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

test.each([
  [[3, 3, 16, 24]],
  [[5, 8, 10]],
  [[1, 1, 40, 12]],
  [[64, 30]],
  [[64, 1]],
  [[3, 3, 20, 1]],
  [[2, 3, 3, 8, 6]],
  [[40]],
  [[1, 70]],
])('%j: each to a neighbour, and no sum runs away', (dims) => {
  const w = weight(dims, `rounding ${dims}`);
  const rounded = roundedTogether(w.values, { ...w, most: MOST }, dims);
  const errors = errorsOf(rounded, w);
  expect(largest(errors)).toBeLessThan(1 + 1e-6);
  expect([...rounded].every((q) => q >= 0 && q <= MOST)).toBe(true);
  const [inputs, outputs] = [dims.at(-2) ?? 1, dims.at(-1) as number];
  // What slides over a picture: half a step, or one where that served the sum of an output.
  expect(largest(sumsBy(errors, (at) => at % (inputs * outputs)))).toBeLessThan(1 + 1e-6);
  if (dims.length === 2 || outputs > 1)
    expect(largest(sumsBy(errors, (at) => at % outputs))).toBeLessThanOrEqual(0.5 + 1e-6);
});

test('whole steps stay as they are, zeros among them', () => {
  const dims = [3, 3, 8, 8];
  const w = weight(dims, 'sparse');
  const values = w.values.map((v, i) => (i % 3 === 0 ? v : 0));
  const rounded = roundedTogether(values, { ...w, most: MOST }, dims);
  const zero = -w.min / w.scale;
  expect([...rounded].every((q, i) => values[i] !== 0 || Math.abs(q - zero) < 1e-6)).toBe(true);
  const whole = Float32Array.from({ length: 64 * 4 }, (_, i) => (i * 7) % 256);
  expect([...roundedTogether(whole, { scale: 1, min: 0, most: MOST }, [64, 4])]).toEqual([...whole]);
});

test('at the ends of the range there is no step beyond', () => {
  const values = new Float32Array(32).fill(255.4);
  values[0] = 0;
  expect(Math.max(...roundedTogether(values, { scale: 1, min: 0, most: MOST }, [32, 1]))).toBe(MOST);
});

// 3x3 kernels over smooth pictures that are nowhere negative, as between two ReLUs; and a matrix over such values.
test.each([
  ['a convolution', [3, 3, 64, 8], 0.6],
  ['a matrix', [512, 32], 0.85],
] as const)('%s is nearer to the exact one than with the nearest steps', (_, dims, share) => {
  const w = weight(dims, 'nearer');
  const exact = Array.from(w.values, (v) => (v - w.min) / w.scale);
  const together = errorsOf(roundedTogether(w.values, { ...w, most: MOST }, dims), w);
  const nearest = exact.map((x) => Math.round(x) - x);
  const random = new Random('inputs');
  const [inputs, outputs] = dims.slice(-2) as [number, number];
  const taps = size(dims) / (inputs * outputs);
  let [ours, theirs] = [0, 0];
  for (let run = 0; run < 40; run++) {
    const base = Array.from({ length: inputs }, () => Math.max(0, random.normal()));
    const x = Array.from({ length: taps * inputs }, (__, at) =>
      Math.max(0, (base[at % inputs] as number) + 0.2 * random.normal()),
    );
    const off = (errors: readonly number[], o: number): number =>
      x.reduce((sum, v, at) => sum + v * (errors[at * outputs + o] as number), 0);
    for (let o = 0; o < outputs; o++) {
      ours += off(together, o) ** 2;
      theirs += off(nearest, o) ** 2;
    }
  }
  expect(Math.sqrt(ours / theirs)).toBeLessThan(share);
});
