import type { DType } from './dtype.js';
import { bitsOf } from './dtype.js';
import type { NarrowFloat } from './floats.js';
import { bitsOfFloat, decodeFloats, isNarrowFloat } from './floats.js';
import type { Tensor, TensorData } from './tensor.js';
import { allocate, sizeOf } from './tensor.js';

/** Bytes that n elements take in ONNX's raw_data: little-endian, elements under 8 bits packed from the low bits up. */
export function rawLength(dtype: DType, n: number): number {
  return Math.ceil((n * bitsOf(dtype)) / 8);
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Reverses the bytes of each element in place. */
export function swapBytes(bytes: Uint8Array, width: number): void {
  for (let i = 0; i + width <= bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}

/**
 * Elements from raw_data. `fill` is asked to write the bytes that belong to them, in order, into the array it is given: for
 * types that JavaScript has an array for that is the tensor's own memory, so that nothing is copied twice; the others come
 * in pieces. `n` elements; not for strings.
 */
export function unpackRaw(dtype: DType, n: number, fill: (into: Uint8Array, offset: number) => void): TensorData {
  if (dtype === 'string') throw new TypeError('strings have no raw form');
  const data = allocate(dtype, n) as Exclude<TensorData, readonly string[]>;
  if (!isNarrowFloat(dtype) && bitsOf(dtype) >= 8) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (bytes.length > 0) fill(bytes, 0);
    if (!LITTLE_ENDIAN) swapBytes(bytes, data.BYTES_PER_ELEMENT);
    if (dtype === 'bool') for (let i = 0; i < n; i++) bytes[i] = bytes[i] === 0 ? 0 : 1;
    return data;
  }
  // A multiple of 24 bits keeps pieces on element boundaries for 2, 4, 6, 8 and 16 bits.
  const PIECE = 3 * 2 ** 18;
  const bits = bitsOf(dtype);
  const total = rawLength(dtype, n);
  const piece = new Uint8Array(Math.min(PIECE, total));
  for (let at = 0; at < total; at += PIECE) {
    const bytes = piece.subarray(0, Math.min(PIECE, total - at));
    fill(bytes, at);
    const first = (at * 8) / bits;
    const count = Math.min(n - first, Math.floor((bytes.length * 8) / bits));
    unpackPiece(dtype, bits, bytes, data as Float32Array | Int8Array | Uint8Array, first, count);
  }
  return data;
}

function unpackPiece(
  dtype: DType,
  bits: number,
  bytes: Uint8Array,
  data: Float32Array | Int8Array | Uint8Array,
  first: number,
  count: number,
): void {
  const codes = bits === 16 ? new Uint16Array(count) : new Uint8Array(count);
  const mask = 2 ** bits - 1;
  if (bits === 16)
    for (let i = 0; i < count; i++) codes[i] = (bytes[2 * i] as number) | ((bytes[2 * i + 1] as number) << 8);
  else
    for (let i = 0; i < count; i++) {
      const bit = i * bits;
      const word = (bytes[bit >>> 3] as number) | ((bytes[(bit >>> 3) + 1] ?? 0) << 8);
      codes[i] = (word >>> (bit & 7)) & mask;
    }
  if (isNarrowFloat(dtype)) decodeFloats(dtype, codes, (data as Float32Array).subarray(first, first + count));
  else {
    const signBit = dtype.startsWith('int') ? 1 << (bits - 1) : 0;
    for (let i = 0; i < count; i++) data[first + i] = ((codes[i] as number) ^ signBit) - signBit;
  }
}

/** Elements as raw_data. Narrow floats are rounded (they are exact where they came from a file). Not for strings. */
export function packRaw(t: Tensor): Uint8Array {
  if (t.dtype === 'string') throw new TypeError('strings have no raw form');
  const data = t.data as Exclude<TensorData, readonly string[]>;
  const bits = bitsOf(t.dtype);
  if (!isNarrowFloat(t.dtype) && bits >= 8) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    if (!LITTLE_ENDIAN) swapBytes(bytes, data.BYTES_PER_ELEMENT);
    return bytes;
  }
  const n = sizeOf(t.dims);
  const out = new Uint8Array(rawLength(t.dtype, n));
  const narrow = isNarrowFloat(t.dtype);
  for (let i = 0; i < n; i++) {
    const x = data[i] as number;
    const code = narrow ? bitsOfFloat(t.dtype as NarrowFloat, x, { saturate: false }) : x & (2 ** bits - 1);
    const bit = i * bits;
    const word = code << (bit & 7);
    out[bit >>> 3] = (out[bit >>> 3] as number) | (word & 255);
    if (word > 255) out[(bit >>> 3) + 1] = (out[(bit >>> 3) + 1] as number) | (word >>> 8);
  }
  return out;
}
