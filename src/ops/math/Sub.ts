import { subDim } from '../../ir/dim.js';
import { refuse } from '../../diag/diagnostic.js';
import { binary } from '../elementwise.js';
import { rescaled, scalarOf } from './arithmetic-keras.js';
import { wrapped } from './integers.js';

export default binary({
  name: 'Sub',
  summary: 'difference of two, broadcast',
  value: (x, y) => x - y,
  big: (x, y) => x - y,
  elems: subDim,
  graph: (x, y, b, n) => wrapped(b.sub(x, y), n.dtype(0), b),
  keras: (n, [x, y], k) => {
    const [p, q] = [scalarOf(n, 0), scalarOf(n, 1)];
    if (q !== undefined) return rescaled(x, 1, -q, k);
    if (p !== undefined) return rescaled(y, -1, p, k);
    return refuse('no stock layer subtracts one tensor from another', 'convert to a graph-model');
  },
});
