import { invalid, refuse } from '../../diag/diagnostic.js';
import type { Bound, Optional, Sequence, Value } from '../../ir/graph.js';
import type { TensorType } from '../../ir/graph.js';
import type { View } from '../../ir/view.js';

/** Sequences and optionals are lists that are known while converting: no TensorFlow graph holds one. */

/** An input that has to be a sequence. */
export function sequenceOf(v: Bound | undefined, n: View): Sequence {
  if (v?.kind === 'sequence') return v;
  if (v?.kind === 'optional') return sequenceOf(v.content, n);
  return invalid(`an input of ${n.opName} has to be a sequence`);
}

/** An input that has to be a tensor. */
export function tensorIn(v: Bound | undefined, n: View): Value {
  if (v?.kind === 'tensor') return v;
  return invalid(`an input of ${n.opName} has to be a tensor`);
}

export function sequence(n: View, elements: readonly Value[], dtype?: Sequence['dtype']): Sequence {
  return { kind: 'sequence', name: n.name, elements, dtype: dtype ?? elements[0]?.type.dtype };
}

export function optional(n: View, content: Optional['content']): Optional {
  return { kind: 'optional', name: n.name, content };
}

/** Input i as a place in a list of this length: may be negative, and has to be constant. */
export function placeIn(n: View, i: number, length: number, last: number): number {
  const [place] =
    n.ints(i) ??
    refuse(
      `the position (input ${i}) has to be constant, since sequences are resolved while converting`,
      'unroll the loop before the export',
    );
  const at = place < 0 ? place + length : place;
  return at < 0 || at > last ? invalid(`position ${place} is outside the ${length} elements of the sequence`) : at;
}

/** For operators that are always resolved while converting. */
export function resolved(): TensorType[] {
  throw new Error('an operator of sequences became a node');
}
