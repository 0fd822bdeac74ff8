import { refuse } from '../../diag/diagnostic.js';
import type { View } from '../../ir/view.js';
import { permuted, reshaped } from '../../ir/weights.js';
import { dataFormat, type ConfigValue, type KerasBuilder, type KerasShape, type Layer } from '../../keras/builder.js';
import type { ConvAttrs } from './Conv.js';
import { dilated } from './kernel.js';
import { needPads } from './window.js';

/** Conv as `_pad` + Conv2D (DepthwiseConv2D where each group has one channel), as onnx2keras has it. */
export function kerasConv(n: View<ConvAttrs>, [x]: Layer[], k: KerasBuilder): Layer {
  const { window, group } = n.attrs;
  const [filters, perGroup, ...kernel] = n.knownDims(1);
  if (kernel.length !== 2) return refuse(`Conv over ${kernel.length} axes has no stock layer here yet`, 'convert to a graph-model');
  let weight = n.needWeight(1, 'the kernel of Conv');
  const bias = n.has(2) ? n.needWeight(2, 'the bias of Conv') : undefined;
  let { dilations } = window;
  if (window.strides.some((s) => s > 1) && dilations.some((d) => d > 1)) {
    weight = dilated(weight, dilations);
    dilations = dilations.map(() => 1);
  }
  const format = dataFormat(n.value(0));
  const input = zeroPadded(x, needPads(window, kernel, n.dims(0).slice(2)), format, k);
  const config = {
    kernel_size: weight.dims.slice(2), strides: [...window.strides], padding: 'valid', data_format: format,
    dilation_rate: [...dilations], activation: 'linear', use_bias: bias !== undefined,
  };
  const biasWeight = bias ? [{ name: 'bias', weight: bias }] : [];
  if (group > 1 && perGroup === 1) {
    const multiplier = filters / group;
    const depthwise = permuted(reshaped(weight, [group, multiplier, ...weight.dims.slice(2)]), [2, 3, 0, 1]);
    return k.layer('DepthwiseConv2D', [input], { ...config, depth_multiplier: multiplier }, { weights: [{ name: 'depthwise_kernel', weight: depthwise }, ...biasWeight] });
  }
  if (group > 1) return refuse(`a Conv of ${group} groups with ${perGroup} channels each has no stock layer here yet`, 'convert to a graph-model');
  return k.layer('Conv2D', [input], { filters, ...config }, { weights: [{ name: 'kernel', weight: permuted(weight, [2, 3, 1, 0]) }, ...biasWeight] });
}

/** A ZeroPadding2D named `_pad`, where there is something to pad. */
export function zeroPadded(x: Layer, pads: readonly (readonly [number, number])[], format: 'channels_last' | 'channels_first', k: KerasBuilder): Layer {
  if (pads.every(([a, b]) => a === 0 && b === 0)) return x;
  if (pads.some(([a, b]) => a < 0 || b < 0)) return refuse('negative pads have no stock layer here yet', 'convert to a graph-model');
  const first = format === 'channels_last' ? 1 : 2;
  const shape: KerasShape = x.shape.map((d, i) => {
    const pad = pads[i - first];
    return d === null || !pad ? d : d + pad[0] + pad[1];
  });
  return k.layer('ZeroPadding2D', [x], { padding: pads.map((p): ConfigValue => [...p]), data_format: format }, { suffix: '_pad', shape });
}
