import { defineOp, noAttributes } from '../../ir/op.js';

export default defineOp({
  name: 'Identity',
  summary: 'the input itself: the value has another name, and no work is done',
  read: { 1: noAttributes },
  layout: 'any',
  infer: (n) => [n.type(0)],
  expand: (_, [x]) => [x],
});
