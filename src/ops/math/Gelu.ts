import { invalid } from '../../diag/diagnostic.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { unary } from '../elementwise.js';
import { geluByTanh } from './arithmetic-keras.js';
import { erf } from './error-function.js';

/**
 * Coefficients of P, fitted so that x * sigmoid(x * P(x^2)) is x * (1 + erf(x / sqrt(2))) / 2 to 4.3e-7 everywhere: no
 * further off than TensorFlow.js's Erf, and several times as fast.
 */
const FITTED = [1.59576843, 0.072668567, -6.6259988e-5, -1.10480317e-4, 7.93821892e-6, -2.66892819e-7, 3.61123284e-9];

/** With tanh the same form is exact: (1 + tanh(y)) / 2 = sigmoid(2 y). */
const TANH = [2 * Math.sqrt(2 / Math.PI), 2 * Math.sqrt(2 / Math.PI) * 0.044715];

function gated(x: Ref, coefficients: readonly number[], b: GraphBuilder): Ref {
  const square = b.op('Square', [x]);
  const highest = coefficients[coefficients.length - 1];
  let p = b.mul(square, b.scalar(highest));
  for (let i = coefficients.length - 2; i > 0; i--) p = b.mul(b.add2(p, b.scalar(coefficients[i])), square);
  return b.mul(x, b.op('Sigmoid', [b.mul(x, b.add2(p, b.scalar(coefficients[0])))]));
}

export default unary<{ tanh: boolean }>({
  name: 'Gelu',
  summary: 'x * (1 + erf(x / sqrt(2))) / 2, or its approximation by tanh',
  read: {
    20: (n) => {
      const approximate = n.string('approximate');
      return approximate === 'none' || approximate === 'tanh'
        ? { tanh: approximate === 'tanh' }
        : invalid(`approximate is ${JSON.stringify(approximate)}`);
    },
  },
  value: (x, { tanh }) =>
    tanh
      ? 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
      : 0.5 * x * (1 + erf(x / Math.SQRT2)),
  graph: (x, b, n) => gated(x, n.attrs.tanh ? TANH : FITTED, b),
  keras: (n, x, k) => (n.attrs.tanh ? geluByTanh(k, x) : k.layer('Activation', [x], { activation: 'gelu' })),
});
