import type { View } from '../../ir/view.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import { permute } from '../../keras/compose.js';
import type { SoftmaxAttrs } from './along-axis.js';

/** Softmax and log_softmax over the last axis in memory, as tfjs-layers has them; another axis goes there and back. */
export function softmaxLayers(n: View<SoftmaxAttrs>, x: Layer, k: KerasBuilder, log: boolean): Layer {
  const rank = x.shape.length;
  const at = n.position(0, n.attrs.axis);
  if (!log && k.dialect === 'keras3') return k.layer('Softmax', [x], { axis: at });
  const there = [...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== at), at];
  const moved = permute(k, x, there, '_last');
  const y = log
    ? k.layer('Activation', [moved], { activation: 'log_softmax' }, { shape: moved.shape })
    : k.layer('Softmax', [moved], { axis: -1 }, { shape: moved.shape });
  return permute(
    k,
    y,
    there.map((_, i) => there.indexOf(i)),
    '_back',
  );
}
