import { invalid } from '../../diag/diagnostic.js';
import { isKnown, type Dim } from '../../ir/dim.js';
import { castTensor } from '../../ir/cast.js';
import { pick } from '../../ir/numeric.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { isFloat } from '../../tensor/dtype.js';
import { numbersOf, sizeOf } from '../../tensor/tensor.js';

interface Attrs {
  /** Where the new axis stands in the result: 0 … rank of the indices. */
  readonly axis: number;
}

export default defineOp<Attrs>({
  name: 'OneHot',
  summary: 'a new axis in which one place is on and the others are off',
  shapes: ['', '() | 1', '2'],
  read: {
    9: (n) => {
      const rank = n.input(0)?.type.dims.length ?? 0;
      const axis = n.int('axis');
      if (axis < -rank - 1 || axis > rank) return invalid(`axis ${axis} is outside the rank ${rank + 1}`);
      return { axis: axis < 0 ? axis + rank + 1 : axis };
    },
  },
  infer: (n) => {
    return [{ dtype: n.dtype(2), dims: n.dims(0).toSpliced(n.attrs.axis, 0, depthOf(n) ?? n.fresh()) }];
  },
  fold: (n, [indices, , values]) => {
    const depth = depthOf(n);
    if (depth === undefined || !isKnown(depth)) return undefined;
    const at = numbersOf(indices).map((i) => (i < 0 ? i + depth : i));
    const dims = indices.dims.toSpliced(n.attrs.axis, 0, depth);
    const inner = sizeOf(indices.dims.slice(n.attrs.axis));
    return [
      pick(values, dims, (k) =>
        at[Math.floor(k / (depth * inner)) * inner + (k % inner)] === Math.floor(k / inner) % depth ? 1 : 0,
      ),
    ];
  },
  graph: (n, [indices, given, values], b) => {
    const known = depthOf(n);
    const depth = known !== undefined && isKnown(known) ? known : b.reshape(b.cast(given, 'int32'), []);
    const size = typeof depth === 'number' ? b.scalar(depth, 'int32') : depth;
    // Indices below 0 count from the end; what is outside is off everywhere.
    const at = indices.dtype === 'float32' && isFloat(n.dtype(0)) ? indices : b.cast(indices, 'int32');
    const count = b.cast(size, at.dtype);
    const inside = b.select(b.op('Less', [at, b.scalar(0, at.dtype as 'float32' | 'int32')]), b.add2(at, count), at);
    const behind = n.rank(0) - n.attrs.axis;
    const places = b.reshape(b.cast(b.count(depth), at.dtype), [-1, ...new Array<number>(behind).fill(1)]);
    const on = b.op('Equal', [b.op('ExpandDims', [inside, b.scalar(n.attrs.axis, 'int32')]), places]);
    const value = (i: number) => {
      const table = n.constant(2);
      const single =
        table &&
        castTensor(
          pick(table, [], () => i),
          table.dtype,
        );
      return single ? b.tensor(single) : b.op('Squeeze', [b.slice(values, [i], [1])], { axis: [0] });
    };
    return b.select(on, value(1), value(0));
  },
});

function depthOf(n: View<Attrs>): Dim | undefined {
  const constant = n.constant(1);
  return constant ? Math.trunc(numbersOf(constant)[0]) : n.elems(1)?.[0];
}
