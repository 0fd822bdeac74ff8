import { invalid } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import { Composer } from '../compose.js';

interface Attrs {
  readonly heads: number | undefined;
  /** How many entries of a head are turned; all of them where 0. */
  readonly turned: number;
  readonly interleaved: boolean;
}

/** Source: ONNX, RotaryEmbedding-23. */
export default defineOp<Attrs>({
  name: 'RotaryEmbedding',
  summary: 'positions written into queries and keys as rotations',
  shapes: (n) => ['B T _ | B _ T _', ...(n.input(3) ? ['_ _', '_ _', 'B T'] : ['B T _', 'B T _'])],
  read: {
    23: (n) => ({
      heads: n.optInt('num_heads') || undefined,
      turned: n.int('rotary_embedding_dim'),
      interleaved: n.flag('interleaved'),
    }),
  },
  infer: (n) => [n.type(0)],
  expand: (n, inputs, e) => {
    const c = new Composer(e);
    const { heads, interleaved } = n.attrs;
    const [x, cosines, sines, places] = inputs as (Value | undefined)[];
    if (!x || !cosines || !sines) return invalid('RotaryEmbedding needs X and both caches');
    const flat = x.type.dims.length === 3;
    const hidden = x.type.dims[flat ? 2 : 3];
    if (!isKnown(hidden)) return invalid('the size of a head is not known');
    if (flat && (!heads || hidden % heads !== 0))
      return invalid(`a hidden size of ${hidden} can't be split into ${heads ?? 'an unknown number of'} heads`);
    const size = flat ? hidden / (heads as number) : hidden;
    const turned = n.attrs.turned || size;
    const half = turned / 2;
    // [batch, heads, sequence, size], or as it comes: [batch, sequence, heads, size].
    const split = flat ? c.reshape(x, [0, 0, heads as number, size]) : x;
    const axis = flat ? 2 : 1;
    const angles = (cache: Value) => c.unsqueeze(places ? c.op('Gather', [cache, places], { axis: 0 }) : cache, [axis]);
    const [cos, sin] = [angles(cosines), angles(sines)];
    const head = turned === size ? split : c.slice(split, 3, 0, turned);
    const sizes = flat ? [0, 0, heads as number] : [0, 0, 0];
    const pairs = interleaved ? c.reshape(head, [...sizes, half, 2]) : undefined;
    const [a, b] = pairs ? c.split(pairs, 4, 2).map((p) => c.op('Squeeze', [p, c.ints([4])])) : c.split(head, 3, 2);
    const real = c.sub(c.mul(cos, a), c.mul(sin, b));
    const imaginary = c.add(c.mul(sin, a), c.mul(cos, b));
    const rotated = pairs
      ? c.reshape(c.concat([c.unsqueeze(real, [4]), c.unsqueeze(imaginary, [4])], 4), [...sizes, turned])
      : c.concat([real, imaginary], 3);
    const y = turned === size ? rotated : c.concat([rotated, c.slice(split, 3, turned, size)], 3);
    return [flat ? c.reshape(y, [0, 0, hidden]) : y];
  },
});
