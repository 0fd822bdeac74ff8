import { refuse } from '../../diag/diagnostic.js';
import { sameDims } from '../../ir/dim.js';
import type { View } from '../../ir/view.js';
import { derived, permuted, reshaped } from '../../ir/weights.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import { concat, crop, none, permute, reshape } from '../../keras/compose.js';
import { tensorOf, type TensorData, type Weight } from '../../tensor/tensor.js';
import { needFloats } from './arithmetic-keras.js';
import { scaledWeight } from './product.js';

/** Products of pairs of matrices beyond this many would be more layers than anyone wants. */
const MOST_PRODUCTS = 16;

/** The last axis times a matrix [K, N], and a bias [N]. Rows of the kernel move where a Flatten left its input as it lay. */
export function dense(k: KerasBuilder, x: Layer, kernel: Weight, bias: Weight | undefined, suffix?: string): Layer {
  const order = k.flattenedOrder(x);
  const rows = order
    ? reshaped(
        permuted(reshaped(kernel, [...order.sizes, kernel.dims[1]]), [...order.perm, order.perm.length]),
        kernel.dims,
      )
    : kernel;
  const units = kernel.dims[1];
  if (units < 1 || kernel.dims[0] < 1)
    return refuse(`a product with a matrix of shape [${kernel.dims}] has no stock layer`, 'convert to a graph-model');
  return k.layer(
    'Dense',
    [x],
    { units, activation: 'linear', use_bias: bias !== undefined },
    {
      shape: [...x.shape.slice(0, -1), units],
      ...(suffix === undefined ? {} : { suffix }),
      weights: [{ name: 'kernel', weight: rows }, ...(bias ? [{ name: 'bias', weight: bias }] : [])],
    },
  );
}

/** MatMul with constant weights as Dense, of two tensors as Dot. Input 2, where there is one, is a bias that was added after it. */
export function matmulLayers(n: View, [a, y]: Layer[], k: KerasBuilder): Layer {
  needFloats(n);
  const [left, right] = [n.weight(0), n.weight(1)];
  const bias = n.has(2) ? n.needWeight(2, 'the bias') : undefined;
  if (right) {
    const matrix = asMatrix(right, [right.dims[0], 1]);
    if (!matrix || n.rank(0) < 2)
      return refuse(
        'a product with other weights for each item of an axis has no stock layer',
        'convert to a graph-model',
      );
    const out = k.outputShape();
    const product = dense(k, a, matrix, bias && flat(bias));
    return reshape(k, product, out.slice(1), '_row');
  }
  if (left) {
    const matrix = asMatrix(left, [1, left.dims[0]]);
    if (!matrix || n.rank(1) < 2)
      return refuse(
        'a product with other weights for each item of an axis has no stock layer',
        'convert to a graph-model',
      );
    const rank = y.shape.length;
    if (rank < 3)
      return refuse('it sums over the batch (axis 0), which a Keras layer never touches', 'convert to a graph-model');
    const swap = y.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
    const product = dense(k, permute(k, y, swap, '_columns'), permuted(matrix, [1, 0]), undefined, '_product');
    return reshape(k, permute(k, product, swap, '_rows'), k.outputShape().slice(1), '_row');
  }
  return pairs(k, a, y);
}

/** A vector or a matrix in any number of axes as a matrix; undefined where there are several. */
function asMatrix(w: Weight, vector: readonly number[]): Weight | undefined {
  if (w.dims.length === 1) return reshaped(w, vector);
  return w.dims.slice(0, -2).every((d) => d === 1) ? reshaped(w, w.dims.slice(-2)) : undefined;
}

const flat = (w: Weight): Weight => reshaped(w, [w.dims.reduce((p, q) => p * q, 1)]);

/** Matrices of the two, item by item of the batch: Dot; of further axes too, one Dot for each. */
function pairs(k: KerasBuilder, a: Layer, y: Layer): Layer {
  const rank = a.shape.length;
  if (rank < 3 || y.shape.length !== rank)
    return refuse('a product of tensors of these ranks has no stock layer', 'convert to a graph-model');
  const out = k.outputShape();
  if (rank === 3) return k.layer('Dot', [a, y], { axes: [2, 1], normalize: false });
  const [p, q] = [a, y].map((x) =>
    x.shape.slice(1, -2).reduce<number | null>((n, d) => (n === null || d === null ? null : n * d), 1),
  );
  const count = out.slice(1, -2).reduce<number | null>((n, d) => (n === null || d === null ? null : n * d), 1);
  if (!count || count > MOST_PRODUCTS || (p !== count && p !== 1) || (q !== count && q !== 1))
    return refuse(
      `a product of ${count ?? 'an unknown number of'} pairs of matrices has no stock layer, and so many Dot layers are too many`,
      'convert to a graph-model',
    );
  const whole = (x: Layer, n: number | null) => reshape(k, x, [n, ...x.shape.slice(-2)], '_matrices');
  const part = (x: Layer, n: number | null, i: number) =>
    reshape(k, n === 1 ? x : crop(k, x, [none, [i, count - 1 - i], none, none], '_pick'), x.shape.slice(-2), '_matrix');
  const [left, right] = [whole(a, p), whole(y, q)];
  const products = Array.from({ length: count }, (_, i) => {
    const dot = k.layer(
      'Dot',
      [part(left, p, i), part(right, q, i)],
      { axes: [2, 1], normalize: false },
      { suffix: '_dot', shape: [null, ...out.slice(-2)] },
    );
    return reshape(k, dot, [1, ...out.slice(-2)], '_dots');
  });
  return reshape(k, concat(k, products, 1), out.slice(1), '_product');
}

interface GemmAttrs {
  readonly alpha: number;
  readonly beta: number;
  readonly transA: boolean;
  readonly transB: boolean;
}

/** Gemm of the input with constant weights as Dense; alpha and beta go into the weights. */
export function gemmLayers(n: View<GemmAttrs>, [a]: Layer[], k: KerasBuilder): Layer {
  const { alpha, beta, transA, transB } = n.attrs;
  needFloats(n);
  const w = n.weight(1);
  if (!w || transA)
    return refuse('only a Gemm of the input with constant weights is a Dense layer', 'convert to a graph-model');
  const kernel = transB ? permuted(w, [1, 0]) : w;
  const units = kernel.dims[1];
  const c = beta === 0 || !n.has(2) ? undefined : n.needWeight(2, 'the bias of Gemm');
  if (c && !sameDims(c.dims, [units]) && c.dims.some((d, i) => d !== 1 && !(i === c.dims.length - 1 && d === units)))
    return refuse('a bias per row has no stock layer', 'convert to a graph-model');
  const bias =
    c &&
    derived(
      [units],
      scaledWeight(c, beta),
      (t): TensorData =>
        t.data.length === units
          ? t.data
          : tensorOf('float32', [units], new Array<number>(units).fill(Number(t.data[0]))).data,
    );
  return dense(k, a, scaledWeight(kernel, alpha), bias);
}
