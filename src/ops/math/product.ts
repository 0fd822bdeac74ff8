import { refuse } from '../../diag/diagnostic.js';
import { isKnown, knownProduct, type Dim } from '../../ir/dim.js';
import { derived } from '../../ir/weights.js';
import type { Weight } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

/** The elements of an integer product that are held at once, at most. */
const MOST_TERMS = 2 ** 24;

/** A weight times a number, in double precision. */
export function scaledWeight(w: Weight, factor: number): Weight {
  return factor === 1 ? w : derived(w.dims, w, (t) => Float32Array.from(t.data as Float32Array, (v) => v * factor));
}

/**
 * A matrix product of int32, exact: no backend but CPU has one, so each product is written out and summed.
 * @param dims of a ([…, M, K]) and b ([…, K, N])
 */
export function integerProduct(a: Ref, aDims: readonly Dim[], y: Ref, yDims: readonly Dim[], b: GraphBuilder): Ref {
  const rank = Math.max(aDims.length, yDims.length);
  const terms = knownProduct([...aDims, yDims[yDims.length - 1]]);
  if (rank > 5 || terms > MOST_TERMS)
    return refuse('a product of large integer matrices', 'cast to float32 before it, where that is exact enough');
  const left = b.op('ExpandDims', [a, b.scalar(-1, 'int32')]);
  const right = b.op('ExpandDims', [y, b.scalar(yDims.length - 2, 'int32')]);
  return b.op('Sum', [b.mul(left, right), b.ints([rank - 1])], { keep_dims: false });
}

/** Dims as the argument of a Reshape: a size that isn't known is that of the same axis of `like`. */
export function sizesLike(dims: readonly Dim[], like: Ref, b: GraphBuilder): Ref | readonly Dim[] {
  if (dims.filter((d) => !isKnown(d)).length <= 1) return dims;
  return b.sizes(dims.map((d, axis) => (isKnown(d) ? d : b.size(like, axis))));
}
