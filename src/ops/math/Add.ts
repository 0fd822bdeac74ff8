import { addDim } from '../../ir/dim.js';
import { binary } from '../elementwise.js';
import { addLayers } from './arithmetic-keras.js';
import { wrapped } from './integers.js';

export default binary({
  name: 'Add',
  summary: 'sum of two, broadcast',
  value: (x, y) => x + y,
  big: (x, y) => x + y,
  elems: addDim,
  graph: (x, y, b, n) => wrapped(b.add2(x, y), n.dtype(0), b),
  keras: addLayers,
});
