import { areKnown, isKnown, mayBeNothing, productOf, type Dim } from '../ir/dim.js';
import { tensorOf } from '../tensor/tensor.js';
import type { GraphBuilder, Ref } from './builder.js';
import { sizesFrom, type Sized } from './sizes.js';

/** Row numbers above this many would weigh more in the file than the time that they save. */
const MOST_ROWS = 1 << 14;

/**
 * Elements of one axis by constant indices, within 0 … size-1; the axis gets the size of their number.
 * @param dims of x in memory order
 */
export function takeConstant(
  b: GraphBuilder,
  x: Ref,
  dims: readonly Dim[],
  axis: number,
  indices: readonly number[],
): Ref {
  const size = dims[axis];
  const step = indices.length > 1 ? indices[1] - indices[0] : 1;
  if (indices.length > 0 && step === 1 && indices.every((v, i) => v === indices[0] + i)) {
    if (indices.length === size) return x;
    return b.slice(
      x,
      dims.map((_, i) => (i === axis ? indices[0] : 0)),
      dims.map((_, i) => (i === axis ? indices.length : -1)),
    );
  }
  const outer = productOf(dims.slice(0, axis));
  const inner = productOf(dims.slice(axis + 1));
  const to = dims.map((d, i) => (i === axis ? indices.length : d));
  // WASM gives what it takes of an empty tensor the wrong shape.
  if (to.includes(0) && areKnown(to)) return b.tensor(tensorOf(x.dtype as 'float32', to, []));
  const shape = sizesFrom(b, to, [{ ref: x, dims }]);
  // Rows by number: much faster on WASM than GatherV2, whose loop allocates for each element.
  if (
    isKnown(outer) &&
    isKnown(size) &&
    outer > 0 &&
    inner !== 0 &&
    indices.length > 0 &&
    outer * indices.length <= MOST_ROWS &&
    shape
  ) {
    const rows: number[] = [];
    for (let r = 0; r < outer; r++) for (const i of indices) rows.push(r * size + i);
    const flat = b.reshape(x, [outer * size, isKnown(inner) ? inner : -1]);
    return b.reshape(b.op('GatherNd', [flat, b.tensor(tensorOf('int32', [rows.length, 1], rows))]), shape);
  }
  return gathered(b, { ref: x, dims }, axis, { ref: b.ints(indices), dims: [indices.length] });
}

/** GatherV2, whose result has the wrong shape on WASM where it takes of an empty tensor. */
export function gathered(b: GraphBuilder, x: Sized, axis: number, indices: Sized): Ref {
  const y = b.op('GatherV2', [x.ref, indices.ref, b.scalar(axis, 'int32')]);
  if (!x.dims.some(mayBeNothing)) return y;
  const to = [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)];
  const shape = sizesFrom(b, to, [x, indices]);
  return shape ? b.reshape(y, shape) : y;
}

/** Indices that may be negative, as 0 … size-1. */
export function nonNegative(b: GraphBuilder, indices: Ref, size: number | Ref): Ref {
  const s = typeof size === 'number' ? b.scalar(size, 'int32') : size;
  return b.op('FloorMod', [indices, s]);
}

/** One element of an int32 vector, as a scalar. */
export function elementOf(b: GraphBuilder, vector: Ref, i: number): Ref {
  return b.op('StridedSlice', [vector, b.ints([i]), b.ints([i + 1]), b.ints([1])], { shrink_axis_mask: 1 });
}
