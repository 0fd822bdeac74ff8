import { invalid, refuse } from '../../diag/diagnostic.js';
import { sameDim } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import type { View } from '../../ir/view.js';
import { knownSize, type Composer } from '../compose.js';
import { after, attention, causalBias, heads, maskBias, scaleOf } from './heads.js';
import { microsoft } from './domain.js';

interface Attrs {
  readonly heads: number;
  readonly causal: boolean;
  readonly scale: number | undefined;
  readonly filter: number;
}

/** Source: ONNX Runtime, ContribOperators: attention of queries, keys and values that are projected already. */
export default microsoft<Attrs>({
  name: 'MultiHeadAttention',
  summary: 'multi-head attention, also of packed tensors, with a cache',
  limits: 'caches shared by past and present, the reordering of beams, packed sequences without padding',
  shapes: [
    'B S _ | B S _ 3 _',
    '? B T _ | B T _ 2 _ | B _ T _',
    '? B T _ | B _ T _',
    '? _',
    '?',
    '?',
    '? B _ P _',
    '? B _ P _',
  ],
  read: {
    1: (n) => ({
      heads: n.int('num_heads'),
      causal: n.flag('unidirectional'),
      scale: scaleOf(n.optFloat('scale')),
      filter: n.optFloat('mask_filter_value') ?? -10000,
    }),
  },
  compose: (c, n) => {
    if (n.has(8) || n.has(9))
      return refuse('a cache that past and present share', 'export without past_sequence_length and cache_indirection');
    const mask = n.inputs[4];
    const { q, k: newK, v: newV } = operands(c, n);
    const [pastK, pastV] = [n.inputs[6], n.inputs[7]];
    const [k, v] = [after(c, pastK, newK), after(c, pastV, newV)];
    const dtype = q.type.dtype;
    const { y, scores } = attention(c, {
      q,
      k,
      v,
      scale: n.attrs.scale,
      biases: [
        n.inputs[5],
        mask && maskBias(c, mask, k, n.attrs.filter, dtype),
        n.attrs.causal ? causalBias(c, q, k, pastK && c.size(pastK, 2), dtype) : undefined,
      ],
    });
    return [y, k, v, scores];
  },
});

/** Queries, new keys and new values as [batch, heads, length, size], the bias added. */
function operands(c: Composer, n: View<Attrs>): { q: Value; k: Value; v: Value } {
  const count = n.attrs.heads;
  const query = n.value(0);
  const [key, value, bias] = [n.inputs[1], n.inputs[2], n.inputs[3]];
  // [batch, length, heads, parts, size] to a list of [batch, heads, length, size].
  const unpacked = (x: Value, parts: number): Value[] =>
    c.split(c.transpose(x, [3, 0, 2, 1, 4]), 0, parts).map((p) => c.squeeze(p, [0]));
  if (query.type.dims.length === 5) {
    if (bias) return refuse('a bias for packed queries, keys and values', 'export with the bias added before');
    const [q, k, v] = unpacked(query, 3);
    return { q, k, v };
  }
  if (!key) return invalid('MultiHeadAttention has queries and no keys');
  if (key.type.dims.length === 5) {
    if (bias) return refuse('a bias for packed keys and values', 'export with the bias added before');
    const [k, v] = unpacked(key, 2);
    return { q: heads(c, query, count), k, v };
  }
  if (!value) return invalid('MultiHeadAttention has keys and no values');
  const [hidden, valueHidden] = [
    knownSize(query, 2),
    value.type.dims.length === 3 ? knownSize(value, 2) : knownSize(query, 2),
  ];
  const [qBias, kBias, vBias] = bias ? c.split(bias, 0, [hidden, hidden, valueHidden]) : [];
  const biased = (x: Value, b: Value | undefined) => heads(c, b ? c.add(x, b) : x, count);
  const q = biased(query, qBias);
  // Keys and values of a cross attention may come as they lie in a cache.
  if (key.type.dims.length === 4) return { q, k: key, v: value };
  if (!sameDim(key.type.dims[1], value.type.dims[1])) return invalid('keys and values are of different lengths');
  return { q, k: biased(key, kBias), v: biased(value, vBias) };
}
