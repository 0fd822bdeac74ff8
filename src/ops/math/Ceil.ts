import { unary } from '../elementwise.js';

export default unary({
  name: 'Ceil',
  summary: 'rounded up',
  value: Math.ceil,
  graph: (x, b) => b.op('Ceil', [x]),
});
