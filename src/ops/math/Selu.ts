import { refuse } from '../../diag/diagnostic.js';
import { unary } from '../elementwise.js';
import { exponentialUnit } from './negative-part.js';

interface Attrs {
  readonly alpha: number;
  readonly gamma: number;
}

/** The values that TensorFlow has built in, which are ONNX's defaults but for version 1. */
const isUsual = ({ alpha, gamma }: Attrs) =>
  Math.abs(alpha - 1.6732632423543772) < 1e-6 && Math.abs(gamma - 1.0507009873554805) < 1e-6;

export default unary<Attrs>({
  name: 'Selu',
  summary: 'gamma * x, or gamma * alpha * (exp(x) - 1) below zero',
  read: { 1: (n) => ({ alpha: n.float('alpha'), gamma: n.float('gamma') }) },
  value: (x, { alpha, gamma }) => gamma * (x > 0 ? x : alpha * Math.expm1(x)),
  graph: (x, b, n) =>
    isUsual(n.attrs) ? b.op('Selu', [x]) : b.mul(exponentialUnit(x, n.attrs.alpha, 1, b), b.scalar(n.attrs.gamma)),
  keras: (n, x, k) =>
    isUsual(n.attrs)
      ? k.layer('Activation', [x], { activation: 'selu' })
      : refuse('Keras has SELU with its usual alpha and gamma only', 'convert to a graph-model'),
});
