import { unary } from '../elementwise.js';

export default unary({
  name: 'Relu',
  summary: 'max(x, 0)',
  value: (x) => Math.max(x, 0),
  big: (x) => (x > 0n ? x : 0n),
  graph: (x, b) => b.op('Relu', [x]),
  keras: (_, x, k) => k.layer('Activation', [x], { activation: 'relu' }),
});
