import { refuse } from '../../diag/diagnostic.js';
import { areKnown } from '../../ir/dim.js';
import type { View } from '../../ir/view.js';
import { permuted } from '../../ir/weights.js';
import { dataFormat, type ConfigValue, type KerasBuilder, type KerasShape, type Layer } from '../../keras/builder.js';
import { zeroPadded } from './conv-keras.js';
import { placing, type ConvTransposeAttrs } from './ConvTranspose.js';

/** ConvTranspose as Conv2DTranspose + `_crop`, as onnx2keras has it; what output_padding adds comes from a zero behind the input. */
export function kerasConvTranspose(n: View<ConvTransposeAttrs>, [x]: Layer[], k: KerasBuilder): Layer {
  const { window, group } = n.attrs;
  const [, filters, ...kernel] = n.knownDims(1);
  if (kernel.length !== 2) return refuse(`ConvTranspose over ${kernel.length} axes has no stock layer`, 'convert to a graph-model');
  if (group !== 1) return refuse('a ConvTranspose in groups has no stock layer', 'convert to a graph-model');
  if (window.dilations.some((d) => d !== 1)) return refuse('a dilated ConvTranspose has no stock layer', 'convert to a graph-model');
  const { strides } = window;
  const format = dataFormat(n.value(0));
  const first = format === 'channels_last' ? 1 : 2;
  const sizes = n.dims(0).slice(2);
  const axes = placing(n);
  const ends = axes.map(({ begin, out }, i) => {
    const size = sizes[i];
    if (!areKnown([begin, out, size])) return undefined;
    const [from, to, length] = [begin, out, size] as [number, number, number];
    const more = Math.max(0, Math.ceil((from + to - full(length, strides[i], kernel[i])) / strides[i]));
    return { more, crop: [from, full(length + more, strides[i], kernel[i]) - from - to] };
  });
  if (!ends.every((e) => e !== undefined)) return refuse('ConvTranspose needs the sizes of its input for the layers before and behind it', 'fix the sizes with input-shapes in the config, or convert to a graph-model');
  const input = zeroPadded(x, ends.map((e): [number, number] => [0, e.more]), format, k);
  const cropped = ends.some((e) => e.crop.some((c) => c > 0));
  const shape: KerasShape = x.shape.map((d, i) => {
    const e = ends[i - first];
    if (i === 0 || d === null) return d;
    return e ? full(d + e.more, strides[i - first], kernel[i - first]) : filters;
  });
  const bias = n.has(2) ? [{ name: 'bias', weight: n.needWeight(2, 'the bias of ConvTranspose') }] : [];
  const config = { filters, kernel_size: [...kernel], strides: [...strides], padding: 'valid', data_format: format, activation: 'linear', use_bias: bias.length > 0 };
  const weights = [{ name: 'kernel', weight: permuted(n.needWeight(1, 'the kernel of ConvTranspose'), [2, 3, 1, 0]) }, ...bias];
  if (!cropped) return k.layer('Conv2DTranspose', [input], config, { weights });
  const y = k.layer('Conv2DTranspose', [input], config, { weights, suffix: '_full', shape });
  return k.layer('Cropping2D', [y], { cropping: ends.map((e): ConfigValue => [...e.crop]), data_format: format }, { suffix: '_crop' });
}

/** Length of Keras's Conv2DTranspose without padding. */
const full = (size: number, stride: number, kernel: number): number => size * stride + Math.max(0, kernel - stride);
