import { invalid } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { int64s } from '../../tensor/tensor.js';
import { resolved, sequenceOf } from './sequences.js';

interface Attrs {
  readonly axis: number;
  /** Joins along an axis of its own, as numpy's stack. */
  readonly stack: boolean;
}

export default defineOp<Attrs>({
  name: 'ConcatFromSequence',
  summary: 'joins the tensors of a sequence',
  read: { 11: (n) => ({ axis: n.int('axis'), stack: n.flag('new_axis') }) },
  infer: resolved,
  expand: (n, [list], e) => {
    const { axis, stack } = n.attrs;
    const { elements } = sequenceOf(list, n);
    if (elements.length === 0) return invalid('the sequence is empty');
    const parts = stack ? elements.map((v) => e.one('Unsqueeze', [v, e.constant(int64s([axis]))])) : elements;
    return [e.one('Concat', [...parts], { axis })];
  },
});
