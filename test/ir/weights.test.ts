/** Moving the axes of a constant: each element is looked up by its definition, out[i0, i1, …] = in[…] at the axes of `perm`. */
import { derived, reshaped, stridesOf, transposeData } from '../../src/ir/weights.js';
import type { DType } from '../../src/tensor/dtype.js';
import { piecesOf, sizeOf, type Tensor, type TensorData, withPieces } from '../../src/tensor/tensor.js';

function lookedUp(dims: readonly number[], perm: readonly number[]): number[] {
  const out = perm.map((p) => dims[p] as number);
  const [from, to] = [stridesOf(dims), stridesOf(out)];
  return Array.from({ length: sizeOf(dims) }, (_, i) =>
    perm.reduce(
      (at, p, axis) => at + (Math.floor(i / (to[axis] as number)) % (out[axis] as number)) * (from[p] as number),
      0,
    ),
  );
}

const numbered = (dtype: DType, dims: readonly number[], data: TensorData): Tensor => ({ dtype, dims, data });

test.each<[number[], number[]]>([
  [
    [5, 7, 3, 3],
    [2, 3, 1, 0],
  ],
  [
    [33, 17, 9, 9],
    [2, 3, 1, 0],
  ],
  [
    [3, 3, 20, 35],
    [3, 2, 0, 1],
  ],
  [
    [40, 70],
    [1, 0],
  ],
  [
    [1, 70, 1, 3],
    [3, 1, 0, 2],
  ],
  [
    [2, 3, 4, 5, 6],
    [4, 2, 0, 3, 1],
  ],
  [
    [2, 3, 4, 5, 6],
    [0, 4, 1, 3, 2],
  ],
  [
    [6, 5, 4, 3, 2, 3],
    [3, 1, 5, 0, 4, 2],
  ],
  [
    [2, 130, 3],
    [1, 2, 0],
  ],
  [
    [130, 2, 18],
    [1, 2, 0],
  ],
  [
    [3, 4],
    [0, 1],
  ],
  [[7], [0]],
  [[], []],
  [
    [3, 0, 2],
    [2, 1, 0],
  ],
])('%j by %j', (dims, perm) => {
  const n = sizeOf(dims);
  const at = lookedUp(dims, perm);
  const floats = numbered(
    'float32',
    dims,
    Float32Array.from({ length: n }, (_, i) => i),
  );
  expect([...(transposeData(floats, perm) as Float32Array)]).toEqual(at);
  const words = numbered(
    'string',
    dims,
    at.map((_, i) => `${i}`),
  );
  expect(transposeData(words, perm)).toEqual(at.map(String));
  const bigs = numbered(
    'int64',
    dims,
    BigInt64Array.from({ length: n }, (_, i) => BigInt(i)),
  );
  expect([...(transposeData(bigs, perm) as BigInt64Array)]).toEqual(at.map(BigInt));
  const complex = numbered(
    'complex64',
    dims,
    Float32Array.from({ length: 2 * n }, (_, i) => i),
  );
  expect([...(transposeData(complex, perm) as Float32Array)]).toEqual(at.flatMap((i) => [2 * i, 2 * i + 1]));
});

test("only what has its source's elements has its bytes", () => {
  const bytes = Uint8Array.of(0, 0, 128, 63);
  const one = { dtype: 'float32' as const, dims: [1], load: () => numbered('float32', [1], Float32Array.of(1)) };
  const weight = withPieces(one, (take) => take(bytes));
  const taken: number[] = [];
  piecesOf(reshaped(weight, [1, 1]))?.((piece) => taken.push(...piece));
  expect(taken).toEqual([...bytes]);
  expect(piecesOf(derived([1], weight, () => Float32Array.of(2)))).toBeUndefined();
  expect(piecesOf({ ...weight, load: () => numbered('float32', [1], Float32Array.of(2)) })).toBeUndefined();
});
