import { invalid, refuse } from '../../diag/diagnostic.js';
import { areKnown, broadcastDims, isKnown, sameDims, showDims, type Dim } from '../../ir/dim.js';
import { arrange, identity } from '../../ir/layout.js';
import { broadcastTo } from '../../ir/numeric.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { canSize, reshapeSized, sizeFrom } from '../../tf/sizes.js';
import { elementOf } from '../../tf/take.js';
import { expandLayers } from './slice-keras.js';

interface Attrs {
  /** The shape that the input is broadcast with; undefined where only the model's run tells it. */
  readonly target: readonly Dim[] | undefined;
}

export default defineOp<Attrs>({
  name: 'Expand',
  summary: 'broadcasts to a shape',
  shapes: ['', '_'],
  read: {
    8: (n) => {
      const x = n.input(0) ?? invalid('Expand has no input');
      const target = n.elems(1);
      if (target?.every((d) => canSize(d, [x.type.dims]))) n.setInputs([x]);
      return { target };
    },
  },
  layout: (n, [given]) => {
    const out = n.outputs[0]?.type.dims.length ?? 0;
    const keep = given.length === out ? given : identity(out);
    return { inputs: [given.length === out ? given : identity(given.length), [0]], outputs: [keep] };
  },
  infer: (n) => [{ dtype: n.dtype(0), dims: dimsOf(n) }],
  elems: (n) => {
    const [elems, dims] = [n.elems(0), dimsOf(n)];
    if (!elems || dims.length > 1 || !areKnown(dims)) return undefined;
    return dims.length === 1 && elems.length === 1 ? new Array<Dim>(Math.min(dims[0], 4096)).fill(elems[0]) : elems;
  },
  fold: (n, [x]) => {
    const dims = dimsOf(n);
    return areKnown(dims) ? [broadcastTo(x, dims)] : undefined;
  },
  graph: (n, [x, shape], b) => {
    const out = n.outputs[0];
    if (!out) return x;
    const { layout, type } = out;
    const rank = type.dims.length;
    const dims = arrange(type.dims, layout);
    const from = arrange(n.dims(0), n.layout(0));
    if (sameDims(from, dims)) return x;
    const sizes = layout.map((axis, i): number | ReturnType<typeof b.scalar> => {
      const d = dims[i];
      const own = from.length === rank ? from[i] : axis < rank - from.length ? 1 : from[axis - rank + from.length];
      if (isKnown(d)) return d;
      const computed = sizeFrom(b, d, [{ ref: x, dims: from }]);
      if (computed !== undefined) return computed;
      if (!shape)
        return refuse('the sizes of the result are not known', 'fix the sizes with input-shapes in the config');
      const given = n.dims(1)[0];
      const asked = isKnown(given) && axis >= rank - given ? elementOf(b, shape, axis - rank + given) : 1;
      if (own === 1) return asked;
      const at = from.length === rank ? i : axis - rank + from.length;
      return asked === 1 ? b.size(x, at) : b.op('Maximum', [asked as ReturnType<typeof b.scalar>, b.size(x, at)]);
    });
    // BroadcastTo takes a size of 0 for 1; Tile doesn't.
    if (dims.includes(0)) {
      const wide = [...new Array<number>(rank - from.length).fill(1), ...from];
      const raised = from.length === rank ? x : reshapeSized(b, { ref: x, dims: from }, wide);
      if (!raised)
        return refuse('the sizes of the input are not known', 'fix the sizes with input-shapes in the config');
      return b.op('Tile', [raised, b.ints(dims.map((d) => (d === 0 ? 0 : 1)))]);
    }
    return b.op('BroadcastTo', [x, b.sizes(sizes)]);
  },
  keras: expandLayers,
});

function dimsOf(n: View<Attrs>): readonly Dim[] {
  const own = n.dims(0);
  const { target } = n.attrs;
  if (target)
    return (
      broadcastDims(own, target, () => n.fresh()) ??
      invalid(`${showDims(own)} can't be broadcast to ${showDims(target)}`)
    );
  const [given] = n.dims(1);
  if (!isKnown(given))
    return refuse('the rank of the result is not known', 'fix the sizes with input-shapes in the config');
  const rank = Math.max(own.length, given);
  return n.freshDims(rank).map((fresh, i) => {
    const d = own[i - rank + own.length];
    return d !== undefined && (i < rank - given || (isKnown(d) && d > 1)) ? d : fresh;
  });
}
