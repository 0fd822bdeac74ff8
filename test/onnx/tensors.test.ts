import type { DType } from '../../src/tensor/dtype.js';
import { codeOfDtype } from '../../src/tensor/dtype.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { tensorOf } from '../../src/tensor/tensor.js';
import { encodeTensor } from '../../src/onnx/encode.js';
import { readModelBytes } from '../../src/onnx/read.js';
import { readTensorBytes } from '../../src/onnx/tensorfile.js';
import { delimited, diagnosticsOf, integer, modelAround, varint } from './build.js';

const f32 = (...xs: number[]) => Buffer.from(Float32Array.from(xs).buffer);
const f64 = (...xs: number[]) => Buffer.from(Float64Array.from(xs).buffer);
const varints = (...xs: (number | bigint)[]) => Buffer.concat(xs.map(varint));
const head = (dtype: DType, ...dims: number[]) =>
  Buffer.concat([...dims.map((d) => integer(1, d)), integer(2, codeOfDtype(dtype)), delimited(8, 'w')]);

/** Through the model reader and through the tensor file reader: both must agree. */
function read(bytes: Buffer): Tensor {
  const weight = readModelBytes(modelAround(bytes)).graph.initializers.get('w');
  const tensor = weight?.load() as Tensor;
  expect(readTensorBytes(bytes)).toEqual({ name: 'w', tensor });
  expect({ dtype: weight?.dtype, dims: weight?.dims }).toEqual({ dtype: tensor.dtype, dims: tensor.dims });
  return tensor;
}

// Field numbers: 4 float_data, 5 int32_data, 6 string_data, 7 int64_data, 9 raw_data, 10 double_data, 11 uint64_data.
const max64 = 2n ** 63n - 1n;
const CASES: [string, Buffer, Tensor][] = [
  ['float32 raw', Buffer.concat([head('float32', 2), delimited(9, f32(1.5, -0))]), tensorOf('float32', [2], [1.5, -0])],
  [
    'float32 typed',
    Buffer.concat([head('float32', 2), delimited(4, f32(1.5, Number.NaN))]),
    tensorOf('float32', [2], [1.5, Number.NaN]),
  ],
  [
    'float32 typed, not packed',
    Buffer.concat([head('float32', 2), varint(4 * 8 + 5), f32(1.5), varint(4 * 8 + 5), f32(2)]),
    tensorOf('float32', [2], [1.5, 2]),
  ],
  [
    'float32 in several pieces, mixed',
    Buffer.concat([delimited(4, f32(1, 2)), head('float32', 4), varint(4 * 8 + 5), f32(3), delimited(4, f32(4))]),
    tensorOf('float32', [4], [1, 2, 3, 4]),
  ],
  ['float64 raw', Buffer.concat([head('float64', 1), delimited(9, f64(1e300))]), tensorOf('float64', [1], [1e300])],
  ['float64 typed', Buffer.concat([head('float64', 1), delimited(10, f64(1e300))]), tensorOf('float64', [1], [1e300])],
  [
    'complex64 typed',
    Buffer.concat([head('complex64', 1), delimited(4, f32(1, -2))]),
    { dtype: 'complex64', dims: [1], data: Float32Array.of(1, -2) },
  ],
  [
    'complex128 raw',
    Buffer.concat([head('complex128', 1), delimited(9, f64(1, -2))]),
    { dtype: 'complex128', dims: [1], data: Float64Array.of(1, -2) },
  ],
  [
    'complex128 typed',
    Buffer.concat([head('complex128', 1), delimited(10, f64(1, -2))]),
    { dtype: 'complex128', dims: [1], data: Float64Array.of(1, -2) },
  ],
  [
    'int64 typed, to the limits',
    Buffer.concat([head('int64', 4), delimited(7, varints(max64, -(2n ** 63n), -1, 2n ** 53n + 1n))]),
    tensorOf('int64', [4], [max64, -(2n ** 63n), -1, 2n ** 53n + 1n]),
  ],
  [
    'int64 typed, not packed',
    Buffer.concat([head('int64', 2), integer(7, -5), integer(7, 6)]),
    tensorOf('int64', [2], [-5, 6]),
  ],
  [
    'int64 raw',
    Buffer.concat([head('int64', 1), delimited(9, Buffer.from(BigInt64Array.of(-3n).buffer))]),
    tensorOf('int64', [1], [-3]),
  ],
  [
    'uint64 typed',
    Buffer.concat([head('uint64', 1), delimited(11, varints(2n ** 64n - 1n))]),
    tensorOf('uint64', [1], [2n ** 64n - 1n]),
  ],
  [
    'uint32 typed',
    Buffer.concat([head('uint32', 1), delimited(11, varints(2 ** 32 - 1))]),
    tensorOf('uint32', [1], [2 ** 32 - 1]),
  ],
  [
    'int32 typed',
    Buffer.concat([head('int32', 2), delimited(5, varints(-(2 ** 31), 7))]),
    tensorOf('int32', [2], [-(2 ** 31), 7]),
  ],
  [
    'int8 typed',
    Buffer.concat([head('int8', 2), delimited(5, varints(-128, 127))]),
    tensorOf('int8', [2], [-128, 127]),
  ],
  ['uint8 typed', Buffer.concat([head('uint8', 2), delimited(5, varints(255, 0))]), tensorOf('uint8', [2], [255, 0])],
  [
    'int16 raw',
    Buffer.concat([head('int16', 1), delimited(9, Buffer.from([0, 0x80]))]),
    tensorOf('int16', [1], [-32768]),
  ],
  ['uint16 typed', Buffer.concat([head('uint16', 1), delimited(5, varints(65535))]), tensorOf('uint16', [1], [65535])],
  ['bool typed', Buffer.concat([head('bool', 3), delimited(5, varints(1, 0, 2))]), tensorOf('bool', [3], [1, 0, 1])],
  ['bool raw', Buffer.concat([head('bool', 2), delimited(9, Buffer.from([1, 0]))]), tensorOf('bool', [2], [1, 0])],
  [
    'float16 raw',
    Buffer.concat([head('float16', 2), delimited(9, Buffer.from([0, 0x3e, 0, 0xfc]))]),
    tensorOf('float16', [2], [1.5, Number.NEGATIVE_INFINITY]),
  ],
  [
    'float16 typed, as bits',
    Buffer.concat([head('float16', 2), delimited(5, varints(0x3e00, 0xfc00))]),
    tensorOf('float16', [2], [1.5, Number.NEGATIVE_INFINITY]),
  ],
  [
    'bfloat16 typed, as bits',
    Buffer.concat([head('bfloat16', 1), delimited(5, varints(0xc000))]),
    tensorOf('bfloat16', [1], [-2]),
  ],
  [
    'float8e4m3fn typed',
    Buffer.concat([head('float8e4m3fn', 2), delimited(5, varints(0x7e, 0x01))]),
    tensorOf('float8e4m3fn', [2], [448, 2 ** -9]),
  ],
  [
    'float8e8m0 raw',
    Buffer.concat([head('float8e8m0', 2), delimited(9, Buffer.from([127, 130]))]),
    tensorOf('float8e8m0', [2], [1, 8]),
  ],
  [
    'int4 raw, odd count',
    Buffer.concat([head('int4', 3), delimited(9, Buffer.from([0x8f, 0x07]))]),
    tensorOf('int4', [3], [-1, -8, 7]),
  ],
  [
    'int4 typed, packed by two',
    Buffer.concat([head('int4', 3), delimited(5, varints(0x8f, 0x07))]),
    tensorOf('int4', [3], [-1, -8, 7]),
  ],
  [
    'int4 typed, one an entry',
    Buffer.concat([head('int4', 3), delimited(5, varints(-1, -8, 7))]),
    tensorOf('int4', [3], [-1, -8, 7]),
  ],
  ['uint4 raw', Buffer.concat([head('uint4', 2), delimited(9, Buffer.from([0x1f]))]), tensorOf('uint4', [2], [15, 1])],
  [
    'uint2 raw, five of them',
    Buffer.concat([head('uint2', 5), delimited(9, Buffer.from([0b11100100, 0b10]))]),
    tensorOf('uint2', [5], [0, 1, 2, 3, 2]),
  ],
  [
    'int2 raw',
    Buffer.concat([head('int2', 4), delimited(9, Buffer.from([0b11100100]))]),
    tensorOf('int2', [4], [0, 1, -2, -1]),
  ],
  [
    'float4e2m1 raw',
    Buffer.concat([head('float4e2m1', 2), delimited(9, Buffer.from([0xf1]))]),
    tensorOf('float4e2m1', [2], [0.5, -6]),
  ],
  [
    'strings',
    Buffer.concat([head('string', 2), delimited(6, 'a'), delimited(6, 'ü\0')]),
    tensorOf('string', [2], ['a', 'ü\0']),
  ],
  ['a scalar', Buffer.concat([head('float32'), delimited(9, f32(3))]), tensorOf('float32', [], [3])],
  ['no elements, no data', head('float32', 0, 3), tensorOf('float32', [0, 3], [])],
  ['no elements, empty raw data', Buffer.concat([head('int64', 0), delimited(9, '')]), tensorOf('int64', [0], [])],
  [
    'packed dims',
    Buffer.concat([delimited(1, varints(1, 2)), integer(2, 1), delimited(8, 'w'), delimited(9, f32(1, 2))]),
    tensorOf('float32', [1, 2], [1, 2]),
  ],
  [
    'a later raw_data replaces an earlier one',
    Buffer.concat([head('float32', 1), delimited(9, f32(9, 9)), delimited(9, f32(1))]),
    tensorOf('float32', [1], [1]),
  ],
  [
    'unknown fields are passed over',
    Buffer.concat([head('float32', 1), delimited(99, 'x'), integer(98, 7), delimited(9, f32(1))]),
    tensorOf('float32', [1], [1]),
  ],
];
test.each(CASES)('%s', (_, bytes, tensor) => {
  expect(read(bytes)).toEqual(tensor);
});

test('a tensor larger than one piece of the unpacker', () => {
  const n = 1_000_003;
  const bytes = Uint8Array.from({ length: Math.ceil(n / 2) }, (_, i) => (i * 37) & 255);
  const data = readTensorBytes(Buffer.concat([head('uint4', n), delimited(9, bytes)])).tensor.data as Uint8Array;
  expect(data.length).toBe(n);
  for (let i = 0; i < n; i++)
    if (data[i] !== ((((i >> 1) * 37) >> (i & 1 ? 4 : 0)) & 15)) throw new Error(`element ${i} is ${data[i]}`);
});

test.each(CASES.map(([name, , tensor]) => [name, tensor] as const))('%s is written and read back', (_, tensor) => {
  expect(readTensorBytes(encodeTensor(tensor, 'w'))).toEqual({ name: 'w', tensor });
});

const BAD: [string, Buffer, string, RegExp][] = [
  [
    'too few bytes',
    Buffer.concat([head('float32', 3), delimited(9, f32(1))]),
    'tensor-wrong-size',
    /"w" of shape \[3\] needs 12 bytes but holds 4/,
  ],
  [
    'too many bytes',
    Buffer.concat([head('float32', 1), delimited(9, f32(1, 2))]),
    'tensor-wrong-size',
    /needs 4 bytes but holds 8/,
  ],
  [
    'too few typed elements',
    Buffer.concat([head('int64', 3), delimited(7, varints(1, 2))]),
    'tensor-wrong-size',
    /needs 3 elements but holds 2/,
  ],
  [
    'data in the field of another type',
    Buffer.concat([head('int64', 2), delimited(5, varints(1, 2))]),
    'tensor-wrong-size',
    /holds 0/,
  ],
  ['no data at all', head('float32', 2), 'tensor-wrong-size', /needs 2 elements but holds 0/],
  [
    'a negative size',
    Buffer.concat([integer(1, -1), head('float32')]),
    'tensor-bad-shape',
    /\[-1\]: a size is negative/,
  ],
  ['too many elements', head('float32', 2 ** 16, 2 ** 16), 'tensor-too-large', /more than 2147483647 elements/],
  ['a product that overflows', head('float32', 2 ** 30, 2 ** 30, 2 ** 30, 2 ** 30), 'tensor-too-large', /more than/],
  ['a size beyond 2^53', Buffer.concat([integer(1, 2n ** 62n), head('float32')]), 'tensor-bad-shape', /beyond/],
  ['no type', Buffer.concat([integer(1, 1), delimited(8, 'w')]), 'tensor-unknown-type', /data type 0/],
  ['an unknown type', Buffer.concat([integer(2, 77), delimited(8, 'w')]), 'tensor-unknown-type', /data type 77/],
  [
    'strings as raw data',
    Buffer.concat([head('string', 1), delimited(9, 'abc')]),
    'tensor-unreadable',
    /strings as raw data/,
  ],
  [
    'segments',
    Buffer.concat([head('float32', 1), delimited(3, ''), delimited(9, f32(1))]),
    'tensor-unreadable',
    /segments/,
  ],
  ['an unknown data location', Buffer.concat([head('float32', 1), integer(14, 5)]), 'tensor-unreadable', /location 5/],
  [
    'a packed list that is cut',
    Buffer.concat([head('float32', 1), delimited(4, Buffer.from([0, 0]))]),
    'malformed-file',
    /cut within/,
  ],
  [
    'a varint of eleven bytes',
    Buffer.concat([head('int64', 1), Buffer.from([7 * 8, ...Array(10).fill(255), 1])]),
    'malformed-file',
    /more than 64 bits/,
  ],
  ['a field number of 0', Buffer.concat([head('float32', 1), Buffer.from([0, 0])]), 'malformed-file', /no valid field/],
];
test.each(BAD)('%s is a diagnostic', (_, bytes, code, message) => {
  const found = diagnosticsOf(() => readModelBytes(modelAround(bytes), {}, 'm.onnx'));
  expect(found.map((d) => d.code)).toEqual([code]);
  expect(found[0]?.message).toMatch(message);
  expect(found[0]?.place.file).toBe('m.onnx');
});

test('a list that claims more than the file holds costs no memory', () => {
  const bytes = Buffer.concat([head('int64', 2 ** 30), varint(7 * 8 + 2), varint(2 ** 30), varints(1, 2, 3)]);
  const before = process.memoryUsage().arrayBuffers;
  expect(diagnosticsOf(() => readTensorBytes(bytes))[0]?.code).toBe('truncated-file');
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});
