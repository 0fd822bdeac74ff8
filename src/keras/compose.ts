import { refuse } from '../diag/diagnostic.js';
import type { ConfigValue, KerasBuilder, KerasShape, Layer } from './builder.js';

/**
 * Steps of compositions: one or a few stock layers each, whose shapes are followed here. Axes are positions in memory,
 * the batch being 0; what has nothing to do gives its input back. The last layer of a node gets the node's name, the
 * suffix is for the others.
 */

type Size = number | null;
type Pair = readonly [number, number];
type Format = 'channels_last' | 'channels_first';

const product = (sizes: readonly Size[]): Size =>
  sizes.reduce<Size>((n, d) => (n === null || d === null ? null : n * d), 1);
const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((v, i) => v === b[i]);

/** Axis i of the result is axis perm[i] of x; the batch stays. */
export function permute(k: KerasBuilder, x: Layer, perm: readonly number[], suffix = '_permute'): Layer {
  if (perm.every((p, i) => p === i)) return x;
  return k.layer('Permute', [x], { dims: perm.slice(1) }, { suffix, shape: perm.map((p) => x.shape[p]) });
}

/** @param sizes without the batch; one of them may be unknown */
export function reshape(k: KerasBuilder, x: Layer, sizes: readonly Size[], suffix = '_reshape'): Layer {
  // Of the compositions none swaps two open sizes, so that what looks the same is.
  if (same(x.shape.slice(1), sizes)) return x;
  if (sizes.filter((d) => d === null).length > 1)
    return refuse(
      'a Reshape layer can leave one size open, and here are more',
      'convert to a graph-model, or fix the sizes with input-shapes in the config',
    );
  return k.layer('Reshape', [x], { target_shape: sizes.map((d) => d ?? -1) }, { suffix, shape: [null, ...sizes] });
}

/** x * scale + offset; lists broadcast along the last axes. */
export function rescale(k: KerasBuilder, x: Layer, scale: ConfigValue, offset: ConfigValue, suffix = '_scale'): Layer {
  return k.layer('Rescaling', [x], { scale, offset }, { suffix, shape: x.shape });
}

export const negated = (k: KerasBuilder, x: Layer, suffix = '_neg'): Layer => rescale(k, x, -1, 0, suffix);

export function activation(k: KerasBuilder, x: Layer, name: string, suffix = `_${name}`): Layer {
  return k.layer('Activation', [x], { activation: name }, { suffix, shape: x.shape });
}

/** Zeros of x's shape, whatever finite or infinite x is; an integer is made a float. */
export const zerosLike = (k: KerasBuilder, x: Layer): Layer =>
  k.layer('ReLU', [x], { max_value: 0 }, { suffix: '_zero', shape: x.shape });

export const filledLike = (k: KerasBuilder, x: Layer, value: ConfigValue, suffix = '_const'): Layer =>
  rescale(k, zerosLike(k, x), 1, value, suffix);

/** Element by element, of operands of one rank that broadcast. */
export function merge(
  k: KerasBuilder,
  className: 'Add' | 'Multiply' | 'Maximum' | 'Minimum' | 'Average',
  xs: readonly Layer[],
  suffix = `_${className.toLowerCase()}`,
): Layer {
  const shape = xs[0].shape.map((_, i): Size => {
    const sizes = xs.map((x) => x.shape[i]).filter((d) => d !== 1);
    return i === 0 || sizes.includes(null) ? (sizes.find((d) => d !== null) ?? null) : (sizes[0] ?? 1);
  });
  return k.layer(className, xs, {}, { suffix, shape: [null, ...shape.slice(1)] });
}

export function concat(k: KerasBuilder, xs: readonly Layer[], axis: number, suffix = '_concat'): Layer {
  if (xs.length === 1) return xs[0];
  const shape = xs[0].shape.map((d, i) =>
    i === axis ? xs.reduce<Size>((n, x) => (n === null || x.shape[i] === null ? null : n + x.shape[i]), 0) : d,
  );
  return k.layer('Concatenate', xs, { axis }, { suffix, shape });
}

export const none: Pair = [0, 0];

/** Zeros around axes. @param pads per axis, the batch's included */
export function padZeros(k: KerasBuilder, x: Layer, pads: readonly Pair[], suffix = '_pad'): Layer {
  return onPlanes(k, x, {
    amounts: pads,
    nothing: none,
    isNothing: ([a, b]) => a === 0 && b === 0,
    size: (d, [a, b]) => d + a + b,
    layer: 'ZeroPadding',
    key: 'padding',
    value: (p) => [...p],
    suffix,
  });
}

/** Larger than all that a network computes with, and far enough from float32's end that a sum of two fits. */
const HUGE = 2 ** 126;

/**
 * Any finite number around axes: zeros, of which the lesser (or for a number above zero the greater) is taken with a
 * tensor that holds the number there and something huge elsewhere. Nothing is added to x, since TensorFlow may add in
 * another order, and what stands beside a large number is lost.
 */
export function padWith(k: KerasBuilder, x: Layer, pads: readonly Pair[], value: number): Layer {
  const padded = padZeros(k, x, pads);
  if (value === 0) return padded;
  const inside = padZeros(k, filledLike(k, x, 1, '_one'), pads, '_inside');
  const far = value < 0 ? HUGE : -HUGE;
  return merge(
    k,
    value < 0 ? 'Minimum' : 'Maximum',
    [padded, rescale(k, inside, far - value, value, '_around')],
    '_padded',
  );
}

/** Cuts off what lies at the ends of axes. */
export function crop(k: KerasBuilder, x: Layer, crops: readonly Pair[], suffix = '_crop'): Layer {
  return onPlanes(k, x, {
    amounts: crops,
    nothing: none,
    isNothing: ([a, b]) => a === 0 && b === 0,
    size: (d, [a, b]) => d - a - b,
    layer: 'Cropping',
    key: 'cropping',
    value: (p) => [...p],
    suffix,
  });
}

/** Repeats each element along axes. */
export function repeat(k: KerasBuilder, x: Layer, times: readonly number[], suffix = '_repeat'): Layer {
  return onPlanes(k, x, {
    amounts: times,
    nothing: 1,
    isNothing: (n) => n === 1,
    size: (d, n) => d * n,
    layer: 'UpSampling',
    key: 'size',
    value: (n) => n,
    suffix,
  });
}

/** Every so-manieth element along axes, from the first on. */
export function every(k: KerasBuilder, x: Layer, steps: readonly number[], suffix = '_step'): Layer {
  return onPlanes(k, x, {
    amounts: steps,
    nothing: 1,
    isNothing: (n) => n === 1,
    size: (d, n) => Math.ceil(d / n),
    layer: 'MaxPooling',
    key: 'strides',
    value: (n) => n,
    suffix,
  });
}

interface OnPlanes<T> {
  /** Per axis of x. */
  readonly amounts: readonly T[];
  readonly nothing: T;
  readonly isNothing: (amount: T) => boolean;
  readonly size: (d: number, amount: T) => number;
  /** Keras's class without its `2D`. */
  readonly layer: 'ZeroPadding' | 'Cropping' | 'UpSampling' | 'MaxPooling';
  readonly key: string;
  readonly value: (amount: T) => ConfigValue;
  readonly suffix: string;
}

/**
 * Something that stock layers do to the height and width of images, done to any axes of any tensor: the axes before, between
 * and behind are merged so that the wanted ones are a height and width. Images need no merging, in either order of axes.
 */
function onPlanes<T>(k: KerasBuilder, x: Layer, o: OnPlanes<T>): Layer {
  const axes = o.amounts.flatMap((a, i) => (o.isNothing(a) ? [] : [i]));
  if (axes.length === 0) return x;
  if (axes[0] === 0)
    return refuse('the batch (axis 0) would change, and a Keras layer never touches it', 'convert to a graph-model');
  const rank = x.shape.length;
  const sized = (i: number): Size => {
    const d = x.shape[i];
    return d === null ? null : o.size(d, o.amounts[i]);
  };
  const own = ownPlanes(k, rank, axes);
  if (own) {
    const { dimensions, format, first } = own;
    const amounts = range(first, first + dimensions).map((i) => o.amounts[i]);
    const done = layerOf(
      k,
      x,
      o,
      dimensions,
      format,
      amounts,
      x.shape.map((d, i) => (i >= first && i < first + dimensions ? sized(i) : d)),
    );
    return onPlanes(k, done, {
      ...o,
      amounts: o.amounts.map((a, i) => (i >= first && i < first + dimensions ? o.nothing : a)),
    });
  }
  // Two neighbours at one end can be done at once.
  const [p] = axes;
  const q = axes[1] === p + 1 && (p === 1 || p + 1 === rank - 1) ? p + 1 : undefined;
  const before = product(x.shape.slice(1, p));
  const behind = product(x.shape.slice((q ?? p) + 1));
  const [sizes, format, at]: [Size[], Format, number] =
    q === undefined
      ? p === 1
        ? [[x.shape[p], behind, 1], 'channels_last', 0]
        : [[before, x.shape[p], behind], 'channels_last', 1]
      : p === 1
        ? [[x.shape[p], x.shape[q], behind], 'channels_last', 0]
        : [[before, x.shape[p], x.shape[q]], 'channels_first', 0];
  const amounts =
    q === undefined
      ? [o.nothing, o.nothing].map((z, i) => (i === at ? o.amounts[p] : z))
      : [o.amounts[p], o.amounts[q]];
  const plane = reshape(k, x, sizes, `${o.suffix}_in`);
  const first = format === 'channels_last' ? 1 : 2;
  const shape = plane.shape.map((d, i) => {
    const a = amounts[i - first];
    return i < first || a === undefined || d === null || i >= first + 2 ? d : o.size(d, a);
  });
  const done = layerOf(k, plane, o, 2, format, amounts, shape);
  const back = reshape(
    k,
    done,
    x.shape.slice(1).map((d, i) => (i + 1 === p || i + 1 === q ? sized(i + 1) : d)),
    `${o.suffix}_out`,
  );
  return onPlanes(k, back, { ...o, amounts: o.amounts.map((a, i) => (i === p || i === q ? o.nothing : a)) });
}

/** The axes that a layer reaches in a tensor as it is: of an image, or with Keras 3 of a line or a volume. */
function ownPlanes(
  k: KerasBuilder,
  rank: number,
  axes: readonly number[],
): { dimensions: number; format: Format; first: number } | undefined {
  if (rank === 4)
    return axes[0] === 1
      ? { dimensions: 2, format: 'channels_last', first: 1 }
      : { dimensions: 2, format: 'channels_first', first: 2 };
  if (k.dialect !== 'keras3') return undefined;
  if (rank === 3 && axes[0] === 1) return { dimensions: 1, format: 'channels_last', first: 1 };
  if (rank === 5)
    return axes[0] === 1
      ? { dimensions: 3, format: 'channels_last', first: 1 }
      : { dimensions: 3, format: 'channels_first', first: 2 };
  return undefined;
}

function layerOf<T>(
  k: KerasBuilder,
  x: Layer,
  o: OnPlanes<T>,
  dimensions: number,
  format: Format,
  amounts: readonly T[],
  shape: KerasShape,
): Layer {
  const values = amounts.map(o.value);
  const config: Record<string, ConfigValue> = { [o.key]: dimensions === 1 ? values[0] : values };
  if (o.layer === 'MaxPooling')
    Object.assign(config, { pool_size: dimensions === 1 ? 1 : amounts.map(() => 1), padding: 'valid' });
  if (dimensions > 1 || o.layer === 'MaxPooling') config.data_format = format;
  if (o.layer === 'UpSampling' && dimensions === 2) config.interpolation = 'nearest';
  return k.layer(`${o.layer}${dimensions}D`, [x], config, { suffix: o.suffix, shape });
}

/**
 * The mean or maximum over axes, which go: Keras's global pooling of a plane that has them merged.
 * @param keep whether they stay with size 1
 * @param main whether the pooling is what the node is named after, and no helper
 */
export function pool(
  k: KerasBuilder,
  x: Layer,
  kind: 'Average' | 'Max',
  axes: readonly number[],
  keep: boolean,
  main = false,
): Layer {
  const rank = x.shape.length;
  const over = [...axes].sort((a, b) => a - b);
  if (over.length === 0) return x;
  if (over[0] === 0)
    return refuse('it reduces over the batch (axis 0), which a Keras layer never touches', 'convert to a graph-model');
  const kept = range(1, rank).filter((i) => !over.includes(i));
  const finish = (pooled: Layer) =>
    reshape(
      k,
      pooled,
      keep ? x.shape.slice(1).map((d, i) => (over.includes(i + 1) ? 1 : d)) : kept.map((i) => x.shape[i]),
      '_EXPAND',
    );
  const globally = (y: Layer, dimensions: 1 | 2, format: Format) => {
    const channels = y.shape[format === 'channels_last' ? y.shape.length - 1 : 1];
    return k.layer(
      `Global${kind}Pooling${dimensions}D`,
      [y],
      dimensions === 2 || k.dialect === 'keras3' ? { data_format: format } : {},
      { ...(main ? {} : { suffix: '_pool' }), shape: [null, channels] },
    );
  };
  const count = product(over.map((i) => x.shape[i]));
  const rest = product(kept.map((i) => x.shape[i]));
  if (rank === 4 && same(over, [1, 2])) return finish(globally(x, 2, 'channels_last'));
  if (rank === 4 && same(over, [2, 3])) return finish(globally(x, 2, 'channels_first'));
  if (rank === 3 && same(over, [1])) return finish(globally(x, 1, 'channels_last'));
  if (same(over, range(rank - over.length, rank)))
    return finish(globally(reshape(k, x, [rest, count, 1], '_plane'), 2, 'channels_first'));
  const front = permute(k, x, [0, ...over, ...kept], '_front');
  return finish(globally(reshape(k, front, [count, rest], '_line'), 1, 'channels_last'));
}
