import { refuse } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { axisLast, flattened, readSoftmax, type SoftmaxAttrs } from './along-axis.js';

export default defineOp<SoftmaxAttrs>({
  name: 'Softmax',
  summary: 'exp(x) / sum(exp(x)) along an axis; before version 13 over all axes from it on',
  read: readSoftmax,
  layout: axisLast,
  infer: (n) => [n.type(0)],
  expand: (n, inputs, e) => flattened(n, inputs, e),
  graph: (n, [x], b) => b.op('Softmax', [x]),
  keras: (n, [x], k) => {
    const rank = n.rank(0);
    const at = n.position(0, n.attrs.axis);
    if (at === 0) return refuse('a softmax over the batch has no stock layer', 'convert to a graph-model');
    if (at === rank - 1) return k.layer('Softmax', [x], { axis: -1 });
    // Keras's Softmax in TensorFlow.js takes the last axis only.
    const dims = Array.from({ length: rank - 1 }, (_, i) => i + 1);
    const there = [...dims.filter((d) => d !== at), at];
    const back = dims.map((d) => there.indexOf(d) + 1);
    const moved = (shape: readonly (number | null)[], perm: readonly number[]) => [shape[0], ...perm.map((d) => shape[d])];
    const front = k.layer('Permute', [x], { dims: there }, { suffix: '_last', shape: moved(x.shape, there) });
    const soft = k.layer('Softmax', [front], { axis: -1 }, { suffix: '_softmax', shape: front.shape });
    return k.layer('Permute', [soft], { dims: back });
  },
});
