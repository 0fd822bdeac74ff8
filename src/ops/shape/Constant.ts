import { invalid } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { tensorOf, weightOf, type Weight } from '../../tensor/tensor.js';

export default defineOp<{ value: Weight }>({
  name: 'Constant',
  summary: 'a constant',
  read: {
    1: (n) => ({ value: n.tensor('value') }),
    11: (n) => ({ value: n.optTensor('value') ?? n.optSparse('sparse_value') ?? invalid('Constant has no value') }),
    12: (n) => {
      const [f, fs, i, is, s, ss] = [
        n.optFloat('value_float'),
        n.optFloats('value_floats'),
        n.optInt('value_int'),
        n.optInts('value_ints'),
        n.optString('value_string'),
        n.optStrings('value_strings'),
      ];
      const plain =
        f !== undefined
          ? tensorOf('float32', [], [f])
          : fs
            ? tensorOf('float32', [fs.length], fs)
            : i !== undefined
              ? tensorOf('int64', [], [i])
              : is
                ? tensorOf('int64', [is.length], is)
                : s !== undefined
                  ? tensorOf('string', [], [s])
                  : ss
                    ? tensorOf('string', [ss.length], ss)
                    : undefined;
      return {
        value:
          n.optTensor('value') ??
          n.optSparse('sparse_value') ??
          (plain ? weightOf(plain) : invalid('Constant has no value')),
      };
    },
  },
  infer: (n) => [{ dtype: n.attrs.value.dtype, dims: n.attrs.value.dims }],
  fold: (n) => [n.attrs.value.load()],
});
