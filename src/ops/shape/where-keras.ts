import { refuse } from '../../diag/diagnostic.js';
import type { View } from '../../ir/view.js';
import { isFloat } from '../../tensor/dtype.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import { filledLike, merge, negated, rescale } from '../../keras/compose.js';
import { changed, constantLike, constantOf, grown } from '../math/arithmetic-keras.js';

/** Its square is infinite in float32. */
const LARGE = 3e38;

/**
 * Where with a constant condition and a constant on one side, as masks are written: the other side is kept between bounds
 * that are infinite where it counts, and both the constant where it doesn't.
 */
export function whereLayers(n: View, [, x, y]: Layer[], k: KerasBuilder): Layer {
  const condition = constantOf(n, 0);
  const values = constantOf(n, x ? 2 : 1);
  const given = x ?? y;
  if (condition === undefined)
    return refuse('no stock layer chooses by a condition that the model computes', 'convert to a graph-model');
  if (values === undefined || !given)
    return refuse('no stock layer chooses between two tensors, or two constants', 'convert to a graph-model');
  if (!isFloat(n.dtype(1)))
    return refuse(`Where of ${n.dtype(1)}: the layers of Keras compute with floats`, 'convert to a graph-model');
  const wide = grown(k, grown(k, given, condition), values);
  // +1 where the model's side counts.
  const side = changed(condition, (c) => ((c !== 0) === (x !== undefined) ? 1 : -1));
  const large = rescale(k, constantLike(k, wide, side), LARGE, 0, '_large');
  const above = rescale(k, large, LARGE, 0, '_above');
  if (values === Number.NEGATIVE_INFINITY) return merge(k, 'Minimum', [wide, above]);
  const below = negated(k, above, '_below');
  if (values === Number.POSITIVE_INFINITY) return merge(k, 'Maximum', [wide, below]);
  const constant = typeof values === 'number' ? filledLike(k, wide, values, '_value') : constantLike(k, wide, values);
  const most = merge(k, 'Maximum', [above, constant], '_most');
  const least = merge(k, 'Minimum', [below, constant], '_least');
  return merge(k, 'Maximum', [merge(k, 'Minimum', [wide, most], '_less'), least]);
}
