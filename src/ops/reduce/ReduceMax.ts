import { maxDim } from '../../ir/dim.js';
import { maxBig } from '../../ir/numeric.js';
import { reduceLayers } from './reduce-keras.js';
import { extremes, reduction } from './reduce.js';

export default reduction({
  name: 'ReduceMax',
  summary: 'greatest over axes; of bool: whether any is true',
  axesInput: 18,
  empty: (dtype) => extremes(dtype).least,
  graph: (x, over, _, n) => over(n.dtype(0) === 'bool' ? 'Any' : 'Max', x),
  value: (v, dtype) => v.reduce((p, q) => (Number.isNaN(p) || p > q ? p : q), extremes(dtype).least),
  big: (v) => v.reduce(maxBig),
  elems: maxDim,
  keras: (n, x, k) => reduceLayers(n, x, k, 'Max'),
});
