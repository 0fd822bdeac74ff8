import { series } from '../../ir/weights.js';
import { invalid, refuse } from '../../diag/diagnostic.js';
import { areKnown, isKnown, mulDim, type Dim } from '../../ir/dim.js';
import { arrange } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { takeAxis } from '../../ir/pieces.js';
import { normalAxis, type RawNode } from '../../ir/view.js';
import { int64s } from '../../tensor/tensor.js';
import { canSize, sizeFrom } from '../../tf/sizes.js';
import { elementOf } from '../../tf/take.js';
import { tileLayers } from './slice-keras.js';

interface Attrs {
  /** How often each axis is repeated; undefined where only the model's run tells it. */
  readonly repeats: readonly Dim[] | undefined;
}

export default defineOp<Attrs>({
  name: 'Tile',
  summary: 'repeats a tensor along its axes',
  shapes: (n) => (n.opset < 6 ? ['_ ...', '() | 1', '() | 1'] : ['', '_']),
  read: {
    // Version 1 repeats one axis: tiles and axis are scalars.
    1: (n) => {
      const rank = n.input(0)?.type.dims.length ?? 0;
      // They are of the type of the input, floats that is, as a rule.
      const [tiles, axis] = [1, 2].map((i) => n.input(i)?.constant?.load().data[0]);
      if (tiles === undefined || axis === undefined)
        return refuse('tiles and axis (inputs 1 and 2) have to be constant', 'fold constants before the export');
      const [count, at] = [Number(tiles), normalAxis(Number(axis), rank)];
      if (!Number.isInteger(count) || count < 0) return invalid(`tiles is ${count}, and not a number of times`);
      n.setInputs([
        n.input(0),
        n.constantValue(int64s(Array.from({ length: rank }, (_, i) => (i === at ? count : 1)))),
      ]);
      return read(n);
    },
    6: read,
  },
  layout: (_, [given]) => ({ inputs: [given, [0]], outputs: [given] }),
  infer: (n) => [
    { dtype: n.dtype(0), dims: n.dims(0).map((d, i) => (n.attrs.repeats ? mulDim(d, n.attrs.repeats[i]) : n.fresh())) },
  ],
  fold: (n, [x]) => {
    const { repeats } = n.attrs;
    if (!repeats || !areKnown(repeats)) return undefined;
    return [
      repeats.reduce(
        (t, r, axis) =>
          takeAxis(
            t,
            axis,
            series(r * t.dims[axis], (i) => i % t.dims[axis]),
          ),
        x,
      ),
    ];
  },
  graph: (n, [x, given], b) => {
    if (x.dtype === 'string') return refuse('TensorFlow.js repeats no strings');
    const { repeats } = n.attrs;
    if (repeats?.every((r) => r === 1)) return x;
    const dims = arrange(n.dims(0), n.layout(0));
    const sizes = n.layout(0).map((axis) => {
      const r = repeats?.[axis];
      const computed = r === undefined ? undefined : isKnown(r) ? r : sizeFrom(b, r, [{ ref: x, dims }]);
      return computed ?? elementOf(b, given, axis);
    });
    return b.op('Tile', [x, b.sizes(sizes)]);
  },
  keras: tileLayers,
});

function read(n: RawNode): Attrs {
  const x = n.input(0) ?? invalid('Tile has no input');
  const repeats = n.elems(1);
  if (repeats && repeats.length !== x.type.dims.length)
    return invalid(`${repeats.length} repeats are given for ${x.type.dims.length} axes`);
  if (repeats?.every((r) => canSize(r, [x.type.dims]))) n.setInputs([x]);
  return { repeats };
}
