import { invalid } from '../../diag/diagnostic.js';
import { addDim, floorDiv, isKnown, subDim, type Dim } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { tensorOf } from '../../tensor/tensor.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { fourierMatrix, knownMatrix } from './fourier.js';

interface Attrs {
  readonly onesided: boolean;
  /** Undefined where the model computes it: input 1. */
  readonly step: number | undefined;
  /** Undefined where the model computes it: input 3. */
  readonly length: Dim | undefined;
}

/** Source: ONNX, STFT-17. */
export default defineOp<Attrs>({
  name: 'STFT',
  summary: 'Fourier transforms of frames of a signal',
  shapes: ['_ _ _', '() | 1', '_', '() | 1'],
  read: {
    17: (n) => {
      const signal = n.input(0) ?? invalid('STFT has no signal');
      const step = n.constantInts(1)?.[0];
      const window = n.input(2);
      const length = n.input(3) ? n.constantInts(3)?.[0] : (window?.type.dims[0] ?? signal.type.dims[1]);
      n.setInputs([
        signal,
        step === undefined ? n.input(1) : undefined,
        window,
        length === undefined ? n.input(3) : undefined,
      ]);
      return { onesided: n.flag('onesided'), step, length };
    },
  },
  infer: (n) => {
    const { step, length, onesided } = n.attrs;
    const [batch, samples] = n.dims(0);
    const frames =
      step !== undefined && length !== undefined ? addDim(floorDiv(subDim(samples, length), step), 1) : n.fresh();
    const bins = length === undefined ? n.fresh() : onesided ? addDim(floorDiv(length, 2), 1) : length;
    return [{ dtype: n.dtype(0), dims: [batch, frames, bins, 2] }];
  },
  graph: (n, [x, step, window, length], b) => {
    const { attrs } = n;
    const from = n.knownDim(0, 2);
    if (from !== 1 && from !== 2)
      return invalid(`the last axis holds real and imaginary parts, and has ${from} elements`);
    if (attrs.step !== undefined && attrs.length !== undefined && isKnown(attrs.length) && attrs.step > 0)
      return convolved(x, window, attrs.step, attrs.length, from, attrs.onesided, n.dims(0), b);
    const a = new Amounts(b);
    const [batch, samples] = a.sizes(x, n.dims(0));
    const long: Amount = length
      ? b.reshape(length, [])
      : attrs.length !== undefined && isKnown(attrs.length)
        ? attrs.length
        : window
          ? b.size(window, 0)
          : samples;
    const stride: Amount = step ? b.reshape(step, []) : (attrs.step as number);
    return framed(x, window, { batch, samples, long, stride, from, onesided: attrs.onesided }, b, a);
  },
});

/** All at once: a convolution whose filters are the waves of the transform, under the window. */
function convolved(
  x: Ref,
  window: Ref | undefined,
  step: number,
  length: number,
  from: 1 | 2,
  onesided: boolean,
  dims: readonly Dim[],
  b: GraphBuilder,
): Ref {
  const bins = onesided ? Math.floor(length / 2) + 1 : length;
  const waves = b.tensor(
    tensorOf(
      'float32',
      [1, length, from, 2 * bins],
      knownMatrix({ used: length, length, out: bins, from, to: 2, inverse: false, mirrored: false }),
    ),
  );
  const kernel = window ? b.mul(waves, b.reshape(window, [1, length, 1, 1])) : waves;
  const line = b.op('ExpandDims', [x, b.scalar(1, 'int32')]);
  const y = b.op('Conv2D', [line, kernel], {
    strides: [1, 1, step, 1],
    dilations: [1, 1, 1, 1],
    padding: 'VALID',
    data_format: 'NHWC',
  });
  const a = new Amounts(b);
  const [batch, samples] = a.sizes(x, dims);
  return a.reshape(y, [batch, a.add(a.div(a.sub(samples, length), step), 1), bins, 2]);
}

interface Frames {
  readonly batch: Amount;
  readonly samples: Amount;
  readonly long: Amount;
  readonly stride: Amount;
  readonly from: 1 | 2;
  readonly onesided: boolean;
}

/** Frames picked by their numbers, then one product with the matrix of the transform. */
function framed(x: Ref, window: Ref | undefined, f: Frames, b: GraphBuilder, a: Amounts): Ref {
  const line = (count: Amount) =>
    b.op('Range', [b.scalar(0, 'int32'), a.ref(count), b.scalar(1, 'int32')], { Tidx: 'int32' });
  const count = a.add(b.op('FloorDiv', [a.ref(a.sub(f.samples, f.long)), a.ref(f.stride)]), 1);
  const starts = b.op('ExpandDims', [b.mul(line(count), a.ref(f.stride)), b.scalar(1, 'int32')]);
  const places = b.reshape(b.add2(starts, line(f.long)), [-1, 1]);
  const samples = a.reshape(b.transpose(x, [1, 0, 2]), [f.samples, a.mul(f.batch, f.from)]);
  let frames = a.reshape(b.op('GatherNd', [samples, places]), [count, f.long, f.batch, f.from]);
  if (window) frames = b.mul(frames, b.reshape(window, [-1, 1, 1]));
  const rows = a.reshape(b.transpose(frames, [2, 0, 1, 3]), [a.mul(f.batch, count), a.mul(f.long, f.from)]);
  const bins = f.onesided ? a.add(a.div(f.long, 2), 1) : f.long;
  const matrix = fourierMatrix(
    { used: f.long, length: f.long, out: bins, from: f.from, to: 2, inverse: false, mirrored: false },
    b,
    a,
  );
  return a.reshape(b.op('MatMul', [rows, matrix], { transpose_a: false, transpose_b: false }), [
    f.batch,
    count,
    bins,
    2,
  ]);
}
