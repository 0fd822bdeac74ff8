import { defineOp } from '../../ir/op.js';
import { normalAxis } from '../../ir/view.js';
import { int64s, numbersOf } from '../../tensor/tensor.js';

interface Attrs {
  /** Undefined: of the flattened input. */
  readonly axis: number | undefined;
}

export default defineOp<Attrs>({
  name: 'Compress',
  summary: 'the parts along an axis for which a condition holds',
  shapes: ['', '_'],
  read: {
    9: (n) => {
      const axis = n.optInt('axis');
      return { axis: axis === undefined ? undefined : normalAxis(axis, n.input(0)?.type.dims.length ?? 0) };
    },
  },
  infer: (n) => [
    {
      dtype: n.dtype(0),
      dims: n.attrs.axis === undefined ? [n.fresh()] : n.dims(0).map((d, i) => (i === n.attrs.axis ? n.fresh() : d)),
    },
  ],
  expand: (n, [x, condition], e) => {
    const flat = n.attrs.axis === undefined;
    const data = flat ? e.one('Reshape', [x, e.constant(int64s([-1]))]) : x;
    const known = n.constant(1);
    const at = known
      ? e.constant(int64s(numbersOf(known).flatMap((c, i) => (c ? [i] : []))))
      : e.one('Squeeze', [e.one('NonZero', [condition]), e.constant(int64s([0]))]);
    return [e.one('Gather', [data, at], { axis: n.attrs.axis ?? 0 })];
  },
});
