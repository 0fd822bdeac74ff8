import { addDim } from '../../ir/dim.js';
import { binary } from '../elementwise.js';
import { merged, rescaled, scalarOf } from './arithmetic-keras.js';
import { wrapped } from './integers.js';

export default binary({
  name: 'Add',
  summary: 'sum of two, broadcast',
  value: (x, y) => x + y,
  big: (x, y) => x + y,
  elems: addDim,
  graph: (x, y, b, n) => wrapped(b.add2(x, y), n.dtype(0), b),
  keras: (n, [x, y], k) => {
    const [p, q] = [scalarOf(n, 0), scalarOf(n, 1)];
    if (q !== undefined) return rescaled(x, 1, q, k);
    if (p !== undefined) return rescaled(y, 1, p, k);
    return merged(n, [x, y], k, 'Add');
  },
});
