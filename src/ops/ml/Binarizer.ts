import { composition } from '../compose.js';

export default composition<{ threshold: number }>({
  name: 'Binarizer',
  domain: 'ai.onnx.ml',
  summary: '1 above a threshold, else 0',
  read: { 1: (n) => ({ threshold: n.float('threshold') }) },
  compose: (c, n) => {
    // Whole numbers are compared as floats: the threshold need not be whole.
    return [c.cast(c.greater(c.cast(n.value(0), 'float32'), n.attrs.threshold), n.dtype(0))];
  },
});
