import { refuse } from '../../diag/diagnostic.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import { stridesOf } from '../../ir/weights.js';
import { tensorOf } from '../../tensor/tensor.js';

export default defineOp({
  name: 'NonZero',
  summary: 'the indices of all elements that are not zero',
  limits: 'the model then has to be run with executeAsync',
  read: { 9: noAttributes },
  infer: (n) => [{ dtype: 'int64', dims: [n.rank(0), n.fresh()] }],
  fold: (_, [x]) => {
    if (x.dtype === 'string' || x.dtype.startsWith('complex')) return undefined;
    const data = x.data as ArrayLike<number | bigint>;
    const found: number[] = [];
    for (let i = 0; i < data.length; i++) if (data[i]) found.push(i);
    const strides = stridesOf(x.dims);
    const rows = strides.map((s, axis) => found.map((i) => Math.floor(i / s) % x.dims[axis]));
    return [tensorOf('int64', [x.dims.length, found.length], rows.flat())];
  },
  graph: (n, [x], b) => {
    if (x.dtype === 'string' || x.dtype === 'complex64')
      return refuse(`TensorFlow.js compares no ${n.dtype(0)} with zero`);
    if (n.rank(0) === 0) return refuse('of a scalar', 'make it a tensor of one axis');
    return b.transpose(b.op('Where', [b.cast(x, 'bool')]), [1, 0]);
  },
});
