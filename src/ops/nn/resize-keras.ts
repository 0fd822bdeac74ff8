import { series } from '../../ir/weights.js';
import { refuse } from '../../diag/diagnostic.js';
import { exactDiv, isKnown, sameDim } from '../../ir/dim.js';
import type { View } from '../../ir/view.js';
import { mapAlong, take } from '../../keras/along.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import { repeat } from '../../keras/compose.js';
import { isFloat } from '../../tensor/dtype.js';
import type { Weight } from '../../tensor/tensor.js';
import { isOutside, nearestIndex, positions, weights, type Axis } from './interpolate.js';
import { keptAspect } from './aspect.js';
import type { ResizeAttrs } from './Resize.js';

/** UpSampling2D of TensorFlow.js looks for its source at position * (size / out) in float32: right where this is. */
function repeatsRightly(size: number, factor: number): boolean {
  const ratio = Math.fround(size / (size * factor));
  return series(size * factor, (i) => Math.floor(Math.fround(i * ratio))).every(
    (at, i) => Math.min(at, size - 1) === Math.floor(i / factor),
  );
}

/**
 * Resize by whole factors to the nearest as UpSampling2D. Any other interpolation multiplies each line with a matrix: a
 * Dense that is not trained, for each axis.
 */
export function kerasResize(n: View<ResizeAttrs>, [x]: Layer[], k: KerasBuilder): Layer {
  const { rule, axes } = n.attrs;
  if (!isFloat(n.dtype(0)))
    return refuse(`Resize of ${n.dtype(0)}: the layers of Keras compute with floats`, 'convert to a graph-model');
  const out = n.outputs[0]?.type.dims ?? [];
  const factors = n.dims(0).map((d, axis) => (sameDim(d, out[axis]) ? 1 : exactDiv(out[axis], d)));
  const repeats =
    rule.mode === 'nearest' &&
    (rule.transform === 'asymmetric'
      ? ['floor', 'simple'].includes(rule.nearest)
      : ['half_pixel', 'pytorch_half_pixel', 'half_pixel_symmetric'].includes(rule.transform) &&
        rule.nearest.startsWith('round'));
  if (repeats && factors.every((f): f is number => f !== undefined && isKnown(f) && f >= 1) && factors[0] === 1) {
    const times = n.layout(0).map((axis) => factors[axis]);
    if (times.every((f, i) => f === 1 || x.shape[i] === null || repeatsRightly(x.shape[i], f))) {
      if (times.every((f) => f === 1)) return oneToOne(k, x);
      return repeat(k, x, times);
    }
  }
  let y = x;
  axes.forEach((axis, i) => {
    const known = axisOf(n, i);
    if (
      (known ? known.size === known.out && known.scale === 1 : stays(n, i)) &&
      rule.transform !== 'tf_crop_and_resize'
    )
      return;
    const at = n.position(0, axis);
    if (at === 0)
      return refuse('it resizes the batch (axis 0), which a Keras layer never touches', 'convert to a graph-model');
    if (!known)
      return refuse(
        'how an axis is resized depends on sizes that are not known',
        'fix the sizes with input-shapes in the config, or convert to a graph-model',
      );
    if (
      rule.transform === 'tf_crop_and_resize' &&
      positions(rule.transform, known).some((p) => isOutside(p, known.size)) &&
      rule.extrapolation !== 0
    )
      return refuse('an extrapolation value other than 0 has no stock layer', 'convert to a graph-model');
    if (rule.mode === 'nearest') {
      if (rule.transform === 'tf_crop_and_resize')
        return refuse('tf_crop_and_resize to the nearest has no stock layer', 'convert to a graph-model');
      y = nearest(
        k,
        y,
        at,
        positions(rule.transform, known).map((p) => nearestIndex(rule.nearest, p, known)),
      );
    } else y = mapAlong(k, y, at, matrixOf(n, known), `_axis${axis}`);
  });
  return y === x ? oneToOne(k, x) : y;
}

const oneToOne = (k: KerasBuilder, x: Layer): Layer =>
  x.shape.length === 4
    ? k.layer('UpSampling2D', [x], { size: [1, 1], data_format: 'channels_last', interpolation: 'nearest' })
    : k.layer('Activation', [x], { activation: 'linear' });

/** Few sources are crops that are joined; many are a matrix with one 1 in each column. */
function nearest(k: KerasBuilder, x: Layer, axis: number, sources: readonly number[]): Layer {
  const size = x.shape[axis] ?? 0;
  const breaks = sources.filter((v, i) => i > 0 && v !== sources[i - 1] + 1).length;
  if (breaks < 16) return take(k, x, axis, sources);
  const dims = [size, sources.length];
  return mapAlong(
    k,
    x,
    axis,
    weight(dims, () => {
      const data = new Float32Array(size * sources.length);
      sources.forEach((from, to) => {
        data[from * sources.length + to] = 1;
      });
      return data;
    }),
  );
}

const weight = (dims: readonly number[], data: () => Float32Array): Weight => ({
  dtype: 'float32',
  dims,
  load: () => ({ dtype: 'float32', dims, data: data() }),
});

/** The interpolation along an axis as a matrix [size, out]. */
function matrixOf(n: View<ResizeAttrs>, axis: Axis): Weight {
  const { rule } = n.attrs;
  return weight([axis.size, axis.out], () => {
    const rows = weights(rule, axis);
    const data = new Float32Array(rows.length);
    for (let to = 0; to < axis.out; to++)
      for (let from = 0; from < axis.size; from++) data[from * axis.out + to] = rows[to * axis.size + from];
    return data;
  });
}

/** Whether the i-th resized axis keeps its size, whatever that is. */
function stays(n: View<ResizeAttrs>, i: number): boolean {
  const { axes, scales, bySizes } = n.attrs;
  const out = n.outputs[0]?.type.dims[axes[i]];
  return out !== undefined && sameDim(n.dims(0)[axes[i]], out) && (bySizes || scales?.[i] === 1);
}

/** What is known of the i-th resized axis. */
function axisOf(n: View<ResizeAttrs>, i: number): Axis | undefined {
  const { axes, scales, roi } = n.attrs;
  const axis = axes[i];
  const size = n.dims(0)[axis];
  const out = n.outputs[0]?.type.dims[axis];
  if (!isKnown(size) || out === undefined || !isKnown(out) || n.has(1)) return undefined;
  const scale =
    scales && !n.attrs.bySizes
      ? scales[i]
      : n.attrs.policy !== 'stretch' && n.attrs.bySizes
        ? keptAspect(n)?.scale
        : out / size;
  if (scale === undefined) return undefined;
  return { size, out, scale, roi: roi ? [roi[i], roi[i + axes.length]] : [0, 1] };
}
