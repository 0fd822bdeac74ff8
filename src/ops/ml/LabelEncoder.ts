import { invalid } from '../../diag/diagnostic.js';
import type { RawNode } from '../../ir/view.js';
import { int64s, tensorOf, type Tensor } from '../../tensor/tensor.js';
import { composition } from '../compose.js';
import { lookup } from './lookup.js';

interface Attrs {
  readonly keys: Tensor;
  readonly values: Tensor;
  readonly fallback: Tensor;
}

export default composition<Attrs>({
  name: 'LabelEncoder',
  domain: 'ai.onnx.ml',
  summary: 'each element replaced by what a table has for it',
  limits: 'with text on either side the model needs executeAsync',
  read: {
    1: (n) => {
      const words = n.strings('classes_strings');
      const [texts, numbers] = [tensorOf('string', [words.length], words), int64s(words.map((_, i) => i))];
      return n.input(0)?.type.dtype === 'string'
        ? { keys: texts, values: numbers, fallback: int64s(n.int('default_int64')) }
        : { keys: numbers, values: texts, fallback: tensorOf('string', [], [n.string('default_string')]) };
    },
    2: (n) => {
      const [keys, values] = [column(n, 'keys'), column(n, 'values')];
      if (keys.dims[0] !== values.dims[0])
        return invalid(`there are ${keys.dims[0]} keys and ${values.dims[0]} values`);
      return { keys, values, fallback: fallbackOf(n, values) };
    },
  },
  compose: (c, n) => {
    const { keys, values, fallback } = n.attrs;
    if (keys.dtype !== n.dtype(0)) return invalid(`the keys are ${keys.dtype}, and the input is ${n.dtype(0)}`);
    return [lookup(c, n.value(0), keys, values, fallback)];
  },
});

/** `keys_` or `values_`, in one of the four forms. */
function column(n: RawNode, name: string): Tensor {
  const tensor = n.optTensor(`${name}_tensor`)?.load();
  if (tensor) return { ...tensor, dims: [tensor.data.length] };
  const words = n.optStrings(`${name}_strings`);
  if (words && words.length > 0) return tensorOf('string', [words.length], words);
  const ints = n.optInts(`${name}_int64s`);
  if (ints && ints.length > 0) return int64s(ints);
  const floats = n.optFloats(`${name}_floats`);
  if (floats && floats.length > 0) return tensorOf('float32', [floats.length], floats);
  return invalid(`there is no ${name}_ attribute`);
}

function fallbackOf(n: RawNode, values: Tensor): Tensor {
  const tensor = n.optTensor('default_tensor')?.load();
  if (tensor) return { ...tensor, dims: [] };
  switch (values.dtype) {
    case 'string':
      return tensorOf('string', [], [n.string('default_string')]);
    case 'int64':
      return int64s(n.int('default_int64'));
    case 'float32':
      return tensorOf('float32', [], [n.float('default_float')]);
    default:
      return tensorOf(values.dtype, [], [values.dtype === 'float64' ? -0 : -1]);
  }
}
