import { invalid } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import type { RawNode } from '../../ir/view.js';
import { int64s, tensorOf, type Tensor } from '../../tensor/tensor.js';
import type { Composer } from '../compose.js';
import { lookup } from './lookup.js';

/** The classes' labels, int64 or string. */
export function readLabels(n: RawNode, ints: string, strings: string): Tensor {
  const words = n.optStrings(strings);
  if (words && words.length > 0) return tensorOf('string', [words.length], words);
  const numbers = n.optInts(ints);
  if (numbers && numbers.length > 0) return int64s(numbers);
  return invalid(`${n.opName} has neither ${ints} nor ${strings}`);
}

/** The labels of classes given by their number. */
export function labelsOf(c: Composer, labels: Tensor, classes: Value): Value {
  if (labels.dtype !== 'string') {
    const numbers = Array.from(labels.data as BigInt64Array, Number);
    // Most exporters number the classes as they stand.
    if (numbers.every((v, i) => v === i)) return classes;
    return c.op('Gather', [c.e.constant(labels), classes], { axis: 0 });
  }
  const keys = int64s(Array.from({ length: labels.dims[0] }, (_, i) => i));
  return lookup(c, classes, keys, labels, tensorOf('string', [], ['']));
}

/** Two labels by a condition: [no, yes]. */
export function labelIf(c: Composer, condition: Value, no: number, yes: number, labels: Tensor): Value {
  if (labels.dtype === 'string')
    return labelsOf(c, labels, c.where(condition, c.e.constant(int64s(yes)), c.e.constant(int64s(no))));
  return c.where(condition, c.constant('int64', [], [yes]), c.constant('int64', [], [no]));
}
