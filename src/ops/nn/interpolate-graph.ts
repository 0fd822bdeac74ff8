import type { Amount, Amounts } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { SUPPORT, type Interpolation } from './interpolate.js';

/** An axis of which something is known only when the model runs. */
export interface RuntimeAxis {
  readonly size: Amount;
  readonly out: Amount;
  /** Undefined where it is out / size. */
  readonly scale: number | Ref | undefined;
  readonly roi: readonly [number, number] | readonly [Ref, Ref];
}

/** A tensor, its sizes in memory order, and the axis that gets `out` elements. */
export interface Along {
  readonly y: Ref;
  readonly shape: readonly Amount[];
  readonly at: number;
  readonly out: Amount;
}

const line = (from: Amount, to: Amount, b: GraphBuilder, a: Amounts): Ref =>
  b.op('Range', [a.ref(from), a.ref(to), b.scalar(1, 'int32')], { Tidx: 'int32' });

/** interpolate.positions, and where tf_crop_and_resize extrapolates: vectors of `out` elements. */
export function runtimePositions(
  rule: Interpolation,
  axis: RuntimeAxis,
  b: GraphBuilder,
  a: Amounts,
): { position: Ref; outside: Ref | undefined } {
  const float = (v: Amount) => b.cast(a.ref(v), 'float32');
  const [one, half] = [b.scalar(1), b.scalar(0.5)];
  const [size, out] = [float(axis.size), float(axis.out)];
  const scale = scaleOf(axis, b, a);
  const i = b.cast(line(0, axis.out, b, a), 'float32');
  const centered = () => b.sub(b.op('RealDiv', [b.add2(i, half), scale]), half);
  // Of an output of one element there is only element 0, and the divisor doesn't matter.
  const width = axis.scale === undefined ? out : b.mul(scale, size);
  const single = () => b.op('Equal', [width, one]);
  const steps = () => b.select(single(), one, b.sub(width, one));
  switch (rule.transform) {
    case 'half_pixel':
      return { position: centered(), outside: undefined };
    case 'tf_half_pixel_for_nn':
      return { position: b.op('RealDiv', [b.add2(i, half), scale]), outside: undefined };
    case 'pytorch_half_pixel':
      return { position: b.select(b.op('Equal', [out, one]), b.scalar(0), centered()), outside: undefined };
    case 'half_pixel_symmetric': {
      const shift = b.mul(b.mul(size, half), b.sub(one, b.op('RealDiv', [out, width])));
      return { position: b.add2(shift, centered()), outside: undefined };
    }
    case 'align_corners':
      return { position: b.op('RealDiv', [b.mul(i, b.sub(size, one)), steps()]), outside: undefined };
    case 'asymmetric':
      return { position: b.op('RealDiv', [i, scale]), outside: undefined };
    case 'tf_crop_and_resize': {
      const [start, end] = axis.roi.map((v) => (typeof v === 'number' ? b.scalar(v) : v));
      const last = b.sub(size, one);
      const span = b.mul(b.sub(end, start), last);
      const along = b.select(single(), b.mul(span, half), b.op('RealDiv', [b.mul(i, span), steps()]));
      const position = b.add2(along, b.mul(start, last));
      return {
        position,
        outside: b.op('LogicalOr', [b.op('Less', [position, b.scalar(0)]), b.op('Greater', [position, last])]),
      };
    }
  }
}

function scaleOf(axis: RuntimeAxis, b: GraphBuilder, a: Amounts): Ref {
  if (typeof axis.scale === 'number') return b.scalar(axis.scale);
  return axis.scale ?? b.op('RealDiv', [b.cast(a.ref(axis.out), 'float32'), b.cast(a.ref(axis.size), 'float32')]);
}

/** interpolate.nearestIndex for all elements. */
export function runtimeNearest(
  rule: Interpolation,
  axis: RuntimeAxis,
  b: GraphBuilder,
  a: Amounts,
): { indices: Ref; outside: Ref | undefined } {
  const last = a.ref(a.sub(axis.size, 1));
  const inside = (indices: Ref) => b.op('Minimum', [b.op('Maximum', [indices, b.scalar(0, 'int32')]), last]);
  if (rule.transform === 'asymmetric' && rule.nearest === 'floor' && axis.scale === undefined) {
    // In whole numbers, floor(i * size / out) is exact.
    const indices = b.op('FloorDiv', [b.mul(line(0, axis.out, b, a), a.ref(axis.size)), a.ref(axis.out)]);
    return { indices: inside(indices), outside: undefined };
  }
  const { position, outside } = runtimePositions(rule, axis, b, a);
  const half = b.scalar(0.5);
  const [down, up] = [(v: Ref) => b.op('Floor', [v]), (v: Ref) => b.op('Ceil', [v])];
  const rounded = () => {
    switch (rule.nearest) {
      case 'floor':
        return down(position);
      case 'ceil':
        return up(position);
      case 'round_prefer_floor':
        return up(b.sub(position, half));
      case 'round_prefer_ceil':
        return down(b.add2(position, half));
      case 'simple':
        return b.select(b.op('Less', [scaleOf(axis, b, a), b.scalar(1)]), up(position), down(position));
    }
  };
  return { indices: inside(b.cast(rounded(), 'int32')), outside };
}

/** interpolate.weights: [out, size]. */
export function runtimeWeights(
  rule: Interpolation,
  axis: RuntimeAxis,
  position: Ref,
  b: GraphBuilder,
  a: Amounts,
): Ref {
  const one = b.scalar(1);
  const support = SUPPORT[rule.mode as 'linear'];
  const shrink = rule.antialias ? b.op('Minimum', [scaleOf(axis, b, a), one]) : undefined;
  // Elements before and behind the axis that the kernel may reach.
  const margin: Amount = shrink
    ? b.cast(b.op('Ceil', [b.op('RealDiv', [b.scalar(support), shrink])]), 'int32')
    : support;
  const wide = a.add(margin, 1);
  const places = b.cast(line(a.sub(0, wide), a.add(axis.size, wide), b, a), 'float32');
  const distance = b.sub(b.reshape(places, [1, -1]), b.op('ExpandDims', [position, b.scalar(1, 'int32')]));
  const d = b.op('Abs', [shrink ? b.mul(distance, shrink) : distance]);
  const all = rule.mode === 'linear' ? b.op('Relu', [b.sub(one, d)]) : cubic(d, rule.cubic, b);
  const middle = a.slice(all, [0, wide], [-1, axis.size]);
  const divided = (m: Ref, sums: Ref) => b.op('RealDiv', [m, b.op('Sum', [sums, b.ints([1])], { keep_dims: true })]);
  if (rule.excludeOutside) return divided(middle, middle);
  // What lies outside is the element at the edge.
  const before = b.op('Sum', [a.slice(all, [0, 0], [-1, wide]), b.ints([1])], { keep_dims: true });
  const behind = b.op('Sum', [a.slice(all, [0, a.add(wide, axis.size)], [-1, wide]), b.ints([1])], { keep_dims: true });
  const columns = line(0, axis.size, b, a);
  const at = (index: Ref) => b.reshape(b.cast(b.op('Equal', [columns, index]), 'float32'), [1, -1]);
  const matrix = b.add2(
    middle,
    b.add2(b.mul(before, at(b.scalar(0, 'int32'))), b.mul(behind, at(a.ref(a.sub(axis.size, 1))))),
  );
  return rule.antialias ? divided(matrix, all) : matrix;
}

function cubic(d: Ref, c: number, b: GraphBuilder): Ref {
  const s = (v: number) => b.scalar(v);
  const near = b.add2(b.mul(b.mul(b.sub(b.mul(d, s(c + 2)), s(c + 3)), d), d), s(1));
  const far = b.sub(b.mul(b.add2(b.mul(b.sub(b.mul(d, s(c)), s(5 * c)), d), s(8 * c)), d), s(4 * c));
  return b.select(b.op('LessEqual', [d, s(1)]), near, b.select(b.op('Less', [d, s(2)]), far, s(0)));
}

/** Multiplies one axis with a matrix [out, size]. */
export function applyWeights(
  { y, shape, at, out }: Along,
  matrix: Ref,
  outside: Ref | undefined,
  extrapolation: number,
  b: GraphBuilder,
  a: Amounts,
): Ref {
  const outer = a.product(shape.slice(0, at));
  const inner = a.product(shape.slice(at + 1));
  const rows = b.transpose(a.reshape(y, [outer, shape[at], inner]), [1, 0, 2]);
  const product = b.op('MatMul', [matrix, a.reshape(rows, [shape[at], a.mul(outer, inner)])], {
    transpose_a: false,
    transpose_b: false,
  });
  const box = b.transpose(a.reshape(product, [out, outer, inner]), [1, 0, 2]);
  return finish(box, { y, shape, at, out }, outside, extrapolation, b, a);
}

/** Picks elements along one axis by their numbers. */
export function applyIndices(
  { y, shape, at, out }: Along,
  indices: Ref,
  outside: Ref | undefined,
  extrapolation: number,
  b: GraphBuilder,
  a: Amounts,
): Ref {
  const outer = a.product(shape.slice(0, at));
  const inner = a.product(shape.slice(at + 1));
  // Rows by GatherNd: a hundred times quicker on WASM than GatherV2.
  const row =
    outer === 1
      ? indices
      : b.add2(b.op('ExpandDims', [b.mul(line(0, outer, b, a), a.ref(shape[at])), b.scalar(1, 'int32')]), indices);
  const picked = b.op('GatherNd', [a.reshape(y, [a.mul(outer, shape[at]), inner]), b.reshape(row, [-1, 1])]);
  const box = a.reshape(picked, [outer, out, inner]);
  return finish(box, { y, shape, at, out }, outside, extrapolation, b, a);
}

function finish(
  box: Ref,
  { shape, at, out }: Along,
  outside: Ref | undefined,
  extrapolation: number,
  b: GraphBuilder,
  a: Amounts,
): Ref {
  const y = outside ? b.select(b.reshape(outside, [1, -1, 1]), b.scalar(extrapolation), box) : box;
  return a.reshape(
    y,
    shape.map((s, i) => (i === at ? out : s)),
  );
}
