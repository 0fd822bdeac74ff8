import { invalid } from '../diag/diagnostic.js';
import { isBig, isComplex, isFloat, isUnsigned, bitsOf, type DType } from '../tensor/dtype.js';
import { roundTo } from '../tensor/floats.js';
import { allocate, sizeOf, type Tensor, type TensorData } from '../tensor/tensor.js';
import { stridesOf } from './weights.js';

/** numpy for constant folding: exact, in ONNX's own types. Integers wrap, narrow floats round, as the types do. */

type Numbers = Exclude<TensorData, readonly string[]>;

/** Puts a result into a type: integers wrap to their width, narrow floats are rounded to nearest even. */
export function wrapNumber(dtype: DType, v: number): number {
  switch (dtype) {
    case 'float32':
      return Math.fround(v);
    case 'float64':
      return v;
    case 'bool':
      return v ? 1 : 0;
    case 'int4':
      return (v << 28) >> 28;
    case 'int2':
      return (v << 30) >> 30;
    case 'uint4':
      return v & 15;
    case 'uint2':
      return v & 3;
    default:
      return isFloat(dtype) ? roundTo(dtype, v) : v; // Typed arrays wrap the wider integers.
  }
}

/** Element by element. `big` is used for 64-bit integers; without it they can't be folded. */
export function mapElements(t: Tensor, f: (v: number) => number, big?: (v: bigint) => bigint): Tensor | undefined {
  if (t.dtype === 'string' || isComplex(t.dtype)) return undefined;
  const out = allocate(t.dtype, t.data.length) as Numbers;
  if (isBig(t.dtype)) {
    if (!big) return undefined;
    const from = t.data as BigInt64Array;
    for (let i = 0; i < from.length; i++) (out as BigInt64Array)[i] = big(from[i]);
  } else {
    const from = t.data as Float32Array;
    for (let i = 0; i < from.length; i++) (out as Float32Array)[i] = wrapNumber(t.dtype, f(from[i]));
  }
  return { dtype: t.dtype, dims: t.dims, data: out };
}

/** For each element of the broadcast result, the indices of the operands' elements, in row-major order. */
export function broadcastIndices(dims: readonly (readonly number[])[]): {
  dims: number[];
  each: (visit: (at: readonly number[], i: number) => void) => void;
} {
  const rank = Math.max(0, ...dims.map((d) => d.length));
  const out = Array.from({ length: rank }, (_, axis) => {
    let size = 1;
    for (const d of dims) {
      const own = d[axis - rank + d.length] ?? 1;
      if (own !== 1 && size !== 1 && own !== size)
        invalid(`the shapes ${dims.map((x) => `[${x}]`).join(' and ')} don't broadcast`);
      if (own !== 1) size = own;
    }
    return size;
  });
  const steps = dims.map((d) => {
    const strides = stridesOf(d);
    return out.map((_, axis) => {
      const own = axis - rank + d.length;
      return own < 0 || d[own] === 1 ? 0 : strides[own];
    });
  });
  const each = (visit: (at: readonly number[], i: number) => void) => walk(out, steps, visit);
  return { dims: out, each };
}

/** All elements of `dims` in row-major order, with the index of each operand's, which has these steps along each axis. */
function walk(
  dims: readonly number[],
  steps: readonly (readonly number[])[],
  visit: (at: readonly number[], i: number) => void,
): void {
  // Axes along which all operands go on evenly are one: as a rule a single one is left.
  const sizes: number[] = [];
  const strides: number[][] = steps.map(() => []);
  for (const [axis, size] of dims.entries()) {
    if (size === 1) continue;
    const last = sizes.length - 1;
    if (last >= 0 && steps.every((s, k) => strides[k][last] === s[axis] * size)) {
      sizes[last] *= size;
      for (const [k, s] of steps.entries()) strides[k][last] = s[axis];
    } else {
      sizes.push(size);
      for (const [k, s] of steps.entries()) strides[k].push(s[axis]);
    }
  }
  const rank = sizes.length;
  const row = rank > 0 ? sizes[rank - 1] : 1;
  const inner = strides.map((s) => s[rank - 1] ?? 0);
  const n = sizeOf(dims);
  const index = new Array<number>(rank).fill(0);
  const at = new Array<number>(steps.length).fill(0);
  for (let i = 0; i < n; ) {
    for (const end = i + row; i < end; i++) {
      visit(at, i);
      for (let k = 0; k < at.length; k++) at[k] += inner[k];
    }
    for (let k = 0; k < at.length; k++) at[k] -= inner[k] * row;
    for (let axis = rank - 2; axis >= 0; axis--) {
      for (let k = 0; k < at.length; k++) at[k] += strides[k][axis];
      if (++index[axis] < sizes[axis]) break;
      for (let k = 0; k < at.length; k++) at[k] -= strides[k][axis] * sizes[axis];
      index[axis] = 0;
    }
  }
}

/** Two operands of one type, broadcast. The result is of `result` (the operands' type where nothing is said). */
export function combine(
  a: Tensor,
  b: Tensor,
  f: (x: number, y: number) => number,
  big?: (x: bigint, y: bigint) => bigint | boolean,
  result: DType = a.dtype,
): Tensor | undefined {
  if (a.dtype !== b.dtype || a.dtype === 'string' || isComplex(a.dtype)) return undefined;
  if (isBig(a.dtype) && !big) return undefined;
  const { dims, each } = broadcastIndices([a.dims, b.dims]);
  const n = sizeOf(dims);
  const out = allocate(result, n) as Numbers;
  const [wide, high] = [a, b].map((t) => (t.data.length === n ? 1 : t.data.length === 1 ? 0 : undefined));
  if (!isBig(a.dtype) && wide !== undefined && high !== undefined) {
    // Of one size, or one of them a scalar: several times as fast as step by step.
    const [x, y] = [a.data as Float32Array, b.data as Float32Array];
    const to = out as Float32Array;
    if (result === 'float32') for (let k = 0; k < n; k++) to[k] = f(x[k * wide], y[k * high]);
    else for (let k = 0; k < n; k++) to[k] = wrapNumber(result, f(x[k * wide], y[k * high]));
  } else if (isBig(a.dtype)) {
    const x = a.data as BigInt64Array;
    const y = b.data as BigInt64Array;
    const g = big as (x: bigint, y: bigint) => bigint | boolean;
    each(([i, j], k) => {
      const v = g(x[i], y[j]);
      if (out instanceof BigInt64Array || out instanceof BigUint64Array) out[k] = BigInt(v);
      else out[k] = Number(v);
    });
  } else {
    const x = a.data as Float32Array;
    const y = b.data as Float32Array;
    each(([i, j], k) => {
      (out as Float32Array)[k] = wrapNumber(result, f(x[i], y[j]));
    });
  }
  return { dtype: result, dims, data: out };
}

/** Two tensors of strings, broadcast, as a tensor of bool. */
export function combineStrings(a: Tensor, b: Tensor, f: (x: string, y: string) => boolean): Tensor {
  const { dims, each } = broadcastIndices([a.dims, b.dims]);
  const data = new Uint8Array(sizeOf(dims));
  each(([i, j], k) => {
    data[k] = Number(f(a.data[i] as string, b.data[j] as string));
  });
  return { dtype: 'bool', dims, data };
}

/** Picks elements by their row-major index. */
export function pick(t: Tensor, dims: readonly number[], indexOf: (i: number) => number): Tensor {
  const n = sizeOf(dims);
  const out = allocate(t.dtype, n) as unknown as Record<number, unknown>;
  const from = t.data as unknown as Record<number, unknown>;
  const pairs = isComplex(t.dtype);
  for (let i = 0; i < n; i++) {
    const at = indexOf(i);
    if (pairs) {
      out[2 * i] = from[2 * at];
      out[2 * i + 1] = from[2 * at + 1];
    } else out[i] = from[at];
  }
  return { dtype: t.dtype, dims, data: out as unknown as TensorData };
}

/** numpy's broadcast_to. */
export function broadcastTo(t: Tensor, dims: readonly number[]): Tensor {
  const { dims: out, each } = broadcastIndices([t.dims, dims]);
  const indices = new Int32Array(sizeOf(out));
  each(([i], k) => {
    indices[k] = i;
  });
  return pick(t, out, (i) => indices[i]);
}

/** 64-bit integers wrap; both signed and unsigned. */
export function wrapBig(dtype: DType, v: bigint): bigint {
  return isUnsigned(dtype) ? BigInt.asUintN(bitsOf(dtype), v) : BigInt.asIntN(bitsOf(dtype), v);
}

/** The greater of two 64-bit integers. */
export function maxBig(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** The lesser of two 64-bit integers. */
export function minBig(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
