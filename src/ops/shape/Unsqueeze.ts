import { invalid, refuse } from '../../diag/diagnostic.js';
import { channelsLast, identity, sameLayout, type Layout } from '../../ir/layout.js';
import { isKnown, type Dim } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { normalAxis, type RawNode } from '../../ir/view.js';
import { int64s } from '../../tensor/tensor.js';
import { arrange } from '../../ir/layout.js';
import { reshapeLayer } from './regroup.js';
import { squeezed } from './Squeeze.js';

interface Attrs {
  /** Axes of size 1 that the result has more, ascending; counted in the result. */
  readonly axes: readonly number[];
}

export default defineOp<Attrs>({
  name: 'Unsqueeze',
  summary: 'puts axes of size 1 between',
  shapes: ['', '() | _'],
  read: {
    1: (n) => read(n, n.ints('axes')),
    13: (n) => {
      const axes = n.constantInts(1);
      return axes ? read(n, axes) : { axes: [] };
    },
  },
  // Axes that only the model's run names: the shape is computed, and the rest is a Reshape.
  expand: (n, [x, axes], e) => {
    if (!axes) return undefined;
    const added = n.dims(1)[0];
    if (!isKnown(added)) return refuse('the number of axes is not known');
    const rank = n.rank(0) + added;
    const ints = (v: readonly number[]) => e.constant(int64s([...v]));
    if (n.rank(0) === 0) return [e.one('Reshape', [x, ints(new Array<number>(rank).fill(1))])];
    const at = e.one('Mod', [e.one('Add', [e.one('Cast', [axes], { to: 7 }), ints([rank])]), ints([rank])]);
    const kept = e.one(
      'ScatterElements',
      [ints(new Array<number>(rank).fill(1)), at, ints(new Array<number>(added).fill(0))],
      { axis: 0 },
    );
    // Which axis of the input stands at each place; where a new one stands, any.
    const from = e.one('Max', [e.one('Sub', [e.one('CumSum', [kept, e.constant(int64s(0))]), ints([1])]), ints([0])]);
    const sizes = e.one('Gather', [e.one('Shape', [x]), from]);
    return [
      e.one('Reshape', [x, e.one('Where', [e.one('Equal', [kept, ints([0])]), ints([1]), sizes])], { allowzero: 1 }),
    ];
  },
  layout: (n, [given]) => ({ inputs: [given], outputs: [unsqueezed(given, n.attrs.axes)] }),
  infer: (n) => [{ dtype: n.dtype(0), dims: withOnes(n.dims(0), n.attrs.axes) }],
  elems: (n) => (n.rank(0) === 0 && n.attrs.axes.length === 1 ? n.elems(0) : undefined),
  fold: (n, [x]) => [{ ...x, dims: withOnes(x.dims, n.attrs.axes) as number[] }],
  graph: (n, [x], b) => {
    const { axes } = n.attrs;
    const layout = n.outputs[0]?.layout ?? unsqueezed(n.layout(0), axes);
    const dims = arrange(withOnes(n.dims(0), axes), layout);
    if (dims.filter((d) => !isKnown(d)).length <= 1 && !dims.includes(0)) return b.reshape(x, dims);
    return axes
      .map((a) => layout.indexOf(a))
      .sort((p, q) => p - q)
      .reduce((y, p) => b.op('ExpandDims', [y, b.scalar(p, 'int32')]), x);
  },
  keras: (n, [x], k) => reshapeLayer(n, x, k, false),
});

function read(n: RawNode, given: readonly number[]): Attrs {
  const rank = (n.input(0)?.type.dims.length ?? 0) + given.length;
  const axes = given.map((a) => normalAxis(a, rank)).sort((p, q) => p - q);
  if (new Set(axes).size !== axes.length) return invalid(`the axes [${given}] name one twice`);
  n.setInputs([n.input(0)]);
  return { axes };
}

function withOnes(dims: readonly Dim[], axes: readonly number[]): Dim[] {
  const out = [...dims];
  for (const a of axes) out.splice(a, 0, 1);
  return out;
}

/** Where new axes lie when nothing moves: channels last where that can be, else beside the axis before them. */
function unsqueezed(layout: Layout, axes: readonly number[]): Layout {
  const rank = layout.length + axes.length;
  const last = channelsLast(rank);
  if (layout.length >= 3 && sameLayout(squeezed(last, axes), layout)) return last;
  const kept = identity(rank).filter((a) => !axes.includes(a));
  const out = layout.map((a) => kept[a]);
  for (const a of axes) out.splice(a === 0 ? 0 : out.indexOf(a - 1) + 1, 0, a);
  return out;
}
