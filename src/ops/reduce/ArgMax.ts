import { invalid } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import { arrange } from '../../ir/layout.js';
import { defineOp, type Op } from '../../ir/op.js';
import type { RawNode } from '../../ir/view.js';
import { tensorOf } from '../../tensor/tensor.js';
import { without } from './reduce.js';

interface Attrs {
  readonly axis: number;
  readonly keepdims: boolean;
  readonly last: boolean;
}

const read = (n: RawNode): Attrs => ({
  axis: n.int('axis'),
  keepdims: n.int('keepdims') !== 0,
  last: n.flag('select_last_index'),
});

/** Where along an axis the greatest (least) stands. Source: ONNX, ArgMax-1, -11, -12, -13. */
function arg(name: 'ArgMax' | 'ArgMin', reduce: 'Max' | 'Min', summary: string): Op {
  return defineOp<Attrs>({
    name,
    summary,
    read: { 1: read },
    layout: (n, [given]) => ({
      inputs: [given],
      outputs: [n.attrs.keepdims ? given : without(given, [n.axisOf(0, n.attrs.axis)])],
    }),
    infer: (n) => {
      const axis = n.axisOf(0, n.attrs.axis);
      const dims = n.dims(0);
      if (dims[axis] === 0) return invalid(`${name} along an axis of size 0`);
      return [
        {
          dtype: 'int64',
          dims: n.attrs.keepdims ? dims.map((d, i) => (i === axis ? 1 : d)) : dims.filter((_, i) => i !== axis),
        },
      ];
    },
    graph: (n, [x], b) => {
      const { keepdims, last } = n.attrs;
      const at = n.position(0, n.attrs.axis);
      if (!last) {
        const out = b.op(name, [x, b.scalar(at, 'int32')]);
        return keepdims ? b.op('ExpandDims', [out, b.scalar(at, 'int32')]) : out;
      }
      // The greatest index among those that hold the greatest value.
      const value = b.op(reduce, [x, b.ints([at])], { keep_dims: true });
      const hits = b.cast(b.op('Equal', [x, value]), 'int32');
      const size = arrange(n.dims(0), n.layout(0))[at];
      const after = n.rank(0) - 1 - at;
      const count = isKnown(size)
        ? b.tensor(
            tensorOf(
              'int32',
              [size, ...new Array<number>(after).fill(1)],
              Array.from({ length: size }, (_, i) => i),
            ),
          )
        : b.reshape(b.op('Range', [b.scalar(0, 'int32'), b.size(x, at), b.scalar(1, 'int32')], { Tidx: 'int32' }), [
            -1,
            ...new Array<number>(after).fill(1),
          ]);
      return b.op('Max', [b.mul(hits, count), b.ints([at])], { keep_dims: keepdims });
    },
  });
}

export default [
  arg('ArgMax', 'Max', 'where along an axis the greatest stands, the first or the last of equals'),
  arg('ArgMin', 'Min', 'where along an axis the least stands, the first or the last of equals'),
];
