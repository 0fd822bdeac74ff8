import { invalid, refuse } from '../../diag/diagnostic.js';
import { areKnown, productOf, showDims } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { rowIndices, scatterInto, type Reduction } from '../../ir/scatter.js';
import { stridesOf } from '../../ir/weights.js';
import { tensorOf } from '../../tensor/tensor.js';
import { wrapped } from './GatherND.js';
import { reductionOf, scatterRows } from './scatter.js';

interface Attrs {
  readonly reduction: Reduction;
}

export default defineOp<Attrs>({
  name: 'ScatterND',
  summary: 'writes slices, by rows of indices',
  limits: 'max, min and mul over indices that are computed: up to 16 million pairs of slice and index',
  shapes: ['_ ...', '_ ...'],
  read: { 11: (n) => ({ reduction: reductionOf(n) }) },
  infer: (n) => {
    const depth = n.knownDim(1, -1);
    if (depth > n.rank(0)) return invalid(`rows of ${depth} indices don't fit data of rank ${n.rank(0)}`);
    const wanted = [...n.dims(1).slice(0, -1), ...n.dims(0).slice(depth)];
    const given = n.dims(2);
    if (given.length !== wanted.length || given.some((d, i) => areKnown([d, wanted[i]]) && d !== wanted[i]))
      return invalid(`updates of shape ${showDims(given)}, where the indices want ${showDims(wanted)}`);
    return [n.type(0)];
  },
  elems: (n) => {
    const [data, indices, updates] = [n.elems(0), n.constant(1), n.elems(2)];
    if (!data || !indices || !updates || n.attrs.reduction !== 'none' || n.rank(0) !== 1) return undefined;
    const out = [...data];
    rowIndices([out.length], indices).forEach((i, k) => {
      out[i] = updates[k];
    });
    return out;
  },
  fold: (n, [data, indices, updates]) => {
    const out = scatterInto(data, rowIndices(data.dims, indices), updates, n.attrs.reduction);
    return out && [out];
  },
  graph: (n, [x, indices, updates], b) => {
    if (x.dtype === 'string') return refuse('TensorFlow.js scatters no strings');
    const { reduction } = n.attrs;
    const [data, rows] = [n.dims(0), n.dims(1)];
    const depth = n.knownDim(1, -1);
    const inside = wrapped(b, indices, { ref: x, dims: data }, data.slice(0, depth));
    if (reduction === 'none') return b.scatterUpdate(x, inside, updates);
    if (!areKnown(data)) {
      if (reduction === 'add') return scatterRows(b, x, inside, updates, reduction, n.dtype(0), n.fresh(), n.fresh());
      return refuse(`${reduction} into a tensor of unknown size`, 'fix the sizes with input-shapes in the config');
    }
    // Rows of indices become one number each, slices rows of a table.
    const cells = productOf(data.slice(0, depth)) as number;
    const width = productOf(data.slice(depth)) as number;
    const strides = b.tensor(tensorOf('int32', [depth], stridesOf(data.slice(0, depth))));
    const known = n.constant(1);
    const flat = known
      ? b.tensor(
          tensorOf(
            'int32',
            [productOf(rows.slice(0, -1)) as number, 1],
            Array.from(rowIndices(data.slice(0, depth), known)),
          ),
        )
      : b.reshape(b.op('Sum', [b.mul(inside, strides), b.ints([rows.length - 1])], { keep_dims: false }), [-1, 1]);
    const out = scatterRows(
      b,
      b.reshape(x, [cells, width]),
      flat,
      b.reshape(updates, [-1, width]),
      reduction,
      n.dtype(0),
      cells,
      productOf(rows.slice(0, -1)),
    );
    return b.reshape(out, data);
  },
});
