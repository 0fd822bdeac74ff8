import { isInteger, isUnsigned } from '../../tensor/dtype.js';
import { unary } from '../elementwise.js';
import { absLayers } from './arithmetic-keras.js';
import { magnitude, wrapped } from './integers.js';

export default unary({
  name: 'Abs',
  summary: '|x|',
  value: Math.abs,
  big: (x) => (x < 0n ? -x : x),
  graph: (x, b, n) => {
    const dtype = n.dtype(0);
    if (isUnsigned(dtype)) return x;
    return isInteger(dtype) ? wrapped(magnitude(x, b), dtype, b) : b.op('Abs', [x]);
  },
  keras: (n, x, k) => absLayers(n, [x], k),
});
