import { areKnown } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { listed, series } from '../../ir/weights.js';
import type { View } from '../../ir/view.js';
import { sizeOf, tensorOf } from '../../tensor/tensor.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { padded, poolType, readPool, type Padded, type PoolAttrs } from './pool.js';
import { averagePool } from './pool-keras.js';
import { slide } from './slide.js';
import type { Window } from './window.js';

interface Attrs extends PoolAttrs {
  readonly countPads: boolean;
}

/** Source: ONNX, AveragePool-1, -7, -10, -11, -19, -22. */
export default defineOp<Attrs>({
  name: 'AveragePool',
  summary: 'mean of a window, in any number of dimensions',
  shapes: ['_ _ _ ...'],
  read: {
    1: (n) => ({ ...readPool(n), countPads: n.hasAttribute('count_include_pad') && n.flag('count_include_pad') }),
  },
  layout: 'channels-last',
  infer: (n) => [poolType(n)],
  graph: (n, [x], b) => {
    const a = new Amounts(b);
    const p = padded(n, x, 0, b, a);
    const mean = slide('AvgPool', p.x, p.padded, { ...n.attrs.window, kernel: n.attrs.kernel }, b, a);
    const nothing = p.pads.flat().every((v) => v === 0);
    return nothing ? mean : corrected(n, mean, p, b, a);
  },
  keras: (n, inputs, k) => averagePool(n, inputs, k, n.attrs.countPads, (pads) => shares(n, pads)),
});

/** The padding that counts as elements of the input: all that ONNX has with count_include_pad, never what ceil_mode adds. */
function counted(
  w: Window,
  countPads: boolean,
  pads: readonly (readonly [Amount, Amount])[],
): readonly (readonly [Amount, Amount])[] {
  return pads.map((p, i) => (!countPads ? [0, 0] : (w.pads?.[i] ?? p)));
}

/** The mean over the padded windows as a mean over those elements that count. */
function corrected(n: View<Attrs>, mean: Ref, p: Padded, b: GraphBuilder, a: Amounts): Ref {
  const known = p.pads.every((pair): pair is [number, number] => pair.every((v) => typeof v === 'number'));
  if (known && areKnown(n.dims(0).slice(2))) {
    const s = shares(n, p.pads as readonly (readonly [number, number])[]);
    return s ? b.mul(mean, b.tensor(tensorOf('float32', [1, ...s.dims, 1], s.factors))) : mean;
  }
  // Sizes are known only when the model runs: the same pool of ones, and zeros where nothing counts, gives the shares.
  const inside = counted(n.attrs.window, n.attrs.countPads, p.pads);
  const sizes = p.sizes.slice(1, -1).map((s, i) => a.add(s, a.add(inside[i][0], inside[i][1])));
  const ones = b.op('Fill', [b.sizes([1, ...sizes, 1]), b.scalar(1)]);
  const around = [
    [0, 0],
    ...p.pads.map(([begin, end], i): [Amount, Amount] => [a.sub(begin, inside[i][0]), a.sub(end, inside[i][1])]),
    [0, 0],
  ] as const;
  const share = slide(
    'AvgPool',
    a.pad(ones, around),
    [1, ...p.padded.slice(1, -1), 1],
    { ...n.attrs.window, kernel: n.attrs.kernel },
    b,
    a,
  );
  return b.op('RealDiv', [mean, share]);
}

/**
 * Per output position, what the mean over the padded window has to be multiplied with, since not every element of it
 * counts. Undefined where all factors are 1, or where sizes aren't known.
 */
function shares(
  n: View<Attrs>,
  pads: readonly (readonly [number, number])[],
): { dims: number[]; factors: number[] } | undefined {
  const { window, kernel, countPads } = n.attrs;
  const spatial = n.dims(0).slice(2);
  // The batch and the channels may be of any size.
  const sizes = areKnown(spatial) ? spatial : n.knownDims(0).slice(2);
  const inside = counted(window, countPads, pads) as readonly (readonly [number, number])[];
  const out = poolType(n).dims.slice(2) as number[];
  out.forEach((length, i) => listed(length * kernel[i]));
  const counts = out.map((length, i) =>
    series(length, (at) => {
      let count = 0;
      for (let tap = 0; tap < kernel[i]; tap++) {
        const position = at * window.strides[i] - pads[i][0] + tap * window.dilations[i];
        if (position >= -inside[i][0] && position < sizes[i] + inside[i][1]) count++;
      }
      return count;
    }),
  );
  const factors = series(sizeOf(out), (flat) => {
    let rest = flat;
    let elements = 1;
    for (let i = out.length - 1; i >= 0; i--) {
      elements *= counts[i][rest % out[i]];
      rest = Math.floor(rest / out[i]);
    }
    return sizeOf(kernel) / elements;
  });
  return factors.every((f) => f === 1) ? undefined : { dims: out, factors };
}
