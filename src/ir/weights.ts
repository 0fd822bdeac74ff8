import { beyond } from '../diag/diagnostic.js';
import { LIMITS } from '../diag/limits.js';
import { isComplex } from '../tensor/dtype.js';
import { allocate, piecesOf, sizeOf, type Tensor, type TensorData, type Weight, withPieces } from '../tensor/tensor.js';

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

/** Tells handles apart: one number each, by nothing but identity. */
export function numberOf(w: Weight): number {
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
  return madeOnce(`reshaped ${dims}`, [weight], () =>
    withPieces(
      derived(dims, weight, (t) => t.data),
      piecesOf(weight),
    ),
  );
}

/** numpy's transpose, lazily. */
export function permuted(weight: Weight, perm: readonly number[]): Weight {
  if (perm.every((p, i) => p === i)) return weight;
  const dims = perm.map((p) => weight.dims[p]);
  return madeOnce(`permuted ${perm}`, [weight], () => derived(dims, weight, (t) => transposeData(t, perm)));
}

/** Axes of a transpose that stay together, as one: how many entries, and how far apart they are in the source and the result. */
interface Group {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** Elements of transpose(t, perm). */
export function transposeData(t: Tensor, perm: readonly number[]): TensorData {
  const n = sizeOf(t.dims);
  const out = allocate(t.dtype, n);
  if (n === 0) return out;
  const groups = groupsOf(t.dims, perm);
  const one: Group = { size: 1, from: 1, to: 1 };
  const columns = groups.pop() ?? one;
  const rows = groups.pop() ?? one;
  // What lies closer together than rows and columns goes with them: a line of the cache is read once.
  const at = groups.findIndex((g) => g.from < Math.min(rows.from, columns.from));
  const [near] = at < 0 ? [one] : groups.splice(at, 1);
  const move =
    t.data instanceof Float32Array && !isComplex(t.dtype)
      ? floatsMoved(t.data, out as Float32Array, rows, columns)
      : anyMoved(t, out, rows, columns);
  const index = new Array<number>(groups.length).fill(0);
  for (let [from, to] = [0, 0]; ; ) {
    for (let k = 0; k < near.size; k += NEAR)
      for (let row = 0; row < rows.size; row += BAND)
        for (let column = 0; column < columns.size; column += BAND) {
          const [height, width] = [Math.min(BAND, rows.size - row), Math.min(BAND, columns.size - column)];
          const f = from + row * rows.from + column * columns.from;
          const o = to + row * rows.to + column * columns.to;
          const end = Math.min(near.size, k + NEAR);
          for (let i = k; i < end; i++) move(f + i * near.from, o + i * near.to, height, width);
        }
    let a = groups.length - 1;
    for (; a >= 0; a--) {
      from += groups[a].from;
      to += groups[a].to;
      if (++index[a] < groups[a].size) break;
      from -= groups[a].from * groups[a].size;
      to -= groups[a].to * groups[a].size;
      index[a] = 0;
    }
    if (a < 0) return out;
  }
}

function groupsOf(dims: readonly number[], perm: readonly number[]): Group[] {
  const groups: number[][] = [];
  for (const p of perm) {
    if (dims[p] === 1) continue;
    const last = groups.at(-1);
    if (last && isNext(dims, last[last.length - 1], p)) last.push(p);
    else groups.push([p]);
  }
  const strides = stridesOf(dims);
  let to = 1;
  return groups
    .reverse()
    .map((g): Group => {
      const size = g.reduce((n, a) => n * dims[a], 1);
      const group = { size, from: strides[g[g.length - 1]], to };
      to *= size;
      return group;
    })
    .reverse();
}

/** Moves some rows and columns from a place of the source to one of the result. */
type Move = (from: number, to: number, height: number, width: number) => void;

/** Nearly all that is moved: loops that see arrays of one kind alone take a third of the time. */
const floatsMoved =
  (source: Float32Array, result: Float32Array, rows: Group, columns: Group): Move =>
  (from, to, height, width) => {
    for (let row = 0; row < height; row++) {
      const start = from + row * rows.from;
      const at = to + row * rows.to;
      for (let k = 0; k < width; k++) result[at + k] = source[start + k * columns.from];
    }
  };

/** Any type: of complex numbers, both parts. */
const anyMoved = (t: Tensor, out: TensorData, rows: Group, columns: Group): Move => {
  const [source, result] = [t.data, out] as unknown as { [i: number]: unknown }[];
  const parts = isComplex(t.dtype) ? 2 : 1;
  return (from, to, height, width) => {
    for (let row = 0; row < height; row++)
      for (let k = 0; k < width; k++)
        for (let part = 0; part < parts; part++)
          result[parts * (to + row * rows.to + k) + part] =
            source[parts * (from + row * rows.from + k * columns.from) + part];
  };
};

/** Elements of a line of the cache, for most types; and how many lines' entries are moved before the next. */
const BAND = 16;
const NEAR = 64;

/** Whether axis b follows axis a in memory but for axes of size 1. */
function isNext(dims: readonly number[], a: number, b: number): boolean {
  if (b <= a) return false;
  for (let i = a + 1; i < b; i++) if (dims[i] !== 1) return false;
  return true;
}
