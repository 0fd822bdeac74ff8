import { refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import { arrange } from '../../ir/layout.js';
import { pick } from '../../ir/numeric.js';
import { defineOp } from '../../ir/op.js';
import { elementIndices } from '../../ir/scatter.js';
import { normalAxis } from '../../ir/view.js';
import { flatElements } from '../../tf/flat-index.js';
import { sizesFrom } from '../../tf/sizes.js';

interface Attrs {
  readonly axis: number;
}

export default defineOp<Attrs>({
  name: 'GatherElements',
  summary: 'single elements, by their index along an axis',
  shapes: ['_ ...r', '_ ...r'],
  read: { 11: (n) => ({ axis: normalAxis(n.int('axis'), n.input(0)?.type.dims.length ?? 0) }) },
  layout: 'axes',
  infer: (n) => [{ dtype: n.dtype(0), dims: n.dims(1) }],
  fold: (n, [data, indices]) => {
    const at = elementIndices(data.dims, indices, n.attrs.axis);
    return [pick(data, indices.dims, (i) => at[i])];
  },
  graph: (n, [x, indices], b) => {
    if (x.dtype === 'string') return refuse('TensorFlow.js gathers no strings');
    const [from, dims] = [arrange(n.dims(0), n.layout(0)), arrange(n.dims(1), n.layout(1))];
    const rows = flatElements(b, x, from, indices, dims, n.position(0, n.attrs.axis));
    const taken = b.op('GatherNd', [b.reshape(x, [-1]), rows]);
    if (dims.every(isKnown)) return b.reshape(taken, dims);
    return b.reshape(taken, sizesFrom(b, dims, [{ ref: indices, dims }]) ?? b.shape(indices));
  },
});
