import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown, mayBeNothing } from '../../ir/dim.js';
import { arrange, identity, type Layout } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { takeAxis } from '../../ir/pieces.js';
import { realAxis } from '../../ir/view.js';
import { codeOfDtype } from '../../tensor/dtype.js';
import { int64s, numbersOf } from '../../tensor/tensor.js';
import { gathered, nonNegative, takeConstant } from '../../tf/take.js';
import { textAt } from '../text.js';
import { gatherLayers } from './slice-keras.js';

interface Attrs {
  readonly axis: number;
}

export default defineOp<Attrs>({
  name: 'Gather',
  summary: 'parts along an axis, by index',
  shapes: ['_ ...'],
  read: { 1: (n) => ({ axis: realAxis(n.int('axis'), n.input(0)?.type.dims.length ?? 0) }) },
  // The axes of the indices stand where the axis stood.
  layout: (n, [given, indices]) => ({
    inputs: [given, identity(indices.length)],
    outputs: [replaced(given, n.attrs.axis, indices.length)],
  }),
  infer: (n) => [{ dtype: n.dtype(0), dims: n.dims(0).flatMap((d, i) => (i === n.attrs.axis ? n.dims(1) : [d])) }],
  elems: (n) => {
    const [data, indices] = [n.elems(0), n.ints(1)];
    if (!data || !indices || n.rank(0) !== 1) return undefined;
    return indices.map(
      (i) => data[i < 0 ? i + data.length : i] ?? invalid(`index ${i} is outside the ${data.length} elements`),
    );
  },
  fold: (n, [data, indices]) => {
    const { axis } = n.attrs;
    const at = within(numbersOf(indices), data.dims[axis]);
    const taken = takeAxis(data, axis, at);
    return [{ ...taken, dims: data.dims.flatMap((d, i) => (i === axis ? indices.dims : [d])) }];
  },
  // Of a list of texts, such as the labels of classes.
  expand: (n, [, indices], e) => {
    const texts = n.dtype(0) === 'string' && !n.constant(1) ? n.constant(0) : undefined;
    const count = texts?.dims[n.attrs.axis];
    if (!texts || !count || texts.data.length !== count || indices?.kind !== 'tensor') return undefined;
    const scalar = (v: number) => e.constant(int64s(v));
    const wide = e.one('Cast', [indices], { to: codeOfDtype('int64') });
    const counted = e.one('Where', [e.one('Less', [wide, scalar(0)]), e.one('Add', [wide, scalar(count)]), wide]);
    const taken = textAt(e, counted, texts.data as readonly string[]);
    const [before, after] = [n.attrs.axis, texts.dims.length - 1 - n.attrs.axis];
    const rank = before + n.rank(1) + after;
    const ones = [...identity(before), ...identity(after).map((i) => rank - after + i)];
    return [ones.length === 0 ? taken : e.one('Unsqueeze', [taken, e.constant(int64s(ones))])];
  },
  graph: (n, [x, indices], b) => {
    const axis = n.position(0, n.attrs.axis);
    const dims = arrange(n.dims(0), n.layout(0));
    const size = dims[axis];
    if (x.dtype === 'string')
      return refuse(
        "TensorFlow.js can't gather strings, but from a constant list",
        'gather indices, and look the text up behind the model',
      );
    const known = n.constant(1);
    if (known && isKnown(size)) {
      const at = within(numbersOf(known), size);
      const taken = takeConstant(b, x, dims, axis, at);
      if (known.dims.length === 1) return taken;
      if (known.dims.length === 0) return b.op('Squeeze', [taken], { axis: [axis] });
      return b.op('GatherV2', [
        x,
        b.tensor({ dtype: 'int32', dims: known.dims, data: Int32Array.from(at) }),
        b.scalar(axis, 'int32'),
      ]);
    }
    const at =
      known && numbersOf(known).every((i) => i >= 0)
        ? indices
        : nonNegative(b, indices, isKnown(size) ? size : b.size(x, axis));
    // GatherNd is faster, but throws at an empty tensor even where nothing is taken of it.
    if (axis === 0 && dims.length > 1 && !dims.some(mayBeNothing))
      return b.op('GatherNd', [x, b.op('ExpandDims', [at, b.scalar(n.rank(1), 'int32')])]);
    const index = arrange(n.dims(1), n.layout(1));
    return gathered(b, { ref: x, dims }, axis, { ref: at, dims: index });
  },
  keras: gatherLayers,
  constantFirst: true,
});

/** Indices that may be negative, as 0 … size-1. */
export function within(indices: readonly number[], size: number): number[] {
  return indices.map((i) =>
    i < -size || i >= size ? invalid(`index ${i} is outside the ${size} elements of the axis`) : i < 0 ? i + size : i,
  );
}

/** The order in memory when `count` axes stand where an axis stood. */
function replaced(layout: Layout, axis: number, count: number): Layout {
  return layout.flatMap((a) => (a === axis ? identity(count).map((i) => i + axis) : [a < axis ? a : a - 1 + count]));
}
