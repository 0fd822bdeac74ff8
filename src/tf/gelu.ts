import type { GraphBuilder, Ref } from './builder.js';

/**
 * Coefficients of P, fitted so that x * sigmoid(x * P(x^2)) is x * (1 + erf(x / sqrt(2))) / 2 to 4.3e-7 everywhere: no
 * further off than TensorFlow.js's Erf, and several times as fast.
 */
const FITTED = [1.59576843, 0.072668567, -6.6259988e-5, -1.10480317e-4, 7.93821892e-6, -2.66892819e-7, 3.61123284e-9];

/** With tanh the same form is exact: (1 + tanh(y)) / 2 = sigmoid(2 y). */
const TANH = [2 * Math.sqrt(2 / Math.PI), 2 * Math.sqrt(2 / Math.PI) * 0.044715];

/** x * (1 + erf(x / sqrt(2))) / 2, or its approximation by tanh, as a gate: x * sigmoid(x * P(x^2)). */
export function gelu(b: GraphBuilder, x: Ref, approximate: 'none' | 'tanh'): Ref {
  const coefficients = approximate === 'tanh' ? TANH : FITTED;
  const square = b.op('Square', [x]);
  let p = b.mul(square, b.scalar(coefficients[coefficients.length - 1]));
  for (let i = coefficients.length - 2; i > 0; i--) p = b.mul(b.add2(p, b.scalar(coefficients[i])), square);
  return b.mul(x, b.op('Sigmoid', [b.mul(x, b.add2(p, b.scalar(coefficients[0])))]));
}
