import { refuse } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import type { RawNode } from '../../ir/view.js';
import { knownSize, type Composer } from '../compose.js';
import { after, attention, causalBias, heads, maskBias, scaleOf } from './heads.js';
import { microsoft } from './domain.js';
import { productAsFloat } from './QuantizedProducts.js';

interface Attrs {
  readonly heads: number;
  readonly causal: boolean;
  readonly scale: number | undefined;
  readonly filter: number;
  readonly sizes: readonly number[] | undefined;
}

function read(n: RawNode): Attrs {
  if (n.flag('do_rotary'))
    return refuse('rotary positions inside of Attention', 'export with RotaryEmbedding as a node of its own');
  if (n.flag('past_present_share_buffer'))
    return refuse('a cache that past and present share', 'export without past_present_share_buffer');
  return {
    heads: n.int('num_heads'),
    causal: n.flag('unidirectional'),
    scale: scaleOf(n.optFloat('scale')),
    filter: n.optFloat('mask_filter_value') ?? -10000,
    sizes: n.optInts('qkv_hidden_sizes'),
  };
}

/** From the projection of queries, keys and values side by side [batch, length, sizes] on. */
function attended(
  c: Composer,
  projected: Value,
  mask: Value | undefined,
  past: Value | undefined,
  bias: Value | undefined,
  attrs: Attrs,
  present: boolean,
): Value[] {
  const hidden = knownSize(projected, 2);
  const [q, newK, newV] = c
    .split(projected, 2, attrs.sizes && attrs.sizes.length === 3 ? attrs.sizes : [hidden / 3, hidden / 3, hidden / 3])
    .map((x) => heads(c, x, attrs.heads));
  const [pastK, pastV] = past ? c.split(past, 0, 2).map((x) => c.squeeze(x, [0])) : [];
  const [k, v] = [after(c, pastK, newK), after(c, pastV, newV)];
  const dtype = q.type.dtype;
  const { y } = attention(c, {
    q,
    k,
    v,
    scale: attrs.scale,
    biases: [
      bias,
      mask && maskBias(c, mask, k, attrs.filter, dtype),
      attrs.causal ? causalBias(c, q, k, pastK && c.size(pastK, 2), dtype) : undefined,
    ],
  });
  return present ? [y, c.concat([c.unsqueeze(k, [0]), c.unsqueeze(v, [0])], 0)] : [y];
}

function withBias(c: Composer, x: Value, bias: Value | undefined): Value {
  return bias ? c.add(x, bias) : x;
}

/** Source: ONNX Runtime, ContribOperators: attention with the projections of queries, keys and values inside. */
export default [
  microsoft<Attrs>({
    name: 'Attention',
    summary: 'multi-head self-attention, projections included',
    limits: 'rotary positions inside, caches shared by past and present, masks of rank 4',
    shapes: ['B S I', 'I P', '? P', '?', '? 2 B _ _ _', '?'],
    read: { 1: read },
    compose: (c, n) => {
      const [, , bias, mask, past, added] = n.inputs;
      return attended(
        c,
        withBias(c, c.matmul(n.value(0), n.value(1)), bias),
        mask,
        past,
        added,
        n.attrs,
        n.outputCount > 1,
      );
    },
  }),
  microsoft<Attrs>({
    name: 'QAttention',
    summary: 'multi-head self-attention of quantized tensors, projections included',
    limits: 'as Attention',
    shapes: ['B S I', 'I P', 'P', '() | 1', '() | 1 | P', '?', '? () | 1', '? () | 1 | P', '? 2 B _ _ _'],
    read: { 1: read },
    compose: (c, n) => {
      const [, , bias, , , mask, zero, weightZero, past] = n.inputs;
      const projected = productAsFloat(c, n.value(0), n.value(1), n.value(3), n.value(4), zero, weightZero, bias);
      return attended(c, projected, mask, past, undefined, n.attrs, n.outputCount > 1);
    },
  }),
];
