import { refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { View } from '../../ir/view.js';
import { permuted, reshaped } from '../../ir/weights.js';
import type { KerasBuilder, KerasShape, Layer } from '../../keras/builder.js';
import { crop, permute } from '../../keras/compose.js';
import { sizeOf, type Weight } from '../../tensor/tensor.js';
import {
  around,
  asRow,
  biasGoesAstray,
  channelsStandLast,
  formatOf,
  fromRow,
  lastAndBack,
  toRow,
} from './conv-keras.js';
import type { ConvTransposeAttrs } from './ConvTranspose.js';
import { placing } from './placing.js';
import { dilated, scattered } from './kernel.js';

/**
 * ConvTranspose as Conv2DTranspose + `_crop`, as onnx2keras has it. Keras's layer without padding is size * stride +
 * max(kernel - stride, 0) long: what is over goes at the end, what is missing (output_padding) comes from zeros behind
 * the kernel.
 */
export function kerasConvTranspose(n: View<ConvTransposeAttrs>, [x]: Layer[], k: KerasBuilder): Layer {
  const { group, window } = n.attrs;
  const [channels, perGroup, ...taps] = n.knownDims(1);
  if (taps.length > 3) return refuse(`no stock layer convolves over ${taps.length} axes`, 'convert to a graph-model');
  if (taps.length === 3 && k.dialect === 'tfjs' && window.strides.some((s) => s > 1))
    return refuse('TensorFlow.js computes a Conv3DTranspose with strides wrongly on WASM', 'convert to a graph-model');
  const row = taps.length === 1 && (k.dialect === 'tfjs' || !channelsStandLast(n));
  const source = n.needWeight(1, 'the kernel of ConvTranspose');
  const spread = window.dilations.some((d) => d > 1) ? dilated(source, window.dilations) : source;
  const ends = reaches(n, spread.dims.slice(2));
  let weight = behind(
    spread,
    ends.map((e) => e.kernel),
  );
  if (group > 1) weight = diagonal(weight, group);
  if (row) weight = reshaped(weight, [...weight.dims.slice(0, 2), 1, ...weight.dims.slice(2)]);
  const spatial = weight.dims.length - 2;
  const first = channelsStandLast(n);
  const seen = row ? toRow(k, x, first) : x;
  const { there, back } = lastAndBack(seen.shape.length);
  // What comes out before the crop may be as wide as there are filters: there Keras adds a bias along the wrong axis.
  const width = seen.shape[seen.shape.length - 1];
  const stride = window.strides[window.strides.length - 1];
  const astray = biasGoesAstray(
    k,
    first,
    n.has(2),
    width === null ? null : width * stride + Math.max(0, weight.dims[weight.dims.length - 1] - stride),
    perGroup * group,
  );
  const last = first || astray;
  const input = astray ? permute(k, seen, there, '_HWC') : seen;
  const strides = row ? asRow(window.strides, 1) : [...window.strides];
  const crops = row
    ? asRow(
        ends.map((e) => e.crop),
        [0, 0] as const,
      )
    : ends.map((e) => e.crop);
  const bias = n.has(2) ? [{ name: 'bias', weight: n.needWeight(2, 'the bias of ConvTranspose') }] : [];
  const filters = perGroup * group;
  const spatialAt = last ? 1 : 2;
  const shape: KerasShape = input.shape.map((d, i) => {
    if (i === (last ? input.shape.length - 1 : 1)) return filters;
    if (i === 0 || d === null) return d;
    return d * strides[i - spatialAt] + Math.max(0, weight.dims[i - spatialAt + 2] - strides[i - spatialAt]);
  });
  const y = k.layer(
    `Conv${spatial}DTranspose`,
    [input],
    {
      filters,
      kernel_size: weight.dims.slice(2),
      strides,
      padding: 'valid',
      data_format: formatOf(last),
      activation: 'linear',
      use_bias: bias.length > 0,
    },
    {
      shape,
      weights: [
        { name: 'kernel', weight: permuted(weight, [...weight.dims.slice(2).map((_, i) => i + 2), 1, 0]) },
        ...bias,
      ],
      ...(sizeOf(weight.dims) === sizeOf(source.dims)
        ? {}
        : { sourceParameters: channels * perGroup * sizeOf(taps) + (bias.length > 0 ? filters : 0) }),
    },
  );
  const cropped = crop(k, y, around(crops, last));
  const moved = astray ? permute(k, cropped, back, '_CHW') : cropped;
  return row ? fromRow(k, moved) : moved;
}

/** Per axis: how long the kernel has to be that the layer's output holds ONNX's, and what is then cropped. */
function reaches(n: View<ConvTransposeAttrs>, kernel: readonly number[]): { kernel: number; crop: [number, number] }[] {
  const { window, outputPadding, outputShape } = n.attrs;
  const sizes = n.dims(0).slice(2);
  return placing(n).map(({ begin, out }, i) => {
    const [size, stride] = [sizes[i], window.strides[i]];
    const explicit = window.pads && !outputShape ? window.pads[i] : undefined;
    if (!isKnown(begin) || (!explicit && (!isKnown(size) || !isKnown(out))))
      return refuse(
        'ConvTranspose needs the sizes of its input where they decide the padding',
        'fix the sizes with input-shapes in the config, or convert to a graph-model',
      );
    // How far the output reaches beyond the last input's stride.
    const wanted = explicit
      ? outputPadding[i] + kernel[i] - explicit[1]
      : begin + Number(out) - (Number(size) - 1) * stride;
    const length = Math.max(stride, kernel[i]) >= wanted ? kernel[i] : wanted;
    return { kernel: length, crop: [begin, Math.max(stride, length) - wanted] };
  });
}

/** Zeros behind the taps of a kernel, up to a length per axis. */
function behind(w: Weight, lengths: readonly number[]): Weight {
  return lengths.every((length, i) => length === w.dims[i + 2])
    ? w
    : scattered(w, [...w.dims.slice(0, 2), ...lengths], (at) => at);
}

/** A kernel [I, O / group, …] as the [I, O, …] of a plain one. */
function diagonal(w: Weight, group: number): Weight {
  const each = w.dims[0] / group;
  return scattered(w, [w.dims[0], w.dims[1] * group, ...w.dims.slice(2)], ([i, o, ...at]) => [
    i,
    o + Math.floor(i / each) * w.dims[1],
    ...at,
  ]);
}
