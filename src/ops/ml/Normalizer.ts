import { invalid } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import { composition, type Composer } from '../compose.js';

export default composition<{ norm: string }>({
  name: 'Normalizer',
  domain: 'ai.onnx.ml',
  summary: 'rows divided by their largest element, sum of magnitudes or length',
  shapes: ['_ ...'],
  read: { 1: (n) => ({ norm: n.string('norm') }) },
  compose: (c, n) => {
    const x = c.cast(n.value(0), 'float32');
    const divisor = divisorOf(c, x, n.attrs.norm);
    return [c.div(x, c.where(c.equal(divisor, 0), 1, divisor))];
  },
});

/** Per row: of the last axis, of the only one for rank 1. */
function divisorOf(c: Composer, x: Value, norm: string): Value {
  switch (norm) {
    case 'MAX':
      return c.reduce('ReduceMax', x, [-1]);
    case 'L1':
      return c.reduce('ReduceSum', c.op('Abs', [x]), [-1]);
    case 'L2':
      return c.op('Sqrt', [c.reduce('ReduceSum', c.mul(x, x), [-1])]);
    default:
      return invalid(`norm is ${JSON.stringify(norm)}`);
  }
}
