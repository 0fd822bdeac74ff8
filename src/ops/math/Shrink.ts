import { refuse } from '../../diag/diagnostic.js';
import { isFloat } from '../../tensor/dtype.js';
import { unary } from '../elementwise.js';
import { wrapped } from './integers.js';

export default unary<{ bias: number; lambd: number }>({
  name: 'Shrink',
  summary: 'x + bias below -lambd, x - bias above lambd, else 0',
  limits: 'of integers with whole bias only',
  read: { 9: (n) => ({ bias: n.float('bias'), lambd: n.float('lambd') }) },
  value: (x, { bias, lambd }) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0),
  graph: (x, b, n) => {
    const dtype = n.dtype(0);
    const { bias } = n.attrs;
    if (!isFloat(dtype) && !Number.isInteger(bias))
      return refuse(`a bias of ${bias} for ${dtype}`, 'use a whole bias, or float32');
    const type = isFloat(dtype) ? 'float32' : 'int32';
    // An integer is above a number where it is above that number rounded down.
    const lambd = isFloat(dtype) ? n.attrs.lambd : Math.floor(n.attrs.lambd);
    const below = b.op('Less', [x, b.scalar(isFloat(dtype) ? -lambd : Math.ceil(-n.attrs.lambd), type)]);
    const above = b.op('Greater', [x, b.scalar(lambd, type)]);
    const inner = b.select(above, b.sub(x, b.scalar(bias, type)), b.scalar(0, type));
    return wrapped(b.select(below, b.add2(x, b.scalar(bias, type)), inner), dtype, b);
  },
});
