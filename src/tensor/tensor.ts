import type { DType } from './dtype.js';

/**
 * Elements in row-major order, one entry an element, never packed:
 * - float32, and every narrower float (float16, bfloat16, float8…, float6…, float4…) decoded: Float32Array
 * - float64: Float64Array
 * - int64, uint64: BigInt64Array, BigUint64Array
 * - int4, int2: Int8Array; uint4, uint2: Uint8Array; bool: Uint8Array of 0 and 1; the others their own typed array
 * - complex64: Float32Array, complex128: Float64Array, both with (re, im) pairs, so twice as long
 * - string: string[]
 */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | readonly string[];

/** A dense tensor in memory. */
export interface Tensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/**
 * A tensor that need not be in memory: a range of a file, or something computed from such. `load` reads or computes it
 * anew at each call (nothing is kept), so that the memory in use doesn't follow the model's size.
 */
export interface Weight {
  readonly dtype: DType;
  readonly dims: readonly number[];
  load(): Tensor;
}

/** Hands over bytes piece by piece; a piece is good until the next one. */
export type Pieces = (take: (piece: Uint8Array) => void) => void;

/** By handle, not in it, so that a copy of a handle with another `load` has none. */
const stored = new WeakMap<Weight, Pieces>();

/** The same weight, of which the bytes are known to stand somewhere as they will be written: little-endian elements. */
export function withPieces(weight: Weight, pieces: Pieces | undefined): Weight {
  if (pieces) stored.set(weight, pieces);
  return weight;
}

/** The weight's bytes without its being held in memory whole; where they have to be computed, undefined. */
export const piecesOf = (weight: Weight): Pieces | undefined => stored.get(weight);

/** Number of elements; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  let n = 1;
  for (const d of dims) n *= d;
  return n;
}

/** Elements from which on what was read before is given back first. */
const LARGE = 2 ** 20;
/** Where the process was started with --expose-gc (run/pool.ts does). */
const { gc } = globalThis as { gc?: (options: { type: 'minor' }) => void };

/**
 * The typed array that holds n elements of this type, zeroed (for strings: empty strings). Before a large one, those that
 * nobody holds any more are freed: the collector by itself lets several stand, since it doesn't see their bytes.
 */
export function allocate(dtype: DType, n: number): TensorData {
  if (n >= LARGE) gc?.({ type: 'minor' });
  switch (dtype) {
    case 'float64':
      return new Float64Array(n);
    case 'complex64':
      return new Float32Array(2 * n);
    case 'complex128':
      return new Float64Array(2 * n);
    case 'int64':
      return new BigInt64Array(n);
    case 'uint64':
      return new BigUint64Array(n);
    case 'int32':
      return new Int32Array(n);
    case 'uint32':
      return new Uint32Array(n);
    case 'int16':
      return new Int16Array(n);
    case 'uint16':
      return new Uint16Array(n);
    case 'int8':
    case 'int4':
    case 'int2':
      return new Int8Array(n);
    case 'uint8':
    case 'uint4':
    case 'uint2':
    case 'bool':
      return new Uint8Array(n);
    case 'string':
      return new Array<string>(n).fill('');
    default:
      return new Float32Array(n);
  }
}

/** A tensor from plain numbers (bigints or strings), as ONNX would hold them; values are not checked against the range. */
export function tensorOf(
  dtype: DType,
  dims: readonly number[],
  values: ArrayLike<number | bigint | string | boolean>,
): Tensor {
  if (dtype === 'string') return { dtype, dims, data: Array.from(values, String) };
  const data = allocate(dtype, values.length) as Exclude<TensorData, readonly string[]>;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i] as number);
  else for (let i = 0; i < values.length; i++) data[i] = Number(values[i]);
  return { dtype, dims, data };
}

/** A one-dimensional int64 tensor, or a scalar when `values` is a number. */
export function int64s(values: readonly number[] | number): Tensor {
  return typeof values === 'number' ? tensorOf('int64', [], [values]) : tensorOf('int64', [values.length], values);
}

/** A weight that is in memory already. */
export function weightOf(t: Tensor): Weight {
  return { dtype: t.dtype, dims: t.dims, load: () => t };
}

/** Elements as JavaScript numbers; a 64-bit integer beyond 2^53 loses its low bits, as Number() does. */
export function numbersOf(t: Tensor): number[] {
  return Array.from(t.data as ArrayLike<number | bigint | string>, Number);
}
