import { refuse } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import type { RawNode } from '../../ir/view.js';
import type { Composer } from '../compose.js';
import { microsoft } from './domain.js';
import { channelsBehind, channelsFirst } from './FusedConv.js';

interface Attrs {
  readonly swish: boolean;
  readonly channelsLast: boolean;
  readonly epsilon: number;
  readonly groups: number;
}

function read(n: RawNode): Attrs {
  const activation = n.optInt('activation') ?? 0;
  if (activation !== 0 && activation !== 1) return refuse(`the activation ${activation} of ${n.opName} is not known`);
  return {
    swish: activation === 1,
    channelsLast: (n.optInt('channels_last') ?? 1) !== 0,
    epsilon: n.optFloat('epsilon') ?? 1e-5,
    groups: n.int('groups'),
  };
}

/** Source: ONNX Runtime, ContribOperators: GroupNormalization of images with the channels last, as diffusion models have it. */
function normalized(
  c: Composer,
  x: Value,
  gamma: Value,
  beta: Value,
  { swish, channelsLast, epsilon, groups }: Attrs,
): Value {
  const first = channelsLast ? channelsFirst(c, x) : x;
  const y = c.op('GroupNormalization', [first, c.cast(gamma, x.type.dtype), c.cast(beta, x.type.dtype)], {
    epsilon,
    num_groups: groups,
  });
  const active = swish ? c.mul(y, c.op('Sigmoid', [y])) : y;
  return channelsLast ? channelsBehind(c, active) : active;
}

export default [
  microsoft<Attrs>({
    name: 'GroupNorm',
    summary: 'GroupNormalization, channels last or not, with Swish',
    shapes: ['_ _ _ ...', 'C', 'C'],
    read: { 1: read },
    compose: (c, n) => normalized(c, n.value(0), n.value(1), n.value(2), n.attrs),
  }),
  microsoft<Attrs>({
    name: 'SkipGroupNorm',
    summary: 'GroupNorm of a sum',
    shapes: ['_ _ _ _', 'C', 'C', '_ _ | _ _ _ _', '? C'],
    read: { 1: read },
    compose: (c, n) => {
      const [x, gamma, beta, skip, bias] = n.inputs;
      if (!n.attrs.channelsLast) return refuse('SkipGroupNorm with the channels first', 'export with channels_last');
      const wide = n.rank(3) === 2 ? c.unsqueeze(skip as Value, [1, 2]) : (skip as Value);
      const plain = c.add(x as Value, wide);
      const sum = bias ? c.add(plain, bias) : plain;
      return [normalized(c, sum, gamma as Value, beta as Value, n.attrs), sum];
    },
  }),
];
