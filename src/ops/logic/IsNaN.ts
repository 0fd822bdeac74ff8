import { isFloat } from '../../tensor/dtype.js';
import type { View } from '../../ir/view.js';
import { defineOp, noAttributes, type Op } from '../../ir/op.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

function test<A>(
  name: string,
  summary: string,
  read: Op<A>['read'],
  of: (v: number, attrs: A) => boolean,
  graph: (x: Ref, b: GraphBuilder, attrs: A) => Ref,
): Op {
  return defineOp<A>({
    name,
    summary,
    read,
    layout: 'any',
    infer: (n) => [{ dtype: 'bool', dims: n.dims(0) }],
    fold: (n: View<A>, [x]: Tensor[]) =>
      isFloat(x.dtype)
        ? [
            {
              dtype: 'bool',
              dims: x.dims,
              data: Uint8Array.from(x.data as Float32Array, (v) => Number(of(v, n.attrs))),
            },
          ]
        : undefined,
    graph: (n, [x], b) => graph(x, b, n.attrs),
  });
}

interface Signs {
  readonly negative: boolean;
  readonly positive: boolean;
}

export default [
  test('IsNaN', 'whether a number is NaN', { 9: noAttributes }, Number.isNaN, (x, b) => b.op('IsNan', [x])),
  test<Signs>(
    'IsInf',
    'whether a number is infinite, of either sign or of one',
    { 10: (n) => ({ negative: n.flag('detect_negative'), positive: n.flag('detect_positive') }) },
    (v, { negative, positive }) =>
      (positive && v === Number.POSITIVE_INFINITY) || (negative && v === Number.NEGATIVE_INFINITY),
    (x, b, { negative, positive }) => {
      if (negative && positive) return b.op('IsInf', [x]);
      if (negative || positive)
        return b.op('Equal', [x, b.scalar(positive ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY)]);
      return b.op('LogicalAnd', [b.op('IsInf', [x]), b.scalar(0, 'bool')]);
    },
  ),
];
