import { refuse } from '../../diag/diagnostic.js';
import type { View } from '../../ir/view.js';
import { permuted, reshaped } from '../../ir/weights.js';
import { beside, firstHalf } from '../../keras/along.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import { permute, rescale, reshape } from '../../keras/compose.js';
import { broadcastTo } from '../../ir/numeric.js';
import { sizeOf, type Weight } from '../../tensor/tensor.js';
import { nested } from '../math/arithmetic-keras.js';
import { channelsStandLast } from './conv-keras.js';

type Size = number | null;
const product = (sizes: readonly Size[]): Size =>
  sizes.reduce<Size>((n, d) => (n === null || d === null ? null : n * d), 1);
const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** Of more axes tfjs-layers has no batch normalization, nor what is made of it. */
const MOST_AXES = 4;

interface BatchAttrs {
  readonly epsilon: number;
  readonly momentum: number;
  readonly training: boolean;
}

/**
 * BatchNormalization. tfjs-layers normalizes along the last axis only: with another one it takes the statistics round and
 * round in the order of memory, without an error. So the channels are moved there and back, and axes beyond the fourth
 * are merged.
 */
export function batchNormalization(n: View<BatchAttrs>, [x]: Layer[], k: KerasBuilder): Layer {
  if (n.attrs.training)
    return refuse(
      'training_mode=1: a layer normalizes by stored statistics',
      'export the model in evaluation mode (model.eval()), or convert to a graph-model',
    );
  const rank = n.rank(0);
  const axis = n.position(0, 1);
  const tfjs = k.dialect === 'tfjs';
  const there = tfjs && axis !== rank - 1 ? [...range(0, rank).filter((i) => i !== axis), axis] : range(0, rank);
  const moved = permute(k, x, there, '_HWC');
  const [, first, second, ...others] = moved.shape;
  const flat =
    tfjs && rank > MOST_AXES
      ? reshape(k, moved, [product([first, second, ...others.slice(0, -1)]), 1, others.at(-1) ?? null], '_flat')
      : moved;
  const y = k.layer(
    'BatchNormalization',
    [flat],
    {
      axis: tfjs ? flat.shape.length - 1 : axis,
      momentum: n.attrs.momentum,
      epsilon: n.attrs.epsilon,
      center: true,
      scale: true,
    },
    {
      shape: flat.shape,
      weights: [
        { name: 'gamma', weight: n.needWeight(1, 'scale') },
        { name: 'beta', weight: n.needWeight(2, 'bias') },
        { name: 'moving_mean', weight: n.needWeight(3, 'the mean'), trainable: false },
        { name: 'moving_variance', weight: n.needWeight(4, 'the variance'), trainable: false },
      ],
    },
  );
  return permute(
    k,
    reshape(k, y, moved.shape.slice(1), '_volume'),
    there.map((_, i) => there.indexOf(i)),
    '_CHW',
  );
}

/** InstanceNormalization as LayerNormalization over the spatial axes, and scale and bias per channel by a 1x1 DepthwiseConv2D. */
export function instanceNormalization(n: View<{ readonly epsilon: number }>, [x]: Layer[], k: KerasBuilder): Layer {
  const last = channelsStandLast(n);
  const channels = n.knownDim(0, 1);
  const [scale, bias] = [n.needWeight(1, 'scale'), n.needWeight(2, 'bias')];
  if (k.dialect === 'keras3') return groupLayer(k, x, channels, n.position(0, 1), n.attrs.epsilon, scale, bias);
  // As an image: a line has one row, a volume as many as depth and height have together.
  const spatial = last ? x.shape.slice(1, -1) : x.shape.slice(2);
  const plane: Size[] =
    spatial.length === 1
      ? [1, spatial[0]]
      : spatial.length === 2
        ? spatial
        : [product(spatial.slice(0, -1)), spatial.at(-1) ?? null];
  const image = reshape(k, x, last ? [...plane, channels] : [channels, ...plane], '_plane');
  const y = k.layer(
    'LayerNormalization',
    [image],
    { axis: last ? [1, 2] : [2, 3], epsilon: n.attrs.epsilon, center: false, scale: false },
    { suffix: '_norm', shape: image.shape },
  );
  return reshape(k, perChannel(k, y, scale, bias, last), x.shape.slice(1), '_shape');
}

/** GroupNormalization as LayerNormalization over positions and the channels of a group. */
export function groupNormalization(
  n: View<{ readonly epsilon: number; readonly groups: number; readonly perGroup: boolean }>,
  [x]: Layer[],
  k: KerasBuilder,
): Layer {
  const { epsilon, groups, perGroup } = n.attrs;
  const channels = n.knownDim(0, 1);
  const wide = (w: Weight): Weight => (perGroup ? repeated(w, channels / groups) : w);
  const [scale, bias] = [wide(n.needWeight(1, 'scale')), wide(n.needWeight(2, 'bias'))];
  if (k.dialect === 'keras3') return groupLayer(k, x, groups, n.position(0, 1), epsilon, scale, bias);
  const last = channelsStandLast(n);
  const each = channels / groups;
  const spatial = last ? x.shape.slice(1, -1) : x.shape.slice(2);
  const positions = product(spatial);
  const parts = reshape(k, x, last ? [positions, groups, each] : [groups, each, positions], '_groups');
  const y = k.layer(
    'LayerNormalization',
    [parts],
    { axis: last ? [1, 3] : [2, 3], epsilon, center: false, scale: false },
    { suffix: '_norm', shape: parts.shape },
  );
  const plane = reshape(k, y, last ? [positions, 1, channels] : [channels, positions, 1], '_plane');
  return reshape(k, perChannel(k, plane, scale, bias, last), x.shape.slice(1), '_shape');
}

/** Keras 3's own layer. */
function groupLayer(
  k: KerasBuilder,
  x: Layer,
  groups: number,
  axis: number,
  epsilon: number,
  scale: Weight,
  bias: Weight,
): Layer {
  return k.layer(
    'GroupNormalization',
    [x],
    { groups, axis, epsilon, center: true, scale: true },
    {
      weights: [
        { name: 'gamma', weight: scale },
        { name: 'beta', weight: bias },
      ],
    },
  );
}

/** x * scale + bias per channel of an image, with the parameters that the source has. */
function perChannel(k: KerasBuilder, x: Layer, scale: Weight, bias: Weight, last: boolean): Layer {
  const channels = scale.dims[0];
  return k.layer(
    'DepthwiseConv2D',
    [x],
    {
      kernel_size: [1, 1],
      strides: [1, 1],
      padding: 'valid',
      data_format: last ? 'channels_last' : 'channels_first',
      dilation_rate: [1, 1],
      activation: 'linear',
      use_bias: true,
      depth_multiplier: 1,
    },
    {
      shape: x.shape,
      weights: [
        { name: 'depthwise_kernel', weight: reshaped(scale, [1, 1, channels, 1]) },
        { name: 'bias', weight: bias },
      ],
    },
  );
}

/** Each element so many times, one after the other. */
function repeated(w: Weight, times: number): Weight {
  const dims = [w.dims[0] * times];
  return {
    dtype: w.dtype,
    dims,
    load: () => ({
      dtype: w.dtype,
      dims,
      data: broadcastTo({ ...w.load(), dims: [w.dims[0], 1] }, [w.dims[0], times]).data,
    }),
  };
}

interface LastAxes {
  readonly axis: number;
  readonly epsilon: number;
}

/** LayerNormalization: over all axes from `axis` on. */
export function layerNormalization(n: View<LastAxes>, [x]: Layer[], k: KerasBuilder): Layer {
  if (n.outputs[1] || n.outputs[2])
    return refuse('mean and deviation as outputs have no stock layer', 'convert to a graph-model');
  return normalized(n, x, k, range(n.axisOf(0, n.attrs.axis), n.rank(0)), n.attrs.epsilon);
}

/**
 * (x - mean) / sqrt(variance + epsilon) over axes, with scale and bias as inputs 1 and 2, which vary along these axes
 * alone. The axes are brought to the end and merged into one, as the layer has one parameter for each element.
 */
export function normalized<A>(n: View<A>, x: Layer, k: KerasBuilder, axes: readonly number[], epsilon: number): Layer {
  const { there, back, sizes, rows } = lastRows(n, x, k, axes);
  const [gamma, beta] = [1, 2].map((i) =>
    n.has(i) ? whole(n, i, i === 1 ? 'scale' : 'bias', axes, sizes) : undefined,
  );
  const y = k.layer(
    'LayerNormalization',
    [rows],
    {
      axis: k.dialect === 'tfjs' ? [rows.shape.length - 1] : -1,
      epsilon,
      center: beta !== undefined,
      scale: gamma !== undefined,
    },
    {
      shape: rows.shape,
      weights: [
        ...(gamma ? [{ name: 'gamma', weight: gamma }] : []),
        ...(beta ? [{ name: 'beta', weight: beta }] : []),
      ],
    },
  );
  return permute(k, reshape(k, y, there.shape.slice(1), '_shape'), back, '_back');
}

/** The axes at the end, and as one; `back` brings them back. */
function lastRows<A>(
  n: View<A>,
  x: Layer,
  k: KerasBuilder,
  axes: readonly number[],
): { there: Layer; back: number[]; sizes: number[]; rows: Layer } {
  const over = axes.map((a) => n.position(0, a)).sort((p, q) => p - q);
  if (over[0] === 0) return refuse('a normalization over the batch has no stock layer', 'convert to a graph-model');
  const perm = [...range(0, x.shape.length).filter((i) => !over.includes(i)), ...over];
  const there = permute(k, x, perm, '_last');
  const sizes = over.map(
    (i) =>
      x.shape[i] ??
      refuse(
        `${n.opName} needs the sizes of the axes that it goes over`,
        'fix the sizes with input-shapes in the config',
      ),
  );
  const before = there.shape.slice(1, there.shape.length - over.length);
  const rows = reshape(
    k,
    there,
    [...(before.length > MOST_AXES - 2 ? [product(before)] : before), sizeOf(sizes)],
    '_rows',
  );
  return { there, back: perm.map((_, i) => perm.indexOf(i)), sizes, rows };
}

/** A parameter that broadcasts to x along the normalized axes, with one element for each of theirs, in memory order. */
function whole<A>(n: View<A>, i: number, what: string, axes: readonly number[], sizes: readonly number[]): Weight {
  const w = n.needWeight(i, what);
  const rank = n.rank(0);
  const full = [...new Array<number>(Math.max(0, rank - w.dims.length)).fill(1), ...w.dims];
  if (full.length > rank || full.some((d, axis) => d !== 1 && !axes.includes(axis)))
    return refuse(
      `${what} of shape [${w.dims}] varies along other axes than the normalized ones`,
      'convert to a graph-model',
    );
  const order = [...axes].sort((p, q) => n.position(0, p) - n.position(0, q));
  const perm = [...range(0, rank).filter((a) => !axes.includes(a)), ...order];
  const laid = permuted(reshaped(w, full), perm);
  const own = laid.dims.slice(rank - axes.length);
  const size = sizeOf(sizes);
  return {
    dtype: w.dtype,
    dims: [size],
    load: () => ({ dtype: w.dtype, dims: [size], data: broadcastTo({ ...laid.load(), dims: own }, sizes).data }),
  };
}

/** RMSNormalization: x beside -x, normalized, and the half of it, times the scale. */
export function rmsNormalization(n: View<LastAxes>, [x]: Layer[], k: KerasBuilder): Layer {
  const axes = range(n.axisOf(0, n.attrs.axis), n.rank(0));
  const { there, back, sizes, rows } = lastRows(n, x, k, axes);
  const scale = whole(n, 1, 'scale', axes, sizes);
  const at = rows.shape.length - 1;
  const y = rescale(k, firstHalf(k, beside(k, rows, at, n.attrs.epsilon).normalized, at), nested(scale.load()), 0);
  return permute(k, reshape(k, y, there.shape.slice(1), '_shape'), back, '_back');
}

/** x divided by its 2-norm along an axis; 0 where that is 0. */
export function l2Normalization(n: View<{ readonly axis: number }>, [x]: Layer[], k: KerasBuilder): Layer {
  const axes = [n.axisOf(0, n.attrs.axis)];
  const { there, back, sizes, rows } = lastRows(n, x, k, axes);
  const at = rows.shape.length - 1;
  // Small beside the squares of what float32 holds, and what keeps 0 / 0 from being NaN.
  const y = rescale(k, firstHalf(k, beside(k, rows, at, 1e-30).normalized, at), 1 / Math.sqrt(sizeOf(sizes)), 0);
  return permute(k, reshape(k, y, there.shape.slice(1), '_shape'), back, '_back');
}
