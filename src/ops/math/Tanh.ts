import { unary } from '../elementwise.js';

export default unary({
  name: 'Tanh',
  summary: 'hyperbolic tangent',
  value: Math.tanh,
  graph: (x, b) => b.op('Tanh', [x]),
  keras: (_, x, k) => k.layer('Activation', [x], { activation: 'tanh' }),
});
