import { refuse } from '../../diag/diagnostic.js';
import type { View } from '../../ir/view.js';
import { dataFormat, type KerasBuilder, type Layer } from '../../keras/builder.js';
import type { ReduceAttrs } from './reduce.js';

/** A reduction over height and width as Keras's global pooling. */
export function globalPool(n: View<ReduceAttrs>, x: Layer, k: KerasBuilder, className: string): Layer {
  const { axes, keepdims } = n.attrs;
  if (n.rank(0) !== 4 || axes?.join() !== '2,3') return refuse(`only ${n.opName} over the spatial axes of an image has a stock layer`, 'convert to a graph-model');
  const format = dataFormat(n.value(0));
  const channels = x.shape[n.position(0, 1)];
  const pooled = k.layer(className, [x], { data_format: format }, keepdims ? { suffix: '_pool', shape: [null, channels] } : {});
  if (!keepdims) return pooled;
  if (channels === null) return refuse('the number of channels has to be known here');
  return k.layer('Reshape', [pooled], { target_shape: format === 'channels_last' ? [1, 1, channels] : [channels, 1, 1] });
}
