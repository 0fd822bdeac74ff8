import { rescale } from '../../keras/compose.js';
import { unary } from '../elementwise.js';
import { exponentialUnit } from './negative-part.js';

export default unary<{ alpha: number }>({
  name: 'Celu',
  summary: 'max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))',
  read: { 12: (n) => ({ alpha: n.float('alpha') }) },
  value: (x, { alpha }) => Math.max(x, 0) + Math.min(0, alpha * Math.expm1(x / alpha)),
  graph: (x, b, n) => {
    const { alpha } = n.attrs;
    return alpha === 1 ? b.op('Elu', [x]) : exponentialUnit(x, alpha, 1 / alpha, b);
  },
  keras: (n, x, k) => {
    const { alpha } = n.attrs;
    const unit = k.layer(
      'ELU',
      [alpha === 1 ? x : rescale(k, x, 1 / alpha, 0, '_in')],
      { alpha: 1 },
      alpha === 1 ? {} : { suffix: '_elu' },
    );
    return alpha === 1 ? unit : rescale(k, unit, alpha, 0);
  },
});
