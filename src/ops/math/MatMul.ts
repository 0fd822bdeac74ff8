import { invalid, refuse } from '../../diag/diagnostic.js';
import { areKnown, broadcastDims, isKnown, productOf, sameDims, showDims, type Dim } from '../../ir/dim.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { isFloat } from '../../tensor/dtype.js';
import { sizeOf, tensorOf } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { integerProduct, sizesLike } from './product.js';
import { wrapped } from './integers.js';
import { matmulLayers } from './product-keras.js';

export default defineOp({
  name: 'MatMul',
  summary: 'matrix product, by the rules of numpy.matmul',
  shapes: ['_ ...', '_ ...'],
  read: { 1: noAttributes },
  infer: (n) => [{ dtype: n.dtype(0), dims: productDims(n) }],
  graph: (n, [a, y], b) => {
    const [aDims, yDims] = [asMatrix(n.dims(0), 0), asMatrix(n.dims(1), 1)];
    const left = n.rank(0) === 1 ? b.op('ExpandDims', [a, b.scalar(0, 'int32')]) : a;
    const right = n.rank(1) === 1 ? b.op('ExpandDims', [y, b.scalar(1, 'int32')]) : y;
    const out = isFloat(n.dtype(0))
      ? product(n, left, aDims, right, yDims, b)
      : wrapped(integerProduct(left, aDims, right, yDims, b), n.dtype(0), b);
    const rank = Math.max(aDims.length, yDims.length);
    const gone = [...(n.rank(0) === 1 ? [rank - 2] : []), ...(n.rank(1) === 1 ? [rank - 1] : [])];
    return gone.length > 0 ? b.op('Squeeze', [out], { axis: gone }) : out;
  },
  keras: matmulLayers,
  constantFirst: true,
});

/** A vector as the row (side 0) or column (side 1) that it stands for. */
function asMatrix(dims: readonly Dim[], side: 0 | 1): readonly Dim[] {
  return dims.length > 1 ? dims : side === 0 ? [1, dims[0]] : [dims[0], 1];
}

/** Dims of the product of two inputs. */
export function productDims(n: View, first = 0, second = 1): Dim[] {
  const [a, y] = [asMatrix(n.dims(first), 0), asMatrix(n.dims(second), 1)];
  const [k, l] = [a[a.length - 1], y[y.length - 2]];
  const batch = broadcastDims(a.slice(0, -2), y.slice(0, -2), () => n.fresh());
  if (!batch || (isKnown(k) && isKnown(l) && k !== l))
    return invalid(`the shapes ${showDims(n.dims(first))} and ${showDims(n.dims(second))} can't be multiplied`);
  return [
    ...batch,
    ...(n.rank(first) === 1 ? [] : [a[a.length - 2]]),
    ...(n.rank(second) === 1 ? [] : [y[y.length - 1]]),
  ];
}

/** [… , M, K] by [… , K, N], of floats. */
function product(n: View, a: Ref, aDims: readonly Dim[], y: Ref, yDims: readonly Dim[], b: GraphBuilder): Ref {
  const [aBatch, yBatch] = [aDims.slice(0, -2), yDims.slice(0, -2)];
  const [k, columns] = yDims.slice(-2);
  if ([...aDims, ...yDims].includes(0)) return nothing(a, y, b);
  // A constant is read anew for each product: WASM keeps what it made of a weight, and takes it for another shape.
  const weight = n.weight(1);
  const right = weight && n.rank(1) > 1 ? b.constant(weight) : y;
  if (aDims.length === 2 && yDims.length === 2) return b.op('MatMul', [a, right]);
  if (yBatch.every((d) => d === 1) && yBatch.length <= aBatch.length) {
    // One matrix for all: its rows in one product, which is the fast one.
    const depth = isKnown(k) ? k : aDims[aDims.length - 1];
    const rows = productOf(aDims.slice(0, -1));
    const flat = isKnown(depth)
      ? b.reshape(a, [rows, depth])
      : b.reshape(a, b.sizes([-1, b.size(a, aDims.length - 1)]));
    const matrix = yDims.length === 2 ? right : b.op('Squeeze', [right], { axis: yBatch.map((_, i) => i) });
    const out = b.op('MatMul', [flat, matrix]);
    const dims = [...aDims.slice(0, -1), columns];
    if (dims.filter((d) => !isKnown(d)).length <= 1) return b.reshape(out, dims);
    if (isKnown(columns)) return b.reshape(out, sizesLike(dims, a, b));
    return b.reshape(
      out,
      b.sizes(dims.map((d, i) => (isKnown(d) ? d : i === dims.length - 1 ? b.size(matrix, 1) : b.size(a, i)))),
    );
  }
  if (aBatch.length + 2 > 6 || yBatch.length + 2 > 6)
    return refuse('a product of tensors of rank above 6', 'merge batch axes before it');
  const batch = broadcastDims(aBatch, yBatch, () => n.fresh()) ?? [];
  // TensorFlow.js takes matrix number i modulo the count of each operand: right where the shorter repeats as a whole.
  return b.op('BatchMatMulV2', [
    repeats(aBatch, batch) ? a : b.add2(a, zerosOf(yBatch, right, b)),
    repeats(yBatch, batch) ? right : b.add2(right, zerosOf(aBatch, a, b)),
  ]);
}

/** Whether an operand's batch axes, less ones at the front, are the last ones of the result. */
function repeats(own: readonly Dim[], all: readonly Dim[]): boolean {
  const first = own.findIndex((d) => d !== 1);
  if (first < 0) return true;
  const rest = own.slice(first);
  return sameDims(rest, all.slice(all.length - rest.length));
}

/** Zeros with the batch axes of an operand, and 1 row and column: what broadcasts the other operand to them. */
function zerosOf(batch: readonly Dim[], of: Ref, b: GraphBuilder): Ref {
  if (areKnown(batch)) return b.tensor(tensorOf('float32', [...batch, 1, 1], new Float32Array(sizeOf(batch))));
  const corner = b.slice(of, [...batch.map(() => 0), 0, 0], [...batch.map(() => -1), 1, 1]);
  return b.op('ZerosLike', [corner]);
}

/** A product over an axis of size 0 is 0, and one without rows or columns is nothing; WASM fails at either. */
export function nothing(a: Ref, y: Ref, b: GraphBuilder): Ref {
  const column = b.op('Sum', [a, b.ints([-1])], { keep_dims: true });
  const row = b.op('Sum', [y, b.ints([-2])], { keep_dims: true });
  return b.op('ZerosLike', [b.add2(column, row)]);
}
