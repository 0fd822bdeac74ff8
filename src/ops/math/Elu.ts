import { refuse } from '../../diag/diagnostic.js';
import { unary } from '../elementwise.js';
import { exponentialUnit } from './negative-part.js';

export default unary<{ alpha: number }>({
  name: 'Elu',
  summary: 'x, or alpha * (exp(x) - 1) below zero',
  read: { 1: (n) => ({ alpha: n.float('alpha') }) },
  value: (x, { alpha }) => (x >= 0 ? x : alpha * Math.expm1(x)),
  graph: (x, b, n) => (n.attrs.alpha === 1 ? b.op('Elu', [x]) : exponentialUnit(x, n.attrs.alpha, 1, b)),
  keras: (n, x, k) => (n.attrs.alpha === 1 || k.dialect === 'keras3' ? k.layer('ELU', [x], { alpha: n.attrs.alpha }) : refuse(`TensorFlow.js has ELU with alpha 1 only, and this one has ${n.attrs.alpha}`, 'convert to a graph-model')),
});
