import { invalid } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import type { Composer } from '../compose.js';

/** How many query heads share a head of keys and values, both of [batch, heads, length, size]. */
function sharing(q: Value, k: Value): { group: number; heads: number; kvHeads: number } {
  const [heads, kvHeads] = [q.type.dims[1], k.type.dims[1]];
  if (!isKnown(heads) || !isKnown(kvHeads)) return { group: 1, heads: 0, kvHeads: 0 };
  return heads % kvHeads === 0
    ? { group: heads / kvHeads, heads, kvHeads }
    : invalid(`${heads} heads of queries can't share ${kvHeads} heads of keys`);
}

/** Q times K transposed, scaled (by 1 / sqrt(head size) where nothing is said): [batch, heads, queries, keys]. */
export function scores(c: Composer, q: Value, k: Value, scale: number | undefined): Value {
  const size = q.type.dims[3];
  const factor = scale ?? (isKnown(size) ? 1 / Math.sqrt(size) : invalid('the size of a head is not known'));
  const { group, heads, kvHeads } = sharing(q, k);
  const keys = c.transpose(k, [0, 1, 3, 2]);
  if (group === 1) return c.matmul(c.mul(q, factor), keys);
  // Heads that share keys are rows of one product.
  const rows = c.reshape(c.mul(q, factor), [0, kvHeads, -1, size as number]);
  return c.reshape(c.matmul(rows, keys), [0, heads, -1, 0]);
}

/** Probabilities [batch, heads, queries, keys] times V. */
export function attend(c: Composer, probabilities: Value, v: Value): Value {
  const { group, heads, kvHeads } = sharing(probabilities, v);
  if (group === 1) return c.matmul(probabilities, v);
  const rows = c.reshape(probabilities, [0, kvHeads, -1, 0]);
  return c.reshape(c.matmul(rows, v), [0, heads, -1, 0]);
}
