import { unary } from '../elementwise.js';

export default unary({
  name: 'Sqrt',
  summary: 'square root',
  value: Math.sqrt,
  graph: (x, b) => b.op('Sqrt', [x]),
});
