import { defineOp } from '../../ir/op.js';
import { activation, rescale } from '../../keras/compose.js';
import { unary } from '../elementwise.js';

interface Attrs {
  readonly alpha: number;
}

const swish = unary<Attrs>({
  name: 'Swish',
  summary: 'x * sigmoid(alpha * x)',
  read: { 24: (n) => ({ alpha: n.float('alpha') }) },
  value: (x, { alpha }) => x / (1 + Math.exp(-alpha * x)),
  graph: (x, b, n) => b.mul(x, b.op('Sigmoid', [n.attrs.alpha === 1 ? x : b.mul(x, b.scalar(n.attrs.alpha))])),
  keras: (n, x, k) =>
    n.attrs.alpha === 1
      ? k.layer('Activation', [x], { activation: 'swish' })
      : k.layer('Multiply', [x, activation(k, rescale(k, x, n.attrs.alpha, 0), 'sigmoid')], {}),
});

const swiGlu = defineOp<Attrs>({
  name: 'SwiGLU',
  summary: 'swish of the gate, times the other input',
  read: { 28: (n) => ({ alpha: n.float('alpha') }) },
  infer: (n) => [n.type(0)],
  expand: (n, [gate, value], e) => [e.one('Mul', [e.one('Swish', [gate], { alpha: n.attrs.alpha }), value])],
});

export default [swish, swiGlu];
