import { refuse } from '../diag/diagnostic.js';
import { isKnown, productOf } from '../ir/dim.js';
import { identity } from '../ir/layout.js';
import { defineOp } from '../ir/op.js';
import { activation, negated } from '../keras/compose.js';
import { broadcastType } from './elementwise.js';
import { thresholded } from './math/arithmetic-keras.js';
import { productDims } from './math/MatMul.js';
import { matmulLayers } from './math/product-keras.js';
import { normalized } from './nn/normalize-keras.js';

/**
 * What layers say in one that ONNX says in several nodes. Made by passes/recompose.ts alone, for targets of layers; so
 * they have no lowering to a graph.
 */

/** (x - mean) / sqrt(variance + epsilon) over axes, times input 1, plus input 2. */
export const normalization = defineOp<{ axes: readonly number[]; epsilon: number }>({
  name: 'LayerNormalization',
  domain: 'internal',
  summary: 'normalization over axes',
  read: {},
  layout: 'axes',
  infer: (n) => [n.type(0)],
  keras: (n, [x], k) => normalized(n, x, k, n.attrs.axes, n.attrs.epsilon),
});

/** log(sigmoid(x)) = -softplus(-x). */
export const logSigmoid = defineOp({
  name: 'LogSigmoid',
  domain: 'internal',
  summary: 'log(sigmoid(x))',
  read: {},
  layout: 'any',
  infer: (n) => [n.type(0)],
  keras: (_, [x], k) => negated(k, activation(k, negated(k, x), 'softplus')),
});

/** x above alpha, else value. */
export const threshold = defineOp<{ alpha: number; value: number }>({
  name: 'Threshold',
  domain: 'internal',
  summary: 'x above a threshold, else a value',
  read: {},
  layout: 'any',
  infer: (n) => broadcastType(n),
  keras: (n, [x], k) => thresholded(k, x, n.attrs.alpha, n.attrs.value),
});

/** x by a matrix, plus a bias. */
export const dense = defineOp({
  name: 'Dense',
  domain: 'internal',
  summary: 'product with constant weights, and a bias',
  read: {},
  infer: (n) => [{ dtype: n.dtype(0), dims: productDims(n) }],
  keras: matmulLayers,
});

/** All axes but the batch as one, in the order in which they lie: what reads it has its weights moved. */
export const flatten = defineOp({
  name: 'Flatten',
  domain: 'internal',
  summary: 'all axes but the batch as one',
  read: {},
  layout: (_, [given]) => ({ inputs: [given], outputs: [identity(2)] }),
  infer: (n) => [{ dtype: n.dtype(0), dims: [n.dims(0)[0], productOf(n.dims(0).slice(1))] }],
  keras: (n, [x], k) => {
    const sizes = n
      .dims(0)
      .slice(1)
      .map((d) =>
        isKnown(d)
          ? d
          : refuse('the sizes have to be known where a Dense follows', 'fix the sizes with input-shapes in the config'),
      );
    const y = k.layer('Flatten', [x], { data_format: 'channels_last' });
    k.keepOrder(y, {
      sizes,
      perm: n
        .layout(0)
        .slice(1)
        .map((axis) => axis - 1),
    });
    return y;
  },
});
