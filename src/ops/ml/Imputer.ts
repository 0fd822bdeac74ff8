import { invalid } from '../../diag/diagnostic.js';
import { isFloat } from '../../tensor/dtype.js';
import { composition } from '../compose.js';

interface Attrs {
  readonly floats: readonly number[] | undefined;
  readonly ints: readonly number[] | undefined;
  readonly float: number;
  readonly int: number;
}

export default composition<Attrs>({
  name: 'Imputer',
  domain: 'ai.onnx.ml',
  summary: 'another value in the place of a missing one',
  read: {
    1: (n) => ({
      floats: n.optFloats('imputed_value_floats'),
      ints: n.optInts('imputed_value_int64s'),
      float: n.float('replaced_value_float'),
      int: n.int('replaced_value_int64'),
    }),
  },
  compose: (c, n) => {
    const { floats, ints, float, int } = n.attrs;
    const x = n.value(0);
    const dtype = n.dtype(0);
    const values = isFloat(dtype) ? floats : ints;
    if (!values || values.length === 0)
      return invalid(
        `${isFloat(dtype) ? 'imputed_value_floats' : 'imputed_value_int64s'} is missing for an input of ${dtype}`,
      );
    const replaced = isFloat(dtype) ? float : int;
    const missing = Number.isNaN(replaced) ? c.op('IsNaN', [x]) : c.equal(x, replaced);
    return [c.where(missing, c.constant(dtype, values.length === 1 ? [] : [values.length], values), x)];
  },
});
