import { invalid } from '../../diag/diagnostic.js';
import { int64s, tensorOf, type Tensor } from '../../tensor/tensor.js';
import { composition } from '../compose.js';
import { lookup } from './lookup.js';

export default composition<{ categories: Tensor }>({
  name: 'OneHotEncoder',
  domain: 'ai.onnx.ml',
  summary: "a new last axis with a 1 at the element's category",
  limits: 'what is of no category gives zeros, also where zeros=0 asks for an error',
  read: {
    1: (n) => {
      const [words, numbers] = [n.optStrings('cats_strings') ?? [], n.optInts('cats_int64s') ?? []];
      if (words.length > 0) return { categories: tensorOf('string', [words.length], words) };
      return numbers.length > 0
        ? { categories: int64s(numbers) }
        : invalid('there are neither cats_strings nor cats_int64s');
    },
  },
  compose: (c, n) => {
    const { categories } = n.attrs;
    const count = categories.dims[0];
    const x = n.value(0);
    if (categories.dtype !== 'string') {
      if (x.type.dtype === 'string') return invalid('the input is text, and the categories are numbers');
      return [
        c.cast(c.equal(c.unsqueeze(c.cast(x, 'int64'), [x.type.dims.length]), c.e.constant(categories)), 'float32'),
      ];
    }
    if (x.type.dtype !== 'string') return invalid(`the input is ${x.type.dtype}, and the categories are text`);
    const place = lookup(c, x, categories, int64s(Array.from({ length: count }, (_, i) => i)), int64s(-1));
    const places = int64s(Array.from({ length: count }, (_, i) => i));
    return [c.cast(c.equal(c.unsqueeze(place, [x.type.dims.length]), c.e.constant(places)), 'float32')];
  },
});
