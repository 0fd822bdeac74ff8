import { unary } from '../elementwise.js';

export default unary<{ alpha: number; beta: number }>({
  name: 'HardSigmoid',
  summary: 'alpha * x + beta, within 0 and 1',
  read: { 1: (n) => ({ alpha: n.float('alpha'), beta: n.float('beta') }) },
  value: (x, { alpha, beta }) => Math.max(0, Math.min(1, alpha * x + beta)),
  graph: (x, b, n) =>
    b.op('ClipByValue', [b.add2(b.mul(x, b.scalar(n.attrs.alpha)), b.scalar(n.attrs.beta)), b.scalar(0), b.scalar(1)]),
  keras: (n, x, k) => {
    // Keras 2's hard_sigmoid is 0.2 x + 0.5; that of Keras 3 is x / 6 + 0.5.
    const slope = k.dialect === 'keras3' ? 1 / 6 : 0.2;
    if (Math.abs(n.attrs.alpha - slope) < 1e-6 && Math.abs(n.attrs.beta - 0.5) < 1e-6)
      return k.layer('Activation', [x], { activation: 'hard_sigmoid' });
    const line = k.layer('Rescaling', [x], { scale: n.attrs.alpha, offset: n.attrs.beta }, { suffix: '_line' });
    return k.layer('ReLU', [line], { max_value: 1 });
  },
});
