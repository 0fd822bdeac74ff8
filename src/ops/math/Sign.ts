import { unary } from '../elementwise.js';

export default unary({
  name: 'Sign',
  summary: '-1, 0 or 1',
  value: Math.sign,
  big: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
  graph: (x, b) => b.op('Sign', [x]),
});
