import { refuse } from '../../diag/diagnostic.js';
import { exactDiv, isKnown } from '../../ir/dim.js';
import type { View } from '../../ir/view.js';
import { dataFormat, type KerasBuilder, type Layer } from '../../keras/builder.js';
import type { ResizeAttrs } from './Resize.js';

/** Resize by whole factors to the nearest: UpSampling2D. */
export function kerasResize(n: View<ResizeAttrs>, [x]: Layer[], k: KerasBuilder): Layer {
  const { rule } = n.attrs;
  const out = n.outputs[0]?.type.dims ?? [];
  const factors = n.dims(0).map((d, axis) => exactDiv(out[axis], d));
  if (n.rank(0) !== 4 || factors[0] !== 1 || factors[1] !== 1 || !factors.every((f) => f !== undefined && isKnown(f) && f >= 1)) return refuse('only a Resize of images by whole factors has a stock layer', 'convert to a graph-model');
  const same = rule.transform === 'asymmetric' ? rule.nearest === 'floor' || rule.nearest === 'simple' : ['half_pixel', 'pytorch_half_pixel', 'half_pixel_symmetric'].includes(rule.transform) && rule.nearest.startsWith('round');
  if (rule.mode !== 'nearest' || !same) return refuse(`Resize with mode ${rule.mode}, ${rule.transform}, ${rule.nearest} has no stock layer that computes the same`, 'convert to a graph-model');
  return k.layer('UpSampling2D', [x], { size: factors.slice(2) as number[], data_format: dataFormat(n.value(0)), interpolation: 'nearest' });
}
