import { invalid } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { int64s, tensorOf, type Tensor } from '../../tensor/tensor.js';
import { Composer } from '../compose.js';
import { lookup } from './lookup.js';

interface Attrs {
  readonly words: Tensor;
  readonly numbers: Tensor;
  readonly word: string;
  readonly number: number;
}

export default defineOp<Attrs>({
  name: 'CategoryMapper',
  domain: 'ai.onnx.ml',
  summary: 'text to whole numbers by a table, or back',
  limits: 'the model needs executeAsync',
  read: {
    1: (n) => {
      const [words, numbers] = [n.strings('cats_strings'), n.ints('cats_int64s')];
      if (words.length !== numbers.length) return invalid(`there are ${words.length} cats_strings and ${numbers.length} cats_int64s`);
      return { words: tensorOf('string', [words.length], words), numbers: int64s(numbers), word: n.string('default_string'), number: n.int('default_int64') };
    },
  },
  infer: (n) => [{ dtype: n.dtype(0) === 'string' ? 'int64' : 'string', dims: n.dims(0) }],
  expand: (n, _, e) => {
    const { words, numbers, word, number } = n.attrs;
    const c = new Composer(e);
    return [n.dtype(0) === 'string' ? lookup(c, n.value(0), words, numbers, int64s(number)) : lookup(c, n.value(0), numbers, words, tensorOf('string', [], [word]))];
  },
});
