import type { DType } from './dtype.js';
import { bitsOf } from './dtype.js';
import { packRaw, swapBytes, unpackRaw } from './raw.js';
import type { Tensor, TensorData } from './tensor.js';
import { allocate, sizeOf } from './tensor.js';

/** A .npy or .npz file that can't be read; the message says why, as the end of a sentence. */
export class NumpyError extends Error {
  /** It would take more memory than is allowed. */
  readonly tooLarge: boolean;
  constructor(message: string, tooLarge = false) {
    super(message);
    this.name = 'NumpyError';
    this.tooLarge = tooLarge;
  }
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy's kind and width to ONNX's type; text apart. */
const TYPES: Readonly<Record<string, DType>> = {
  b1: 'bool',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  c8: 'complex64',
  c16: 'complex128',
};

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: number[];
  /** Where the elements begin. */
  readonly start: number;
}

/** Parses the header: a Python dict literal with exactly the keys descr, fortran_order and shape. */
function headerOf(bytes: Uint8Array): Header {
  if (bytes.length < 10 || MAGIC.some((b, i) => bytes[i] !== b))
    throw new NumpyError('it does not begin as a .npy file does');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6] as number;
  if (major < 1 || major > 3) throw new NumpyError(`it is of format version ${major}, and 1 to 3 are known`);
  const wide = major > 1;
  if (wide && bytes.length < 12) throw new NumpyError('it ends within its header');
  const start = wide ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
  if (start > bytes.length) throw new NumpyError('it ends within its header');
  if (start > 2 ** 20) throw new NumpyError('its header is longer than any real one');
  const text = new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(wide ? 12 : 10, start));
  const descr = /'descr'\s*:\s*('([^']*)'|\[)/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shape = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text);
  if (!descr || !order || !shape) throw new NumpyError('its header is malformed');
  if (descr[2] === undefined) throw new NumpyError('its elements are records');
  const sizes = (shape[1] as string)
    .split(',')
    .map((s) => s.trim().replace(/L$/, ''))
    .filter((s) => s !== '')
    .map(Number);
  if (!sizes.every((n) => Number.isSafeInteger(n) && n >= 0) || !(sizes.includes(0) || sizeOf(sizes) <= 2 ** 31 - 1))
    throw new NumpyError(`its shape (${sizes.join(', ')}) is out of bounds`);
  return { descr: descr[2], fortran: order[1] === 'True', shape: sizes, start };
}

/** Reads a .npy file from memory: any byte order, C or Fortran order; float16 is decoded, U and S become strings. */
export function readNpy(bytes: Uint8Array): Tensor {
  const { descr, fortran, shape, start } = headerOf(bytes);
  const [, order, kind, width] = /^([<>|=]?)([a-zA-Z])(\d*)$/.exec(descr) ?? [];
  if (!kind) throw new NumpyError(`the element type ${JSON.stringify(descr.slice(0, 40))} is unknown`);
  if (kind === 'O') throw new NumpyError('its elements are pickled Python objects, which are never loaded');
  const body = bytes.subarray(start);
  const n = sizeOf(shape);
  const big = order === '>';
  const expect = (size: number): void => {
    if (body.length !== size)
      throw new NumpyError(`its shape (${shape.join(', ')}) needs ${size} bytes, and it holds ${body.length}`);
  };
  if (kind === 'U' || kind === 'S') {
    const each = Number(width) * (kind === 'U' ? 4 : 1);
    expect(n * each);
    const data = Array.from({ length: n }, (_, i) => {
      const item = body.subarray(i * each, (i + 1) * each);
      return kind === 'U' ? utf32(item, big) : new TextDecoder().decode(item).replace(/\0+$/, '');
    });
    return inRowMajor({ dtype: 'string', dims: shape, data }, fortran);
  }
  const dtype = TYPES[`${kind}${width}`];
  if (!dtype) throw new NumpyError(`the element type ${JSON.stringify(descr.slice(0, 40))} has no counterpart in ONNX`);
  expect(n * Number(width));
  const unit = dtype.startsWith('complex') ? Number(width) / 2 : Number(width);
  const data = unpackRaw(dtype, n, (into, at) => {
    into.set(body.subarray(at, at + into.length));
    if (big) swapBytes(into, unit);
  });
  return inRowMajor({ dtype, dims: shape, data }, fortran);
}

function utf32(bytes: Uint8Array, big: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  let zeros = '';
  for (let i = 0; i < bytes.length; i += 4) {
    const code = view.getUint32(i, !big);
    if (code > 0x10ffff) throw new NumpyError('a string in it is no Unicode');
    // NumPy pads with NULs and drops them at the end alone.
    if (code === 0) zeros += '\0';
    else {
      text += zeros + String.fromCodePoint(code);
      zeros = '';
    }
  }
  return text;
}

/** Column-major elements put into row-major order. */
function inRowMajor(t: Tensor, fortran: boolean): Tensor {
  if (!fortran || t.dims.length < 2) return t;
  const width = t.dtype.startsWith('complex') ? 2 : 1;
  const n = sizeOf(t.dims);
  const from = t.data as ArrayLike<unknown>;
  const data = allocate(t.dtype, n) as unknown as unknown[];
  const index = new Array<number>(t.dims.length).fill(0);
  const strides: number[] = [];
  for (let i = 0, s = 1; i < t.dims.length; s *= t.dims[i++] as number) strides.push(s);
  let at = 0;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < width; k++) data[i * width + k] = from[at * width + k];
    for (let axis = t.dims.length - 1; axis >= 0; axis--) {
      at += strides[axis] as number;
      if (++(index[axis] as number) < (t.dims[axis] as number)) break;
      at -= (strides[axis] as number) * (t.dims[axis] as number);
      index[axis] = 0;
    }
  }
  return { ...t, data: data as unknown as TensorData };
}

const DESCR: Partial<Record<DType, string>> = {
  bool: '|b1',
  int8: '|i1',
  uint8: '|u1',
  int4: '|i1',
  int2: '|i1',
  uint4: '|u1',
  uint2: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
  complex64: '<c8',
  complex128: '<c16',
};

/**
 * Writes a .npy file (format 1.0, or 2.0 where the header is long). Types that NumPy has not are written as the next that
 * holds all their values: bfloat16 and the floats under 16 bits as float32, 2- and 4-bit integers as 8-bit ones.
 */
export function writeNpy(t: Tensor): Uint8Array {
  const [descr, body] = t.dtype === 'string' ? textBody(t.data as readonly string[]) : numberBody(t);
  const shape = t.dims.length === 1 ? `${t.dims[0]},` : t.dims.join(', ');
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const wide = dict.length > 60000;
  const prefix = wide ? 12 : 10;
  const start = Math.ceil((prefix + dict.length + 1) / 64) * 64;
  const out = new Uint8Array(start + body.length);
  out.set(MAGIC);
  out[6] = wide ? 2 : 1;
  const view = new DataView(out.buffer);
  if (wide) view.setUint32(8, start - prefix, true);
  else view.setUint16(8, start - prefix, true);
  out.set(new TextEncoder().encode(`${dict.padEnd(start - prefix - 1)}\n`), prefix);
  out.set(body, start);
  return out;
}

function numberBody(t: Tensor): [string, Uint8Array] {
  const descr = DESCR[t.dtype];
  if (descr === undefined) return ['<f4', packRaw({ ...t, dtype: 'float32' })];
  const bits = bitsOf(t.dtype);
  return [descr, packRaw(bits < 8 ? { ...t, dtype: t.dtype.startsWith('u') ? 'uint8' : 'int8' } : t)];
}

function textBody(strings: readonly string[]): [string, Uint8Array] {
  const codes = strings.map((s) => Array.from(s, (c) => c.codePointAt(0) as number));
  const width = codes.reduce((most, c) => Math.max(most, c.length), 1);
  const out = new Uint8Array(strings.length * width * 4);
  const view = new DataView(out.buffer);
  for (const [i, item] of codes.entries())
    for (const [k, code] of item.entries()) view.setUint32((i * width + k) * 4, code, true);
  return [`<U${width}`, out];
}
