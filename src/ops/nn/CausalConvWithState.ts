import { invalid } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import { Composer } from '../compose.js';

/** Source: ONNX, CausalConvWithState-27. */
export default defineOp<{ activation: string }>({
  name: 'CausalConvWithState',
  summary: 'depthwise convolution over the past, which goes in and out as a state',
  shapes: ['N C L', 'C 1 K', 'C', 'N C _'],
  read: { 27: (n) => ({ activation: n.string('activation') }) },
  infer: (n) => [n.type(0)],
  expand: (n, inputs, e) => {
    const c = new Composer(e);
    const { activation } = n.attrs;
    const [x, weight, bias, past] = inputs as (Value | undefined)[];
    if (!x || !weight) return invalid('CausalConvWithState needs an input and weights');
    if (!['none', 'silu', 'swish'].includes(activation)) return invalid(`activation is ${JSON.stringify(activation)}`);
    const [channels, , taps] = weight.type.dims;
    if (!isKnown(channels) || !isKnown(taps)) return invalid('the sizes of the weights are not known');
    const whole = past ? c.concat([past, x], 2) : c.op('Pad', [x, c.ints([0, 0, taps - 1, 0, 0, 0])]);
    const y = c.op('Conv', [whole, weight, bias], { group: channels });
    const out = activation === 'none' ? y : c.mul(y, c.op('Sigmoid', [y]));
    if (n.outputCount < 2) return [out];
    const length = c.size(whole, 2);
    const state = c.op('Slice', [whole, c.sub(length, c.ints([taps - 1])), length, c.ints([2])]);
    return [out, state];
  },
});
