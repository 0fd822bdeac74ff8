import { subDim } from '../../ir/dim.js';
import { binary } from '../elementwise.js';
import { subLayers } from './arithmetic-keras.js';
import { wrapped } from './integers.js';

export default binary({
  name: 'Sub',
  summary: 'difference of two, broadcast',
  value: (x, y) => x - y,
  big: (x, y) => x - y,
  elems: subDim,
  graph: (x, y, b, n) => wrapped(b.sub(x, y), n.dtype(0), b),
  keras: subLayers,
});
