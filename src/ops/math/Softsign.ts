import { unary } from '../elementwise.js';

export default unary({
  name: 'Softsign',
  summary: 'x / (1 + |x|)',
  value: (x) => x / (1 + Math.abs(x)),
  graph: (x, b) => b.op('RealDiv', [x, b.add2(b.op('Abs', [x]), b.scalar(1))]),
  keras: (_, x, k) => k.layer('Activation', [x], { activation: 'softsign' }),
});
