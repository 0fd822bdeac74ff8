import { isKnown } from '../../ir/dim.js';
import { tensorOf } from '../../tensor/tensor.js';
import { unary } from '../elementwise.js';
import { leakyLayers } from './arithmetic-keras.js';

/** As many slopes as this are written for a last axis; a larger one takes LeakyRelu itself. */
const MOST_SLOPES = 4096;

export default unary<{ alpha: number }>({
  name: 'LeakyRelu',
  summary: 'x, or alpha * x below zero',
  read: { 1: (n) => ({ alpha: n.float('alpha') }) },
  value: (x, { alpha }) => (x < 0 ? alpha * x : x),
  graph: (x, b, n) => {
    const { alpha } = n.attrs;
    // Above rank 6 the axes have been merged.
    const last = n.rank(0) > 6 ? undefined : n.layout(0).at(-1);
    const channels = last === undefined ? undefined : n.dims(0)[last];
    // Prelu with a slope per channel is the same, and some ten times as fast on WASM.
    if (channels === undefined || !isKnown(channels) || channels < 1 || channels > MOST_SLOPES)
      return b.op('LeakyRelu', [x], { alpha });
    return b.op('Prelu', [x, b.tensor(tensorOf('float32', [channels], new Array<number>(channels).fill(alpha)))]);
  },
  keras: (n, x, k) => leakyLayers(k, x, n.attrs.alpha),
});
