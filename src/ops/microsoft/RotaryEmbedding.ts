import { refuse } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import { noAttributes } from '../../ir/op.js';
import { knownSize, type Composer } from '../compose.js';
import { microsoft } from './domain.js';

interface Attrs {
  readonly interleaved: number;
  readonly heads: number;
  readonly turned: number;
  readonly scale: number;
}

/** Places of the tokens, [batch, length]: from where the only number says on, or as they are given. */
export function places(c: Composer, given: Value, batch: Value, length: Value): Value {
  if (given.type.dims.length === 2) return given;
  const run = c.add(c.range(length), given);
  return c.op('Expand', [c.unsqueeze(run, [0]), c.concat([batch, length], 0)]);
}

export interface Rotation {
  readonly interleaved: number;
  /** Of a head; 0 where the caches tell it. */
  readonly turned: number;
  /** Of x, where it is of rank 3; 0 where the caches tell it. */
  readonly heads: number;
}

/** x [batch, length, hidden] or [batch, heads, length, size], turned by its places. */
export function rotated(
  c: Composer,
  x: Value,
  at: Value,
  cos: Value,
  sin: Value,
  { interleaved, turned, heads }: Rotation,
): Value {
  const flat = x.type.dims.length === 3;
  const half = knownSize(cos, 1);
  const count = flat ? heads || knownSize(x, 2) / (turned ? knownSize(x, 2) : 2 * half) : 0;
  const size = flat ? knownSize(x, 2) / count : knownSize(x, 3);
  // The caches say how much of a head is turned.
  const part = turned || (2 * half < size ? 2 * half : 0);
  return c.op('RotaryEmbedding', [x, cos, sin, at], {
    interleaved,
    ...(flat ? { num_heads: count } : {}),
    rotary_embedding_dim: part,
  });
}

/** Source: ONNX Runtime, ContribOperators. */
export default [
  microsoft<Attrs>({
    name: 'RotaryEmbedding',
    summary: 'positions written into queries or keys as rotations',
    limits: 'packed batches',
    shapes: ['B S _ | B _ S _', '() | 1 | B S', '_ R', '_ R'],
    read: {
      1: (n) => {
        if (n.flag('is_packed_batching')) return refuse('a packed batch', 'export with padded sequences');
        return {
          interleaved: n.optInt('interleaved') ?? 0,
          heads: n.optInt('num_heads') ?? 0,
          turned: n.optInt('rotary_embedding_dim') ?? 0,
          scale: n.optFloat('scale') ?? 1,
        };
      },
    },
    compose: (c, n) => {
      const x = n.value(0);
      const at = places(c, n.value(1), c.size(x, 0), c.size(x, n.rank(0) === 3 ? 1 : 2));
      const y = rotated(c, x, at, n.value(2), n.value(3), n.attrs);
      return n.attrs.scale === 1 ? y : c.mul(y, n.attrs.scale);
    },
  }),
  microsoft({
    name: 'GemmaRotaryEmbedding',
    summary: 'rotations of queries and keys by given angles',
    shapes: ['B S _', '_ _ _ _', '_ _ _ _', '_ _ _ _', '_ _ _ _'],
    read: { 1: noAttributes },
    compose: (c, n) => {
      const [angles, q, qTurned, k, kTurned] = [0, 1, 2, 3, 4].map((i) => n.value(i));
      const [sin, cos] = ['Sin', 'Cos'].map((f) => c.unsqueeze(c.cast(c.op(f, [angles]), q.type.dtype), [1]));
      const turn = (x: Value, other: Value) => c.add(c.mul(x, cos), c.mul(other, sin));
      return [turn(q, qTurned), turn(k, kTurned)];
    },
  }),
];
