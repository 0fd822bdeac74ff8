import { refuse } from '../../diag/diagnostic.js';
import { isFloat } from '../../tensor/dtype.js';
import type { View } from '../../ir/view.js';
import { beside, logSumExpEverywhere } from '../../keras/along.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import { merge, negated, permute, pool, rescale, reshape } from '../../keras/compose.js';
import type { ReduceAttrs } from './reduce.js';

type Kind = 'Mean' | 'Max' | 'Min' | 'Sum' | 'L1' | 'L2' | 'SumSquare' | 'LogSumExp';

/** Small beside the squares of what float32 holds, and what keeps 0 / 0 from being NaN. */
const EPSILON = 1e-30;

/** A reduction as Keras's global pooling of what has the reduced axes merged. */
export function reduceLayers(n: View<ReduceAttrs>, x: Layer, k: KerasBuilder, kind: Kind): Layer {
  const { axes, keepdims } = n.attrs;
  if (!axes) return refuse('the axes are computed by the model', 'make the axes (input 1) an initializer');
  if (!isFloat(n.dtype(0)))
    return refuse(
      `${n.opName} of ${n.dtype(0)}: the layers of Keras pool floats`,
      'cast to float32 before it, or convert to a graph-model',
    );
  if (axes.length === 0) return refuse('it reduces over no axis', 'convert to a graph-model');
  const over = axes.map((a) => n.position(0, a)).sort((p, q) => p - q);
  const sizes = over.map((a) => x.shape[a]);
  if (sizes.includes(0)) return refuse('it reduces an axis without elements', 'convert to a graph-model');
  const count = sizes.reduce<number | null>((p, d) => (p === null || d === null ? null : p * d), 1);
  const total = (y: Layer) =>
    rescale(
      k,
      pool(k, y, 'Average', over, keepdims),
      count ??
        refuse(
          'a sum over sizes that are not known is no mean times a number',
          'fix the sizes with input-shapes in the config',
        ),
      0,
    );
  switch (kind) {
    case 'Mean':
      return pool(k, x, 'Average', over, keepdims, true);
    case 'Max':
      return pool(k, x, 'Max', over, keepdims, true);
    case 'Min':
      return negated(k, pool(k, negated(k, x), 'Max', over, keepdims));
    case 'Sum':
      return total(x);
    case 'L1':
      return total(merge(k, 'Maximum', [x, negated(k, x)]));
    case 'SumSquare':
      return total(merge(k, 'Multiply', [x, x]));
    case 'L2':
    case 'LogSumExp':
      break;
  }
  const kept = x.shape.flatMap((_, i) => (i === 0 || over.includes(i) ? [] : [i]));
  const rest = kept.map((i) => x.shape[i]).reduce((p, d) => (p === null || d === null ? null : p * d), 1);
  const finish = (y: Layer) =>
    reshape(
      k,
      y,
      keepdims ? x.shape.slice(1).map((d, i) => (over.includes(i + 1) ? 1 : d)) : kept.map((i) => x.shape[i]),
      '_shape',
    );
  if (count === null)
    return refuse(`${n.opName} needs the sizes of its axes`, 'fix the sizes with input-shapes in the config');
  if (kind === 'LogSumExp') {
    const rows = reshape(k, permute(k, x, [0, ...kept, ...over]), [rest, count], '_rows');
    return finish(pool(k, logSumExpEverywhere(k, rows), 'Average', [2], false));
  }
  // Each x beside -x, times what both are when divided by the root of the mean square, is on average that root.
  const line = reshape(k, permute(k, x, [0, ...over, ...kept]), [count, rest], '_line');
  const { pair, normalized } = beside(k, line, 1, EPSILON);
  return finish(
    rescale(k, pool(k, merge(k, 'Multiply', [pair, normalized]), 'Average', [1], false), Math.sqrt(count), 0),
  );
}
