import { tensorOf, int64s, type Tensor } from '../../../tensor/tensor.js';
import { fed, fixed, single, type Family, type Given, type OracleCase, type Single } from '../case.js';
import type { Random } from '../random.js';

const contrib = (op: string, rest: Omit<Single, 'domain' | 'opset'>): OracleCase => single(op, { domain: 'com.microsoft', opset: 1, ...rest });

const f = (r: Random, dims: readonly number[]): Tensor => r.tensor('float32', dims, -1, 1);

interface Sizes {
  readonly batch: number;
  readonly heads: number;
  readonly size: number;
  readonly length: number;
  readonly past: number;
}

const sizes = (r: Random, past = r.chance(0.4)): Sizes => ({ batch: r.int(1, 3), heads: r.int(1, 3), size: 2 * r.int(1, 3), length: r.int(1, 5), past: past ? r.int(1, 4) : 0 });

/** A mask in one of the forms; each query has a key left. */
function mask(r: Random, batch: number, queries: number, keys: number, kinds: readonly string[]): Given | undefined {
  const kind = r.pick(kinds);
  const flags = (count: number) => r.list(count * keys, (i) => (i % keys === 0 ? 1 : r.int(0, 1)));
  switch (kind) {
    case 'keys': return fed(tensorOf('int32', [batch, keys], flags(batch)));
    case 'queries': return fed(tensorOf('int32', [batch, queries, keys], flags(batch * queries)));
    case 'length': return fed(tensorOf('int32', [batch], r.list(batch, () => r.int(1, keys))));
    case 'ends': {
      const ends = r.list(batch, () => r.int(1, keys));
      return fed(tensorOf('int32', [2 * batch], [...ends, ...ends.map((e) => r.int(0, e - 1))]));
    }
    default: return undefined;
  }
}

function selfAttention(r: Random): OracleCase {
  const { batch, heads, size, length, past } = sizes(r);
  const hidden = heads * size;
  const inner = r.int(1, 5);
  const valueHidden = past === 0 && r.chance(0.3) ? heads * r.int(1, 4) : hidden;
  const total = past + length;
  return contrib('Attention', {
    attributes: { num_heads: heads, unidirectional: r.chance(0.4) ? 1 : 0, ...(r.chance(0.3) ? { scale: { float: 0.3 } } : {}), ...(r.chance(0.3) ? { mask_filter_value: { float: -1e9 } } : {}), ...(valueHidden !== hidden ? { qkv_hidden_sizes: [hidden, hidden, valueHidden] } : {}) },
    inputs: [fed(f(r, [batch, length, inner])), fixed(f(r, [inner, 2 * hidden + valueHidden])), fixed(f(r, [2 * hidden + valueHidden])), mask(r, batch, length, total, ['none', 'keys', 'queries', 'length', 'ends']), past ? fed(f(r, [2, batch, heads, past, size])) : undefined, past ? undefined : r.maybe(() => fed(f(r, [r.pick([1, batch]), r.pick([1, heads]), length, total])), 0.3)],
    outputs: past ? 2 : 1,
  });
}

function multiHead(r: Random): OracleCase {
  const kind = r.pick(['plain', 'plain', 'cross', 'packed kv', 'packed qkv', 'cached cross', 'past']);
  const { batch, heads, size, length, past } = sizes(r, kind === 'past');
  const hidden = heads * size;
  const keys = kind === 'cross' || kind === 'packed kv' || kind === 'cached cross' ? r.int(1, 5) : length;
  const total = past + keys;
  const valueHidden = kind === 'plain' && r.chance(0.3) ? heads * r.int(1, 3) : hidden;
  const packed = kind.startsWith('packed');
  const [q, k, v] = kind === 'packed qkv' ? [fed(f(r, [batch, length, heads, 3, size])), undefined, undefined]
    : kind === 'packed kv' ? [fed(f(r, [batch, length, hidden])), fed(f(r, [batch, keys, heads, 2, size])), undefined]
    : kind === 'cached cross' ? [fed(f(r, [batch, length, hidden])), fed(f(r, [batch, heads, keys, size])), fed(f(r, [batch, heads, keys, size]))]
    : [fed(f(r, [batch, length, hidden])), fed(f(r, [batch, keys, hidden])), fed(f(r, [batch, keys, valueHidden]))];
  const causal = kind === 'plain' && r.chance(0.4);
  // onnxruntime takes packed queries, keys and values on graphics cards alone.
  const added = r.maybe(() => fed(f(r, [r.pick([1, batch]), r.pick([1, heads]), length, total])), 0.3);
  if (packed) return packedParts(kind === 'packed kv' ? k : q, kind === 'packed kv' ? q : undefined, added, { batch, heads, size, keys });
  return contrib('MultiHeadAttention', {
    attributes: { num_heads: heads, ...(causal ? { unidirectional: 1 } : {}), ...(r.chance(0.3) ? { scale: { float: 0.3 } } : {}) },
    inputs: [
      q, k, v, packed ? undefined : r.maybe(() => fixed(f(r, [2 * hidden + valueHidden]))), mask(r, batch, length, total, ['none', 'keys', ...(kind === 'plain' ? ['length'] : []), 'queries']), added,
      past ? fed(f(r, [batch, heads, past, size])) : undefined, past ? fed(f(r, [batch, heads, past, size])) : undefined,
    ],
    outputs: past ? 3 : 1,
  });
}

interface Packed {
  readonly batch: number;
  readonly heads: number;
  readonly size: number;
  readonly keys: number;
}

/** What is packed, [batch, length, heads, parts, size], is cut apart for onnxruntime. */
function packedParts(packed: Given | undefined, query: Given | undefined, added: Given | undefined, { batch, heads, size, keys }: Packed): OracleCase {
  const names = query ? ['k', 'v'] : ['q', 'k', 'v'];
  const from = query ? 'i1' : 'i0';
  const operands = query ? ['i0', 'k', 'v'] : names;
  return contrib('MultiHeadAttention', {
    attributes: { num_heads: heads }, inputs: query ? [query, packed, undefined, undefined, undefined, added] : [packed, undefined, undefined, undefined, undefined, added],
    instead: [
      { op: 'Split', inputs: [from], outputs: names.map((n) => `${n}5`), attributes: { axis: 3, num_outputs: names.length } },
      { op: 'Constant', inputs: [], outputs: ['shape'], attributes: { value: int64s([batch, keys, heads * size]) } },
      ...names.map((n) => ({ op: 'Reshape', inputs: [`${n}5`, 'shape'], outputs: [n] })),
      { op: 'MultiHeadAttention', domain: 'com.microsoft', inputs: added ? [...operands, '', '', 'i5'] : operands, outputs: ['o0'], attributes: { num_heads: heads } },
    ],
  });
}

/** Cosines and sines of places, as models have them. */
function caches(r: Random, rows: number, half: number): [Given, Given] {
  const angles = r.list(rows * half, (i) => Math.floor(i / half) / 10 ** ((i % half) / half));
  return [fixed(tensorOf('float32', [rows, half], angles.map(Math.cos))), fixed(tensorOf('float32', [rows, half], angles.map(Math.sin)))];
}

function rotary(r: Random): OracleCase {
  const { batch, heads, size, length } = sizes(r, false);
  const flat = r.chance(0.5);
  const partial = size > 2 && r.chance(0.4);
  const turned = partial ? size - 2 : size;
  const [cos, sin] = caches(r, 12, turned / 2);
  const at = r.chance(0.4) ? fed(int64s([r.int(0, 5)])) : fed(r.tensor('int64', [batch, length], 0, 11));
  return contrib('RotaryEmbedding', {
    attributes: { interleaved: r.int(0, 1), ...(partial || r.chance(0.5) ? { num_heads: heads } : {}), ...(partial ? { rotary_embedding_dim: turned } : {}) },
    inputs: [fed(f(r, flat ? [batch, length, heads * size] : [batch, heads, length, size])), at, cos, sin],
  });
}

function quantizedAttention(r: Random): OracleCase {
  const { batch, heads, size, length, past } = sizes(r);
  const hidden = heads * size;
  const inner = r.int(1, 5);
  const scale = (low: number, high: number) => fixed(tensorOf('float32', [], [Math.fround(r.float(low, high))]));
  return contrib('QAttention', {
    attributes: { num_heads: heads, unidirectional: r.chance(0.4) ? 1 : 0 },
    inputs: [
      fed(r.tensor('uint8', [batch, length, inner], 0, 255)), fixed(r.tensor('int8', [inner, 3 * hidden], -127, 127)), fixed(f(r, [3 * hidden])), scale(0.005, 0.02), scale(0.005, 0.02), mask(r, batch, length, past + length, ['none', 'keys', 'length']),
      fixed(r.tensor('uint8', [], 0, 255)), fixed(tensorOf('int8', [], [r.int(-5, 5)])), past ? fed(f(r, [2, batch, heads, past, size])) : undefined,
    ],
    outputs: past ? 2 : 1,
  });
}

export const ATTENTION: Family = {
  Attention: selfAttention,
  MultiHeadAttention: multiHead,
  QAttention: quantizedAttention,
  RotaryEmbedding: rotary,
};
