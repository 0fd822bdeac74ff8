import { invalid, refuse } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import type { RawNode, View } from '../../ir/view.js';
import { knownSize, type Composer } from '../compose.js';
import { attend, scores } from '../nn/attend.js';
import { microsoft } from './domain.js';
import { causalBias, FORBIDDEN, heads, joined, scaleOf } from './heads.js';
import { rotated } from './RotaryEmbedding.js';

interface Attrs {
  readonly heads: number;
  readonly kvHeads: number;
  readonly scale: number | undefined;
  readonly causal: boolean;
  /** How many keys a query sees, its own included; undefined: all before it. */
  readonly window: number | undefined;
  readonly rotary: boolean;
  readonly interleaved: number;
  readonly softcap: number;
  readonly smooth: boolean;
  readonly normEpsilon: number;
}

function read(n: RawNode): Attrs {
  for (const name of ['k_quant_type', 'v_quant_type'])
    if (!['', 'NONE'].includes(n.optString(name) ?? ''))
      return refuse('a quantized cache', 'export with a cache of floats');
  if (n.flag('sliding_window_cache'))
    return refuse('a cache that forgets on its own', 'export without sliding_window_cache');
  if (n.flag('qk_output')) return refuse('the scores as an output', 'export without qk_output');
  const window = n.optInt('local_window_size') ?? -1;
  return {
    heads: n.int('num_heads'),
    kvHeads: n.int('kv_num_heads'),
    scale: scaleOf(n.optFloat('scale')),
    causal: (n.optInt('causal') ?? 1) !== 0,
    window: window > 0 ? window : undefined,
    rotary: n.flag('do_rotary'),
    interleaved: n.optInt('rotary_interleaved') ?? 0,
    softcap: n.optFloat('softcap') ?? 0,
    smooth: n.optInt('smooth_softmax') === 1,
    normEpsilon: n.optFloat('qk_norm_epsilon') ?? 1e-6,
  };
}

/**
 * Source: ONNX Runtime, ContribOperators. How much of the cache is valid may differ within a batch: seqlens_k tells it, less
 * one, with what is new.
 */
export default microsoft<Attrs>({
  name: 'GroupQueryAttention',
  summary: 'attention of grouped heads with a cache and rotary positions',
  limits: 'quantized caches, caches of a window, scores as an output',
  shapes: [
    'B S _',
    '? B T _',
    '? B T _',
    '? B _ P _',
    '? B _ P _',
    '? B',
    '? () | 1',
    '? _ R',
    '? _ R',
    '? B S',
    '?',
    '? _',
    '?',
    '?',
    '? _',
    '? _',
  ],
  read: { 1: read },
  compose: (c, n) => {
    const { attrs } = n;
    const [query, key, value] = projected(c, n);
    const [pastK, pastV] = [n.inputs[3], n.inputs[4]];
    const length = c.size(query, 2);
    const past = pastK && c.sub(c.add(c.cast(n.value(5), 'int64'), 1), length);
    const turned = (x: Value) =>
      attrs.rotary
        ? rotated(c, x, n.inputs[9] ?? rows(c, x, length, past), n.value(7), n.value(8), {
            interleaved: attrs.interleaved,
            turned: 0,
            heads: 0,
          })
        : x;
    const [q, fresh] = [turned(query), turned(key)];
    const [k, v] =
      pastK && pastV && past
        ? [
            [pastK, fresh],
            [pastV, value],
          ].map(([old, add]) => present(c, old, add, past, length, n.value(6)))
        : [fresh, value];

    const raw = scores(c, q, k, attrs.scale);
    const capped = attrs.softcap > 0 ? c.mul(c.op('Tanh', [c.div(raw, attrs.softcap)]), attrs.softcap) : raw;
    const bias = n.inputs[10];
    const mask =
      attrs.causal && attrs.window === undefined && !past
        ? causalBias(c, q, k, undefined, q.type.dtype)
        : maskOf(c, n, q, k, past);
    const masked = c.add(bias ? c.add(capped, bias) : capped, mask);
    return [joined(c, attend(c, probabilities(c, masked, n), v)), k, v];
  },
});

/** Queries, keys and values as [batch, heads, length, size], normalized where there are weights for that. */
function projected(c: Composer, n: View<Attrs>): [Value, Value, Value] {
  const { heads: count, kvHeads, normEpsilon } = n.attrs;
  const query = n.value(0);
  let parts = [query, n.inputs[1], n.inputs[2]];
  if (!n.has(1)) {
    const size = knownSize(query, 2) / (count + 2 * kvHeads);
    if (!Number.isInteger(size))
      return invalid(
        `a hidden size of ${knownSize(query, 2)} can't be shared among ${count} heads of queries and ${kvHeads} of keys and values`,
      );
    parts = c.split(query, 2, [count * size, kvHeads * size, kvHeads * size]);
  }
  const [q, k, v] = parts.map((x, i) =>
    heads(c, x ?? invalid('GroupQueryAttention has keys and no values'), i === 0 ? count : kvHeads),
  );
  const normal = (x: Value, weight: Value | undefined) =>
    weight ? c.op('RMSNormalization', [x, weight], { axis: -1, epsilon: normEpsilon }) : x;
  return [normal(q, n.inputs[14]), normal(k, n.inputs[15]), v];
}

/** The places of the new tokens: [batch, length]. */
function rows(c: Composer, x: Value, length: Value, past: Value | undefined): Value {
  const run = c.unsqueeze(c.range(length), [0]);
  return past ? c.add(c.unsqueeze(past, [1]), run) : c.op('Expand', [run, c.concat([c.size(x, 0), length], 0)]);
}

/**
 * The cache with the new keys or values behind what is valid of it: as long as the cache, or as the longest sequence.
 * @param past per batch how much of the cache is valid
 */
function present(c: Composer, old: Value, fresh: Value, past: Value, length: Value, total: Value): Value {
  const room = c.size(old, 2);
  const all = c.op('Max', [room, c.reshape(c.cast(total, 'int64'), [1])]);
  const place = c.unsqueeze(c.range(all), [0]);
  const begin = c.unsqueeze(past, [1]);
  const isNew = c.op('And', [c.op('GreaterOrEqual', [place, begin]), c.less(place, c.add(begin, length))]);
  // What lies behind both is not valid, and stays as it is.
  const last = c.sub(c.add(room, length), 1);
  const from = c.where(isNew, c.add(c.sub(place, begin), room), c.op('Min', [place, last]));
  const rowsFirst = c.transpose(c.concat([old, fresh], 2), [0, 2, 1, 3]);
  return c.transpose(c.op('GatherND', [rowsFirst, c.unsqueeze(from, [2])], { batch_dims: 1 }), [0, 2, 1, 3]);
}

/** What is added to the scores: [batch or 1, 1, queries, keys]. */
function maskOf(c: Composer, n: View<Attrs>, q: Value, k: Value, past: Value | undefined): Value {
  const { causal, window } = n.attrs;
  const place = c.range(c.size(k, 2));
  const row = c.unsqueeze(c.range(c.size(q, 2)), [1]);
  const own = past ? c.add(c.unsqueeze(past, [1, 2, 3]), row) : row;
  const allowed = causal
    ? [c.op('LessOrEqual', [place, own])]
    : [c.less(place, c.unsqueeze(c.add(c.cast(n.value(5), 'int64'), 1), [1, 2, 3]))];
  if (causal && window !== undefined) allowed.push(c.greater(place, c.sub(own, window)));
  const both = allowed.reduce((a, b) => c.op('And', [a, b]));
  return c.where(both, c.scalar(0, q), c.scalar(FORBIDDEN, q));
}

/** Softmax; with a sink, one more score that takes its share and gives nothing. */
function probabilities(c: Composer, masked: Value, n: View<Attrs>): Value {
  const sink = n.inputs[11];
  if (!sink && !n.attrs.smooth) return c.op('Softmax', [masked], { axis: -1 });
  const most = sink ? c.reshape(sink, [1, -1, 1, 1]) : c.scalar(0, masked);
  const greatest = c.op('Max', [c.reduce('ReduceMax', masked, [-1]), most]);
  const shares = c.op('Exp', [c.sub(masked, greatest)]);
  const rest = c.op('Exp', [c.sub(most, greatest)]);
  return c.div(shares, c.add(c.reduce('ReduceSum', shares, [-1]), rest));
}
