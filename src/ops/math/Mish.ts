import { unary } from '../elementwise.js';

export default unary({
  name: 'Mish',
  summary: 'x * tanh(log(1 + exp(x)))',
  since: 18,
  value: (x) => x * Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  // With e = exp(x), tanh(log(1 + e)) is n / (n + 2), n = e (e + 2); from 20 on it is 1, and e would overflow.
  graph: (x, b) => {
    const e = b.op('Exp', [b.op('ClipByValue', [x, b.scalar(Number.NEGATIVE_INFINITY), b.scalar(20)])]);
    const p = b.mul(e, b.add2(e, b.scalar(2)));
    return b.mul(x, b.op('RealDiv', [p, b.add2(p, b.scalar(2))]));
  },
  keras: (_, x, k) => k.layer('Activation', [x], { activation: 'mish' }),
});
