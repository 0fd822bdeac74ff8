import { mulDim } from '../../ir/dim.js';
import { isInteger } from '../../tensor/dtype.js';
import { binary } from '../elementwise.js';
import { mulLayers } from './arithmetic-keras.js';
import { wrapped } from './integers.js';

export default binary({
  name: 'Mul',
  summary: 'product of two, broadcast',
  value: (x, y, dtype) => (isInteger(dtype) ? Math.imul(x, y) : x * y),
  big: (x, y) => x * y,
  elems: mulDim,
  graph: (x, y, b, n) => wrapped(b.mul(x, y), n.dtype(0), b),
  keras: mulLayers,
});
