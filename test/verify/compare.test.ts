import { tensorOf } from '../../src/tensor/tensor.js';
import { DEFAULT_TOLERANCE } from '../../src/verify/checks.js';
import { compare } from '../../src/verify/compare.js';
import type { RecordedTensor } from '../../src/verify/record.js';
import type { TfDType, TfTensor } from '../../src/verify/tftensor.js';

function rowOf(
  dtype: RecordedTensor['onnx']['dtype'],
  rank: number,
  order = Array.from({ length: rank }, (_, i) => i),
  tf: TfDType = 'float32',
): RecordedTensor {
  return {
    onnx: { name: 'y', dtype, shape: null },
    tfjs: { name: 'y', dtype: tf, shape: order.map(() => null) },
    order,
  };
}

const floats = (shape: number[], data: number[]): TfTensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
});

describe('the rule abs(a-b) <= atol + rtol*abs(b) + rangeTol*(max(b)-min(b))', () => {
  const settings = { ...DEFAULT_TOLERANCE, rtol: 0.125, atol: 0.5, rangeTol: 0.25 };
  // All numbers are exact in binary; the range is 8, so 0.5 + 2 are allowed at 0, and 0.5 + 1 + 2 at 8.
  const expected = tensorOf('float32', [2], [0, 8]);
  test.each([
    [[2.5, 11.5], 0, 1],
    [[2.5, 4.5], 0, 1],
    [[2.515625, 8], 1, 2.515625 / 2.5],
    [[-2.75, 12], 2, 4 / 3.5],
  ])('%j: %i beyond', (actual, beyond, used) => {
    const { kind, figures } = compare(expected, floats([2], actual), rowOf('float32', 1), settings);
    expect(figures.beyond).toBe(beyond);
    expect(figures.used).toBeCloseTo(used, 12);
    expect(kind).toBe(beyond > 0 ? 'values' : 'pass');
    expect(figures.tolerance).toEqual({ rtol: 0.125, atol: 0.5, rangeTol: 0.25, range: 8 });
  });

  test('the range is over the finite expected values alone', () => {
    const { figures } = compare(
      tensorOf('float32', [4], [Infinity, 1, 3, Number.NaN]),
      floats([4], [Infinity, 1, 3, Number.NaN]),
      rowOf('float32', 1),
      settings,
    );
    expect(figures.tolerance?.range).toBe(2);
    expect(figures.expectedRange).toEqual({ min: 1, max: 3 });
    expect(figures.beyond).toBe(0);
  });
});

test('figures: largest absolute and relative error may be at different places', () => {
  const { figures } = compare(
    tensorOf('float32', [3], [0, 100, 1]),
    floats([3], [0, 104, 1.25]),
    rowOf('float32', 1),
    DEFAULT_TOLERANCE,
  );
  expect(figures).toMatchObject({
    elements: 3,
    beyond: 2,
    maxAbs: 4,
    maxRel: 0.25,
    worst: { index: [2], expected: 1, actual: 1.25 },
  });
});

test.each([[[0, 2, 3, 1]], [[0, 1, 2, 3]], [[3, 2, 1, 0]], [[1, 3, 0, 2]]])(
  'the index is in the order of ONNX, whatever lies where: %j',
  (order) => {
    const dims = [2, 3, 4, 5];
    const steps = [60, 20, 5, 1];
    const expected = tensorOf(
      'float32',
      dims,
      Array.from({ length: 120 }, (_, i) => i),
    );
    // The definition: tfjs = transpose(onnx, order).
    const shape = order.map((axis) => dims[axis] as number);
    const [s0, s1, s2, s3] = order.map((axis) => steps[axis] as number) as [number, number, number, number];
    const [n0, n1, n2, n3] = shape as [number, number, number, number];
    const data: number[] = [];
    for (let a = 0; a < n0; a++)
      for (let b = 0; b < n1; b++)
        for (let c = 0; c < n2; c++) for (let d = 0; d < n3; d++) data.push(a * s0 + b * s1 + c * s2 + d * s3);
    data[data.indexOf(60 + 2 * 20 + 3)] = 1000;
    const { figures } = compare(expected, floats(shape, data), rowOf('float32', 4, order), DEFAULT_TOLERANCE);
    expect(figures).toMatchObject({
      beyond: 1,
      worst: { index: [1, 2, 0, 3], expected: 103, actual: 1000 },
      shape: { expected: dims, actual: dims },
    });
  },
);

describe('what is not finite', () => {
  const row = rowOf('float32', 1);
  test.each([
    [[Number.NaN, Infinity, -Infinity], [Number.NaN, Infinity, -Infinity], 0],
    [[Number.NaN, 1, 1], [1, Number.NaN, 1], 2],
    [[Infinity, 1, 1], [-Infinity, 1, 1], 1],
    [[3e38, 1, 1], [Infinity, 1, 1], 1],
  ])('%j against %j: %i beyond', (expected, actual, beyond) => {
    const { kind, figures } = compare(tensorOf('float32', [3], expected), floats([3], actual), row, {
      ...DEFAULT_TOLERANCE,
      atol: 1e30,
    });
    expect(kind).toBe(beyond === 0 ? 'pass' : 'non-finite');
    expect(figures.beyond).toBe(beyond);
    expect(figures.used).toBe(beyond === 0 ? 0 : 'Infinity');
  });

  test('is counted on both sides', () => {
    const { figures } = compare(
      tensorOf('float32', [3], [Number.NaN, -Infinity, 0]),
      floats([3], [Number.NaN, Number.NaN, Infinity]),
      row,
      DEFAULT_TOLERANCE,
    );
    expect(figures.nonFinite).toEqual({ expected: { nan: 1, inf: 1 }, actual: { nan: 2, inf: 1 } });
  });
});

describe('types and shapes', () => {
  test('bool is 0 or 1 and nothing else', () => {
    const { figures } = compare(
      tensorOf('bool', [2], [true, false]),
      { dtype: 'bool', shape: [2], data: Uint8Array.of(255, 0) },
      rowOf('bool', 1, [0], 'bool'),
      DEFAULT_TOLERANCE,
    );
    expect(figures).toMatchObject({ beyond: 1, worst: { index: [0], expected: 1, actual: 255 } });
  });

  test('a quantized output is exact unless a setting allows more', () => {
    const expected = tensorOf('uint8', [2], [10, 200]);
    const actual: TfTensor = { dtype: 'int32', shape: [2], data: Int32Array.of(10, 201) };
    const row = rowOf('uint8', 1, [0], 'int32');
    expect(compare(expected, actual, row, DEFAULT_TOLERANCE).kind).toBe('values');
    expect(compare(expected, actual, row, { ...DEFAULT_TOLERANCE, integerAtol: 1 }).kind).toBe('pass');
  });

  test('a uint64 beyond int32 never equals what wrapped around', () => {
    const actual: TfTensor = { dtype: 'int32', shape: [1], data: Int32Array.of(-1) };
    expect(
      compare(tensorOf('uint64', [1], [2n ** 64n - 1n]), actual, rowOf('uint64', 1, [0], 'int32'), DEFAULT_TOLERANCE)
        .kind,
    ).toBe('values');
  });

  test('complex numbers by their parts', () => {
    const expected = { dtype: 'complex64' as const, dims: [2, 1], data: Float32Array.of(1, 2, 3, 4) };
    const row = rowOf('complex64', 2, [1, 0], 'complex64');
    const actual = (last: number): TfTensor => ({
      dtype: 'complex64',
      shape: [1, 2],
      data: Float32Array.of(1, 2, 3, last),
    });
    expect(compare(expected, actual(4), row, DEFAULT_TOLERANCE)).toMatchObject({
      kind: 'pass',
      figures: { elements: 2 },
    });
    expect(compare(expected, actual(5), row, DEFAULT_TOLERANCE)).toMatchObject({
      kind: 'values',
      figures: { worst: { index: [1, 0, 1], expected: 4, actual: 5 } },
    });
  });

  test('right values of another type or shape than promised are no pass', () => {
    const expected = tensorOf('int64', [2], [1, 2]);
    expect(compare(expected, floats([2], [1, 2]), rowOf('int64', 1, [0], 'int32'), DEFAULT_TOLERANCE)).toMatchObject({
      kind: 'dtype',
      figures: { beyond: 0 },
    });
    expect(
      compare(tensorOf('float32', [2, 1], [1, 2]), floats([2], [1, 2]), rowOf('float32', 2), DEFAULT_TOLERANCE).kind,
    ).toBe('shape');
    expect(
      compare(
        tensorOf('float32', [1, 2], [1, 2]),
        floats([1, 2], [1, 2]),
        rowOf('float32', 2, [1, 0]),
        DEFAULT_TOLERANCE,
      ).kind,
    ).toBe('shape');
  });

  test('a rank other than the file says is fine where nothing moved', () => {
    expect(
      compare(tensorOf('float32', [2, 1], [1, 2]), floats([2, 1], [1, 2]), rowOf('float32', 0), DEFAULT_TOLERANCE).kind,
    ).toBe('pass');
    expect(
      compare(tensorOf('float32', [2], [1, 2]), floats([2], [1, 2]), rowOf('float32', 2, [1, 0]), DEFAULT_TOLERANCE)
        .kind,
    ).toBe('shape');
  });

  test('scalars and tensors without elements', () => {
    expect(
      compare(tensorOf('float32', [], [3]), floats([], [4]), rowOf('float32', 0), DEFAULT_TOLERANCE),
    ).toMatchObject({ kind: 'values', figures: { worst: { index: [] } } });
    expect(
      compare(tensorOf('float32', [0, 2], []), floats([2, 0], []), rowOf('float32', 2, [1, 0]), DEFAULT_TOLERANCE),
    ).toMatchObject({ kind: 'pass', figures: { elements: 0 } });
  });
});
