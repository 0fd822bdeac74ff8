import type { AttributeValue } from '../../ir/expander.js';
import type { Value } from '../../ir/graph.js';
import type { RawNode } from '../../ir/view.js';
import type { Composer } from '../compose.js';
import { activation } from './activation.js';
import { microsoft } from './domain.js';

/** The attributes of a window, as the node has them: they are those of ONNX's Conv and pools. */
export function windowAttributes(n: RawNode): Record<string, AttributeValue> {
  const out: Record<string, AttributeValue> = {};
  for (const name of ['kernel_shape', 'pads', 'strides', 'dilations', 'output_padding', 'output_shape']) {
    const list = n.optInts(name);
    if (list) out[name] = list;
  }
  const [auto, group, ceil] = [n.optString('auto_pad'), n.optInt('group'), n.optInt('ceil_mode')];
  return {
    ...out,
    ...(auto ? { auto_pad: auto } : {}),
    ...(group === undefined ? {} : { group }),
    ...(ceil === undefined ? {} : { ceil_mode: ceil }),
  };
}

/** Channels last to channels first, or back: the layout pass makes a mere relabelling of it where it can. */
export function channelsFirst(c: Composer, x: Value): Value {
  const rank = x.type.dims.length;
  return c.transpose(x, [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)]);
}

export function channelsBehind(c: Composer, x: Value): Value {
  const rank = x.type.dims.length;
  return c.transpose(x, [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1]);
}

interface Attrs {
  readonly window: Record<string, AttributeValue>;
  readonly activation: string;
  readonly parameters: readonly number[];
}

function read(n: RawNode): Attrs {
  return {
    window: windowAttributes(n),
    activation: n.optString('activation') ?? '',
    parameters: n.optFloats('activation_params') ?? [],
  };
}

function convolved(c: Composer, x: Value, inputs: readonly (Value | undefined)[], { window }: Attrs): Value {
  return c.op('Conv', [x, inputs[1], inputs[2]], window);
}

/** Source: ONNX Runtime, ContribOperators: what becomes of Conv, Add and an activation; the weights are always ONNX's. */
export default [
  microsoft<Attrs>({
    name: 'FusedConv',
    summary: 'Conv, plus another tensor, with an activation',
    shapes: ['N C _ ...s', 'M _ _ ...s', '? M', '?'],
    read: { 1: read },
    compose: (c, n) => {
      const y = convolved(c, n.value(0), n.inputs, n.attrs);
      return activation(c, n.has(3) ? c.add(y, n.value(3)) : y, n.attrs.activation, n.attrs.parameters);
    },
  }),
  ...['NhwcConv', 'NhwcFusedConv'].map((name) =>
    microsoft<Attrs>({
      name,
      summary: 'Conv with the channels last, plus another tensor, with an activation',
      shapes: ['N _ ...s C', 'M _ _ ...s', '? M', '?'],
      read: { 1: read },
      compose: (c, n) => {
        const y = channelsBehind(c, convolved(c, channelsFirst(c, n.value(0)), n.inputs, n.attrs));
        return activation(c, n.has(3) ? c.add(y, n.value(3)) : y, n.attrs.activation, n.attrs.parameters);
      },
    }),
  ),
  microsoft<Attrs>({
    name: 'NhwcMaxPool',
    summary: 'MaxPool of 8-bit integers with the channels last',
    shapes: ['_ _ ... _'],
    read: { 1: read },
    compose: (c, n) => channelsBehind(c, c.op('MaxPool', [channelsFirst(c, n.value(0))], n.attrs.window)),
  }),
];
