import { roundHalfEven } from '../../tensor/floats.js';
import { unary } from '../elementwise.js';

export default unary({
  name: 'Round',
  summary: 'rounded to the nearest integer, halves to the even one',
  value: roundHalfEven,
  graph: (x, b) => b.op('Round', [x]),
});
