import { isKnown, type Dim } from '../../ir/dim.js';
import { isFloat, isInteger } from '../../tensor/dtype.js';
import { needFewAxes } from '../collapse.js';
import { quotient } from '../math/integers.js';
import { reduceLayers } from './reduce-keras.js';
import { reduction } from './reduce.js';

const total = (v: readonly number[]) => v.reduce((p, q) => p + q, 0);

export default reduction({
  name: 'ReduceMean',
  summary: 'mean over axes; of integers rounded towards zero',
  axesInput: 18,
  empty: (dtype) => (isFloat(dtype) ? Number.NaN : 0),
  graph: (x, over, b, n) => {
    if (isFloat(n.dtype(0))) return over('Mean', x);
    needFewAxes(n);
    const one = b.op('OnesLike', [x], {}, ['int32']);
    const counts = n.attrs.axes?.map((a): Dim => n.dims(0)[a]);
    const count = counts?.every(isKnown)
      ? b.scalar(
          counts.reduce((p, q) => p * q, 1),
          'int32',
        )
      : over('Sum', one);
    return quotient(over('Sum', x), count, n.dtype(0), b);
  },
  value: (v, dtype) => (isInteger(dtype) ? Math.trunc(total(v) / v.length) : total(v) / v.length),
  big: (v) => v.reduce((p, q) => p + q, 0n) / BigInt(Math.max(v.length, 1)),
  keras: (n, x, k) => reduceLayers(n, x, k, 'Mean'),
});
