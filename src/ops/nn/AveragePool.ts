import { refuse } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { isKnown } from '../../ir/dim.js';
import { dataFormat } from '../../keras/builder.js';
import { sizeOf, tensorOf } from '../../tensor/tensor.js';
import { zeroPadded } from './conv-keras.js';
import { poolPads, poolType, readPool, type PoolAttrs } from './pool.js';
import { padsOf, reach } from './window.js';

interface Attrs extends PoolAttrs {
  readonly countPads: boolean;
}

export default defineOp<Attrs>({
  name: 'AveragePool',
  summary: 'mean of a window',
  limits: 'ceil_mode on sizes that are not known is refused',
  read: { 1: (n) => ({ ...readPool(n), countPads: n.opset >= 7 && n.flag('count_include_pad') }) },
  layout: 'channels-last',
  infer: (n) => [poolType(n)],
  graph: (n, [x], b) => {
    const { window, kernel } = n.attrs;
    if (kernel.length > 2 || window.dilations.some((d) => d !== 1)) return refuse('3-D and dilated pools are not supported yet');
    if (window.ceil && !n.dims(0).slice(2).every(isKnown)) return refuse('ceil_mode needs the sizes of the input', 'fix the sizes with input-shapes in the config');
    const one = kernel.length === 1;
    const wide = <T>(list: readonly T[], first: T): T[] => (one ? [first, ...list] : [...list]);
    const line = one ? b.op('ExpandDims', [x, b.scalar(1, 'int32')]) : x;
    const pads = poolPads(n);
    const padded = b.pad(line, [[0, 0], ...wide<readonly [number, number]>(pads, [0, 0]), [0, 0]]);
    const mean = b.op('AvgPool', [padded], { ksize: [1, ...wide(kernel, 1), 1], strides: [1, ...wide(window.strides, 1), 1], padding: 'VALID', data_format: 'NHWC' });
    const shares = pads.some(([p, q]) => p > 0 || q > 0) ? divisors(n) : undefined;
    const y = shares ? b.mul(mean, b.tensor(tensorOf('float32', [1, ...wide(shares.dims, 1), 1], shares.factors))) : mean;
    return one ? b.op('Squeeze', [y], { axis: [1] }) : y;
  },
  keras: (n, [x], k) => {
    const { window, kernel } = n.attrs;
    if (kernel.length !== 2 || window.dilations.some((d) => d !== 1)) return refuse('only plain 2-D pools have a stock layer here yet', 'convert to a graph-model');
    const pads = poolPads(n);
    if (pads.some(([p, q]) => p > 0 || q > 0) && divisors(n)) return refuse('padding that is left out of the mean has no stock layer here yet', 'convert to a graph-model');
    const format = dataFormat(n.value(0));
    return k.layer('AveragePooling2D', [zeroPadded(x, pads, format, k)], { pool_size: [...kernel], strides: [...window.strides], padding: 'valid', data_format: format });
  },
});

/**
 * Per output position, what the mean over the padded window has to be multiplied with, where not every padded element
 * counts: all of it with count_include_pad (but for what ceil_mode adds), none without. Undefined where all factors are 1.
 */
function divisors(n: import('../../ir/view.js').View<Attrs>): { dims: number[]; factors: number[] } | undefined {
  const { window, kernel, countPads } = n.attrs;
  const sizes = n.knownDims(0).slice(2);
  const pads = padsOf(window, kernel, sizes);
  const out = poolType(n).dims.slice(2) as number[];
  const counts = out.map((length, i) => Array.from({ length }, (_, at) => {
    const begin = at * window.strides[i] - pads[i][0];
    const end = begin + reach(kernel[i], 1);
    const [low, high] = countPads ? [-pads[i][0], sizes[i] + pads[i][1]] : [0, sizes[i]];
    return Math.min(end, high) - Math.max(begin, low);
  }));
  const factors = Array.from({ length: sizeOf(out) }, (_, flat) => {
    let rest = flat;
    let elements = 1;
    for (let i = out.length - 1; i >= 0; i--) {
      elements *= counts[i][rest % out[i]];
      rest = Math.floor(rest / out[i]);
    }
    return sizeOf(kernel) / elements;
  });
  return factors.every((f) => f === 1) ? undefined : { dims: out, factors };
}
