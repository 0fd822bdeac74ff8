import { unary } from '../elementwise.js';

export default unary({
  name: 'Floor',
  summary: 'rounded down',
  value: Math.floor,
  graph: (x, b) => b.op('Floor', [x]),
});
