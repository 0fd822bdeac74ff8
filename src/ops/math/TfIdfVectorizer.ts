import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { Expander } from '../../ir/expander.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode } from '../../ir/view.js';
import { listed } from '../../ir/weights.js';
import { int64s, tensorOf } from '../../tensor/tensor.js';
import { codeOfDtype } from '../../tensor/dtype.js';

interface Attrs {
  readonly mode: 'TF' | 'IDF' | 'TFIDF';
  readonly skips: number;
  /** By length: the n-grams, each with its column and weight. */
  readonly grams: readonly {
    readonly length: number;
    readonly items: readonly number[];
    readonly column: number;
    readonly weight: number;
  }[];
  readonly columns: number;
}

function read(n: RawNode): Attrs {
  const mode = n.string('mode');
  if (mode !== 'TF' && mode !== 'IDF' && mode !== 'TFIDF') return invalid(`mode is ${JSON.stringify(mode)}`);
  const pool = n.optInts('pool_int64s');
  if (!pool)
    return refuse('n-grams of strings: TensorFlow.js can not compare strings', 'map words to numbers before the model');
  const [counts, indexes, least, most] = [
    n.ints('ngram_counts'),
    n.ints('ngram_indexes'),
    n.int('min_gram_length'),
    n.int('max_gram_length'),
  ];
  if (counts.some((start, k) => start < 0 || start > (counts[k + 1] ?? pool.length)))
    return invalid(`ngram_counts doesn't tell where in the ${pool.length} integers of the pool each length begins`);
  const weights = n.optFloats('weights');
  const grams: Attrs['grams'][number][] = [];
  let id = 0;
  counts.forEach((start, k) => {
    const length = k + 1;
    const end = counts[k + 1] ?? pool.length;
    for (let at = start; at < end; at += length, id++) {
      if (length >= least && length <= most)
        grams.push({ length, items: pool.slice(at, at + length), column: indexes[id], weight: weights?.[id] ?? 1 });
    }
  });
  if (indexes.length < id || indexes.some((column) => column < 0))
    return invalid(`ngram_indexes doesn't have a column for each of the ${id} n-grams`);
  const columns = indexes.reduce((most, column) => Math.max(most, column + 1), 0);
  return { mode, skips: n.int('max_skip_count'), grams, columns };
}

/** Source: ONNX, TfIdfVectorizer-9. Each n-gram of the pool is compared at each place, and the hits are counted. */
export default defineOp<Attrs>({
  name: 'TfIdfVectorizer',
  summary: 'counts of n-grams of integers',
  limits: 'n-grams of strings are refused',
  shapes: ['_ | _ _'],
  read: { 9: read },
  infer: (n) => [{ dtype: 'float32', dims: [...n.dims(0).slice(0, -1), n.attrs.columns] }],
  expand: (n, _, e) => {
    const { mode, grams, columns, skips } = n.attrs;
    const length = n.dims(0)[n.rank(0) - 1];
    if (!isKnown(length))
      return refuse('the number of items has to be known here', 'fix the sizes with input-shapes in the config');
    const one = (values: readonly number[]) => e.constant(int64s(values));
    const x = n.rank(0) === 1 ? e.one('Unsqueeze', [n.value(0), one([0])]) : n.value(0);
    let total: Value | undefined;
    for (const size of new Set(grams.map((g) => g.length))) {
      const own = grams.filter((g) => g.length === size);
      // To which column each n-gram's count goes.
      const place = new Float32Array(listed(own.length * columns));
      own.forEach((g, i) => {
        place[i * columns + g.column] = mode === 'TF' ? 1 : g.weight;
      });
      let counts: Value | undefined;
      for (let step = 1; step <= (size === 1 ? 1 : skips + 1); step++) {
        const places = length - (size - 1) * step;
        if (places < 1) break;
        const hits = hitsOf(
          x,
          own.map((g) => g.items),
          step,
          places,
          e,
        );
        counts = counts ? e.one('Add', [counts, hits]) : hits;
      }
      if (!counts) continue;
      const once = mode === 'IDF' ? e.one('Min', [counts, e.constant(tensorOf('float32', [], [1]))]) : counts;
      const part = e.one('MatMul', [once, e.constant(tensorOf('float32', [own.length, columns], place))]);
      total = total ? e.one('Add', [total, part]) : part;
    }
    total ??= e.one('MatMul', [
      e.one('Cast', [e.one('Slice', [x, one([0]), one([1]), one([1])])], { to: codeOfDtype('float32') }),
      e.constant(tensorOf('float32', [1, columns], new Float32Array(columns))),
    ]);
    return [n.rank(0) === 1 ? e.one('Squeeze', [total, one([0])]) : total];
  },
});

/** How often each n-gram stands in each row: [N, n-grams], float32. */
function hitsOf(x: Value, grams: readonly (readonly number[])[], step: number, places: number, e: Expander): Value {
  const one = (values: readonly number[]) => e.constant(int64s(values));
  let all: Value | undefined;
  for (let j = 0; j < grams[0].length; j++) {
    const items = e.one('Unsqueeze', [
      e.one('Slice', [x, one([j * step]), one([j * step + places]), one([1])]),
      one([2]),
    ]);
    const same = e.one('Equal', [
      items,
      e.constant(
        tensorOf(
          x.type.dtype,
          [1, 1, grams.length],
          grams.map((g) => g[j]),
        ),
      ),
    ]);
    all = all ? e.one('And', [all, same]) : same;
  }
  return e.one('ReduceSum', [e.one('Cast', [all as Value], { to: codeOfDtype('float32') }), one([1])], { keepdims: 0 });
}
