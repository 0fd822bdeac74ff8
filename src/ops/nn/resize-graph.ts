import { refuse } from '../../diag/diagnostic.js';
import { exactDiv, isKnown, sameDim, type Dim } from '../../ir/dim.js';
import { arrange } from '../../ir/layout.js';
import type { View } from '../../ir/view.js';
import { isFloat } from '../../tensor/dtype.js';
import { tensorOf } from '../../tensor/tensor.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { sizeFrom } from '../../tf/sizes.js';
import {
  fraction,
  isOutside,
  nearestIndex,
  positions,
  tfPosition,
  weights,
  type Axis,
  type Interpolation,
  type TfCenters,
} from './interpolate.js';
import {
  applyIndices,
  applyWeights,
  runtimePositions,
  runtimeNearest,
  runtimeWeights,
  type RuntimeAxis,
} from './interpolate-graph.js';
import { keptAspect } from './aspect.js';
import type { ResizeAttrs } from './Resize.js';

/** One axis that changes. */
interface Change {
  /** Where it lies in memory. */
  readonly at: number;
  readonly size: Dim;
  readonly out: Dim;
  readonly outAmount: Amount;
  /** ONNX's scale; undefined where it is out / size, which isn't known. */
  readonly scale: number | Ref | undefined;
  readonly roi: readonly [number, number] | readonly [Ref, Ref];
}

/**
 * Resize along each axis that changes. ResizeBilinear and ResizeNearestNeighbor take what they say exactly; the rest is
 * a product with the matrix of the interpolation, or rows picked by their number: worked out while converting where sizes
 * are known, else when the model runs.
 */
export function resize(n: View<ResizeAttrs>, [given, roi, scales, sizes]: Ref[], b: GraphBuilder): Ref {
  const { rule } = n.attrs;
  const a = new Amounts(b);
  const x = { ref: given, dims: arrange(n.dims(0), n.layout(0)) };
  const changes = changesOf(n, x, roi, scales, sizes, b, a);
  const exact = isFloat(n.dtype(0));
  if (!exact && rule.mode !== 'nearest')
    return refuse(
      `Resize of ${n.dtype(0)} with mode ${rule.mode}`,
      'cast to float32 before it, and round behind it as you want it',
    );
  if (!exact && rule.transform === 'tf_crop_and_resize')
    return refuse(`tf_crop_and_resize of ${n.dtype(0)}`, 'cast to float32 before it');
  // Integers that float32 can't hold are only ever picked, never computed with.
  const narrow =
    exact || ['int8', 'uint8', 'int16', 'uint16', 'bool', 'int4', 'uint4', 'int2', 'uint2'].includes(n.dtype(0));
  let y = narrow ? b.cast(given, 'float32') : given;
  const shape = a.sizes(given, x.dims);
  const rest = [...changes];
  while (rest.length > 0) {
    const c = rest.shift() as Change;
    const centers = narrow ? tfCenters(rule, c) : undefined;
    if (!centers) {
      y = alone(y, c, shape, rule, b, a);
      shape[c.at] = c.outAmount;
      continue;
    }
    // A neighbour that goes the same way goes with it.
    const next = rest[0]?.at === c.at + 1 && tfCenters(rule, rest[0]) === centers ? rest.shift() : undefined;
    const from = c.at + (next ? 2 : 1);
    const rank = shape.length;
    const width = next ? shape[c.at + 1] : a.product(shape.slice(from, Math.max(from, rank - 1)));
    const depth = next ? a.product(shape.slice(from)) : from < rank ? shape[rank - 1] : 1;
    const image = a.reshape(y, [a.product(shape.slice(0, c.at)), shape[c.at], width, depth]);
    shape[c.at] = c.outAmount;
    if (next) shape[c.at + 1] = next.outAmount;
    y = b.op(
      rule.mode === 'linear' ? 'ResizeBilinear' : 'ResizeNearestNeighbor',
      [image, b.sizes([c.outAmount, next ? next.outAmount : width])],
      {
        align_corners: centers === 'align_corners',
        half_pixel_centers: centers === 'half_pixel',
      },
      ['float32'],
    );
    y = a.reshape(y, shape);
  }
  return changes.length === 0 ? b.op('Identity', [given]) : b.cast(y, given.dtype);
}

function changesOf(
  n: View<ResizeAttrs>,
  x: { ref: Ref; dims: readonly Dim[] },
  roi: Ref | undefined,
  scales: Ref | undefined,
  sizes: Ref | undefined,
  b: GraphBuilder,
  a: Amounts,
): Change[] {
  const { axes, rule, policy, bySizes } = n.attrs;
  const element = (list: Ref, i: number) =>
    b.op('StridedSlice', [list, b.ints([i]), b.ints([i + 1]), b.ints([1])], { shrink_axis_mask: 1 });
  const float = (amount: Amount) => b.cast(a.ref(amount), 'float32');
  const known = policy === 'stretch' || !bySizes ? undefined : keptAspect(n);
  let common: Ref | undefined;
  if (bySizes && policy !== 'stretch' && !known) {
    const wanted = (i: number): Amount => (sizes ? element(sizes, i) : (n.attrs.sizes?.[i] as number));
    const ratios = axes.map((axis, i) =>
      b.op('RealDiv', [float(wanted(i)), float(a.sizes(x.ref, x.dims)[n.position(0, axis)])]),
    );
    common = ratios.reduce((p, q) => b.op(policy === 'not_larger' ? 'Minimum' : 'Maximum', [p, q]));
  }
  const outDims = n.outputs[0]?.type.dims ?? [];
  const changes: Change[] = [];
  axes.forEach((axis, i) => {
    const at = n.position(0, axis);
    const size = n.dims(0)[axis];
    const out = outDims[axis];
    const own = isKnown(size) ? size : b.size(x.ref, at);
    const window = n.attrs.roi;
    const ends: Change['roi'] = window
      ? [window[i], window[axes.length + i]]
      : roi
        ? [element(roi, i), element(roi, axes.length + i)]
        : [0, 1];
    let scale: number | Ref | undefined = known?.scale ?? common ?? (scales ? element(scales, i) : n.attrs.scales?.[i]);
    if (bySizes && policy === 'stretch')
      scale = isKnown(size) && isKnown(out) ? out / size : sameDim(size, out) ? 1 : undefined;
    const identity = rule.transform !== 'tf_crop_and_resize' || (ends[0] === 0 && ends[1] === 1);
    if (scale === 1 && sameDim(size, out) && identity) return;
    const rounded = () => {
      const f = typeof scale === 'number' ? fraction(scale) : undefined;
      if (f && !common) return a.div(a.mul(own, f.p), f.q);
      const product = b.mul(float(own), typeof scale === 'number' ? b.scalar(scale) : (scale as Ref));
      return b.cast(b.op('Floor', [common ? b.add2(product, b.scalar(0.5)) : product]), 'int32');
    };
    const outAmount: Amount = isKnown(out)
      ? out
      : (sizeFrom(b, out, [x]) ?? (bySizes && policy === 'stretch' && sizes ? element(sizes, i) : rounded()));
    changes.push({ at, size, out, outAmount, scale, roi: ends });
  });
  return changes.sort((p, q) => p.at - q.at);
}

/** The centers with which TensorFlow's op gives just what ONNX's rule does, if any. */
function tfCenters(rule: Interpolation, c: Change): TfCenters | undefined {
  if (rule.mode === 'cubic' || (rule.antialias && rule.mode === 'linear') || rule.transform === 'tf_crop_and_resize')
    return undefined;
  const { size, out, scale } = c;
  if (isKnown(size) && isKnown(out) && typeof scale === 'number') {
    const axis: Axis = { size, out, scale, roi: [0, 1] };
    const wanted = positions(rule.transform, axis);
    const inside = (p: number) => Math.min(size - 1, Math.max(0, p));
    return (['half_pixel', 'align_corners', 'none'] as const).find((centers) =>
      wanted.every((p, i) => {
        const there = tfPosition(centers, i, size, out);
        if (rule.mode === 'linear') return Math.abs(inside(there) - inside(p)) < 1e-6 * size;
        // It rounds down, by its own arithmetic: not where that comes near a whole number.
        const shifted = there + (centers === 'none' ? 0 : 0.5);
        if (Math.abs(shifted - Math.round(shifted)) < 1e-4 && i > 0) return false;
        return inside(Math.floor(shifted)) === nearestIndex(rule.nearest, p, axis);
      }),
    );
  }
  const ratio = exactDiv(out, size);
  const factor = ratio !== undefined && isKnown(ratio) ? ratio : undefined;
  const halves =
    rule.transform === 'half_pixel' ||
    ((rule.transform === 'pytorch_half_pixel' || rule.transform === 'half_pixel_symmetric') &&
      factor !== undefined &&
      factor > 1);
  // The scale of TensorFlow's ops is always that of the sizes.
  const bySizes = scale === undefined || (factor !== undefined && scale === factor);
  if (!bySizes) return undefined;
  if (rule.mode === 'linear')
    return halves
      ? 'half_pixel'
      : rule.transform === 'align_corners'
        ? 'align_corners'
        : rule.transform === 'asymmetric'
          ? 'none'
          : undefined;
  // Enlarged by a whole factor f, floor(i / f) is floor((i + 0.5) / f), which never comes near a whole number.
  if (factor === undefined) return undefined;
  return (halves && rule.nearest.startsWith('round')) ||
    (rule.transform === 'asymmetric' && (rule.nearest === 'floor' || rule.nearest === 'simple'))
    ? 'half_pixel'
    : undefined;
}

/** One axis, by its matrix or its indices. */
function alone(y: Ref, c: Change, shape: readonly Amount[], rule: Interpolation, b: GraphBuilder, a: Amounts): Ref {
  const { size, out, scale } = c;
  const where = { y, shape, at: c.at, out: c.outAmount };
  if (isKnown(size) && isKnown(out) && typeof scale === 'number' && typeof c.roi[0] === 'number') {
    const axis: Axis = { size, out, scale, roi: c.roi as [number, number] };
    const places = positions(rule.transform, axis);
    const outside = rule.transform === 'tf_crop_and_resize' ? places.map((p) => isOutside(p, size)) : [];
    const beyond = outside.includes(true) ? b.tensor(tensorOf('bool', [out], outside)) : undefined;
    if (rule.mode === 'nearest')
      return applyIndices(
        where,
        b.ints(places.map((p) => nearestIndex(rule.nearest, p, axis))),
        beyond,
        rule.extrapolation,
        b,
        a,
      );
    return applyWeights(
      where,
      b.tensor({ dtype: 'float32', dims: [out, size], data: weights(rule, axis) }),
      beyond,
      rule.extrapolation,
      b,
      a,
    );
  }
  const axis: RuntimeAxis = { size: shape[c.at], out: c.outAmount, scale, roi: c.roi };
  if (rule.mode === 'nearest') {
    const { indices, outside } = runtimeNearest(rule, axis, b, a);
    return applyIndices(where, indices, outside, rule.extrapolation, b, a);
  }
  const { position, outside } = runtimePositions(rule, axis, b, a);
  return applyWeights(where, runtimeWeights(rule, axis, position, b, a), outside, rule.extrapolation, b, a);
}
