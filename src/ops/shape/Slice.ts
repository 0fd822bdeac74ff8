import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown, showDims, type Dim } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import { arrange, identity } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { takeAxis } from '../../ir/pieces.js';
import { normalAxis, type RawNode } from '../../ir/view.js';
import { int64s } from '../../tensor/tensor.js';
import { canSize, sizesFrom } from '../../tf/sizes.js';
import { cut, indicesOf, lengthOf, type Cut } from './cut.js';
import { sliceLayers } from './slice-keras.js';

interface Attrs {
  readonly cuts: readonly Cut[];
}

export default defineOp<Attrs>({
  name: 'Slice',
  summary: 'a part of the range of axes, with steps',
  shapes: ['', 'K', 'K', 'K', 'K'],
  read: {
    1: (n) => {
      const [starts, ends] = [n.ints('starts'), n.ints('ends')];
      const axes = n.optInts('axes') ?? identity(starts.length);
      n.setInputs([
        n.input(0),
        n.constantValue(int64s(starts)),
        n.constantValue(int64s(ends)),
        n.constantValue(int64s([...axes])),
      ]);
      return read(n);
    },
    10: read,
  },
  layout: (_n, [given]) => ({ inputs: [given, [0], [0], [0]], outputs: [given] }),
  infer: (n) => [
    {
      dtype: n.dtype(0),
      dims: n.dims(0).map((d, axis) => {
        const c = n.attrs.cuts.find((k) => k.axis === axis);
        return c ? (lengthOf(d, c) ?? n.fresh()) : d;
      }),
    },
  ],
  elems: (n) => {
    const elems = n.elems(0);
    const [c] = n.attrs.cuts;
    if (!elems || n.rank(0) !== 1) return undefined;
    return c ? indicesOf(elems.length, c)?.map((i) => elems[i]) : elems;
  },
  fold: (n, [x]) => {
    let out = x;
    for (const c of n.attrs.cuts) {
      const at = indicesOf(x.dims[c.axis], c);
      if (!at) return undefined;
      out = takeAxis(out, c.axis, at);
    }
    return [out];
  },
  graph: (n, [x, starts, ends, steps], b) => {
    if (x.dtype === 'string') return refuse('TensorFlow.js slices no strings');
    const out = n.outputs[0] && arrange(n.outputs[0].type.dims, n.outputs[0].layout);
    if (out?.includes(0)) {
      const sizes = sizesFrom(b, out, [{ ref: x, dims: arrange(n.dims(0), n.layout(0)) }]);
      if (sizes) return b.cast(b.op('Fill', [sizes, b.scalar(0, 'int32')], { T: 'int32' }), x.dtype);
    }
    return cut(
      b,
      { ref: x, dims: arrange(n.dims(0), n.layout(0)) },
      n.attrs.cuts.map((c) => ({ ...c, axis: n.position(0, c.axis) })),
      starts,
      ends,
      steps,
    );
  },
  keras: sliceLayers,
});

function read(n: RawNode): Attrs {
  const x = n.input(0) ?? invalid('Slice has no input');
  const rank = x.type.dims.length;
  const count = n.input(1)?.type.dims[0] ?? 0;
  if (!isKnown(count)) return refuse('the number of starts is not known');
  const axes = n.input(3) ? n.constantInts(3) : identity(count);
  if (!axes) return spread(n, x);
  const steps = n.input(4) ? n.constantInts(4) : identity(count).map(() => 1);
  const [starts, ends] = [n.elems(1), n.elems(2)];
  if (axes.length !== count || (steps && steps.length !== count))
    return invalid(`${count} starts, ${axes.length} axes and ${steps?.length} steps don't match`);
  if (steps?.includes(0)) return invalid('a step is 0');
  const cuts = axes.map(
    (axis, i): Cut => ({ axis: normalAxis(axis, rank), start: starts?.[i], end: ends?.[i], step: steps?.[i], from: i }),
  );
  if (new Set(cuts.map((c) => c.axis)).size !== cuts.length)
    return invalid(`the axes ${showDims(axes)} name one twice`);
  const known = (d: Dim | undefined) => d !== undefined && canSize(d, [x.type.dims]);
  const told = cuts.every((c) => known(c.start) && known(c.end));
  n.setInputs([x, ...(told && steps ? [] : [n.input(1), n.input(2)]), ...(steps ? [] : [n.input(4)])]);
  return { cuts };
}

/** Starts, ends and steps of axes that only the model's run names, as those of all axes. */
function spread(n: RawNode, x: Value): Attrs {
  const rank = x.type.dims.length;
  const ints = (v: number): Value => n.constantValue(int64s(new Array<number>(rank).fill(v)));
  const count = n.constantValue(int64s([rank]));
  const axes = n.apply('Mod', [n.apply('Add', [n.cast(n.input(3) as Value, 'int64'), count]), count]);
  const all = (i: number, idle: number): Value =>
    n.apply('ScatterElements', [ints(idle), axes, n.cast(n.input(i) as Value, 'int64')], { axis: 0 });
  const given = n.input(4) && n.constantInts(4);
  const plain = !n.input(4) || given?.every((s) => s === 1);
  n.setInputs([x, all(1, 0), all(2, 2 ** 31 - 1), ...(plain ? [] : [all(4, 1)])]);
  return {
    cuts: identity(rank).map((axis) => ({
      axis,
      start: undefined,
      end: undefined,
      step: plain ? 1 : undefined,
      from: axis,
    })),
  };
}
