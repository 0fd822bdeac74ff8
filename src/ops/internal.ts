import { refuse } from '../diag/diagnostic.js';
import { arrange } from '../ir/layout.js';
import { defineOp } from '../ir/op.js';
import { reshapeSized } from '../tf/sizes.js';

/**
 * Moves a value into another layout, or (perm identity, `labels` given) reads the same bytes under other axes: what an
 * ONNX Transpose becomes where nothing has to move. Made by the layout pass alone.
 */
export const relayout = defineOp<{ perm: readonly number[]; labels?: readonly number[] }>({
  name: 'Relayout',
  domain: 'internal',
  summary: 'a change of the order of axes in memory',
  read: {},
  infer: (n) => [n.type(0)],
  graph: (n, [x], b) => {
    const { perm } = n.attrs;
    const dims = arrange(n.dims(0), n.layout(0));
    // Where only axes of size 1 change places, nothing moves: a Reshape copies nothing.
    const solid = perm.filter((p) => dims[p] !== 1);
    const still = solid.every((p, i) => i === 0 || solid[i - 1] < p);
    return (still ? reshapeSized(b, { ref: x, dims }, arrange(dims, perm)) : undefined) ?? b.transpose(x, perm);
  },
  keras: (n, [x], k) => {
    const { perm } = n.attrs;
    if (perm[0] !== 0) return refuse('the batch (axis 0) would have to move, and a Keras layer never touches it', 'convert to a graph-model');
    return k.layer('Permute', [x], { dims: perm.slice(1) });
  },
});
