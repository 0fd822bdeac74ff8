import { invalid } from '../../diag/diagnostic.js';
import { int64s, tensorOf, type Tensor } from '../../tensor/tensor.js';
import { composition } from '../compose.js';
import { lookup } from './lookup.js';

interface Attrs {
  readonly words: Tensor;
  readonly numbers: Tensor;
  readonly word: string;
  readonly number: number;
}

export default composition<Attrs>({
  name: 'CategoryMapper',
  domain: 'ai.onnx.ml',
  summary: 'text to whole numbers by a table, or back',
  limits: 'the model needs executeAsync',
  read: {
    1: (n) => {
      const [words, numbers] = [n.strings('cats_strings'), n.ints('cats_int64s')];
      if (words.length !== numbers.length)
        return invalid(`there are ${words.length} cats_strings and ${numbers.length} cats_int64s`);
      return {
        words: tensorOf('string', [words.length], words),
        numbers: int64s(numbers),
        word: n.string('default_string'),
        number: n.int('default_int64'),
      };
    },
  },
  compose: (c, n) => {
    const { words, numbers, word, number } = n.attrs;
    return [
      n.dtype(0) === 'string'
        ? lookup(c, n.value(0), words, numbers, int64s(number))
        : lookup(c, n.value(0), numbers, words, tensorOf('string', [], [word])),
    ];
  },
});
