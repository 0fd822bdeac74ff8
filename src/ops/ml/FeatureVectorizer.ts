import { invalid } from '../../diag/diagnostic.js';
import { addDim, isKnown, type Dim } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { Composer, knownSize } from '../compose.js';

/** How many columns of each input count; undefined: all. */
interface Attrs {
  readonly sizes: readonly number[] | undefined;
}

export default defineOp<Attrs>({
  name: 'FeatureVectorizer',
  domain: 'ai.onnx.ml',
  summary: 'columns of several inputs side by side, as floats',
  read: { 1: (n) => ({ sizes: n.optInts('inputdimensions') }) },
  infer: (n) => [{ dtype: 'float32', dims: [n.rank(0) < 2 ? 1 : n.dims(0)[0], widths(n).reduce<Dim>(addDim, 0)] }],
  expand: (n, _, e) => {
    const c = new Composer(e);
    const parts = n.inputs.map((_, i): Value => {
      const x = n.value(i);
      const rank = x.type.dims.length;
      const rows = c.cast(rank === 1 ? c.unsqueeze(x, 0) : rank > 2 ? c.op('Flatten', [x], { axis: 1 }) : x, 'float32');
      const wanted = n.attrs.sizes?.[i];
      if (wanted === undefined) return rows;
      const size = knownSize(rows, 1);
      if (size === wanted) return rows;
      return size > wanted ? c.slice(rows, 1, 0, wanted) : c.op('Pad', [rows, c.ints([0, 0, 0, wanted - size])]);
    });
    return [c.concat(parts, 1)];
  },
});

function widths(n: View<Attrs>): Dim[] {
  return n.inputs.map((_, i) => n.attrs.sizes?.[i] ?? n.dims(i).at(-1) ?? 1);
}
