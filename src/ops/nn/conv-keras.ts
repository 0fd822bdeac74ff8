import { refuse } from '../../diag/diagnostic.js';
import type { View } from '../../ir/view.js';
import { permuted, reshaped } from '../../ir/weights.js';
import type { KerasBuilder, KerasShape, Layer, LayerOptions } from '../../keras/builder.js';
import { crop, none, padZeros, permute, reshape } from '../../keras/compose.js';
import { sizeOf, type Weight } from '../../tensor/tensor.js';
import type { ConvAttrs } from './Conv.js';
import { dilated, scattered } from './kernel.js';
import { needPads, reach, type Window } from './window.js';

type Pads = readonly (readonly [number, number])[];

/** Whether the channels of an image-like input stand last in memory; else they stand behind the batch. */
export const channelsStandLast = (n: View<unknown>): boolean => n.layout(0).at(-1) === 1;

export const formatOf = (last: boolean): 'channels_last' | 'channels_first' =>
  last ? 'channels_last' : 'channels_first';

/** Spatial figures as a layer has them: along a line, which layers for planes see as one row. */
export const asRow = <T>(list: readonly T[], first: T): T[] => [first, ...list];

/** A line [L, C] or [C, L] as a plane of one row. */
export function toRow(k: KerasBuilder, x: Layer, last: boolean): Layer {
  const [, a, b] = x.shape;
  return reshape(k, x, last ? [1, a, b] : [a, 1, b], '_row');
}

/** Back from a plane of one row; where the layer before has the node's own name. */
export const fromRow = (k: KerasBuilder, y: Layer): Layer => reshape(k, y, k.outputShape().slice(1), '_line');

/** The output's shape, seen as a plane of one row. */
export const rowShape = (k: KerasBuilder, last: boolean): KerasShape => rowOf(k.outputShape(), last);

function rowOf([batch, a, b]: KerasShape, last: boolean): KerasShape {
  return last ? [batch, 1, a, b] : [batch, a, 1, b];
}

/** Pads of spatial axes as pads of all axes in memory. */
export const around = (pads: Pads, last: boolean): Pads => (last ? [none, ...pads, none] : [none, none, ...pads]);

/** Zeros around the spatial axes by a layer named `_pad`; negative pads crop. */
export function zeroPadded(k: KerasBuilder, x: Layer, pads: Pads, last: boolean): Layer {
  const less = crop(
    k,
    x,
    around(
      pads.map(([a, b]) => [Math.max(0, -a), Math.max(0, -b)]),
      last,
    ),
    '_cut',
  );
  return padZeros(
    k,
    less,
    around(
      pads.map(([a, b]) => [Math.max(0, a), Math.max(0, b)]),
      last,
    ),
  );
}

/** Whether Keras's padding `same` puts exactly these pads: for a stride of 1 half of the kernel's reach, the rest behind. */
export function isSame(
  pads: Pads,
  kernel: readonly number[],
  { strides, dilations }: Pick<Window, 'strides' | 'dilations'>,
): boolean {
  return pads.every(([begin, end], i) => {
    const total = reach(kernel[i], dilations[i]) - 1;
    return strides[i] === 1 && begin === Math.floor(total / 2) && end === total - begin;
  });
}

/**
 * Whether Keras 3.15 would add a bias along the wrong axis: keras.ops.add takes what looks like a bias to belong to the
 * last axis where that is as long, also with the channels first.
 */
export const biasGoesAstray = (
  k: KerasBuilder,
  last: boolean,
  biased: boolean,
  width: number | null,
  filters: number,
): boolean => k.dialect === 'keras3' && !last && biased && (width === null || width === filters);

/** Axes there and back, for an image whose channels stand behind the batch. */
export function lastAndBack(rank: number): { there: number[]; back: number[] } {
  const there = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
  return { there, back: there.map((_, i) => there.indexOf(i)) };
}

/** Conv as `_pad` + Conv2D (DepthwiseConv2D where each group has one channel), as onnx2keras has it; Conv1D and Conv3D likewise. */
export function kerasConv(n: View<ConvAttrs>, [x]: Layer[], k: KerasBuilder): Layer {
  const [filters, , ...kernel] = n.knownDims(1);
  if (kernel.length > 3)
    return refuse(`no stock layer convolves over ${kernel.length} axes`, 'convert to a graph-model');
  const last = channelsStandLast(n);
  const out = k.outputShape();
  if (!biasGoesAstray(k, last, n.has(2), out[out.length - 1], filters)) return convolved(n, x, k, last, out);
  const { there, back } = lastAndBack(out.length);
  return permute(
    k,
    convolved(
      n,
      permute(k, x, there, '_HWC'),
      k,
      true,
      there.map((i) => out[i]),
    ),
    back,
    '_CHW',
  );
}

/** @param out the shape of the result, with the channels where `last` says */
function convolved(n: View<ConvAttrs>, x: Layer, k: KerasBuilder, last: boolean, out: KerasShape): Layer {
  const { group } = n.attrs;
  const [filters, perGroup, ...kernel] = n.knownDims(1);
  const tfjs = k.dialect === 'tfjs';
  const depthwise = group > 1 && perGroup === 1 && kernel.length < 3;
  // tfjs-layers has no depthwise Conv1D, and gives the axes of one with the channels first in the wrong order.
  const row = kernel.length === 1 && (!last || (depthwise && tfjs));
  const source = n.needWeight(1, 'the kernel of Conv');
  let weight = row ? reshaped(source, [filters, perGroup, 1, ...kernel]) : source;
  const [strides, given] = [n.attrs.window.strides, n.attrs.window.dilations].map((list) =>
    row ? asRow(list, 1) : [...list],
  );
  let dilations = given;
  // Stride and dilation exclude each other, and tfjs-layers ignores the dilation of a DepthwiseConv2D in silence.
  if (dilations.some((d) => d > 1) && (strides.some((s) => s > 1) || (depthwise && tfjs))) {
    weight = dilated(weight, dilations);
    dilations = dilations.map(() => 1);
  }
  const [padded, padding] = paddedFor(k, row ? toRow(k, x, last) : x, n, last, row);
  const bias = n.has(2) ? n.needWeight(2, 'the bias of Conv') : undefined;
  const config = {
    kernel_size: weight.dims.slice(2),
    strides,
    padding,
    data_format: formatOf(last),
    dilation_rate: dilations,
    activation: 'linear',
    use_bias: bias !== undefined,
  };
  const options: LayerOptions = { shape: row ? rowOf(out, last) : out };
  const biases = bias ? [{ name: 'bias', weight: bias }] : [];
  const sparse = (kernel: Weight): LayerOptions =>
    sizeOf(kernel.dims) === sizeOf(source.dims) ? {} : { sourceParameters: sizeOf(source.dims) + (bias ? filters : 0) };
  const spatial = weight.dims.length - 2;
  const front = Array.from({ length: spatial }, (_, i) => i + 2);
  let y: Layer;
  if (depthwise && strides.every((s) => s === strides[0])) {
    const multiplier = filters / group;
    // ONNX's filter g*m + j works on channel g; the depthwise kernel is [...k, channel, multiplier].
    const kernels = permuted(reshaped(weight, [group, multiplier, ...weight.dims.slice(2)]), [...front, 0, 1]);
    y = k.layer(
      `DepthwiseConv${spatial}D`,
      [padded],
      { ...config, depth_multiplier: multiplier },
      {
        ...options,
        ...sparse(weight),
        weights: [{ name: tfjs ? 'depthwise_kernel' : 'kernel', weight: kernels }, ...biases],
      },
    );
  } else {
    const parts = group > 1 && tfjs ? blockDiagonal(weight, group) : weight;
    y = k.layer(
      `Conv${spatial}D`,
      [padded],
      { filters, ...config, ...(tfjs ? {} : { groups: group }) },
      {
        ...options,
        ...sparse(parts),
        weights: [{ name: 'kernel', weight: permuted(parts, [...front, 1, 0]) }, ...biases],
      },
    );
  }
  return row ? reshape(k, y, out.slice(1), '_line') : y;
}

/** The input, padded, and Keras's word for the padding that is left to the layer. */
function paddedFor(
  k: KerasBuilder,
  x: Layer,
  n: View<ConvAttrs>,
  last: boolean,
  row: boolean,
): [Layer, 'valid' | 'same'] {
  const { window } = n.attrs;
  const kernel = n.knownDims(1).slice(2);
  // Its rule is that of Keras, also for sizes that aren't known. In a row of one line nothing is added.
  if (window.autoPad === 'SAME_UPPER') return [x, 'same'];
  const pads = needPads(window, kernel, n.dims(0).slice(2));
  // A line or a volume takes three layers to pad in TensorFlow.js.
  if (kernel.length !== 2 && !row && k.dialect === 'tfjs' && isSame(pads, kernel, window)) return [x, 'same'];
  return [zeroPadded(k, x, row ? asRow(pads, none) : pads, last), 'valid'];
}

/** A kernel [O, I / group, …] of a grouped convolution as the [O, I, …] of a plain one, with zeros beside the diagonal. */
export function blockDiagonal(w: Weight, group: number): Weight {
  const filters = w.dims[0] / group;
  return scattered(w, [w.dims[0], w.dims[1] * group, ...w.dims.slice(2)], ([o, i, ...at]) => [
    o,
    i + Math.floor(o / filters) * w.dims[1],
    ...at,
  ]);
}
