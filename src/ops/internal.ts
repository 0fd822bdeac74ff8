import { defineOp } from '../ir/op.js';

/**
 * Moves a value into another layout, or (perm identity, `labels` given) reads the same bytes under other axes: what an
 * ONNX Transpose becomes where nothing has to move. Made by the layout pass alone.
 */
export const relayout = defineOp<{ perm: readonly number[]; labels?: readonly number[] }>({
  name: 'Relayout',
  domain: 'internal',
  summary: 'a change of the order of axes in memory',
  read: {},
  infer: (n) => [n.type(0)],
  graph: (n, [x], b) => b.transpose(x, n.attrs.perm),
});
