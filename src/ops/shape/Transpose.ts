import { invalid } from '../../diag/diagnostic.js';
import { arrange, identity } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { permuted } from '../../ir/weights.js';
import { weightOf } from '../../tensor/tensor.js';
import { transposeSized } from '../../tf/transpose.js';
import type { View } from '../../ir/view.js';
import { transposeLayers } from './slice-keras.js';

interface Attrs {
  /** The result's axis i is the input's axis perm[i]. */
  readonly perm: readonly number[];
}

export default defineOp<Attrs>({
  name: 'Transpose',
  summary: 'axes in another order; where nothing has to move in memory, a change of labels alone',
  read: {
    1: (n) => {
      const rank = n.input(0)?.type.dims.length ?? 0;
      const perm = n.optInts('perm') ?? identity(rank).toReversed();
      if (perm.length !== rank || new Set(perm).size !== rank || perm.some((p) => p < 0 || p >= rank))
        return invalid(`perm [${perm}] is no order of ${rank} axes`);
      return { perm };
    },
  },
  layout: (n, [given]) => ({ inputs: [given], outputs: [identity(n.rank(0))] }),
  infer: (n) => [{ dtype: n.dtype(0), dims: n.attrs.perm.map((p) => n.dims(0)[p]) }],
  elems: (n) => n.elems(0),
  fold: (n, [x]) => [permuted(weightOf(x), n.attrs.perm).load()],
  graph: (n, [x], b) => transposeSized(b, { ref: x, dims: arrange(n.dims(0), n.layout(0)) }, moves(n)),
  keras: (n, [x], k) => transposeLayers(moves(n), x, k),
});

/** The perm in memory. */
function moves(n: View<Attrs>): number[] {
  const out = n.outputs[0]?.layout ?? identity(n.rank(0));
  return out.map((axis) => n.position(0, n.attrs.perm[axis]));
}
