import type { Expander } from '../ir/expander.js';
import type { Value } from '../ir/graph.js';
import { int64s, tensorOf, type Tensor } from '../tensor/tensor.js';

/** Different texts, each once, and the number in that list of each element. */
export function numbered(texts: readonly Tensor[]): { list: string[]; numbers: Tensor[] } {
  const places = new Map<string, number>();
  const numbers = texts.map((t) =>
    tensorOf(
      'int64',
      t.dims,
      Array.from(t.data as readonly string[], (s) => {
        if (!places.has(s)) places.set(s, places.size);
        return places.get(s) as number;
      }),
    ),
  );
  return { list: [...places.keys()], numbers };
}

/** The texts that stand at these places of a list: TensorFlow.js gathers no strings, but has a table. */
export function textAt(e: Expander, places: Value, list: readonly string[]): Value {
  return table(e, places, int64s(list.map((_, i) => i)), tensorOf('string', [list.length], list), '');
}

/** The places of texts in a list of different ones; -1 for what isn't there. */
export function placeOfText(e: Expander, texts: Value, list: readonly string[]): Value {
  return table(e, texts, tensorOf('string', [list.length], list), int64s(list.map((_, i) => i)), -1);
}

function table(e: Expander, x: Value, keys: Tensor, values: Tensor, fallback: string | number): Value {
  const none = tensorOf(values.dtype, [], [fallback]);
  return e.one('TextTable', [x, e.constant(keys), e.constant(values), e.constant(none)], {}, 'internal');
}
