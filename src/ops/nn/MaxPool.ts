import { series } from '../../ir/weights.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { padded, poolType, readPool, type Padded, type PoolAttrs } from './pool.js';
import { maxPool } from './pool-keras.js';
import { slide } from './slide.js';
import { windowDims } from './window.js';

/** Below every float32 that a network computes with; -Infinity would be 0 * Infinity in some kernels. */
const LOWEST = -3.4028234663852886e38;

interface Attrs extends PoolAttrs {
  /** Indices count columns first: the last spatial axes change places. */
  readonly columnMajor: boolean;
}

/** Source: ONNX, MaxPool-1, -8, -10, -11, -12, -22. */
export default defineOp<Attrs>({
  name: 'MaxPool',
  summary: 'largest of a window, in any number of dimensions, and where it was',
  shapes: ['_ _ _ ...'],
  read: { 1: (n) => ({ ...readPool(n), columnMajor: n.flag('storage_order') }) },
  layout: 'channels-last',
  infer: (n) => [poolType(n), { ...poolType(n), dtype: 'int64' }],
  graph: (n, [given], b) => {
    const { window, kernel } = n.attrs;
    const a = new Amounts(b);
    // Integers up to 16 bits are the same numbers in float32; WASM pools nothing else.
    const p = padded(n, b.cast(given, 'float32'), LOWEST, b, a);
    const y = slide('MaxPool', p.x, p.padded, { ...window, kernel }, b, a);
    return [b.cast(y, given.dtype), n.outputs[1] && indices(n, p, b, a)];
  },
  keras: maxPool,
});

/**
 * ONNX's Indices: where in the whole input, padding not counted, the first largest element of each window stands. Each
 * tap of the window in turn takes the lead where it is larger than those before.
 */
function indices(n: View<Attrs>, p: Padded, b: GraphBuilder, a: Amounts): Ref {
  const { window, kernel, columnMajor } = n.attrs;
  const rank = kernel.length;
  const known = windowDims(window, kernel, n.dims(0).slice(2));
  const out = p.padded.slice(1, -1).map((size, i): Amount => {
    const d = known[i];
    return typeof d === 'number'
      ? d
      : a.add(a.div(a.sub(size, (kernel[i] - 1) * window.dilations[i] + 1), window.strides[i]), 1);
  });
  const [batch, channels] = [p.sizes[0], p.sizes[rank + 1]];
  const spatial = p.sizes.slice(1, -1);
  // How far apart neighbours of each spatial axis stand in ONNX's input.
  const order = spatial.map((_, i) => i);
  if (columnMajor && rank > 1) order.reverse();
  const step = spatial.map((_, i): Amount => a.product(order.slice(order.indexOf(i) + 1).map((j) => spatial[j])));
  const area = a.product(spatial);

  const taps = allTaps(kernel);
  let best: Ref | undefined;
  let lead: Ref | undefined;
  for (const tap of taps) {
    const begin = tap.map((t, i) => t * window.dilations[i]);
    const size = out.map((o, i) => a.add(a.mul(a.sub(o, 1), window.strides[i]), 1));
    const box = a.slice(p.x, [0, ...begin, 0], [-1, ...size, -1]);
    const value = window.strides.every((s) => s === 1)
      ? box
      : slide(
          'MaxPool',
          box,
          [batch, ...size, channels],
          { kernel: kernel.map(() => 1), strides: window.strides, dilations: kernel.map(() => 1) },
          b,
          a,
        );
    const offset = begin.map((v, i) => a.mul(v, step[i])).reduce<Amount>((x, y) => a.add(x, y), 0);
    if (!best || !lead) {
      best = value;
      lead = b.op('Fill', [b.shape(value), a.ref(offset)], { T: 'int32' });
      continue;
    }
    lead = b.select(b.op('Greater', [value, best]), a.ref(offset), lead);
    best = b.op('Maximum', [best, value]);
  }
  // And where the first tap of each window stands.
  let index = lead as Ref;
  const plus = (count: Amount, factor: Amount, axis: number) => {
    const line = b.op('Range', [b.scalar(0, 'int32'), a.ref(count), b.scalar(1, 'int32')], { Tidx: 'int32' });
    const places = b.mul(line, a.ref(factor));
    index = b.add2(index, b.reshape(places, b.ints(Array.from({ length: rank + 2 }, (_, i) => (i === axis ? -1 : 1)))));
  };
  out.forEach((count, i) => {
    plus(count, a.mul(step[i], window.strides[i]), i + 1);
    index = b.sub(index, a.ref(a.mul(p.pads[i][0], step[i])));
  });
  plus(channels, area, rank + 1);
  if (batch !== 1) plus(batch, a.mul(area, channels), 0);
  return index;
}

/** All positions in a window, row by row. */
function allTaps(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>((taps, k) => taps.flatMap((t) => series(k, (i) => [...t, i])), [[]]);
}
