import { refuse } from '../diag/diagnostic.js';
import { arrange } from '../ir/layout.js';
import { defineOp } from '../ir/op.js';
import { transposeSized } from '../tf/transpose.js';

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
  graph: (n, [x], b) => transposeSized(b, { ref: x, dims: arrange(n.dims(0), n.layout(0)) }, n.attrs.perm),
  keras: (n, [x], k) => {
    const { perm } = n.attrs;
    if (perm[0] !== 0)
      return refuse(
        'the batch (axis 0) would have to move, and a Keras layer never touches it',
        'convert to a graph-model',
      );
    return k.layer('Permute', [x], { dims: perm.slice(1) });
  },
});
