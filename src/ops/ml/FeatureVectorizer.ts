import type { Value } from '../../ir/graph.js';
import { composition, knownSize } from '../compose.js';

/** How many columns of each input count; undefined: all. */
interface Attrs {
  readonly sizes: readonly number[] | undefined;
}

export default composition<Attrs>({
  name: 'FeatureVectorizer',
  domain: 'ai.onnx.ml',
  summary: 'columns of several inputs side by side, as floats',
  read: { 1: (n) => ({ sizes: n.optInts('inputdimensions') }) },
  compose: (c, n) => {
    const parts = n.inputs.map((_, i): Value => {
      const x = n.value(i);
      const rank = x.type.dims.length;
      const rows = c.cast(
        rank === 1 ? c.unsqueeze(x, [0]) : rank > 2 ? c.op('Flatten', [x], { axis: 1 }) : x,
        'float32',
      );
      const wanted = n.attrs.sizes?.[i];
      if (wanted === undefined) return rows;
      const size = knownSize(rows, 1);
      if (size === wanted) return rows;
      return size > wanted ? c.slice(rows, 1, 0, wanted) : c.op('Pad', [rows, c.ints([0, 0, 0, wanted - size])]);
    });
    return c.concat(parts, 1);
  },
});
