import { unary } from '../elementwise.js';
import { eluLayers } from './arithmetic-keras.js';
import { exponentialUnit } from './negative-part.js';

export default unary<{ alpha: number }>({
  name: 'Elu',
  summary: 'x, or alpha * (exp(x) - 1) below zero',
  read: { 1: (n) => ({ alpha: n.float('alpha') }) },
  value: (x, { alpha }) => (x >= 0 ? x : alpha * Math.expm1(x)),
  graph: (x, b, n) => (n.attrs.alpha === 1 ? b.op('Elu', [x]) : exponentialUnit(x, n.attrs.alpha, 1, b)),
  keras: (n, x, k) => eluLayers(k, x, n.attrs.alpha),
});
