import { mulDim } from '../../ir/dim.js';
import { isInteger } from '../../tensor/dtype.js';
import { wrapped } from '../math/integers.js';
import { reduction } from './reduce.js';

export default reduction({
  name: 'ReduceProd',
  summary: 'product over axes',
  axesInput: 18,
  empty: () => 1,
  graph: (x, over, b, n) => wrapped(over('Prod', x), n.dtype(0), b),
  value: (v, dtype) => v.reduce((p, q) => (isInteger(dtype) ? Math.imul(p, q) : p * q), 1),
  big: (v) => v.reduce((p, q) => p * q, 1n),
  elems: mulDim,
});
