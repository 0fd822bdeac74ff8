import { maxBig, minBig } from '../../ir/numeric.js';
import { maxDim, minDim } from '../../ir/dim.js';
import { merged } from './arithmetic-keras.js';
import { variadic } from './variadic-op.js';

export default [
  variadic({
    name: 'Sum',
    summary: 'sum of any number, broadcast',
    value: (x, y) => x + y,
    graph: (x, y, b) => b.add2(x, y),
    keras: (n, xs, k) => merged(n, xs, k, 'Add'),
  }),
  variadic({
    name: 'Mean',
    summary: 'mean of any number, broadcast',
    value: (x, y) => x + y,
    last: (total, count) => total / count,
    graph: (x, y, b) => b.add2(x, y),
    graphLast: (total, count, b) => b.mul(total, b.scalar(1 / count)),
    keras: (n, xs, k) => merged(n, xs, k, 'Average'),
  }),
  variadic({
    name: 'Max',
    summary: 'the greatest of any number, broadcast',
    value: (x, y) => (x > y || Number.isNaN(x) ? x : y),
    big: maxBig,
    far: -1,
    elems: maxDim,
    graph: (x, y, b) => b.op('Maximum', [x, y]),
    keras: (n, xs, k) => merged(n, xs, k, 'Maximum'),
  }),
  variadic({
    name: 'Min',
    summary: 'the least of any number, broadcast',
    value: (x, y) => (x < y || Number.isNaN(x) ? x : y),
    big: minBig,
    far: 1,
    elems: minDim,
    graph: (x, y, b) => b.op('Minimum', [x, y]),
    keras: (n, xs, k) => merged(n, xs, k, 'Minimum'),
  }),
];
