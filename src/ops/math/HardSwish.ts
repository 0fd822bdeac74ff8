import { unary } from '../elementwise.js';

export default unary({
  name: 'HardSwish',
  summary: 'x * max(0, min(1, x / 6 + 0.5))',
  since: 14,
  value: (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)),
  graph: (x, b) => b.mul(b.mul(x, b.op('Relu6', [b.add2(x, b.scalar(3))])), b.scalar(1 / 6)),
  keras: (_, x, k) => {
    const line = k.layer('Rescaling', [x], { scale: 1, offset: 3 }, { suffix: '_shift' });
    const gate = k.layer('ReLU', [line], { max_value: 6 }, { suffix: '_gate' });
    return k.layer('Rescaling', [k.layer('Multiply', [x, gate], {}, { suffix: '_product' })], {
      scale: 1 / 6,
      offset: 0,
    });
  },
});
