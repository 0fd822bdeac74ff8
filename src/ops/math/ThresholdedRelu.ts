import { unary } from '../elementwise.js';

export default unary<{ alpha: number }>({
  name: 'ThresholdedRelu',
  summary: 'x above alpha, else 0',
  read: { 1: (n) => ({ alpha: n.float('alpha') }) },
  value: (x, { alpha }) => (x > alpha ? x : 0),
  graph: (x, b, n) => b.select(b.op('Greater', [x, b.scalar(n.attrs.alpha)]), x, b.scalar(0)),
  keras: (n, x, k) =>
    k.layer(
      k.dialect === 'keras3' ? 'ReLU' : 'ThresholdedReLU',
      [x],
      k.dialect === 'keras3' ? { threshold: n.attrs.alpha } : { theta: n.attrs.alpha },
    ),
});
