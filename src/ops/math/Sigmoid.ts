import { unary } from '../elementwise.js';

export default unary({
  name: 'Sigmoid',
  summary: '1 / (1 + exp(-x))',
  value: (x) => 1 / (1 + Math.exp(-x)),
  graph: (x, b) => b.op('Sigmoid', [x]),
  keras: (_, x, k) => k.layer('Activation', [x], { activation: 'sigmoid' }),
});
