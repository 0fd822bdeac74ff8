import { listed } from '../../ir/weights.js';
import { refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { View } from '../../ir/view.js';
import { mapAlong } from '../../keras/along.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import { merge, rescale, reshape } from '../../keras/compose.js';
import { tensorOf, weightOf } from '../../tensor/tensor.js';
import { needFloats } from '../math/arithmetic-keras.js';

export interface LrnAttrs {
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
  readonly size: number;
}

/** Exponents p / q that Newton's steps for y = s ** (-p / q) reach by products alone. */
const EXPONENTS = [
  [1, 1],
  [3, 4],
  [1, 2],
  [1, 4],
] as const;

/**
 * The first guess is a sum of sigmoids whose places are this factor apart, from the first place on: to 2^80 it is within
 * 5 % of the power.
 */
const APART = 6;
const FIRST = 1 / 16;
const LARGEST = 2 ** 80;
/** From 5 % three steps lead below float32's own rounding. */
const STEPS = 3;

/**
 * LRN: x / (bias + alpha / size * sum of squares of neighbouring channels) ** beta. No stock layer has a power or a
 * logarithm, but s ** -beta is a sum of sigmoids, the way that it is an integral of exponentials, to a few percent
 * (a Dense with a sigmoid, and a Dense that sums), and from there Newton's steps y (q + 1 - s^p y^q) / q are products.
 * Where s is beyond 2^80 times the bias the result is not finite.
 */
export function lrnLayers(n: View<LrnAttrs>, [x]: Layer[], k: KerasBuilder): Layer {
  needFloats(n);
  const { alpha, beta, bias, size } = n.attrs;
  const exponent = EXPONENTS.find(([p, q]) => Math.abs(beta - p / q) < 1e-7);
  if (!exponent || !(bias > 0) || !(alpha >= 0))
    return refuse(
      `LRN with beta ${beta}, bias ${bias} and alpha ${alpha}: stock layers say the powers 1/4, 1/2, 3/4 and 1 of a sum above zero`,
      'convert to a graph-model',
    );
  const channels = n.dims(0)[1];
  if (!isKnown(channels))
    return refuse('the number of channels is not known', 'fix it with input-shapes in the config');
  const axis = n.position(0, 1);
  const squares = merge(k, 'Multiply', [x, x], '_square');
  const added = mapAlong(k, squares, axis, weightOf(windows(channels, size, alpha / size / bias)), '_sum');
  const s = rescale(k, added, 1, 1, '_base');

  const [p, q] = exponent;
  let y = guess(k, s, p / q);
  for (let i = 0; i < STEPS; i++) {
    const last = i === STEPS - 1;
    const suffix = `_newton${i + 1}`;
    const product = merge(k, 'Multiply', [s, y], `${suffix}_product`);
    const factors = [...Array<Layer>(p).fill(product), ...Array<Layer>(q - p).fill(y)];
    const power = factors.length === 1 ? factors[0] : merge(k, 'Multiply', factors, `${suffix}_power`);
    const share = last ? bias ** -(p / q) : 1;
    const step = rescale(k, power, -share / q, (share * (q + 1)) / q, `${suffix}_step`);
    y = last ? k.layer('Multiply', [x, y, step], {}, { shape: x.shape }) : merge(k, 'Multiply', [y, step], suffix);
  }
  return y;
}

/** [channels, channels]: which channels' squares are summed for each. Source: ONNX, LRN-13. */
function windows(channels: number, size: number, value: number) {
  const matrix = new Float32Array(listed(channels * channels));
  for (let c = 0; c < channels; c++) {
    const from = Math.max(0, c - Math.floor((size - 1) / 2));
    const to = Math.min(channels - 1, c + Math.ceil((size - 1) / 2));
    for (let i = from; i <= to; i++) matrix[i * channels + c] = value;
  }
  return tensorOf('float32', [channels, channels], matrix);
}

/** s ** -beta for s from 1 on, within 5 %. */
function guess(k: KerasBuilder, s: Layer, beta: number): Layer {
  const places: number[] = [];
  for (let u = FIRST; u < LARGEST * 64; u *= APART) places.push(u);
  const sum = (v: number) => places.reduce((a, u) => a + u ** -beta / (1 + Math.exp(v / u)), 0) + rest;
  // Places beyond the last would each give half of their share.
  const rest = ((0.5 * (places.at(-1) as number) ** -beta) / APART ** beta) * (1 / (1 - APART ** -beta));
  // The sum waves around a multiple of the power, once from one place to the next.
  const middle = Array.from({ length: 64 }, (_, i) => 1e6 * APART ** (i / 64)).map((v) => Math.log(sum(v) * v ** beta));
  const scale = Math.exp(-middle.reduce((a, b) => a + b, 0) / middle.length);

  const weights = (name: string, dims: readonly number[], values: readonly number[]) => ({
    name,
    weight: weightOf(tensorOf('float32', dims, Float32Array.from(values))),
    trainable: false,
  });
  const elements = s.shape.slice(1).reduce<number | null>((a, d) => (a === null || d === null ? null : a * d), 1);
  const flat = reshape(k, s, [elements, 1], '_elements');
  const sigmoids = k.layer(
    'Dense',
    [flat],
    { units: places.length, activation: 'sigmoid', use_bias: false, trainable: false },
    {
      suffix: '_sigmoids',
      shape: [null, elements, places.length],
      weights: [
        weights(
          'kernel',
          [1, places.length],
          places.map((u) => -1 / u),
        ),
      ],
    },
  );
  const summed = k.layer(
    'Dense',
    [sigmoids],
    { units: 1, activation: 'linear', use_bias: true, trainable: false },
    {
      suffix: '_guess',
      shape: [null, elements, 1],
      weights: [
        weights(
          'kernel',
          [places.length, 1],
          places.map((u) => scale * u ** -beta),
        ),
        weights('bias', [1], [scale * rest]),
      ],
    },
  );
  return reshape(k, summed, s.shape.slice(1), '_shaped');
}
