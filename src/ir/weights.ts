import { beyond } from '../diag/diagnostic.js';
import { LIMITS } from '../diag/limits.js';
import { allocate, sizeOf, type Tensor, type TensorData, type Weight } from '../tensor/tensor.js';

/** So many elements, where an operator lists them one by one; refuses where that would take too long. */
export function listed(n: number, most: number = LIMITS.listedElements): number {
  if (n > most)
    beyond(
      'tensor-too-large',
      `this would need a table of ${n} elements, and ${most} are allowed`,
      'check the sizes that the model computes, and export it again',
    );
  return n;
}

/** What `f` gives for 0 … n - 1; refuses where that is too long to list. */
export function series<T>(n: number, f: (i: number) => T): T[] {
  return Array.from({ length: listed(n) }, (_, i) => f(i));
}

/** Row-major strides. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let n = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    strides[i] = n;
    n *= dims[i];
  }
  return strides;
}

/** A handle on a tensor that is computed, when loaded, from others. */
export function derived(dims: readonly number[], from: Weight, compute: (t: Tensor) => TensorData): Weight {
  return { dtype: from.dtype, dims, load: () => ({ dtype: from.dtype, dims, data: compute(from.load()) }) };
}

const made = new WeakMap<Weight, Map<string, Weight>>();
const numbers = new WeakMap<Weight, number>();
let numbered = 0;

function numberOf(w: Weight): number {
  const number = numbers.get(w) ?? numbered++;
  numbers.set(w, number);
  return number;
}

/**
 * What `make` gives; for the same recipe and the same sources the same handle as before. So weights that are equal because
 * they were made alike (of one that many nodes read) are known to be one, without reading them.
 */
export function madeOnce(
  recipe: string,
  [first, ...others]: readonly [Weight, ...Weight[]],
  make: () => Weight,
): Weight {
  const known = made.get(first) ?? new Map<string, Weight>();
  made.set(first, known);
  const key = `${recipe} ${others.map(numberOf)}`;
  const weight = known.get(key) ?? make();
  known.set(key, weight);
  return weight;
}

/** The same elements under other dims. */
export function reshaped(weight: Weight, dims: readonly number[]): Weight {
  return madeOnce(`reshaped ${dims}`, [weight], () => derived(dims, weight, (t) => t.data));
}

/** numpy's transpose, lazily. */
export function permuted(weight: Weight, perm: readonly number[]): Weight {
  if (perm.every((p, i) => p === i)) return weight;
  const dims = perm.map((p) => weight.dims[p]);
  return madeOnce(`permuted ${perm}`, [weight], () => derived(dims, weight, (t) => transposeData(t, perm)));
}

/** Elements of transpose(t, perm). */
export function transposeData(t: Tensor, perm: readonly number[]): TensorData {
  const pairs = t.dtype.startsWith('complex') ? 2 : 1;
  // Axes that stay together are moved as one, so that the innermost loop is as long as it can be.
  const groups: number[][] = [];
  for (const p of perm) {
    if (t.dims[p] === 1) continue;
    const last = groups.at(-1);
    if (last && isNext(t.dims, last[last.length - 1], p)) last.push(p);
    else groups.push([p]);
  }
  const strides = stridesOf(t.dims);
  const size = (g: number[]) => g.reduce((n, a) => n * t.dims[a], 1);
  const outer = groups.map((g) => ({ size: size(g), stride: strides[g[g.length - 1]] }));
  const n = sizeOf(t.dims);
  const out = allocate(t.dtype, n) as unknown as { [i: number]: unknown };
  const data = t.data as unknown as { [i: number]: unknown };
  if (n === 0) return out as unknown as TensorData;
  const floats =
    t.data instanceof Float32Array && pairs === 1 ? { from: t.data, to: out as unknown as Float32Array } : undefined;
  const rank = outer.length;
  const index = new Array<number>(rank).fill(0);
  const one = { size: 1, stride: 1 };
  const [rows, columns] = [outer[rank - 2] ?? one, outer[rank - 1] ?? one];
  let from = 0;
  for (let to = 0; to < n; to += rows.size * columns.size) {
    // In narrow bands, whose lines stay in the cache from one row to the next.
    for (let band = 0; band < columns.size; band += BAND) {
      const width = Math.min(BAND, columns.size - band);
      for (let row = 0; row < rows.size; row++) {
        let f = from + row * rows.stride + band * columns.stride;
        let at = to + row * columns.size + band;
        if (floats) moveFloats(floats.from, f, columns.stride, floats.to, at, width);
        else
          for (let k = 0; k < width; k++, at++, f += columns.stride) {
            if (pairs === 1) out[at] = data[f];
            else {
              out[2 * at] = data[2 * f];
              out[2 * at + 1] = data[2 * f + 1];
            }
          }
      }
    }
    for (let a = rank - 3; a >= 0; a--) {
      from += outer[a].stride;
      if (++index[a] < outer[a].size) break;
      from -= outer[a].stride * outer[a].size;
      index[a] = 0;
    }
  }
  return out as unknown as TensorData;
}

/** Nearly all that is moved: a loop that sees arrays of one kind alone is a third as long. */
function moveFloats(from: Float32Array, f: number, stride: number, to: Float32Array, at: number, width: number): void {
  for (let k = 0; k < width; k++) to[at + k] = from[f + k * stride];
}

/** Elements of a line of the cache, for most types. */
const BAND = 16;

/** Whether axis b follows axis a in memory but for axes of size 1. */
function isNext(dims: readonly number[], a: number, b: number): boolean {
  if (b <= a) return false;
  for (let i = a + 1; i < b; i++) if (dims[i] !== 1) return false;
  return true;
}
