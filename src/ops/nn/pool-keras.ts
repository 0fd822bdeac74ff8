import { refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { View } from '../../ir/view.js';
import type { ConfigValue, KerasBuilder, KerasShape, Layer } from '../../keras/builder.js';
import { crop, every, merge, none, padWith, pool, rescale, reshape } from '../../keras/compose.js';
import { isNeverNegative } from '../../keras/sign.js';
import { nested } from '../math/arithmetic-keras.js';
import { tensorOf } from '../../tensor/tensor.js';
import { around, asRow, channelsStandLast, formatOf, fromRow, rowShape, toRow, zeroPadded } from './conv-keras.js';
import type { PoolAttrs } from './pool.js';
import { needPads, windowDims } from './window.js';

type Pads = readonly (readonly [number, number])[];

/** Below all that a network computes with, and as far from float32's end that a difference of two fits. */
const LOWEST = -(2 ** 126);

/** A pool as a layer sees it: a line is a plane of one row. */
interface Seen {
  readonly x: Layer;
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly last: boolean;
  readonly shape: KerasShape;
  readonly row: boolean;
  readonly pads: Pads;
  readonly dilations: readonly number[];
}

function seen(n: View<PoolAttrs>, x: Layer, k: KerasBuilder): Seen {
  const { window, kernel } = n.attrs;
  if (kernel.length > 3) return refuse(`no stock layer pools over ${kernel.length} axes`, 'convert to a graph-model');
  const last = channelsStandLast(n);
  const row = kernel.length === 1;
  const pads = needPads(window, kernel, n.dims(0).slice(2));
  return {
    x: row ? toRow(k, x, last) : x,
    last,
    row,
    kernel: row ? asRow(kernel, 1) : kernel,
    strides: row ? asRow(window.strides, 1) : window.strides,
    shape: row ? rowShape(k, last) : k.outputShape(),
    pads: row ? asRow(pads, none) : pads,
    dilations: row ? asRow(window.dilations, 1) : window.dilations,
  };
}

interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
}

function layer(
  k: KerasBuilder,
  kind: 'Max' | 'Average',
  x: Layer,
  { kernel, strides }: Window,
  last: boolean,
  padding: 'valid' | 'same',
  shape: KerasShape,
  suffix?: string,
): Layer {
  const config: Record<string, ConfigValue> = {
    pool_size: [...kernel],
    strides: [...strides],
    padding,
    data_format: formatOf(last),
  };
  return k.layer(`${kind}Pooling${kernel.length}D`, [x], config, {
    shape,
    ...(suffix === undefined ? {} : { suffix }),
  });
}

const isPadded = (pads: Pads): boolean => pads.some(([a, b]) => a > 0 || b > 0);

/** onnx2keras's rule: odd windows at every position, with half of them around. */
const isSame = ({ kernel, strides, pads }: Seen): boolean =>
  kernel.every(
    (size, i) => size % 2 === 1 && strides[i] === 1 && pads[i][0] === (size - 1) / 2 && pads[i][1] === (size - 1) / 2,
  );

/**
 * MaxPool as `_pad` + MaxPooling2D, as onnx2keras has it, where the zeros of `_pad` can't win: the input is never
 * negative. Else with the layer's own padding `same`, which no window sees, at every position, of which `_step` takes
 * those that count; or with the lowest number around.
 */
export function maxPool(n: View<PoolAttrs>, [x]: Layer[], k: KerasBuilder): Layer {
  if (n.outputs[1]) return refuse('the second output (Indices) has no stock layer', 'convert to a graph-model');
  if (n.dtype(0) === 'int8' || n.dtype(0) === 'uint8')
    return refuse(`MaxPool of ${n.dtype(0)}: the layers of Keras pool floats`, 'convert to a graph-model');
  const plain = onLine(n, x, k, 'Max');
  if (plain) return plain;
  const s = seen(n, x, k);
  const positive = isNeverNegative(x);
  if (s.dilations.some((d) => d > 1)) {
    const y = dilatedMax(k, s, positive);
    return s.row ? fromRow(k, y) : y;
  }
  if (s.kernel.length === 3 && k.dialect === 'tfjs' && !positive) return maxVolume(k, s);
  const y = maxOf(k, s, positive);
  return s.row ? fromRow(k, y) : y;
}

function maxOf(k: KerasBuilder, s: Seen, positive: boolean): Layer {
  const { last, shape } = s;
  if (!isPadded(s.pads)) return layer(k, 'Max', s.x, s, last, 'valid', shape);
  if (isSame(s)) return layer(k, 'Max', s.x, s, last, 'same', shape);
  if (positive) return layer(k, 'Max', zeroPadded(k, s.x, s.pads, last), s, last, 'valid', shape);
  const dense = everywhere(k, 'Max', s);
  if (dense) return dense;
  const padded = padWith(k, s.x, around(s.pads, last), LOWEST);
  return layer(k, 'Max', padded, s, last, 'valid', shape);
}

/** More taps of a window along one axis would be more layers than anyone wants. */
const MOST_TAPS = 16;

/** A window with gaps, which no layer has: axis by axis the greatest of its taps, each a part of the input. */
function dilatedMax(
  k: KerasBuilder,
  { x, kernel, strides, pads, dilations, last, shape }: Seen,
  positive: boolean,
): Layer {
  const first = last ? 1 : 2;
  let y = x;
  if (isPadded(pads)) y = positive ? zeroPadded(k, x, pads, last) : padWith(k, x, around(pads, last), LOWEST);
  kernel.forEach((taps, i) => {
    const axis = first + i;
    const [size, out] = [y.shape[axis], shape[axis]];
    if (size === null || out === null)
      return refuse(
        'a pool with dilation of an axis whose size is not known has no layers',
        'fix the sizes with input-shapes in the config, or convert to a graph-model',
      );
    if (taps > MOST_TAPS)
      return refuse(`a pool with dilation of ${taps} taps would be as many layers`, 'convert to a graph-model');
    const at = <T>(value: T, nothing: T): T[] => y.shape.map((_, a) => (a === axis ? value : nothing));
    const parts = Array.from({ length: taps }, (_, tap) => {
      const begin = tap * dilations[i];
      const end = size - 1 - begin - (out - 1) * strides[i];
      return every(k, crop(k, y, at<readonly [number, number]>([begin, end], none), '_tap'), at(strides[i], 1));
    });
    y = taps === 1 ? parts[0] : merge(k, 'Maximum', parts, '_taps');
  });
  return y === x ? k.layer('Activation', [x], { activation: 'linear' }) : y;
}

/**
 * A volume as two planes, one after the other, since the greatest of all is the greatest of the rows' greatest.
 * TensorFlow.js's MaxPooling3D gives 1e-38 on WASM where all of a window is negative.
 */
function maxVolume(k: KerasBuilder, { x, kernel, strides, pads, last, shape }: Seen): Layer {
  const times = (...sizes: (number | null)[]): number | null =>
    sizes.reduce((n, d) => (n === null || d === null ? null : n * d), 1);
  const part = (
    y: Layer,
    sizes: (number | null)[],
    after: (number | null)[],
    axes: readonly number[],
    channelsLast: boolean,
  ): Layer => {
    const pick = <T>(list: readonly T[], nothing: T): T[] => axes.map((a) => (a < 0 ? nothing : list[a]));
    return maxOf(
      k,
      {
        x: reshape(k, y, sizes, '_plane'),
        kernel: pick(kernel, 1),
        strides: pick(strides, 1),
        pads: pick(pads, none),
        last: channelsLast,
        shape: [null, ...after],
        row: false,
        dilations: [1, 1],
      },
      false,
    );
  };
  if (last) {
    const [, d, h, w, c] = x.shape;
    const [, d2, h2, w2] = shape;
    const front = part(x, [d, h, times(w, c)], [d2, h2, times(w, c)], [0, 1], true);
    return reshape(k, part(front, [times(d2, h2), w, c], [times(d2, h2), w2, c], [-1, 2], true), shape.slice(1));
  }
  const [, c, d, h, w] = x.shape;
  const [, , d2, h2, w2] = shape;
  const front = part(x, [times(c, d), h, w], [times(c, d), h2, w2], [1, 2], false);
  return reshape(k, part(front, [c, d, times(h2, w2)], [c, d2, times(h2, w2)], [-1, 0], true), shape.slice(1));
}

/** A line without padding has a layer of its own, with the channels last. */
function onLine(n: View<PoolAttrs>, x: Layer, k: KerasBuilder, kind: 'Max' | 'Average'): Layer | undefined {
  const { kernel, window } = n.attrs;
  if (
    kernel.length !== 1 ||
    !channelsStandLast(n) ||
    window.dilations[0] !== 1 ||
    isPadded(needPads(window, kernel, n.dims(0).slice(2)))
  )
    return undefined;
  return k.layer(`${kind}Pooling1D`, [x], {
    pool_size: kernel[0],
    strides: window.strides[0],
    padding: 'valid',
    ...(k.dialect === 'keras3' ? { data_format: 'channels_last' } : {}),
  });
}

/**
 * The pool at every position, by Keras's padding `same` which counts in no window, and of its results those that the
 * strides ask for. Undefined where the first or the last of them would lie outside.
 */
function everywhere(k: KerasBuilder, kind: 'Max' | 'Average', s: Seen): Layer | undefined {
  const first = s.last ? 1 : 2;
  const begins = s.kernel.map((size, i) => Math.floor((size - 1) / 2) - s.pads[i][0]);
  const ends = s.kernel.map((_, i) => {
    const [size, out] = [s.x.shape[first + i], s.shape[first + i]];
    // Of sizes that aren't known the last position is: as far from the end as the padding says, or nearer.
    if (size === null || out === null) return s.kernel[i] - 1 - Math.floor((s.kernel[i] - 1) / 2) - s.pads[i][1];
    return size - 1 - ((out - 1) * s.strides[i] + begins[i]);
  });
  if (begins.some((b) => b < 0) || ends.some((e) => e < 0)) return undefined;
  const dense = layer(
    k,
    kind,
    s.x,
    { kernel: s.kernel, strides: s.kernel.map(() => 1) },
    s.last,
    'same',
    s.x.shape,
    '_dense',
  );
  const cut = crop(
    k,
    dense,
    around(
      begins.map((b, i): [number, number] => [b, ends[i]]),
      s.last,
    ),
    '_cut',
  );
  const steps = s.last ? [1, ...s.strides, 1] : [1, 1, ...s.strides];
  return every(k, cut, steps);
}

/**
 * AveragePool as `_pad` + AveragePooling2D, always with the `_pad` that onnx2keras puts; where padding doesn't count, the
 * layer's own padding `same`, or a factor per position, puts it right.
 * @param shares what the mean over the padded windows has to be multiplied with, per position; undefined where all are 1
 */
export function averagePool(
  n: View<PoolAttrs>,
  [x]: Layer[],
  k: KerasBuilder,
  countPads: boolean,
  shares: (pads: Pads) => { dims: number[]; factors: number[] } | undefined,
): Layer {
  const plain = onLine(n, x, k, 'Average');
  if (plain) return plain;
  if (n.attrs.window.dilations.some((d) => d > 1))
    return refuse('no stock layer takes the mean of a window with dilation', 'convert to a graph-model');
  const s = seen(n, x, k);
  const { last, shape } = s;
  const finish = (y: Layer) => (s.row ? fromRow(k, y) : y);
  if (!isPadded(s.pads))
    return finish(
      layer(k, 'Average', s.kernel.length === 2 && !s.row ? emptyPad(k, s.x, last) : s.x, s, last, 'valid', shape),
    );
  if (!countPads && isSame(s)) return finish(layer(k, 'Average', s.x, s, last, 'same', shape));
  const spatial = n.dims(0).slice(2);
  const known = spatial.every(isKnown) && windowDims(n.attrs.window, n.attrs.kernel, spatial).every(isKnown);
  if (!known && !countPads) {
    const dense = everywhere(k, 'Average', s);
    if (dense) return finish(dense);
  }
  if (!known && (!countPads || n.attrs.window.ceil))
    return refuse(
      'how much of each window counts depends on sizes that are not known',
      'fix the sizes with input-shapes in the config, or convert to a graph-model',
    );
  const factors = known ? shares(n.attrs.kernel.length === 1 ? s.pads.slice(1) : s.pads) : undefined;
  const mean = layer(k, 'Average', zeroPadded(k, s.x, s.pads, last), s, last, 'valid', shape);
  if (!factors) return finish(mean);
  const dims = s.row ? [1, ...factors.dims] : factors.dims;
  return finish(
    rescale(k, mean, nested(tensorOf('float32', last ? [...dims, 1] : dims, factors.factors)), 0, '_share'),
  );
}

/** The ZeroPadding2D of nothing that onnx2keras puts before every AveragePooling2D. */
function emptyPad(k: KerasBuilder, x: Layer, last: boolean): Layer {
  return k.layer(
    'ZeroPadding2D',
    [x],
    {
      padding: [
        [0, 0],
        [0, 0],
      ],
      data_format: formatOf(last),
    },
    { suffix: '_pad', shape: x.shape },
  );
}

/** Keras's global pooling, which drops the spatial axes, and a Reshape that brings them back, of size 1. */
export function globalPool(n: View<unknown>, x: Layer, k: KerasBuilder, kind: 'Average' | 'Max'): Layer {
  const rank = n.rank(0);
  if (rank < 3) return k.layer('Activation', [x], { activation: 'linear' });
  const axes = Array.from({ length: rank - 2 }, (_, i) => n.position(0, i + 2));
  return pool(k, x, kind, axes, true, true);
}
