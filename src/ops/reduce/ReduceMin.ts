import { minDim } from '../../ir/dim.js';
import { minBig } from '../../ir/numeric.js';
import { reduceLayers } from './reduce-keras.js';
import { extremes, reduction } from './reduce.js';

export default reduction({
  name: 'ReduceMin',
  summary: 'least over axes; of bool: whether all are true',
  axesInput: 18,
  empty: (dtype) => extremes(dtype).greatest,
  graph: (x, over, _, n) => over(n.dtype(0) === 'bool' ? 'All' : 'Min', x),
  value: (v, dtype) => v.reduce((p, q) => (Number.isNaN(p) || p < q ? p : q), extremes(dtype).greatest),
  big: (v) => v.reduce(minBig),
  elems: minDim,
  keras: (n, x, k) => reduceLayers(n, x, k, 'Min'),
});
