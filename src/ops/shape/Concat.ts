import { invalid, refuse } from '../../diag/diagnostic.js';
import { addDim, isKnown, sameDim, showDims, type Dim } from '../../ir/dim.js';
import { concatTensors } from '../../ir/pieces.js';
import { defineOp } from '../../ir/op.js';
import { normalAxis, type View } from '../../ir/view.js';

interface Attrs {
  readonly axis: number;
}

export default defineOp<Attrs>({
  name: 'Concat',
  summary: 'joins tensors along an axis',
  shapes: ['_ ...'],
  read: {
    1: (n) => ({ axis: normalAxis(n.optInt('axis') ?? 1, n.input(0)?.type.dims.length ?? 0) }),
    4: (n) => ({ axis: normalAxis(n.int('axis'), n.input(0)?.type.dims.length ?? 0) }),
  },
  layout: 'axes',
  infer: (n) => [{ dtype: n.dtype(0), dims: dimsOf(n) }],
  elems: (n) => {
    if (n.rank(0) !== 1) return undefined;
    const parts = n.inputs.map((_, i) => n.elems(i));
    return parts.every((p) => p !== undefined) ? parts.flat() : undefined;
  },
  fold: (n, parts) => [concatTensors(parts, n.attrs.axis)],
  graph: (n, parts, b) => b.concat(parts, n.position(0, n.attrs.axis)),
  keras: (n, parts, k) => {
    const axis = n.position(0, n.attrs.axis);
    if (axis === 0)
      return refuse('it joins along the batch (axis 0), which a Keras layer never touches', 'convert to a graph-model');
    return parts.length === 1
      ? k.layer('Activation', parts, { activation: 'linear' })
      : k.layer('Concatenate', parts, { axis });
  },
});

function dimsOf(n: View<Attrs>): Dim[] {
  const { axis } = n.attrs;
  const dims = [...n.dims(0)];
  n.inputs.forEach((_, i) => {
    if (i === 0) return;
    const own = n.dims(i);
    if (own.length !== dims.length)
      return invalid(`input ${i} has the rank ${own.length}, and input 0 the rank ${dims.length}`);
    own.forEach((d, a) => {
      if (a === axis) dims[a] = addDim(dims[a], d);
      else if (isKnown(d) && isKnown(dims[a]) && d !== dims[a])
        invalid(`${showDims(own)} can't be joined to ${showDims(n.dims(0))} along axis ${axis}`);
      else if (isKnown(d) || !sameDim(d, dims[a])) dims[a] = isKnown(dims[a]) ? dims[a] : d;
    });
  });
  return dims;
}
