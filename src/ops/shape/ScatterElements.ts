import { refuse } from '../../diag/diagnostic.js';
import { productOf } from '../../ir/dim.js';
import { arrange } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { elementIndices, inside, scatterInto, type Reduction } from '../../ir/scatter.js';
import { normalAxis, type RawNode } from '../../ir/view.js';
import { flatElements } from '../../tf/flat-index.js';
import { reductionOf, scatterRows } from './scatter.js';

interface Attrs {
  readonly axis: number;
  readonly reduction: Reduction;
}

const read = (n: RawNode): Attrs => ({
  axis: normalAxis(n.int('axis'), n.input(0)?.type.dims.length ?? 0),
  reduction: reductionOf(n),
});

/** Scatter (versions 9 and 10) is ScatterElements by its old name. */
export default ['ScatterElements', 'Scatter'].map((name) =>
  defineOp<Attrs>({
    name,
    summary:
      name === 'Scatter' ? 'the old name of ScatterElements' : 'writes single elements, by their index along an axis',
    limits: 'max, min and mul over indices that are computed: up to 16 million pairs of element and index',
    shapes: ['_ ...r', 'N ...R', 'N ...R'],
    read: { [name === 'Scatter' ? 9 : 11]: read },
    layout: 'axes',
    infer: (n) => [n.type(0)],
    elems: (n) => {
      const [data, indices, updates] = [n.elems(0), n.ints(1), n.elems(2)];
      if (!data || !indices || !updates || n.attrs.reduction !== 'none') return undefined;
      const out = [...data];
      indices.forEach((i, k) => {
        out[inside(i, out.length)] = updates[k];
      });
      return out;
    },
    fold: (n, [data, indices, updates]) => {
      const out = scatterInto(data, elementIndices(data.dims, indices, n.attrs.axis), updates, n.attrs.reduction);
      return out && [out];
    },
    graph: (n, [x, indices, updates], b) => {
      if (x.dtype === 'string') return refuse('TensorFlow.js scatters no strings');
      const [from, dims] = [arrange(n.dims(0), n.layout(0)), arrange(n.dims(1), n.layout(1))];
      const rows = flatElements(b, x, from, indices, dims, n.position(0, n.attrs.axis));
      const table = b.reshape(x, [-1, 1]);
      const out = scatterRows(
        b,
        table,
        rows,
        b.reshape(updates, [-1, 1]),
        n.attrs.reduction,
        n.dtype(0),
        productOf(from),
        productOf(dims),
      );
      return from.every((d) => typeof d === 'number') ? b.reshape(out, from) : b.reshape(out, b.shape(x));
    },
  }),
);
