import { refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { TensorType } from '../../ir/graph.js';
import { identity, isIdentity } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { permuted, reshaped } from '../../ir/weights.js';
import { dtypeOfCode } from '../../tensor/dtype.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { standardized } from './normalize.js';
import { layerNormalization } from './normalize-keras.js';

interface Attrs {
  readonly axis: number;
  readonly epsilon: number;
  /** Code of the type that mean and deviation come in. */
  readonly stash: number;
}

/** Source: ONNX, LayerNormalization-17: over all axes from `axis` on. */
export default defineOp<Attrs>({
  name: 'LayerNormalization',
  summary: 'normalization over the last axes',
  shapes: ['_ ...'],
  read: {
    // ONNX Runtime had it before ONNX, in the same domain.
    1: (n) => ({
      axis: n.optInt('axis') ?? -1,
      epsilon: n.optFloat('epsilon') ?? 1e-5,
      stash: n.optInt('stash_type') ?? 1,
    }),
    17: (n) => ({ axis: n.int('axis'), epsilon: n.float('epsilon'), stash: n.int('stash_type') }),
  },
  layout: 'axes',
  infer: (n) => {
    const axis = n.axisOf(0, n.attrs.axis);
    const statistics: TensorType = {
      dtype: dtypeOfCode(n.attrs.stash) ?? 'float32',
      dims: n.dims(0).map((d, i) => (i < axis ? d : 1)),
    };
    return [n.type(0), statistics, statistics];
  },
  graph: (n, [x, scale, bias], b) => {
    const { y, mean, inverse } = standardized(x, normalizedAxes(n), n.attrs.epsilon, b);
    const scaled = b.mul(y, trailing(n, 1, scale, b));
    return [bias ? b.add2(scaled, trailing(n, 2, bias, b)) : scaled, mean, inverse];
  },
  keras: layerNormalization,
});

/** The axes from `axis` on, where they lie in memory. */
export function normalizedAxes(n: View<{ readonly axis: number }>): number[] {
  const from = n.axisOf(0, n.attrs.axis);
  return Array.from({ length: n.rank(0) - from }, (_, i) => n.position(0, from + i)).sort((p, q) => p - q);
}

/** An input that broadcasts to the last axes of input 0, brought into the order in which those lie. */
export function trailing(n: View, i: number, ref: Ref, b: GraphBuilder): Ref {
  const layout = n.layout(0);
  const rank = layout.length;
  const own = n.value(i);
  // Of full rank it was brought there by the layout pass; in ONNX's order there is nothing to do.
  if (own.type.dims.length === rank || own.type.dims.length === 0 || isIdentity(layout)) return ref;
  const dims = [...identity(rank - own.type.dims.length).map(() => 1), ...own.type.dims];
  if (own.constant) return b.constant(permuted(reshaped(own.constant, dims as number[]), layout));
  if (dims.filter((d) => !isKnown(d)).length > 1)
    return refuse('a scale of unknown sizes', 'fix the sizes with input-shapes in the config');
  return b.transpose(b.reshape(ref, dims), layout);
}
