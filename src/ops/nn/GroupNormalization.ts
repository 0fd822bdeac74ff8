import { invalid } from '../../diag/diagnostic.js';
import { arrange } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { reshaped } from '../../ir/weights.js';
import { numbersOf } from '../../tensor/tensor.js';
import { Amounts } from '../../tf/amounts.js';
import type { Ref } from '../../tf/builder.js';
import { standardized } from './normalize.js';
import { groupNormalization } from './normalize-keras.js';

interface Attrs {
  readonly epsilon: number;
  readonly groups: number;
  /** Scale and bias are one per group (version 18), not per channel. */
  readonly perGroup: boolean;
}

/** Source: ONNX, GroupNormalization-18 (scale and bias per group), -21 (per channel). */
export default defineOp<Attrs>({
  name: 'GroupNormalization',
  summary: 'normalization over groups of channels',
  shapes: (n) => ['_ C ...', ...(n.opset < 21 ? ['G', 'G'] : ['C', 'C'])],
  read: {
    18: (n) => ({ epsilon: n.float('epsilon'), groups: n.int('num_groups'), perGroup: true }),
    21: (n) => ({ epsilon: n.float('epsilon'), groups: n.int('num_groups'), perGroup: false }),
  },
  layout: 'channels-last',
  infer: (n) => [n.type(0)],
  graph: (n, [x, scale, bias], b) => {
    const a = new Amounts(b);
    const { groups, epsilon, perGroup } = n.attrs;
    const channels = n.knownDim(0, 1);
    if (groups < 1 || channels % groups !== 0)
      return invalid(`${channels} channels can't be split into ${groups} groups`);
    const sizes = a.sizes(x, arrange(n.dims(0), n.layout(0)));
    const last = n.position(0, 1) === n.rank(0) - 1;
    // [batch, positions, groups, channels of a group], or with the positions last.
    const whole = last
      ? [sizes[0], a.product(sizes.slice(1, -1)), groups, channels / groups]
      : [sizes[0], groups, channels / groups, a.product(sizes.slice(2))];
    const { y } = standardized(a.reshape(x, whole), last ? [1, 3] : [2, 3], epsilon, b);
    const shape = last ? [groups, perGroup ? 1 : channels / groups] : [groups, perGroup ? 1 : channels / groups, 1];
    /** Constants take their shape while converting; those that change nothing are left out. */
    const along = (i: number, ref: Ref, neutral: number): Ref | undefined => {
      const w = n.weight(i);
      if (!w) return b.reshape(ref, shape);
      return numbersOf(w.load()).every((v) => v === neutral) ? undefined : b.constant(reshaped(w, shape));
    };
    const [factor, shift] = [along(1, scale, 1), along(2, bias, 0)];
    const scaled = factor ? b.mul(y, factor) : y;
    return a.reshape(shift ? b.add2(scaled, shift) : scaled, sizes);
  },
  keras: groupNormalization,
});
