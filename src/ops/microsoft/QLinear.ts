import { invalid } from '../../diag/diagnostic.js';
import type { AttributeValue } from '../../ir/expander.js';
import type { Value } from '../../ir/graph.js';
import { noAttributes } from '../../ir/op.js';
import { knownSize, type Composer } from '../compose.js';
import { channelsBehind, channelsFirst, windowAttributes } from './FusedConv.js';
import { microsoft } from './domain.js';

/** A quantized tensor with its scale and zero point, as floats. */
function floats(c: Composer, x: Value, scale: Value, zero: Value | undefined): Value {
  return c.op('DequantizeLinear', [x, alone(c, scale), zero && alone(c, zero)]);
}

/** Floats as a quantized tensor of the type of its zero point, or of `like` where there is none. */
function quantized(c: Composer, x: Value, scale: Value, zero: Value | undefined, like: Value): Value {
  return c.op('QuantizeLinear', [x, alone(c, scale), zero ? alone(c, zero) : c.scalar(0, like)]);
}

/** Scales and zero points come with one axis, too, where ONNX wants none. */
function alone(c: Composer, v: Value): Value {
  return v.type.dims.length === 0 ? v : c.reshape(v, []);
}

interface Windowed {
  readonly window: Record<string, AttributeValue>;
  readonly channelsLast: boolean;
}

/**
 * Source: ONNX Runtime, ContribOperators: operators between quantized tensors. Each is what its text says: dequantized,
 * computed as floats, quantized again, half to even.
 */
export default [
  ...(['Add', 'Mul'] as const).map((op) =>
    microsoft({
      name: `QLinear${op}`,
      summary: `${op} of quantized tensors, quantized`,
      shapes: ['', '() | 1', '? () | 1', '', '() | 1', '? () | 1', '() | 1', '? () | 1'],
      read: { 1: noAttributes },
      compose: (c, n) => {
        const [a, aScale, aZero, b, bScale, bZero, scale, zero] = n.inputs;
        const y = c.op(op, [
          floats(c, a as Value, aScale as Value, aZero),
          floats(c, b as Value, bScale as Value, bZero),
        ]);
        return quantized(c, y, scale as Value, zero, n.value(0));
      },
    }),
  ),
  ...(['Sigmoid', 'LeakyRelu'] as const).map((op) =>
    microsoft<{ alpha: number }>({
      name: `QLinear${op}`,
      summary: `${op} of a quantized tensor, quantized`,
      shapes: ['', '() | 1', '? () | 1', '() | 1', '? () | 1'],
      read: { 1: (n) => ({ alpha: n.optFloat('alpha') ?? 0.01 }) },
      compose: (c, n) => {
        const x = floats(c, n.value(0), n.value(1), n.inputs[2]);
        return quantized(
          c,
          c.op(op, [x], op === 'LeakyRelu' ? { alpha: n.attrs.alpha } : {}),
          n.value(3),
          n.inputs[4],
          n.value(0),
        );
      },
    }),
  ),
  microsoft<{ axis: number; opset: number }>({
    name: 'QLinearSoftmax',
    summary: 'Softmax of a quantized tensor, quantized',
    shapes: ['_ ...', '() | 1', '? () | 1', '() | 1', '? () | 1'],
    read: { 1: (n) => ({ axis: n.optInt('axis') ?? -1, opset: n.optInt('opset') ?? 13 }) },
    compose: (c, n) => {
      const x = floats(c, n.value(0), n.value(1), n.inputs[2]);
      const rank = n.rank(0);
      const axis = n.axisOf(0, n.attrs.axis);
      // Before opset 13 a softmax went over all axes from its own on.
      const flat = n.attrs.opset < 13 && axis < rank - 1;
      if (!flat) return quantized(c, c.op('Softmax', [x], { axis }), n.value(3), n.inputs[4], n.value(0));
      const rows = c.op('Softmax', [c.op('Flatten', [x], { axis })], { axis: -1 });
      return quantized(c, c.op('Reshape', [rows, c.op('Shape', [x])]), n.value(3), n.inputs[4], n.value(0));
    },
  }),
  microsoft<{ axis: number }>({
    name: 'QLinearConcat',
    summary: 'Concat of quantized tensors, quantized',
    shapes: ['() | 1', '? () | 1'],
    read: { 1: (n) => ({ axis: n.int('axis') }) },
    compose: (c, n) => {
      const [scale, zero, ...rest] = n.inputs;
      if (rest.length === 0 || rest.length % 3 !== 0)
        return invalid('QLinearConcat takes tensors in threes: elements, scale, zero point');
      const parts = Array.from({ length: rest.length / 3 }, (_, i) =>
        floats(c, n.value(2 + 3 * i), n.value(3 + 3 * i), rest[3 * i + 2]),
      );
      return quantized(c, c.concat(parts, n.attrs.axis), scale as Value, zero, n.value(2));
    },
  }),
  microsoft({
    name: 'QLinearWhere',
    summary: 'Where of quantized tensors, quantized',
    shapes: ['', '', '() | 1', '? () | 1', '', '() | 1', '? () | 1', '() | 1', '? () | 1'],
    read: { 1: noAttributes },
    compose: (c, n) => {
      const [condition, x, xScale, xZero, y, yScale, yZero, scale, zero] = n.inputs;
      const chosen = c.where(
        condition as Value,
        floats(c, x as Value, xScale as Value, xZero),
        floats(c, y as Value, yScale as Value, yZero),
      );
      return quantized(c, chosen, scale as Value, zero, n.value(1));
    },
  }),
  microsoft<{ axes: readonly number[] | undefined; keep: boolean }>({
    name: 'QLinearReduceMean',
    summary: 'ReduceMean of a quantized tensor, quantized',
    shapes: ['', '() | 1', '? () | 1', '() | 1', '? () | 1'],
    read: { 1: (n) => ({ axes: n.optInts('axes'), keep: (n.optInt('keepdims') ?? 1) !== 0 }) },
    compose: (c, n) => {
      const x = floats(c, n.value(0), n.value(1), n.inputs[2]);
      const axes = n.attrs.axes ?? Array.from({ length: n.rank(0) }, (_, i) => i);
      return quantized(c, c.reduce('ReduceMean', x, axes, n.attrs.keep), n.value(3), n.inputs[4], n.value(0));
    },
  }),
  microsoft<Windowed & { includePad: number }>({
    name: 'QLinearAveragePool',
    summary: 'AveragePool of a quantized tensor, quantized',
    shapes: ['_ _ _ ...', '() | 1', '? () | 1', '() | 1', '? () | 1'],
    read: {
      1: (n) => ({
        window: windowAttributes(n),
        channelsLast: n.flag('channels_last'),
        includePad: n.optInt('count_include_pad') ?? 0,
      }),
    },
    compose: (c, n) => {
      const { window, channelsLast, includePad } = n.attrs;
      const given = floats(c, n.value(0), n.value(1), n.inputs[2]);
      const x = channelsLast ? channelsFirst(c, given) : given;
      const y = c.op('AveragePool', [x], {
        ...(window.ceil_mode && includePad ? reaching(x, window) : window),
        count_include_pad: includePad,
      });
      return quantized(c, channelsLast ? channelsBehind(c, y) : y, n.value(3), n.inputs[4], n.value(0));
    },
  }),
  microsoft<{ channelsLast: boolean }>({
    name: 'QLinearGlobalAveragePool',
    summary: 'GlobalAveragePool of a quantized tensor, quantized',
    shapes: ['_ _ ...', '() | 1', '? () | 1', '() | 1', '? () | 1'],
    read: { 1: (n) => ({ channelsLast: n.flag('channels_last') }) },
    compose: (c, n) => {
      const x = floats(c, n.value(0), n.value(1), n.inputs[2]);
      const spatial = Array.from({ length: n.rank(0) - 2 }, (_, i) => i + (n.attrs.channelsLast ? 1 : 2));
      return quantized(c, c.reduce('ReduceMean', x, spatial), n.value(3), n.inputs[4], n.value(0));
    },
  }),
  microsoft<Windowed>({
    name: 'QLinearConv',
    summary: 'QLinearConv, channels last or not',
    shapes: ['_ _ _ ...', '', '', '', '', '', '', '', '?'],
    read: { 1: (n) => ({ window: windowAttributes(n), channelsLast: n.flag('channels_last') }) },
    compose: (c, n) => {
      const { window, channelsLast } = n.attrs;
      const x = channelsLast ? channelsFirst(c, n.value(0)) : n.value(0);
      const y = c.op('QLinearConv', [x, ...n.inputs.slice(1)], window);
      return channelsLast ? channelsBehind(c, y) : y;
    },
  }),
];

/**
 * A pool with ceil_mode that counts padding divides by the whole kernel here, also where its last window reaches beyond the
 * padding (ai.onnx counts the padding only, since version 19): what it reaches is padding.
 */
function reaching(x: Value, window: Windowed['window']): Windowed['window'] {
  const kernel = window.kernel_shape as readonly number[];
  const strides = (window.strides as readonly number[] | undefined) ?? kernel.map(() => 1);
  const pads = (window.pads as readonly number[] | undefined) ?? kernel.flatMap(() => [0, 0]);
  const ends = kernel.map((k, i) => {
    const [size, end] = [knownSize(x, i + 2), pads[i + kernel.length]];
    const room = size + pads[i] + end - k;
    const last = Math.ceil(room / strides[i]) * strides[i];
    // A last window that would begin behind the input is left out.
    return last >= size + pads[i] ? end : end + last - room;
  });
  return { ...window, ceil_mode: 0, pads: [...pads.slice(0, kernel.length), ...ends] };
}
