/**
 * The element types of ONNX, by the names used everywhere in this project (ONNX's own, in lower case, floats by their
 * width). Source: TensorProto.DataType of onnx.proto (IR version 14).
 */
export const DTYPES = [
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
  'float6e2m3',
  'float6e3m2',
] as const;

export type DType = (typeof DTYPES)[number];

/** TensorProto.DataType to name: code 1 is float32. Undefined for 0 and for codes that ONNX doesn't know. */
export function dtypeOfCode(code: number): DType | undefined {
  return DTYPES[code - 1];
}

/** Name to TensorProto.DataType. */
export function codeOfDtype(dtype: DType): number {
  return DTYPES.indexOf(dtype) + 1;
}

const BITS: Record<DType, number> = {
  float32: 32,
  uint8: 8,
  int8: 8,
  uint16: 16,
  int16: 16,
  int32: 32,
  int64: 64,
  string: 0,
  bool: 8,
  float16: 16,
  float64: 64,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  float8e8m0: 8,
  uint2: 2,
  int2: 2,
  float6e2m3: 6,
  float6e3m2: 6,
};

/** Bits that one element takes in a file (raw_data); 0 for strings. */
export function bitsOf(dtype: DType): number {
  return BITS[dtype];
}

export const isFloat = (d: DType): boolean => d.startsWith('float') || d === 'bfloat16';
export const isInteger = (d: DType): boolean => d.startsWith('int') || d.startsWith('uint');
export const isUnsigned = (d: DType): boolean => d.startsWith('uint');
export const isComplex = (d: DType): boolean => d.startsWith('complex');
/** int64 and uint64: the types whose elements are BigInt in memory. */
export const isBig = (d: DType): d is 'int64' | 'uint64' => d === 'int64' || d === 'uint64';

/** Smallest and largest value of an integer type (inclusive). */
export function rangeOf(dtype: DType): { min: bigint; max: bigint } {
  const bits = BigInt(BITS[dtype]);
  if (isUnsigned(dtype)) return { min: 0n, max: (1n << bits) - 1n };
  return { min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n };
}
