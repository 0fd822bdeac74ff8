import { refuse } from '../../diag/diagnostic.js';
import { isKnown, type Dim } from '../../ir/dim.js';
import type { View } from '../../ir/view.js';
import { take } from '../../keras/along.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import { crop, none, padWith, padZeros } from '../../keras/compose.js';
import { isFloat } from '../../tensor/dtype.js';
import { numbersOf, type Tensor } from '../../tensor/tensor.js';
import { sourcesOf, type PadMode } from './padding.js';

interface PadAttrs {
  readonly mode: PadMode;
  readonly value: Tensor | undefined;
  readonly pads: readonly (readonly [Dim, Dim])[] | undefined;
}

/**
 * Pad as ZeroPadding and Cropping. A constant other than 0 takes the place of the zeros; reflections,
 * edges and what goes round are crops that are joined.
 */
export function padLayers(n: View<PadAttrs>, [x]: Layer[], k: KerasBuilder): Layer {
  const { mode, value } = n.attrs;
  if (!n.attrs.pads?.every((p) => p.every(isKnown)) || n.has(2))
    return refuse(
      'the pads or their value are computed by the model',
      'make them constant, or fix the sizes with input-shapes in the config',
    );
  const given = n.attrs.pads as readonly (readonly [number, number])[];
  const pads = n.layout(0).map((axis) => given[axis]);
  if (pads[0].some((p) => p !== 0))
    return refuse('it pads the batch (axis 0), which a Keras layer never touches', 'convert to a graph-model');
  if (mode !== 'constant') {
    let y = x;
    pads.forEach(([before, after], axis) => {
      if (before === 0 && after === 0) return;
      const size =
        y.shape[axis] ??
        refuse(
          `mode ${mode} along an axis whose size is not known`,
          'fix the sizes with input-shapes in the config, or convert to a graph-model',
        );
      if (!isFloat(n.dtype(0)))
        return refuse(
          `mode ${mode} of ${n.dtype(0)}: the layers that repeat and join work on floats`,
          'convert to a graph-model',
        );
      y = take(k, y, axis, sourcesOf(size, before, after, mode));
    });
    return y === x ? k.layer('Activation', [x], { activation: 'linear' }) : y;
  }
  const fill = value ? numbersOf(value)[0] : 0;
  const less = crop(
    k,
    x,
    pads.map(([a, b]): [number, number] => [Math.max(0, -a), Math.max(0, -b)]),
  );
  const more = pads.map(([a, b]): [number, number] => [Math.max(0, a), Math.max(0, b)]);
  if (more.every(([a, b]) => a === 0 && b === 0)) return less === x ? emptyPad(k, x) : less;
  if (fill === 0) return padZeros(k, less, more);
  if (!isFloat(n.dtype(0)) || !(Math.abs(fill) <= 2 ** 126))
    return refuse(
      `padding of ${n.dtype(0)} with ${fill} has no stock layer`,
      Math.abs(fill) <= 2 ** 126
        ? 'convert to a graph-model'
        : 'pad with a smaller number, or convert to a graph-model',
    );
  return padWith(k, less, more, Math.fround(fill));
}

/** A Pad of nothing in front of a pool, as torch writes it, is a layer for onnx2keras. */
function emptyPad(k: KerasBuilder, x: Layer): Layer {
  if (x.shape.length !== 4) return k.layer('Activation', [x], { activation: 'linear' });
  return k.layer('ZeroPadding2D', [x], { padding: [[...none], [...none]], data_format: 'channels_last' });
}
