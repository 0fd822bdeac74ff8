import type { Value } from '../../ir/graph.js';
import { numbersOf, tensorOf, type Tensor } from '../../tensor/tensor.js';
import { isFloat, isInteger } from '../../tensor/dtype.js';
import type { Composer } from '../compose.js';

/**
 * Each element of x replaced by the value that stands beside its key, or by the fallback. Numbers are compared with all
 * keys at once; where a string is on either side TensorFlow.js has its hash table alone.
 * @param keys [K], of the type of x; where a key is repeated the last one counts. A NaN is found by every NaN
 * @param values [K]
 * @param fallback a scalar of the type of the values
 */
export function lookup(c: Composer, x: Value, keys: Tensor, values: Tensor, fallback: Tensor): Value {
  const kept = lastOfEach(keys);
  const [from, to] = [at(keys, kept), at(values, kept)];
  if (keys.dtype === 'string' || values.dtype === 'string')
    return c.e.one('TextTable', [x, c.e.constant(from), c.e.constant(to), c.e.constant(fallback)], {}, 'internal');
  const table = tensorOf(values.dtype, [kept.length + 1], [...elements(fallback), ...elements(to)] as number[]);
  return c.op('Gather', [c.e.constant(table), placeOf(c, x, from)], { axis: 0 });
}

/** For each element of x 0, or the number of its key, counted from 1. Integers of the shape of x. */
function placeOf(c: Composer, x: Value, keys: Tensor): Value {
  const numbers = numbersOf(keys);
  const count = numbers.length;
  if (count > 0 && isInteger(keys.dtype) && numbers.every((v, i) => v === numbers[0] + i)) {
    const place = c.sub(x, numbers[0] - 1);
    const inside = c.op('And', [c.greater(place, 0), c.less(place, count + 1)]);
    return c.cast(c.where(inside, place, 0), 'int64');
  }
  const wide = c.unsqueeze(x, [x.type.dims.length]);
  let same = c.equal(wide, c.e.constant(keys));
  if (isFloat(keys.dtype) && numbers.some(Number.isNaN)) {
    const isNaNKey = c.constant(
      'bool',
      [count],
      numbers.map((v) => (Number.isNaN(v) ? 1 : 0)),
    );
    same = c.op('Or', [same, c.op('And', [c.op('IsNaN', [wide]), isNaNKey])]);
  }
  // One key at most is equal, so that the sum is exact.
  const places = c.floats(
    numbers.map((_, i) => i + 1),
    [count, 1],
  );
  return c.cast(c.squeeze(c.matmul(c.cast(same, 'float32'), places), [x.type.dims.length]), 'int64');
}

function lastOfEach(keys: Tensor): number[] {
  const last = new Map<unknown, number>();
  elements(keys).forEach((key, i) => {
    last.delete(key);
    last.set(key, i);
  });
  return [...last.values()].sort((a, b) => a - b);
}

const elements = (t: Tensor): unknown[] => Array.from(t.data as ArrayLike<unknown>);

function at(t: Tensor, indices: readonly number[]): Tensor {
  const all = elements(t);
  return tensorOf(t.dtype, [indices.length], indices.map((i) => all[i]) as string[]);
}
