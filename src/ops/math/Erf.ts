import { isFloat } from '../../tensor/dtype.js';
import { refuseDtype, unary } from '../elementwise.js';
import { erf } from './error-function.js';

export default unary({
  name: 'Erf',
  summary: 'the error function',
  value: erf,
  graph: (x, b, n) => (isFloat(n.dtype(0)) ? b.op('Erf', [x]) : refuseDtype(n, 'ONNX does not say how it is rounded')),
});
