import { invalid } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import type { Graph } from '../../onnx/model.js';
import { dtypeOfCode } from '../../tensor/dtype.js';
import { attend, scores } from './attend.js';
import { Composer } from '../compose.js';

interface Attrs {
  readonly scale: number | undefined;
  readonly scoreMod: Graph | undefined;
  readonly probMod: Graph | undefined;
  /** TensorProto's code of the type in which scores and probabilities are. */
  readonly precision: number | undefined;
}

/** Source: ONNX, ai.onnx.preview, FlexAttention-1: the modifiers are graphs, which are read in place. */
export default defineOp<Attrs>({
  name: 'FlexAttention',
  domain: 'ai.onnx.preview',
  summary: 'scaled dot-product attention with graphs that change scores and probabilities',
  shapes: ['B _ L E', 'B H S E', 'B H S _'],
  read: {
    1: (n) => ({
      scale: n.optFloat('scale'),
      scoreMod: n.optGraph('score_mod'),
      probMod: n.optGraph('prob_mod'),
      precision: n.optInt('softmax_precision'),
    }),
  },
  infer: (n) => [n.type(0)],
  expand: (n, inputs, e) => {
    const c = new Composer(e);
    const { scale, scoreMod, probMod, precision } = n.attrs;
    const [q, k, v] = inputs as Value[];
    const modified = (graph: Graph | undefined, x: Value): Value => {
      if (!graph) return x;
      const [out] = e.inline(graph, [x]);
      return out?.kind === 'tensor' ? out : invalid('a modifier of FlexAttention gives no tensor');
    };
    const type =
      (precision === undefined ? undefined : dtypeOfCode(precision)) ??
      (q.type.dtype === 'float64' ? 'float64' : 'float32');
    const score = modified(scoreMod, c.cast(scores(c, q, k, scale), type));
    const probabilities = modified(probMod, c.op('Softmax', [score], { axis: -1 }));
    return [attend(c, c.cast(probabilities, v.type.dtype), v)];
  },
});
