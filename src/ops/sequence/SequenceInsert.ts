import { defineOp, noAttributes } from '../../ir/op.js';
import { int64s } from '../../tensor/tensor.js';
import { placeIn, resolved, sequence, sequenceOf, tensorIn } from './sequences.js';

const LIMITS = 'positions have to be constant';

export default [
  defineOp({
    name: 'SequenceInsert',
    summary: 'a sequence with one more tensor',
    limits: LIMITS,
    shapes: ['', '', '() | 1'],
    read: { 11: noAttributes },
    infer: resolved,
    expand: (n, [list, tensor]) => {
      const { elements, dtype } = sequenceOf(list, n);
      const at = n.has(2) ? placeIn(n, 2, elements.length, elements.length) : elements.length;
      return [sequence(n, elements.toSpliced(at, 0, tensorIn(tensor, n)), dtype)];
    },
  }),
  defineOp({
    name: 'SequenceErase',
    summary: 'a sequence without one of its tensors',
    limits: LIMITS,
    shapes: ['', '() | 1'],
    read: { 11: noAttributes },
    infer: resolved,
    expand: (n, [list]) => {
      const { elements, dtype } = sequenceOf(list, n);
      const at = n.has(1) ? placeIn(n, 1, elements.length, elements.length - 1) : elements.length - 1;
      return [sequence(n, elements.toSpliced(at, 1), dtype)];
    },
  }),
  defineOp({
    name: 'SequenceAt',
    summary: 'one tensor of a sequence',
    limits: LIMITS,
    shapes: ['', '() | 1'],
    read: { 11: noAttributes },
    infer: resolved,
    expand: (n, [list]) => {
      const { elements } = sequenceOf(list, n);
      return [elements[placeIn(n, 1, elements.length, elements.length - 1)]];
    },
  }),
  defineOp({
    name: 'SequenceLength',
    summary: 'how many tensors a sequence has: a constant',
    read: { 11: noAttributes },
    infer: resolved,
    expand: (n, [list], e) => [e.constant(int64s(sequenceOf(list, n).elements.length))],
  }),
];
