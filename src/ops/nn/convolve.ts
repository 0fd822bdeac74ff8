import { refuse } from '../../diag/diagnostic.js';
import type { View } from '../../ir/view.js';
import { derived, permuted, reshaped, stridesOf } from '../../ir/weights.js';
import { allocate, sizeOf, type Tensor, type TensorData, type Weight } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import type { ConvAttrs } from './Conv.js';
import { padsOf, reach } from './window.js';

/**
 * The convolution proper, channels last, no bias. 1-D runs as 2-D with a height of 1; grouped ones as depthwise where
 * each group has one input channel, else part by part; stride together with dilation, which TensorFlow.js rejects, with
 * the dilation written into the kernel.
 */
export function convolve(n: View<ConvAttrs>, x: Ref, b: GraphBuilder): Ref {
  const { window, group } = n.attrs;
  const spatial = n.dims(0).slice(2);
  const [filters, perGroup, ...kernel] = n.knownDims(1);
  const channels = n.knownDim(0, 1);
  const pads = padsOf(window, kernel, spatial);
  const { strides } = window;
  let { dilations } = window;
  let weight = n.needWeight(1, 'the kernel of Conv');
  if (strides.some((s) => s > 1) && dilations.some((d) => d > 1)) {
    weight = dilated(weight, dilations);
    dilations = dilations.map(() => 1);
  }
  if (spatial.length === 3) {
    if (group !== 1) return byParts(group, channels, filters, x, b, 3, (part, first, count) => conv3d(part, rowsOf(weight, first, count), strides, dilations, pads, b));
    return conv3d(x, weight, strides, dilations, pads, b);
  }
  if (spatial.length > 3) return refuse(`a convolution over ${spatial.length} axes`, 'TensorFlow.js convolves over at most 3');
  if (spatial.length === 1) {
    const line = b.op('ExpandDims', [x, b.scalar(1, 'int32')]);
    const wide = reshaped(weight, [filters, perGroup, 1, weight.dims[2]]);
    const y = conv2d(line, wide, [1, ...strides], [1, ...dilations], [[0, 0], ...pads], group, channels, b);
    return b.op('Squeeze', [y], { axis: [1] });
  }
  return conv2d(x, weight, strides, dilations, pads, group, channels, b);
}

type Pads = readonly (readonly [number, number])[];

function conv2d(x: Ref, weight: Weight, strides: readonly number[], dilations: readonly number[], pads: Pads, group: number, channels: number, b: GraphBuilder): Ref {
  const [filters, perGroup] = weight.dims;
  if (group > 1 && perGroup === 1) {
    // ONNX's filter g*m + j works on channel g; TensorFlow's depthwise kernel is [h, w, channel, multiplier].
    const multiplier = filters / group;
    const kernel = permuted(reshaped(weight, [group, multiplier, ...weight.dims.slice(2)]), [2, 3, 0, 1]);
    return b.op('DepthwiseConv2dNative', [x, b.constant(kernel)], attributes(strides, dilations, pads));
  }
  if (group > 1) return byParts(group, channels, filters, x, b, 2, (part, first, count) => b.op('Conv2D', [part, b.constant(permuted(rowsOf(weight, first, count), [2, 3, 1, 0]))], attributes(strides, dilations, pads)));
  return b.op('Conv2D', [x, b.constant(permuted(weight, [2, 3, 1, 0]))], attributes(strides, dilations, pads));
}

function attributes(strides: readonly number[], dilations: readonly number[], pads: Pads) {
  const padded = pads.some(([begin, end]) => begin > 0 || end > 0);
  return {
    strides: [1, ...strides, 1], dilations: [1, ...dilations, 1], data_format: 'NHWC',
    ...(padded ? { padding: 'EXPLICIT', explicit_paddings: [0, 0, ...pads.flat(), 0, 0] } : { padding: 'VALID' }),
  };
}

function conv3d(x: Ref, weight: Weight, strides: readonly number[], dilations: readonly number[], pads: Pads, b: GraphBuilder): Ref {
  const padded = b.pad(x, [[0, 0], ...pads, [0, 0]]);
  return b.op('Conv3D', [padded, b.constant(permuted(weight, [2, 3, 4, 1, 0]))], {
    strides: [1, ...strides, 1], dilations: [1, ...dilations, 1], padding: 'VALID', data_format: 'NDHWC',
  });
}

/** One convolution per group, channels split and joined: the last axis. */
function byParts(group: number, channels: number, filters: number, x: Ref, b: GraphBuilder, spatial: number, one: (part: Ref, first: number, count: number) => Ref): Ref {
  const parts = b.many('Split', [b.scalar(spatial + 1, 'int32'), x], { num_split: group });
  if (channels % group !== 0 || filters % group !== 0) return refuse(`${channels} channels and ${filters} filters can't be split into ${group} groups`);
  return b.concat(parts.map((part, g) => one(part, g * (filters / group), filters / group)), spatial + 1);
}

/** Rows first … first+count-1 of axis 0. */
export function rowsOf(weight: Weight, first: number, count: number): Weight {
  const dims = [count, ...weight.dims.slice(1)];
  const row = sizeOf(weight.dims.slice(1));
  return derived(dims, weight, (t) => (t.data as Float32Array).slice(first * row, (first + count) * row));
}

/** A kernel [O, I, ...k] with zeros between its taps. */
export function dilated(weight: Weight, dilations: readonly number[]): Weight {
  const [filters, channels, ...kernel] = weight.dims;
  const dims = [filters, channels, ...kernel.map((k, i) => reach(k, dilations[i]))];
  return derived(dims, weight, (t: Tensor): TensorData => {
    const out = allocate(t.dtype, sizeOf(dims)) as Float32Array;
    const from = t.data as Float32Array;
    const [sIn, sOut] = [stridesOf(t.dims), stridesOf(dims)];
    for (let i = 0; i < from.length; i++) {
      let rest = i;
      let to = 0;
      for (let a = 0; a < dims.length; a++) {
        const at = Math.floor(rest / sIn[a]);
        rest -= at * sIn[a];
        to += at * (a < 2 ? 1 : dilations[a - 2]) * sOut[a];
      }
      out[to] = from[i];
    }
    return out;
  });
}
