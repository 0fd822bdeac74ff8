import { addDim } from '../../ir/dim.js';
import { wrapped } from '../math/integers.js';
import { reduceLayers } from './reduce-keras.js';
import { reduction } from './reduce.js';

export default reduction({
  name: 'ReduceSum',
  summary: 'sum over axes',
  axesInput: 13,
  empty: () => 0,
  graph: (x, over, b, n) => wrapped(over('Sum', x), n.dtype(0), b),
  value: (v) => v.reduce((p, q) => p + q, 0),
  big: (v) => v.reduce((p, q) => p + q, 0n),
  elems: addDim,
  keras: (n, x, k) => reduceLayers(n, x, k, 'Sum'),
});
