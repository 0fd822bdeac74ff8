import { unary } from '../elementwise.js';

export default unary({
  name: 'Exp',
  summary: 'e to the power of x',
  value: Math.exp,
  graph: (x, b) => b.op('Exp', [x]),
});
