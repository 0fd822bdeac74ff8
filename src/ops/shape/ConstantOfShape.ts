import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown, type Dim } from '../../ir/dim.js';
import { pick } from '../../ir/numeric.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { numbersOf, sizeOf, tensorOf, type Tensor } from '../../tensor/tensor.js';
import { narrow } from '../../tf/builder.js';

interface Attrs {
  /** One element. */
  readonly value: Tensor;
}

export default defineOp<Attrs>({
  name: 'ConstantOfShape',
  summary: 'one value in every place of a shape',
  shapes: ['_'],
  read: {
    9: (n) => {
      const value = n.optTensor('value')?.load() ?? tensorOf('float32', [1], [0]);
      if (sizeOf(value.dims) !== 1) return invalid('the value has to be one element');
      return { value };
    },
  },
  infer: (n) => [{ dtype: n.attrs.value.dtype, dims: dimsOf(n) }],
  elems: (n) => {
    const [length] = dimsOf(n);
    const { value } = n.attrs;
    return n.elems(0)?.length === 1 &&
      length !== undefined &&
      isKnown(length) &&
      length <= 4096 &&
      value.dtype.includes('int')
      ? new Array<Dim>(length).fill(numbersOf(value)[0])
      : undefined;
  },
  fold: (n) => {
    const dims = dimsOf(n);
    return dims.every(isKnown) ? [pick(n.attrs.value, dims, () => 0)] : undefined;
  },
  graph: (n, [shape], b) => {
    const { value } = n.attrs;
    const to = narrow(value.dtype);
    if (to === 'string' || to === 'complex64') return refuse(`TensorFlow.js fills nothing with ${value.dtype}`);
    const [number] = numbersOf(value);
    if (to === 'bool') return b.cast(b.op('Fill', [shape, b.scalar(number, 'int32')], { T: 'int32' }), 'bool');
    return b.op('Fill', [shape, b.scalar(number, to)], { T: to });
  },
});

function dimsOf(n: View<Attrs>): readonly Dim[] {
  const elems = n.elems(0);
  if (elems) return elems;
  const [rank] = n.dims(0);
  if (!isKnown(rank))
    return refuse('the rank of the result is not known', 'fix the sizes with input-shapes in the config');
  return n.freshDims(rank);
}
