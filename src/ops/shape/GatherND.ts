import { invalid, refuse } from '../../diag/diagnostic.js';
import { areKnown, isKnown, mayBeNothing, productOf, type Dim } from '../../ir/dim.js';
import { pick } from '../../ir/numeric.js';
import { defineOp } from '../../ir/op.js';
import { rowIndices } from '../../ir/scatter.js';
import type { View } from '../../ir/view.js';
import { numbersOf, tensorOf } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { sizeFrom, sizesFrom, type Sized } from '../../tf/sizes.js';
import { within } from './Gather.js';

interface Attrs {
  /** How many leading axes data and indices share. */
  readonly batch: number;
}

export default defineOp<Attrs>({
  name: 'GatherND',
  summary: 'slices by rows of indices',
  shapes: ['_ ...', '_ ...'],
  read: { 11: () => ({ batch: 0 }), 12: (n) => ({ batch: n.int('batch_dims') }) },
  infer: (n) => [{ dtype: n.dtype(0), dims: dimsOf(n) }],
  fold: (n, [data, indices]) => {
    const dims = dimsOf(n);
    if (!areKnown(dims)) return undefined;
    const at = rowIndices(data.dims, indices, n.attrs.batch);
    return [pick(data, dims, (i) => at[i])];
  },
  graph: (n, [x, indices], b) => {
    if (x.dtype === 'string') return refuse('TensorFlow.js gathers no strings');
    const { batch } = n.attrs;
    const [data, rows] = [n.dims(0), n.dims(1)];
    const depth = n.knownDim(1, -1);
    const inside = wrapped(b, indices, { ref: x, dims: data }, data.slice(batch, batch + depth));
    if (batch === 0) return b.op('GatherNd', [oneMore(b, x, data, depth), inside]);
    // The shared axes become one, and each row of indices begins with its place along it.
    const sources: Sized[] = [
      { ref: x, dims: data },
      { ref: indices, dims: rows },
    ];
    const shape = (dims: readonly Dim[]): Ref =>
      sizesFrom(b, dims, sources) ?? refuse('the sizes of the batch axes are not known');
    const count = productOf(data.slice(0, batch));
    const inner = productOf(rows.slice(batch, -1));
    const flat = b.reshape(x, shape([count, ...data.slice(batch)]));
    const own = b.reshape(inside, shape([count, inner, depth]));
    const places = b.reshape(
      b.count(sizeFrom(b, count, sources) ?? refuse('the sizes of the batch axes are not known')),
      [isKnown(count) ? count : -1, 1, 1],
    );
    const column = b.op('BroadcastTo', [places, shape([count, inner, 1])]);
    const taken = b.op('GatherNd', [flat, b.concat([column, own], 2)]);
    return b.reshape(taken, shape(dimsOf(n)));
  },
});

/** TensorFlow.js throws at an empty tensor even where nothing is taken of it: one more element stands behind. */
function oneMore(b: GraphBuilder, x: Ref, data: readonly Dim[], depth: number): Ref {
  return b.pad(
    x,
    data.map((d, axis) => [0, axis < depth && mayBeNothing(d) ? 1 : 0]),
  );
}

function dimsOf(n: View<Attrs>): readonly Dim[] {
  const { batch } = n.attrs;
  const depth = n.knownDim(1, -1);
  if (n.rank(1) < 1 || batch + depth > n.rank(0))
    return invalid(`rows of ${depth} indices don't fit data of rank ${n.rank(0)}`);
  return [...n.dims(1).slice(0, -1), ...n.dims(0).slice(batch + depth)];
}

/** Rows of indices that may be negative, as such from 0 on: `dims` are the sizes of the axes that they count along. */
export function wrapped(b: GraphBuilder, indices: Ref, data: Sized, dims: readonly Dim[]): Ref {
  if (dims.length === 0) return indices;
  const known = indices.node.weight?.load();
  if (known && numbersOf(known).every((i) => i >= 0)) return indices;
  if (known && areKnown(dims))
    return b.tensor(
      tensorOf(
        'int32',
        known.dims,
        numbersOf(known).map((i, k) => within([i], dims[k % dims.length])[0]),
      ),
    );
  const sizes = areKnown(dims)
    ? b.tensor(tensorOf('int32', [dims.length], dims))
    : (sizesFrom(b, dims, [data]) ?? refuse('the sizes of the axes are not known'));
  return b.op('FloorMod', [indices, sizes]);
}
