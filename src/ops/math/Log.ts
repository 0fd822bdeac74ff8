import { unary } from '../elementwise.js';

export default unary({
  name: 'Log',
  summary: 'natural logarithm',
  value: Math.log,
  graph: (x, b) => b.op('Log', [x]),
});
