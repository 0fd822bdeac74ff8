import * as say from '../diag/catalogue-onnx.js';
import type { Diagnostic, Place } from '../diag/diagnostic.js';
import { LIMITS } from '../diag/limits.js';
import { DiagnosticError } from '../diag/diagnostic.js';
import type { DType } from '../tensor/dtype.js';
import { bitsOf, dtypeOfCode, isComplex } from '../tensor/dtype.js';
import { decodeFloats, isNarrowFloat } from '../tensor/floats.js';
import { rawLength, unpackRaw } from '../tensor/raw.js';
import type { Tensor, TensorData, Weight } from '../tensor/tensor.js';
import { allocate, sizeOf, withPieces } from '../tensor/tensor.js';
import type { DataField, TensorRecord } from './decode.js';
import { DATA_FIELDS, DecodeError, readTyped } from './decode.js';
import type { ExternalFiles } from './external.js';
import type { Int, Limits } from './model.js';
import type { Source } from './source.js';
import { SourceError } from './source.js';
import { WireError } from './wire.js';

/** What it takes to turn a TensorRecord into a weight. */
export interface WeightContext {
  readonly limits: Limits;
  readonly external: ExternalFiles;
}

function fail(diagnostic: Diagnostic): never {
  throw new DiagnosticError([diagnostic]);
}

const shapeText = (dims: readonly Int[]): string =>
  dims.length > 32 ? `${dims.slice(0, 32).join(', ')}, …` : dims.join(', ');

/** Dims as numbers, all of them and their product in bounds. Throws DiagnosticError. */
export function checkDims(dims: readonly Int[], limits: Limits, place: Place): number[] {
  let n = 1;
  const bad = (why: string): never => fail(say.tensorBadShape(place, shapeText(dims), why));
  if (dims.length > LIMITS.rank) fail(say.rankTooHigh(place, dims.length, LIMITS.rank));
  for (const d of dims) {
    if (d < 0) bad('a size is negative');
    if (typeof d === 'bigint') bad('a size is beyond all bounds');
  }
  const sizes = dims as number[];
  if (!sizes.includes(0)) {
    for (const d of sizes) {
      n *= d;
      if (n > limits.maxElements) fail(say.tensorTooLarge(place, shapeText(dims), limits.maxElements));
    }
  }
  return [...sizes];
}

/** Which typed field holds a type's elements (TensorProto, onnx.proto). */
function fieldOf(dtype: DType): number {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return 4;
    case 'string':
      return 6;
    case 'int64':
      return 7;
    case 'float64':
    case 'complex128':
      return 10;
    case 'uint32':
    case 'uint64':
      return 11;
    default:
      return 5;
  }
}

/**
 * A weight from TensorProto: checked now, read when asked for. Throws DiagnosticError, by `load` too where the file has
 * changed since.
 */
export function weightOfRecord(t: TensorRecord, context: WeightContext, at: Place): Weight {
  const place: Place = { ...at, tensor: t.name || (at.tensor ?? '') };
  const dtype = dtypeOfCode(t.dataType);
  if (!dtype) fail(say.tensorUnknownType(place, t.dataType));
  const dims = checkDims(t.dims, context.limits, place);
  const n = sizeOf(dims);
  if (t.segmented) fail(say.tensorUnreadable(place, 'is stored in segments, which no ONNX version has defined'));
  if (t.oddLocation !== undefined)
    fail(say.tensorUnreadable(place, `has the data location ${t.oddLocation}, which ONNX does not define`));
  if (t.external) {
    if (dtype === 'string') fail(say.tensorUnreadable(place, 'holds strings, which can not be external data'));
    const range = context.external.find(t.externalData, place);
    const bytes = rawLength(dtype, n);
    if (range.length !== undefined && range.length !== bytes)
      fail(say.tensorWrongSize(place, shapeText(dims), bytes, range.length, 'bytes'));
    if (range.offset + bytes > range.source.size)
      fail(say.externalTooShort(place, range.location, range.offset + bytes, range.source.size));
    return rawWeight(dtype, dims, range.source, range.offset, place);
  }
  const field = fieldOf(dtype);
  const typed = t.typed.get(field);
  if (t.raw && (t.raw.length > 0 || !typed)) {
    if (dtype === 'string') fail(say.tensorUnreadable(place, 'holds strings as raw data, which ONNX does not allow'));
    const bytes = rawLength(dtype, n);
    if (t.raw.length !== bytes) fail(say.tensorWrongSize(place, shapeText(dims), bytes, t.raw.length, 'bytes'));
    return rawWeight(dtype, dims, t.source, t.raw.offset, place);
  }
  const held = typed?.count ?? 0;
  const expected = isComplex(dtype) ? 2 * n : n;
  // Elements under 8 bits stand packed in int32_data, one byte an entry; some writers put one element an entry.
  const packed = bitsOf(dtype) > 0 && bitsOf(dtype) < 8 && held === rawLength(dtype, n);
  if (!packed && held !== expected) fail(say.tensorWrongSize(place, shapeText(dims), expected, held, 'elements'));
  return stored(dtype, dims, place, () => (n === 0 ? allocate(dtype, 0) : fromTyped(t, field, dtype, n, packed)));
}

function reading<T>(place: Place, read: () => T): T {
  try {
    return read();
  } catch (e) {
    if (e instanceof SourceError || e instanceof WireError || e instanceof DecodeError)
      fail(say.fileChanged(place, e.message));
    // The only RangeError there can be: no memory for that many elements.
    if (e instanceof RangeError) fail(say.tensorUnreadable(place, 'needs more memory than there is'));
    throw e;
  }
}

function stored(dtype: DType, dims: readonly number[], place: Place, read: () => TensorData): Weight {
  return { dtype, dims, load: (): Tensor => reading(place, () => ({ dtype, dims, data: read() })) };
}

/** Bytes that are read at a time where a weight goes from file to file. */
const PIECE_BYTES = 2 ** 20;

function rawWeight(dtype: DType, dims: readonly number[], source: Source, offset: number, place: Place): Weight {
  /** Lets `read` fill what it is given with the bytes of the weight from a place on. */
  const opened = <T>(read: (fill: (into: Uint8Array, from: number) => void) => T): T => {
    const file = reading(place, () => source.open());
    try {
      return read((into, from) => {
        if (file.read(into, offset + from) !== into.length)
          throw new SourceError(source.name, 'the file became shorter');
      });
    } finally {
      file.close();
    }
  };
  const weight = stored(dtype, dims, place, () => opened((fill) => unpackRaw(dtype, sizeOf(dims), fill)));
  if (dtype !== 'float32' && dtype !== 'int32') return weight;
  return withPieces(weight, (take) => {
    const size = rawLength(dtype, sizeOf(dims));
    const piece = new Uint8Array(Math.min(PIECE_BYTES, size));
    const filled = (fill: (into: Uint8Array, from: number) => void, from: number): Uint8Array => {
      const part = piece.subarray(0, Math.min(piece.length, size - from));
      fill(part, from);
      return part;
    };
    // What comes of taking a piece is not the source's fault, and is thrown as it is.
    opened((fill) => {
      for (let from = 0; from < size; from += piece.length) take(reading(place, () => filled(fill, from)));
    });
  });
}

function fromTyped(t: TensorRecord, field: number, dtype: DType, n: number, packed: boolean): TensorData {
  const name = (DATA_FIELDS[field] as { name: DataField }).name;
  if (name === 'string_data') {
    const strings: string[] = [];
    readTyped(t, field, (value) => strings.push(value as string));
    return strings;
  }
  if (packed) {
    const bytes = new Uint8Array(rawLength(dtype, n));
    readTyped(t, field, (value, i) => {
      bytes[i] = Number(value);
    });
    return unpackRaw(dtype, n, (into, from) => into.set(bytes.subarray(from, from + into.length)));
  }
  if (isNarrowFloat(dtype)) {
    const codes = new Uint16Array(n);
    readTyped(t, field, (value, i) => {
      codes[i] = value as number;
    });
    return decodeFloats(dtype, codes);
  }
  const data = allocate(dtype, n) as Exclude<TensorData, readonly string[]>;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    readTyped(t, field, (value, i) => {
      data[i] = BigInt(value);
    });
  else if (dtype === 'bool')
    readTyped(t, field, (value, i) => {
      data[i] = value === 0 ? 0 : 1;
    });
  else if (bitsOf(dtype) < 8) {
    // One element an entry: keep the low bits, and the sign of a signed type.
    const sign = dtype.startsWith('int') ? 1 << (bitsOf(dtype) - 1) : 0;
    const mask = 2 ** bitsOf(dtype) - 1;
    readTyped(t, field, (value, i) => {
      data[i] = (((value as number) & mask) ^ sign) - sign;
    });
  } else
    readTyped(t, field, (value, i) => {
      data[i] = Number(value);
    });
  return data;
}

/**
 * A SparseTensorProto (COO) as a weight that is dense when loaded. Indices are positions in the flattened tensor ([NNZ]) or
 * coordinates ([NNZ, rank]), ascending. Throws DiagnosticError.
 */
export function sparseWeight(
  values: TensorRecord | undefined,
  indices: TensorRecord | undefined,
  shape: readonly Int[],
  context: WeightContext,
  at: Place,
): Weight {
  const place: Place = { ...at, tensor: values?.name || (at.tensor ?? '') };
  if (!values) fail(say.badSparseTensor(place, 'has no values'));
  const dims = checkDims(shape, context.limits, place);
  const total = sizeOf(dims);
  const value = weightOfRecord(values, context, place);
  if (rawLength(value.dtype, total) > context.limits.maxBytes)
    fail(
      say.badSparseTensor(place, `would have ${total} elements when dense, which is more than max-model-size allows`),
    );
  const nnz = sizeOf(value.dims);
  if (value.dims.length !== 1) fail(say.badSparseTensor(place, `has values of rank ${value.dims.length} instead of 1`));
  const index = indices ? weightOfRecord(indices, context, { ...place }) : undefined;
  if (!index && nnz > 0) fail(say.badSparseTensor(place, 'has values but no indices'));
  if (index && index.dtype !== 'int64')
    fail(say.badSparseTensor(place, `has indices of type ${index.dtype} instead of int64`));
  const byAxis = index?.dims.length === 2;
  const wanted = byAxis ? [nnz, dims.length] : [nnz];
  if (index && index.dims.join() !== wanted.join())
    fail(
      say.badSparseTensor(
        place,
        `has indices of shape [${index.dims.join(', ')}] for ${nnz} values in ${dims.length} dimensions`,
      ),
    );

  return stored(value.dtype, dims, place, () => {
    const data = allocate(value.dtype, total);
    if (!index) return data;
    const positions = flatten(index.load().data as BigInt64Array, byAxis ? dims : [total], nnz);
    if (!positions) fail(say.badSparseTensor(place, 'has an index outside its shape, or indices out of order'));
    const from = value.load().data;
    const width = isComplex(value.dtype) ? 2 : 1;
    for (let i = 0; i < nnz; i++)
      for (let k = 0; k < width; k++)
        (data as unknown[])[(positions[i] as number) * width + k] = (from as ArrayLike<unknown>)[i * width + k];
    return data;
  });
}

/** Coordinates to positions in the flattened tensor; undefined where one is out of bounds or not above the one before. */
function flatten(coordinates: BigInt64Array, dims: readonly number[], nnz: number): Float64Array | undefined {
  const positions = new Float64Array(nnz);
  let before = -1;
  for (let i = 0; i < nnz; i++) {
    let at = 0;
    for (let axis = 0; axis < dims.length; axis++) {
      const size = dims[axis] as number;
      const c = Number(coordinates[i * dims.length + axis]);
      if (c < 0 || c >= size) return undefined;
      at = at * size + c;
    }
    if (at <= before) return undefined;
    positions[i] = before = at;
  }
  return positions;
}
