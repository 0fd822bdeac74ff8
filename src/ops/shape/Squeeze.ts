import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown, showDims } from '../../ir/dim.js';
import type { Layout } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { normalAxis, type RawNode, type View } from '../../ir/view.js';
import { int64s } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { reshapeLayer } from './regroup.js';

interface Attrs {
  /** Axes of size 1 that go, ascending. */
  readonly axes: readonly number[];
  /** Axes that stay since their size, which only the run tells, is taken not to be 1. */
  readonly staying?: readonly number[];
}

export default defineOp<Attrs>({
  name: 'Squeeze',
  summary: 'takes axes of size 1 away',
  limits: 'without axes, a size that only the run tells is not taken away: the model stops where it is 1',
  shapes: ['', '() | _'],
  read: {
    1: (n) => read(n, n.optInts('axes')),
    13: (n) => {
      const axes = n.constantInts(1);
      return n.input(1) && !axes ? { axes: [] } : read(n, axes);
    },
  },
  // Axes that only the model's run names: the sizes that stay are picked, and the rest is a Reshape.
  expand: (n, [x, axes], e) => {
    if (!axes) return undefined;
    const gone = n.dims(1)[0];
    if (!isKnown(gone)) return refuse('the number of axes is not known');
    const rank = n.rank(0);
    const ints = (v: readonly number[]) => e.constant(int64s([...v]));
    const at = e.one('Mod', [e.one('Add', [e.one('Cast', [axes], { to: 7 }), ints([rank])]), ints([rank])]);
    // Each axis counts rank, rank-1 … 1, and one that goes 0: the largest are those that stay, in order.
    const places = e.one(
      'ScatterElements',
      [ints(Array.from({ length: rank }, (_, i) => rank - i)), at, ints(new Array<number>(gone).fill(0))],
      { axis: 0 },
    );
    const [stay] = e.emit('TopK', [places, ints([rank - gone])], { axis: 0 }, 2);
    const sizes = e.one('Gather', [e.one('Shape', [x]), e.one('Sub', [ints([rank]), stay])]);
    return [e.one('Reshape', [x, sizes], { allowzero: 1 })];
  },
  // What is left keeps its order.
  layout: (n, [given]) => ({ inputs: [given], outputs: [squeezed(given, n.attrs.axes)] }),
  infer: (n) => [{ dtype: n.dtype(0), dims: n.dims(0).filter((_, i) => !n.attrs.axes.includes(i)) }],
  elems: (n) => n.elems(0),
  fold: (n, [x]) => [{ ...x, dims: x.dims.filter((_, i) => !n.attrs.axes.includes(i)) }],
  graph: (n, [x], b) => {
    const { axes, staying } = n.attrs;
    if (staying) return b.reshape(x, keptSizes(n, x, staying, b));
    return axes.length === 0
      ? x
      : b.op('Squeeze', [x], { axis: axes.map((a) => n.position(0, a)).sort((p, q) => p - q) });
  },
  keras: (n, [x], k) => {
    if (n.attrs.staying?.some((a) => a > 0)) return refuse('the axes are not said', 'convert to a graph-model');
    return reshapeLayer(n, x, k, false);
  },
});

function read(n: RawNode, given: readonly number[] | undefined): Attrs {
  const dims = n.input(0)?.type.dims ?? [];
  n.setInputs([n.input(0)]);
  if (given) {
    const axes = [...new Set(given.map((a) => normalAxis(a, dims.length)))].sort((p, q) => p - q);
    for (const a of axes)
      if (isKnown(dims[a]) && dims[a] !== 1) return invalid(`axis ${a} of ${showDims(dims)} is not of size 1`);
    return { axes };
  }
  const staying = dims.flatMap((d, i) => (isKnown(d) ? [] : [i]));
  return { axes: dims.flatMap((d, i) => (d === 1 ? [i] : [])), ...(staying.length > 0 ? { staying } : {}) };
}

/** The sizes that stay, in memory order. One that is 1 when the model runs is said to be 2, with which Reshape throws. */
function keptSizes(n: View<Attrs>, x: Ref, staying: readonly number[], b: GraphBuilder): Ref {
  const one = b.scalar(1, 'int32');
  const sizes = n.layout(0).flatMap((axis, place): (number | Ref)[] => {
    if (n.attrs.axes.includes(axis)) return [];
    const d = n.dims(0)[axis];
    if (isKnown(d)) return [d];
    const size = b.size(x, place);
    return [staying.includes(axis) ? b.add2(size, b.cast(b.op('Equal', [size, one]), 'int32')) : size];
  });
  return b.sizes(sizes);
}

/** The order in memory when axes are gone. */
export function squeezed(layout: Layout, axes: readonly number[]): Layout {
  return layout.filter((a) => !axes.includes(a)).map((a) => a - axes.filter((gone) => gone < a).length);
}
