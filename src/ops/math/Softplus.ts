import { unary } from '../elementwise.js';

export default unary({
  name: 'Softplus',
  summary: 'log(1 + exp(x))',
  value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  graph: (x, b) => b.op('Softplus', [x]),
  keras: (_, x, k) => k.layer('Activation', [x], { activation: 'softplus' }),
});
