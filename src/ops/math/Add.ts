import { addDim } from '../../ir/dim.js';
import { binary } from '../elementwise.js';

export default binary({
  name: 'Add',
  summary: 'sum of two, broadcast',
  value: (x, y) => x + y,
  big: (x, y) => x + y,
  elems: addDim,
  graph: (x, y, b) => b.add2(x, y),
  keras: (_, [x, y], k) => k.layer('Add', [x, y], {}),
});
