import { tensorOf, int64s, type Tensor } from '../../../tensor/tensor.js';
import { atTwoSizes, fed, fixed, single, type Family, type Given, type OracleCase, type Single } from '../case.js';
import type { Random } from '../random.js';

const contrib = (op: string, rest: Omit<Single, 'domain' | 'opset'>): OracleCase =>
  single(op, { domain: 'com.microsoft', opset: 1, ...rest });

const f = (r: Random, dims: readonly number[]): Tensor => r.tensor('float32', dims, -1, 1);

interface Sizes {
  readonly batch: number;
  readonly heads: number;
  readonly size: number;
  readonly length: number;
  readonly past: number;
}

const sizes = (r: Random, past = r.chance(0.4)): Sizes => ({
  batch: r.int(1, 3),
  heads: r.int(1, 3),
  size: 2 * r.int(1, 3),
  length: r.int(1, 5),
  past: past ? r.int(1, 4) : 0,
});

/** A mask in one of the forms; each query has a key left. */
function mask(r: Random, kind: string, batch: number, queries: number, keys: number): Given | undefined {
  const flags = (count: number) => r.list(count * keys, (i) => (i % keys === 0 ? 1 : r.int(0, 1)));
  switch (kind) {
    case 'keys':
      return fed(tensorOf('int32', [batch, keys], flags(batch)));
    case 'queries':
      return fed(tensorOf('int32', [batch, queries, keys], flags(batch * queries)));
    case 'length':
      return fed(
        tensorOf(
          'int32',
          [batch],
          r.list(batch, () => r.int(1, keys)),
        ),
      );
    case 'ends': {
      const ends = r.list(batch, () => r.int(1, keys));
      return fed(tensorOf('int32', [2 * batch], [...ends, ...ends.map((e) => r.int(0, e - 1))]));
    }
    default:
      return undefined;
  }
}

/** The same sizes with another batch and length. */
const otherSizes = (r: Random, s: Sizes): Sizes => ({
  ...s,
  batch: s.batch + r.int(1, 2),
  length: s.length + r.int(1, 3),
  past: s.past === 0 ? 0 : s.past + r.int(1, 2),
});

/** Inputs for these sizes, half of the time also for others of the same model. */
function inputsFor(
  r: Random,
  s: Sizes,
  make: (s: Sizes) => (Given | undefined)[],
  other = otherSizes(r, s),
): (Given | undefined)[] {
  const first = make(s);
  return r.chance(0.5) ? atTwoSizes(first, make(other)) : first;
}

/** What is added to the scores, for all or for some of the batch and the heads. */
const bias = (r: Random, kind: number, s: Sizes, keys: number): Given | undefined =>
  kind === 0 ? undefined : fed(f(r, [kind & 1 ? 1 : s.batch, kind & 2 ? 1 : s.heads, s.length, keys]));

function selfAttention(r: Random): OracleCase {
  const s = sizes(r);
  const hidden = s.heads * s.size;
  const inner = r.int(1, 5);
  const valueHidden = s.past === 0 && r.chance(0.3) ? s.heads * r.int(1, 4) : hidden;
  const kind = r.pick(['none', 'keys', 'queries', 'length', 'ends']);
  const added = s.past || r.chance(0.7) ? 0 : r.int(1, 4);
  const weights = [fixed(f(r, [inner, 2 * hidden + valueHidden])), fixed(f(r, [2 * hidden + valueHidden]))];
  return contrib('Attention', {
    attributes: {
      num_heads: s.heads,
      unidirectional: r.chance(0.4) ? 1 : 0,
      ...(r.chance(0.3) ? { scale: { float: 0.3 } } : {}),
      ...(r.chance(0.3) ? { mask_filter_value: { float: -1e9 } } : {}),
      ...(valueHidden !== hidden ? { qkv_hidden_sizes: [hidden, hidden, valueHidden] } : {}),
    },
    inputs: inputsFor(r, s, (t) => [
      fed(f(r, [t.batch, t.length, inner])),
      ...weights,
      mask(r, kind, t.batch, t.length, t.past + t.length),
      t.past ? fed(f(r, [2, t.batch, t.heads, t.past, t.size])) : undefined,
      bias(r, added, t, t.past + t.length),
    ]),
    outputs: s.past ? 2 : 1,
  });
}

function multiHead(r: Random): OracleCase {
  const kind = r.pick(['plain', 'plain', 'cross', 'packed kv', 'packed qkv', 'cached cross', 'past']);
  const s = sizes(r, kind === 'past');
  const hidden = s.heads * s.size;
  const elsewhere = kind === 'cross' || kind === 'packed kv' || kind === 'cached cross' ? r.int(1, 5) : undefined;
  const valueHidden = kind === 'plain' && r.chance(0.3) ? s.heads * r.int(1, 3) : hidden;
  const causal = kind === 'plain' && r.chance(0.4);
  const masked = r.pick(['none', 'keys', ...(kind === 'plain' ? ['length'] : []), 'queries']);
  const added = r.chance(0.7) ? 0 : r.int(1, 4);
  const projection = r.maybe(() => fixed(f(r, [2 * hidden + valueHidden])));
  // onnxruntime takes what is packed on graphics cards alone.
  if (kind.startsWith('packed')) return packedParts(r, s, elsewhere, added);
  return contrib('MultiHeadAttention', {
    attributes: {
      num_heads: s.heads,
      ...(causal ? { unidirectional: 1 } : {}),
      ...(r.chance(0.3) ? { scale: { float: 0.3 } } : {}),
    },
    inputs: inputsFor(r, s, (t) => {
      const keys = elsewhere ?? t.length;
      const operand = (size: number) =>
        fed(f(r, kind === 'cached cross' ? [t.batch, t.heads, keys, t.size] : [t.batch, keys, size]));
      const cache = () => (t.past ? fed(f(r, [t.batch, t.heads, t.past, t.size])) : undefined);
      return [
        fed(f(r, [t.batch, t.length, hidden])),
        operand(hidden),
        operand(valueHidden),
        projection,
        mask(r, masked, t.batch, t.length, t.past + keys),
        bias(r, added, t, t.past + keys),
        cache(),
        cache(),
      ];
    }),
    outputs: s.past ? 3 : 1,
  });
}

/** What is packed, [batch, length, heads, parts, size], is cut apart for onnxruntime. */
function packedParts(r: Random, s: Sizes, elsewhere: number | undefined, added: number): OracleCase {
  const keys = elsewhere ?? s.length;
  const names = elsewhere ? ['k', 'v'] : ['q', 'k', 'v'];
  const operands = elsewhere ? ['i0', 'k', 'v'] : names;
  const packed = fed(f(r, [s.batch, keys, s.heads, names.length, s.size]));
  const more = bias(r, added, s, keys);
  return contrib('MultiHeadAttention', {
    attributes: { num_heads: s.heads },
    inputs: [
      ...(elsewhere ? [fed(f(r, [s.batch, s.length, s.heads * s.size])), packed] : [packed, undefined]),
      undefined,
      undefined,
      undefined,
      more,
    ],
    instead: [
      {
        op: 'Split',
        inputs: [elsewhere ? 'i1' : 'i0'],
        outputs: names.map((n) => `${n}5`),
        attributes: { axis: 3, num_outputs: names.length },
      },
      {
        op: 'Constant',
        inputs: [],
        outputs: ['shape'],
        attributes: { value: int64s([s.batch, keys, s.heads * s.size]) },
      },
      ...names.map((n) => ({ op: 'Reshape', inputs: [`${n}5`, 'shape'], outputs: [n] })),
      {
        op: 'MultiHeadAttention',
        domain: 'com.microsoft',
        inputs: more ? [...operands, '', '', 'i5'] : operands,
        outputs: ['o0'],
        attributes: { num_heads: s.heads },
      },
    ],
  });
}

/** Cosines and sines of places, as models have them. */
function caches(r: Random, rows: number, half: number): [Given, Given] {
  const angles = r.list(rows * half, (i) => Math.floor(i / half) / 10 ** ((i % half) / half));
  return [
    fixed(tensorOf('float32', [rows, half], angles.map(Math.cos))),
    fixed(tensorOf('float32', [rows, half], angles.map(Math.sin))),
  ];
}

function rotary(r: Random): OracleCase {
  const s = sizes(r, false);
  const flat = r.chance(0.5);
  const partial = s.size > 2 && r.chance(0.4);
  const turned = partial ? s.size - 2 : s.size;
  const [cos, sin] = caches(r, 16, turned / 2);
  const from = r.chance(0.4);
  return contrib('RotaryEmbedding', {
    attributes: {
      interleaved: r.int(0, 1),
      ...(partial || r.chance(0.5) ? { num_heads: s.heads } : {}),
      ...(partial ? { rotary_embedding_dim: turned } : {}),
    },
    inputs: inputsFor(r, s, (t) => [
      fed(f(r, flat ? [t.batch, t.length, t.heads * t.size] : [t.batch, t.heads, t.length, t.size])),
      from ? fed(int64s([r.int(0, 5)])) : fed(r.tensor('int64', [t.batch, t.length], 0, 15)),
      cos,
      sin,
    ]),
  });
}

function quantizedAttention(r: Random): OracleCase {
  const s = sizes(r);
  const hidden = s.heads * s.size;
  const inner = r.int(1, 5);
  const kind = r.pick(['none', 'keys', 'length']);
  const scale = (low: number, high: number) => fixed(tensorOf('float32', [], [Math.fround(r.float(low, high))]));
  const weights = [
    fixed(r.tensor('int8', [inner, 3 * hidden], -127, 127)),
    fixed(f(r, [3 * hidden])),
    scale(0.005, 0.02),
    scale(0.005, 0.02),
  ];
  const zeros = [fixed(r.tensor('uint8', [], 0, 255)), fixed(tensorOf('int8', [], [r.int(-5, 5)]))];
  return contrib('QAttention', {
    attributes: { num_heads: s.heads, unidirectional: r.chance(0.4) ? 1 : 0 },
    inputs: inputsFor(r, s, (t) => [
      fed(r.tensor('uint8', [t.batch, t.length, inner], 0, 255)),
      ...weights,
      mask(r, kind, t.batch, t.length, t.past + t.length),
      ...zeros,
      t.past ? fed(f(r, [2, t.batch, t.heads, t.past, t.size])) : undefined,
    ]),
    outputs: s.past ? 2 : 1,
  });
}

function grouped(r: Random): OracleCase {
  const s = { ...sizes(r), size: r.pick([8, 16]), heads: r.pick([2, 4]) };
  const kv = r.pick([1, 2]);
  const packed = r.chance(0.3);
  // onnxruntime turns heads of a multiple of 16 alone.
  const rotation = s.size === 16 && r.chance(0.8);
  const [cos, sin] = caches(r, 24, s.size / 2);
  const window = r.chance(0.3) ? r.int(1, 4) : -1;
  const added = r.chance(0.8) ? 0 : r.int(1, 4);
  // With a cache onnxruntime takes one new token, or one sequence.
  const single = s.past > 0 && r.chance(0.6);
  const at = { ...s, ...(single ? { length: 1 } : s.past ? { batch: 1 } : {}) };
  const other = { ...otherSizes(r, at), ...(single ? { length: 1 } : s.past ? { batch: 1 } : {}) };
  // Of a batch each sequence may have its own part of the cache; what lies behind it is anything.
  const ragged = single && r.chance(0.5);
  return contrib('GroupQueryAttention', {
    attributes: {
      num_heads: s.heads,
      kv_num_heads: kv,
      ...(window > 0 ? { local_window_size: window } : {}),
      ...(rotation ? { do_rotary: 1, rotary_interleaved: r.int(0, 1) } : {}),
      ...(r.chance(0.2) ? { scale: { float: 0.3 } } : {}),
      ...(r.chance(0.2) ? { softcap: { float: 0.5 } } : {}),
      ...(r.chance(0.2) ? { smooth_softmax: 1 } : {}),
    },
    inputs: inputsFor(
      r,
      at,
      (t) => {
        const total = t.past + t.length;
        const operand = (count: number) => fed(f(r, [t.batch, t.length, count * t.size]));
        const cache = () => (t.past ? fed(f(r, [t.batch, kv, t.past, t.size])) : undefined);
        return [
          ...(packed
            ? [operand(t.heads + 2 * kv), undefined, undefined]
            : [operand(t.heads), operand(kv), operand(kv)]),
          cache(),
          cache(),
          fed(
            tensorOf(
              'int32',
              [t.batch],
              r.list(t.batch, (i) => (ragged && i > 0 ? r.int(1, total - 1) : total - 1)),
            ),
          ),
          fed(tensorOf('int32', [], [total])),
          rotation ? cos : undefined,
          rotation ? sin : undefined,
          undefined,
          bias(r, added, t, total),
        ];
      },
      other,
    ),
    outputs: 3,
    ...(ragged ? { compared: 1 } : {}),
  });
}

export const ATTENTION: Family = {
  GroupQueryAttention: grouped,
  Attention: selfAttention,
  MultiHeadAttention: multiHead,
  QAttention: quantizedAttention,
  RotaryEmbedding: rotary,
};
