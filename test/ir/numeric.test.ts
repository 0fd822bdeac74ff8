/** Broadcasting of constants. The values are numpy's: x counts from 1, y in tens from 10, and the result is x - y. */
import { combine } from '../../src/ir/numeric.js';
import { sizeOf, type Tensor } from '../../src/tensor/tensor.js';

const counted = (dims: readonly number[], by: number) => Array.from({ length: sizeOf(dims) }, (_, i) => (i + 1) * by);
const floats = (dims: number[], by: number): Tensor => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from(counted(dims, by)),
});
const int64s = (dims: number[], by: number): Tensor => ({
  dtype: 'int64',
  dims,
  data: BigInt64Array.from(counted(dims, by), (v) => BigInt(v)),
});

test.each<[number[], number[], number[], number[]]>([
  [
    [2, 1, 3],
    [1, 4, 1],
    [2, 4, 3],
    [-9, -8, -7, -19, -18, -17, -29, -28, -27, -39, -38, -37, -6, -5, -4, -16, -15, -14, -26, -25, -24, -36, -35, -34],
  ],
  [[2, 3], [3], [2, 3], [-9, -18, -27, -6, -15, -24]],
  [
    [2, 3, 4],
    [3, 1],
    [2, 3, 4],
    [-9, -8, -7, -6, -15, -14, -13, -12, -21, -20, -19, -18, 3, 4, 5, 6, -3, -2, -1, 0, -9, -8, -7, -6],
  ],
  [[1], [2, 2], [2, 2], [-9, -19, -29, -39]],
  [
    [3, 1, 2],
    [3, 4, 2],
    [3, 4, 2],
    [
      -9, -18, -29, -38, -49, -58, -69, -78, -87, -96, -107, -116, -127, -136, -147, -156, -165, -174, -185, -194, -205,
      -214, -225, -234,
    ],
  ],
  [[2, 0], [1], [2, 0], []],
  [[], [2], [2], [-9, -19]],
  [
    [2, 2],
    [2, 2],
    [2, 2],
    [-9, -18, -27, -36],
  ],
  [[2, 2], [], [2, 2], [-9, -8, -7, -6]],
])('%j minus %j', (left, right, dims, values) => {
  const minus = (x: number, y: number) => x - y;
  const difference = combine(floats(left, 1), floats(right, 10), minus);
  expect(difference).toEqual({ dtype: 'float32', dims, data: Float32Array.from(values) });
  const big = combine(int64s(left, 1), int64s(right, 10), minus, (x, y) => x - y);
  expect(big).toEqual({ dtype: 'int64', dims, data: BigInt64Array.from(values, (v) => BigInt(v)) });
});

test('shapes that do not broadcast', () => {
  expect(() => combine(floats([2, 3], 1), floats([2], 1), (x, y) => x - y)).toThrow("don't broadcast");
});
