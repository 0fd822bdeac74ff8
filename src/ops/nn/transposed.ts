import { invalid, refuse } from '../../diag/diagnostic.js';
import { addDim, ceilDiv, isKnown, mulDim, subDim, type Dim } from '../../ir/dim.js';
import { derived } from '../../ir/weights.js';
import { allocate, sizeOf, type Weight } from '../../tensor/tensor.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { sizeFrom } from '../../tf/sizes.js';
import type { Placed } from './placing.js';
import { convolve } from './convolve.js';
import type { Kernel } from './kernel.js';
import { reach, type Window } from './window.js';

export interface Transposed {
  /** Channels last. */
  readonly x: Ref;
  /** In memory order. */
  readonly dims: readonly Dim[];
  /** ONNX's [channels, filters per group, spatial …]. */
  readonly kernel: Kernel;
  readonly group: number;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly axes: readonly Placed[];
  readonly bias: Ref | undefined;
  readonly biasWeight: Weight | undefined;
}

/**
 * A transposed convolution, channels last. Output positions that are alike modulo the stride see the same taps: one
 * plain convolution gives all of these phases as channels, and a Transpose puts them in line (Conv2DBackpropInput is
 * eight times slower on WASM, and Conv3DTranspose wrong). With stride 1, and with weights that the model computes, it is
 * a plain convolution of the input with zeros between its elements.
 */
export function transposedConvolution(t: Transposed, b: GraphBuilder): Ref {
  const [channels, perGroup, ...taps] = t.kernel.dims;
  if (taps.length > 3)
    return refuse(`a transposed convolution over ${taps.length} axes`, 'TensorFlow.js convolves over at most 3');
  if (channels % t.group !== 0) return invalid(`${channels} channels can't be split into ${t.group} groups`);
  const plain = t.strides.every((s) => s === 1);
  const a = new Amounts(b);
  const grouped = [t.group, channels / t.group, perGroup];
  if (plain || !t.kernel.constant) {
    // [g * in, out] to the [g * out, in] of a convolution, the other way round.
    const kernel = t.kernel
      .reshape([...grouped.slice(0, 2), perGroup, sizeOf(taps)])
      .permute([0, 2, 1, 3])
      .reshape([t.group * perGroup, channels / t.group, ...taps])
      .flip(taps.map((_, i) => i + 2));
    const y = overSpread(t, kernel, b, a);
    return t.bias ? b.add2(y, t.bias) : y;
  }
  return byPhases(t, b, a);
}

function overSpread(t: Transposed, kernel: Kernel, b: GraphBuilder, a: Amounts): Ref {
  const taps = kernel.dims.slice(2);
  let x = t.x;
  const sizes = a.sizes(x, t.dims);
  const spread = [...sizes];
  const dims = [...t.dims];
  t.strides.forEach((s, i) => {
    if (s === 1) return;
    const axis = i + 1;
    const rows = a.reshape(x, [a.product(spread.slice(0, axis)), spread[axis], 1, a.product(spread.slice(axis + 1))]);
    spread[axis] = a.mul(spread[axis], s);
    dims[axis] = mulDim(dims[axis], s);
    x = a.reshape(
      b.pad(rows, [
        [0, 0],
        [0, 0],
        [0, s - 1],
        [0, 0],
      ]),
      spread,
    );
  });
  const pads = t.axes.map(({ begin, out }, i): [Dim, Dim] => {
    const over = reach(taps[i], t.dilations[i]) - 1;
    const first = subDim(over, begin);
    return [first, addDim(subDim(subDim(out, dims[i + 1]), first), over)];
  });
  const ends = pads.map((pair) => pair.map((p) => known(p, t, b)) as [Amount, Amount]);
  const allKnown = ends.every((pair): pair is [number, number] => pair.every((p) => typeof p === 'number'));
  const window: Window = {
    strides: taps.map(() => 1),
    dilations: t.dilations,
    pads: allKnown ? ends : taps.map(() => [0, 0]),
    autoPad: 'NOTSET',
    ceil: false,
  };
  return convolve({ x: allKnown ? x : a.pad(x, [[0, 0], ...ends, [0, 0]]), dims, kernel, group: t.group, window }, b);
}

function known(d: Dim, t: Transposed, b: GraphBuilder): Amount {
  return (
    sizeFrom(b, d, [{ ref: t.x, dims: t.dims }]) ??
    refuse(
      `a transposed convolution whose pads depend on the size ${d}`,
      'fix the sizes with input-shapes in the config, or export with explicit pads',
    )
  );
}

function byPhases(t: Transposed, b: GraphBuilder, a: Amounts): Ref {
  const [_channels, perGroup, ...taps] = t.kernel.dims;
  const rank = taps.length;
  const { strides: s, group } = t;
  // Output o (of the whole) in phase o mod s, at q = floor(o / s), sees x[q - j] for j up to `back`.
  const back = taps.map((k, i) => Math.floor((reach(k, t.dilations[i]) - 1) / s[i]));
  const phases = sizeOf(s);
  const kernel = phaseKernel(t, back);
  const begins = t.axes.map(({ begin }) =>
    isKnown(begin)
      ? begin
      : refuse(
          'a transposed convolution whose pads depend on the size of the input',
          'fix the sizes with input-shapes in the config, or export with explicit pads',
        ),
  );
  const skipped = begins.map((begin, i) => Math.floor(begin / s[i]));
  const pads = t.axes.map(({ out }, i): [number, Amount] => {
    const last = subDim(ceilDiv(addDim(out, begins[i]), s[i]), t.dims[i + 1]);
    return [back[i] - skipped[i], known(last, t, b)];
  });
  const allKnown = pads.every((p): p is [number, number] => typeof p[1] === 'number');
  const window: Window = {
    strides: taps.map(() => 1),
    dilations: taps.map(() => 1),
    pads: allKnown ? pads : taps.map(() => [0, 0]),
    autoPad: 'NOTSET',
    ceil: false,
  };
  let y = convolve(
    { x: allKnown ? t.x : a.pad(t.x, [[0, 0], ...pads, [0, 0]]), dims: t.dims, kernel, group, window },
    b,
  );
  // The bias goes in before the phases are put in line, where it becomes part of the convolution.
  if (t.bias && t.biasWeight) y = b.add2(y, b.constant(biasOfPhases(t.biasWeight, group, phases)));

  const sizes = a.sizes(t.x, t.dims);
  const rows = taps.map((_, i) => a.sub(a.add(a.add(sizes[i + 1], pads[i][0]), pads[i][1]), back[i]));
  const filters = group * perGroup;
  if (group > 1) {
    const split = a.reshape(y, [a.product([sizes[0], ...rows]), group, phases, perGroup]);
    y = b.transpose(split, [0, 2, 1, 3]);
  }
  for (let i = rank - 1; i > 0; i--) {
    const before = sizeOf(s.slice(0, i));
    if (before === 1) continue;
    const tail = a.mul(s[i], a.product([...rows.slice(i + 1).map((r, k) => a.mul(r, s[i + 1 + k])), filters]));
    const box = a.reshape(y, [a.product([sizes[0], ...rows.slice(0, i)]), rows[i], before, tail]);
    y = b.transpose(box, [0, 2, 1, 3]);
  }
  const whole = rows.map((r, i) => a.mul(r, s[i]));
  y = a.reshape(y, [sizes[0], ...whole, filters]);
  const first = begins.map((begin, i) => begin - skipped[i] * s[i]);
  const behind = t.axes.map(({ out }, i): Amount => {
    const rest = subDim(subDim(mulDim(s[i], ceilDiv(addDim(out, begins[i]), s[i])), begins[i]), out);
    return known(rest, t, b);
  });
  if (first.every((f) => f === 0) && behind.every((r) => r === 0)) return finish(y, t, b);
  const size = whole.map((w, i): Amount => (behind[i] === 0 ? -1 : a.sub(a.sub(w, first[i]), behind[i])));
  return finish(a.slice(y, [0, ...first, 0], [-1, ...size, -1]), t, b);
}

const finish = (y: Ref, t: Transposed, b: GraphBuilder): Ref => (t.bias && !t.biasWeight ? b.add2(y, t.bias) : y);

/** [g * in, out, k …] as the kernel [g * phases * out, in, taps …] of the convolution that gives all phases. */
function phaseKernel(t: Transposed, back: readonly number[]): Kernel {
  const [channels, perGroup, ...taps] = t.kernel.dims;
  const { strides: s, group, dilations } = t;
  const rank = taps.length;
  const spread = t.kernel.spread([1, 1, ...dilations]);
  const padded = spread.pad([
    [0, 0],
    [0, 0],
    ...taps.map((k, i): [number, number] => [0, (back[i] + 1) * s[i] - reach(k, dilations[i])]),
  ]);
  const split = padded.reshape([group, channels / group, perGroup, ...taps.flatMap((_, i) => [back[i] + 1, s[i]])]);
  const at = taps.map((_, i) => 3 + 2 * i);
  return split
    .permute([0, ...at.map((i) => i + 1), 2, 1, ...at])
    .reshape([group * sizeOf(s) * perGroup, channels / group, ...back.map((j) => j + 1)])
    .flip(Array.from({ length: rank }, (_, i) => i + 2));
}

function biasOfPhases(bias: Weight, group: number, phases: number): Weight {
  const perGroup = bias.dims[0] / group;
  return derived([bias.dims[0] * phases], bias, (w) => {
    const from = w.data as Float32Array;
    const out = allocate(w.dtype, from.length * phases) as Float32Array;
    for (let i = 0; i < out.length; i++) out[i] = from[Math.floor(i / (phases * perGroup)) * perGroup + (i % perGroup)];
    return out;
  });
}
