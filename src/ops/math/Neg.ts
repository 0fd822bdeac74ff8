import { mulDim } from '../../ir/dim.js';
import { isInteger } from '../../tensor/dtype.js';
import { unary } from '../elementwise.js';
import { negLayers } from './arithmetic-keras.js';
import { negated, wrapped } from './integers.js';

export default unary({
  name: 'Neg',
  summary: '-x',
  value: (x) => -x,
  big: (x) => -x,
  elems: (x) => mulDim(x, -1),
  graph: (x, b, n) => (isInteger(n.dtype(0)) ? wrapped(negated(x, b), n.dtype(0), b) : b.op('Neg', [x])),
  keras: (n, x, k) => negLayers(n, [x], k),
});
