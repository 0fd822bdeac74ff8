import type { Amount, Amounts } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

/** Which sizes a tensor of images has: [batch, spatial …, channels], and the window that goes over it. */
export interface Slide {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/**
 * The largest or the mean of each window, without padding, channels last. Two axes without dilation are TensorFlow.js's
 * pool; one runs as two with a height of 1, and what else there is goes axis by axis (MaxPool3D is not used: on WASM it
 * begins with the smallest positive number, so that negative maxima are wrong).
 * @param sizes of x in memory order
 */
export function slide(
  kind: 'MaxPool' | 'AvgPool',
  x: Ref,
  sizes: readonly Amount[],
  w: Slide,
  b: GraphBuilder,
  a: Amounts,
): Ref {
  const rank = w.kernel.length;
  const plain = w.dilations.every((d, i) => d === 1 || w.kernel[i] === 1);
  const around = (list: readonly number[]) => [1, ...list, 1];
  if (plain && rank === 1) {
    const line = b.op('ExpandDims', [x, b.scalar(1, 'int32')]);
    const y = b.op(kind, [line], {
      ksize: around([1, ...w.kernel]),
      strides: around([1, ...w.strides]),
      padding: 'VALID',
      data_format: 'NHWC',
    });
    return b.op('Squeeze', [y], { axis: [1] });
  }
  if (plain && rank === 2)
    return b.op(kind, [x], {
      ksize: around(w.kernel),
      strides: around(w.strides),
      padding: 'VALID',
      data_format: 'NHWC',
    });
  let y = x;
  let now = [...sizes];
  const pair = rank > 2 && [rank - 2, rank - 1].every((i) => w.dilations[i] === 1 || w.kernel[i] === 1);
  if (pair) {
    const [k, s] = [w.kernel.slice(-2), w.strides.slice(-2)];
    const image = a.reshape(x, [a.product(now.slice(0, rank - 1)), ...now.slice(rank - 1)]);
    y = b.op(kind, [image], { ksize: around(k), strides: around(s), padding: 'VALID', data_format: 'NHWC' });
    now = now.map((size, axis) =>
      axis === rank - 1 || axis === rank ? a.add(a.div(a.sub(size, k[axis - rank + 1]), s[axis - rank + 1]), 1) : size,
    );
    y = a.reshape(y, now);
  }
  for (let i = 0; i < (pair ? rank - 2 : rank); i++) {
    if (w.kernel[i] === 1 && w.strides[i] === 1) continue;
    const made = alongOne(kind, y, now, i + 1, w.kernel[i], w.strides[i], w.dilations[i], b, a);
    now = now.map((s, axis) => (axis === i + 1 ? made.size : s));
    y = a.reshape(made.y, now);
  }
  return y;
}

/**
 * One axis alone. A dilated window is a plain one where every d-th element is a neighbour: the axis is written as rows
 * of d elements, which nothing has to be moved for.
 */
function alongOne(
  kind: 'MaxPool' | 'AvgPool',
  x: Ref,
  sizes: readonly Amount[],
  axis: number,
  k: number,
  s: number,
  d: number,
  b: GraphBuilder,
  a: Amounts,
): { y: Ref; size: Amount } {
  const outer = a.product(sizes.slice(0, axis));
  const inner = a.product(sizes.slice(axis + 1, -1));
  const channels = sizes[sizes.length - 1];
  const length = sizes[axis];
  const size = a.add(a.div(a.sub(length, (k - 1) * d + 1), s), 1);
  const pool = (v: Ref, ksize: number, stride: number) =>
    b.op(kind, [v], { ksize: [1, ksize, 1, 1], strides: [1, stride, 1, 1], padding: 'VALID', data_format: 'NHWC' });
  if (d === 1 || k === 1) return { y: pool(a.reshape(x, [outer, length, inner, channels]), k, s), size };
  const rows = a.div(a.add(length, d - 1), d);
  const missing = a.sub(a.mul(rows, d), length);
  const whole = a.pad(a.reshape(x, [outer, length, inner, channels]), [
    [0, 0],
    [0, missing],
    [0, 0],
    [0, 0],
  ]);
  const pooled = pool(a.reshape(whole, [outer, rows, a.mul(inner, d), channels]), k, 1);
  const flat = a.reshape(pooled, [outer, a.mul(a.sub(rows, k - 1), d), inner, channels]);
  const strided = s === 1 ? flat : pool(flat, 1, s);
  return { y: a.slice(strided, [0, 0, 0, 0], [-1, size, -1, -1]), size };
}
