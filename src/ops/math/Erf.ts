import { unary } from '../elementwise.js';
import { erf } from './error-function.js';

export default unary({
  name: 'Erf',
  summary: 'the error function',
  value: erf,
  graph: (x, b) => b.op('Erf', [x]),
});
