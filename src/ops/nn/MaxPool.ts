import { refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { dataFormat } from '../../keras/builder.js';
import { zeroPadded } from './conv-keras.js';
import { poolPads, poolType, readPool, type PoolAttrs } from './pool.js';

/** Below every float32 that a network computes with; -Infinity would be 0 * Infinity in some kernels. */
const LOWEST = -3.4028234663852886e38;

export default defineOp<PoolAttrs>({
  name: 'MaxPool',
  summary: 'largest of a window',
  limits: 'Indices (the second output), and ceil_mode on sizes that are not known, are refused',
  read: { 1: readPool },
  layout: 'channels-last',
  infer: (n) => [poolType(n), { ...poolType(n), dtype: 'int64' }],
  graph: (n, [x], b) => {
    if (n.outputs[1]) return refuse('the second output (Indices) is not supported yet');
    const { window, kernel } = n.attrs;
    if (window.ceil && !n.dims(0).slice(2).every(isKnown)) return refuse('ceil_mode needs the sizes of the input', 'fix the sizes with input-shapes in the config');
    if (kernel.length > 2 || window.dilations.some((d) => d !== 1)) return refuse('3-D and dilated pools are not supported yet');
    if (x.dtype !== 'float32') return refuse(`MaxPool of ${n.dtype(0)} is not supported yet`);
    const one = kernel.length === 1;
    const line = one ? b.op('ExpandDims', [x, b.scalar(1, 'int32')]) : x;
    const pads = [...(one ? [[0, 0] as [number, number]] : []), ...poolPads(n)];
    const padded = b.pad(line, [[0, 0], ...pads, [0, 0]], LOWEST);
    const y = b.op('MaxPool', [padded], {
      ksize: [1, ...(one ? [1] : []), ...kernel, 1], strides: [1, ...(one ? [1] : []), ...window.strides, 1], padding: 'VALID', data_format: 'NHWC',
    });
    return [one ? b.op('Squeeze', [y], { axis: [1] }) : y];
  },
  keras: (n, [x], k) => {
    if (n.outputs[1]) return refuse('the second output (Indices) has no stock layer', 'convert to a graph-model');
    const { window, kernel } = n.attrs;
    if (kernel.length !== 2 || window.dilations.some((d) => d !== 1)) return refuse('only plain 2-D pools have a stock layer here yet', 'convert to a graph-model');
    const pads = poolPads(n);
    const padded = pads.some(([a, b]) => a > 0 || b > 0);
    if (padded && !notNegative(x.spec.className, x.spec.config)) return refuse('padding before a max pool takes zeros, which is right only where the input is never negative (after Relu, Sigmoid …)', 'convert to a graph-model');
    const format = dataFormat(n.value(0));
    return k.layer('MaxPooling2D', [zeroPadded(x, pads, format, k)], { pool_size: [...kernel], strides: [...window.strides], padding: 'valid', data_format: format });
  },
});

/** Whether a layer never gives a negative value. */
function notNegative(className: string, config: Readonly<Record<string, unknown>>): boolean {
  return className === 'ReLU' || (className === 'Activation' && ['relu', 'relu6', 'sigmoid', 'hard_sigmoid', 'softplus', 'softmax'].includes(String(config.activation)));
}
