import { refuse } from '../../diag/diagnostic.js';
import { activation } from '../../keras/compose.js';
import { unary } from '../elementwise.js';
import { needFloats } from './arithmetic-keras.js';

export default unary({
  name: 'Exp',
  summary: 'e to the power of x',
  value: Math.exp,
  graph: (x, b) => b.op('Exp', [x]),
  keras: (n, x, k) => {
    needFloats(n);
    if (k.dialect === 'tfjs')
      return refuse(
        'the activations of TensorFlow.js have no exponential, which Keras 3 has',
        'convert to a Keras archive (formats: keras) or to a graph-model',
      );
    return activation(k, x, 'exponential');
  },
});
