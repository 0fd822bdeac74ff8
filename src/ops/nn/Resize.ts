import { invalid } from '../../diag/diagnostic.js';
import { areKnown, floorDiv, isKnown, mulDim, type Dim } from '../../ir/dim.js';
import type { TensorType, Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import { elemsOf, normalAxis, type RawNode, type View } from '../../ir/view.js';
import { numbersOf } from '../../tensor/tensor.js';
import {
  fraction,
  NEAREST_MODES,
  TRANSFORMS,
  type Interpolation,
  type NearestMode,
  type Transform,
} from './interpolate.js';
import { keptAspect } from './aspect.js';
import { kerasResize } from './resize-keras.js';
import { resize } from './resize-graph.js';

/** Inputs are x, roi, scales, sizes: the last three only where they are computed by the model. */
export interface ResizeAttrs {
  readonly rule: Interpolation;
  /** The axes that roi, scales and sizes speak of. */
  readonly axes: readonly number[];
  readonly roi?: readonly number[];
  readonly scales?: readonly number[];
  /** As far as they are known: those that follow from other sizes too. */
  readonly sizes?: readonly Dim[];
  readonly bySizes: boolean;
  readonly policy: 'stretch' | 'not_larger' | 'not_smaller';
}

/** Source: ONNX, Resize-10, -11, -13, -18, -19. */
export default defineOp<ResizeAttrs>({
  name: 'Resize',
  summary: 'nearest, linear and cubic interpolation along any axes',
  limits: 'linear and cubic of integers are refused',
  shapes: (n) => (n.opset < 11 ? ['', '_'] : ['', '_', '_', '_']),
  read: {
    10: (n) => resizeAttrs(n, { transform: 'asymmetric', nearest: 'simple' }, n.input(1)),
    11: (n) =>
      resizeAttrs(
        n,
        {
          transform: oneOf(n, 'coordinate_transformation_mode', TRANSFORMS),
          nearest: oneOf(n, 'nearest_mode', NEAREST_MODES),
        },
        given(n.input(2)),
        given(n.input(3)),
        given(n.input(1)),
      ),
  },
  layout: 'channels-last',
  infer: (n) => resizeType(n),
  graph: (n, inputs, b) => resize(n, inputs, b),
  keras: kerasResize,
});

/** An input that is there; opset 11 has empty tensors for what isn't given. */
const given = (v: Value | undefined): Value | undefined => (v?.type.dims[0] === 0 ? undefined : v);

function oneOf<T extends string>(n: RawNode, name: string, allowed: readonly T[]): T {
  const value = n.string(name);
  return (allowed as readonly string[]).includes(value) ? (value as T) : invalid(`${name} is ${JSON.stringify(value)}`);
}

/** The attributes of Resize or Upsample, and what of the inputs is known; leaves the inputs x, roi, scales, sizes. */
export function resizeAttrs(
  n: RawNode,
  how: { transform: Transform; nearest: NearestMode },
  scales: Value | readonly number[] | undefined,
  sizes?: Value,
  roi?: Value,
): ResizeAttrs {
  const x = n.input(0) ?? invalid(`${n.opName} has no input`);
  const rank = x.type.dims.length;
  const mode = n.choice<Interpolation['mode']>('mode', {
    nearest: 'nearest',
    linear: 'linear',
    bilinear: 'linear',
    cubic: 'cubic',
  });
  const axes = n.optInts('axes')?.map((axis) => normalAxis(axis, rank)) ?? Array.from({ length: rank }, (_, i) => i);
  const list =
    scales === undefined || 'length' in scales ? scales : scales.constant && numbersOf(scales.constant.load());
  const elems = sizes && elemsOf(sizes);
  const crop = how.transform === 'tf_crop_and_resize';
  if (crop && !roi) return invalid('tf_crop_and_resize needs roi (input 1)');
  const window = crop && roi?.constant ? numbersOf(roi.constant.load()) : undefined;
  if (!scales && !sizes) return invalid(`${n.opName} has neither scales nor sizes`);
  for (const [what, length] of [
    ['scales', list?.length],
    ['sizes', elems?.length],
    ['roi', window && window.length / 2],
  ] as const)
    if (length !== undefined && length !== axes.length)
      return invalid(`${what} has ${length} entries for ${axes.length} axes`);
  const cast = roi && crop && !roi.constant ? n.cast(roi, 'float32') : undefined;
  n.setInputs([
    x,
    cast,
    scales && !list ? (scales as Value) : undefined,
    sizes && !(elems && areKnown(elems)) ? sizes : undefined,
  ]);
  return {
    rule: {
      ...how,
      mode,
      cubic: n.optFloat('cubic_coeff_a') ?? -0.75,
      excludeOutside: (n.optInt('exclude_outside') ?? 0) !== 0,
      extrapolation: n.optFloat('extrapolation_value') ?? 0,
      antialias: (n.optInt('antialias') ?? 0) !== 0,
    },
    axes,
    bySizes: sizes !== undefined,
    policy: (n.optString('keep_aspect_ratio_policy') ?? 'stretch') as ResizeAttrs['policy'],
    ...(window ? { roi: window } : {}),
    ...(list ? { scales: list } : {}),
    ...(elems ? { sizes: elems } : {}),
  };
}

export function resizeType(n: View<ResizeAttrs>): TensorType[] {
  const { axes, scales, sizes, policy } = n.attrs;
  const dims = [...n.dims(0)];
  const kept = policy === 'stretch' ? undefined : keptAspect(n);
  axes.forEach((axis, i) => {
    if (policy !== 'stretch' && n.attrs.bySizes) dims[axis] = kept ? kept.sizes[i] : n.fresh();
    else if (n.attrs.bySizes) dims[axis] = sizes?.[i] ?? n.fresh();
    else dims[axis] = scales ? (scaledDim(dims[axis], scales[i]) ?? n.fresh()) : n.fresh();
  });
  return [{ dtype: n.dtype(0), dims }];
}

/** floor(size * scale), in float32 as ONNX's shape inference and onnxruntime have it. */
export function scaledDim(size: Dim, scale: number): Dim | undefined {
  if (isKnown(size)) return Math.floor(Math.fround(size * Math.fround(scale)));
  const f = fraction(scale);
  return f && floorDiv(mulDim(size, f.p), f.q);
}
