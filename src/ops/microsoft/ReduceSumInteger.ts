import { microsoft } from './domain.js';

/** Source: ONNX Runtime, ContribOperators: sums of 8-bit integers, 32 bits wide. */
export default microsoft<{ axes: readonly number[]; keep: boolean }>({
  name: 'ReduceSumInteger',
  summary: 'ReduceSum of 8-bit integers as int32',
  shapes: [''],
  read: { 1: (n) => ({ axes: n.ints('axes'), keep: (n.optInt('keepdims') ?? 1) !== 0 }) },
  compose: (c, n) =>
    c.reduce('ReduceSum', c.cast(n.value(0), n.dtype(0) === 'uint8' ? 'uint32' : 'int32'), n.attrs.axes, n.attrs.keep),
});
