import { mulDim } from '../../ir/dim.js';
import { isInteger } from '../../tensor/dtype.js';
import { binary } from '../elementwise.js';
import { merged, rescaled, scalarOf } from './arithmetic-keras.js';
import { wrapped } from './integers.js';

export default binary({
  name: 'Mul',
  summary: 'product of two, broadcast',
  value: (x, y, dtype) => (isInteger(dtype) ? Math.imul(x, y) : x * y),
  big: (x, y) => x * y,
  elems: mulDim,
  graph: (x, y, b, n) => wrapped(b.mul(x, y), n.dtype(0), b),
  keras: (n, [x, y], k) => {
    const [p, q] = [scalarOf(n, 0), scalarOf(n, 1)];
    if (q !== undefined) return rescaled(x, q, 0, k);
    if (p !== undefined) return rescaled(y, p, 0, k);
    return merged(n, [x, y], k, 'Multiply');
  },
});
