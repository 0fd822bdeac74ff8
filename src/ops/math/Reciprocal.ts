import { unary } from '../elementwise.js';

export default unary({
  name: 'Reciprocal',
  summary: '1 / x',
  value: (x) => 1 / x,
  graph: (x, b) => b.op('Reciprocal', [x]),
});
