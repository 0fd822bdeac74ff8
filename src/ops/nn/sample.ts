import type { Amount, Amounts } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

/** How positions outside an image are answered. */
export type Padding = 'zeros' | 'border' | 'reflection';

/** One axis of an image that is sampled at positions between its elements. */
export interface Sampled {
  readonly size: Amount;
  /** Positions as floats; any shape, the same for all axes. */
  readonly at: Ref;
}

/** Neighbours of the positions along one axis, and what each of them counts. */
interface Tap {
  /** int32, within the axis. */
  readonly index: Ref;
  /** Undefined where it counts whole. */
  readonly weight: Ref | undefined;
}

/** |t| of a triangle wave: positions reflected at low and high until they lie between. */
function reflected(x: Ref, low: Ref, high: Ref, b: GraphBuilder): Ref {
  const range = b.op('Maximum', [b.sub(high, low), b.scalar(1e-9)]);
  const twice = b.mul(range, b.scalar(2));
  const d = b.op('Abs', [b.sub(x, low)]);
  const rest = b.sub(d, b.mul(b.op('Floor', [b.op('RealDiv', [d, twice])]), twice));
  return b.add2(low, b.op('Minimum', [rest, b.sub(twice, rest)]));
}

/** Which positions are the ends at which an axis reflects. */
function ends(size: Ref, alignCorners: boolean, b: GraphBuilder): [Ref, Ref] {
  return alignCorners ? [b.scalar(0), b.sub(size, b.scalar(1))] : [b.scalar(-0.5), b.sub(size, b.scalar(0.5))];
}

export interface Sampling {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly padding: Padding;
  readonly alignCorners: boolean;
}

/** ONNX's GridSample rules along one axis: the taps of its positions. */
function tapsOf({ size, at }: Sampled, s: Sampling, b: GraphBuilder, a: Amounts): Tap[] {
  const length = b.cast(a.ref(size), 'float32');
  const last = b.sub(length, b.scalar(1));
  const [low, high] = ends(length, s.alignCorners, b);
  const rounded = s.mode === 'nearest' ? b.op('Round', [at]) : at;
  const clamp = (v: Ref) => b.op('Minimum', [b.op('Maximum', [v, b.scalar(0)]), last]);
  // Positions outside are brought in first, then each neighbour is; but with cubic and border only each neighbour, as
  // PyTorch and onnxruntime have it.
  const outside = () => b.op('LogicalOr', [b.op('Less', [rounded, low]), b.op('Greater', [rounded, high])]);
  const x =
    s.padding === 'zeros' || (s.padding === 'border' && s.mode === 'cubic')
      ? rounded
      : b.select(outside(), s.padding === 'border' ? clamp(rounded) : reflected(rounded, low, high, b), rounded);
  const tap = (place: Ref, weight: Ref | undefined): Tap => {
    const index = (v: Ref) => b.cast(clamp(v), 'int32');
    if (s.padding === 'border') return { index: index(place), weight };
    if (s.padding === 'reflection') return { index: index(b.op('Round', [reflected(place, low, high, b)])), weight };
    const inside = b.cast(
      b.op('LogicalAnd', [b.op('GreaterEqual', [place, b.scalar(0)]), b.op('LessEqual', [place, last])]),
      'float32',
    );
    return { index: index(place), weight: weight ? b.mul(weight, inside) : inside };
  };
  if (s.mode === 'nearest') return [tap(b.op('Round', [x]), undefined)];
  const first = b.op('Floor', [x]);
  const next = (n: number) => (n === 0 ? first : b.add2(first, b.scalar(n)));
  const d = b.sub(x, first);
  if (s.mode === 'linear') return [tap(first, b.sub(b.scalar(1), d)), tap(next(1), d)];
  return cubicWeights(d, b).map((weight, i) => tap(next(i - 1), weight));
}

/** Of the four neighbours, for a distance 0 … 1 from the second; the coefficient is -0.75. */
function cubicWeights(d: Ref, b: GraphBuilder): Ref[] {
  const A = -0.75;
  const s = (v: number) => b.scalar(v);
  const near = (t: Ref) => b.add2(b.mul(b.mul(b.sub(b.mul(t, s(A + 2)), s(A + 3)), t), t), s(1));
  const far = (t: Ref) => b.sub(b.mul(b.add2(b.mul(b.sub(b.mul(t, s(A)), s(5 * A)), t), s(8 * A)), t), s(4 * A));
  const rest = b.sub(s(1), d);
  return [far(b.add2(d, s(1))), near(d), near(rest), far(b.add2(rest, s(1)))];
}

/**
 * Values of an image at positions between its elements: the sum over all combinations of the axes' taps.
 * @param rows the image as [batch * positions * inner, channels]
 * @param offset number of the first row of each position's image, broadcast against the positions
 * @param inner how many rows belong to one element of the last axis
 * @returns [number of positions, channels]
 */
export function sampled(
  rows: Ref,
  offset: Ref,
  axes: readonly Sampled[],
  s: Sampling,
  b: GraphBuilder,
  a: Amounts,
  inner = 1,
): Ref {
  let partial: { index: Ref; weight: Ref | undefined }[] = [{ index: offset, weight: undefined }];
  let stride: Amount = inner;
  for (let i = axes.length - 1; i >= 0; i--) {
    const taps = tapsOf(axes[i], s, b, a);
    partial = partial.flatMap((p) =>
      taps.map((t) => ({
        index: b.add2(p.index, stride === 1 ? t.index : b.mul(t.index, a.ref(stride))),
        weight: p.weight && t.weight ? b.mul(p.weight, t.weight) : (t.weight ?? p.weight),
      })),
    );
    stride = a.mul(stride, axes[i].size);
  }
  return partial
    .map(({ index, weight }) => {
      const values = b.op('GatherNd', [rows, b.reshape(index, [-1, 1])]);
      return weight ? b.mul(values, b.reshape(weight, [-1, 1])) : values;
    })
    .reduce((x, y) => b.add2(x, y));
}
