import { invalid } from '../../diag/diagnostic.js';
import { codeOfDtype, dtypeOfCode, type DType } from '../../tensor/dtype.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import { resolved, sequence, tensorIn } from './sequences.js';

export default [
  defineOp({
    name: 'SequenceConstruct',
    summary: 'a sequence of tensors, resolved while converting',
    read: { 11: noAttributes },
    infer: resolved,
    expand: (n, inputs) => [
      sequence(
        n,
        inputs.map((v) => tensorIn(v, n)),
      ),
    ],
  }),
  defineOp<{ dtype: DType }>({
    name: 'SequenceEmpty',
    summary: 'a sequence of nothing, resolved while converting',
    read: {
      11: (n) => ({
        dtype: dtypeOfCode(n.optInt('dtype') ?? codeOfDtype('float32')) ?? invalid('the dtype is none of ONNX'),
      }),
    },
    infer: resolved,
    expand: (n) => [sequence(n, [], n.attrs.dtype)],
  }),
];
