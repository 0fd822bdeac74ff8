import type { Amount, Amounts } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { tensorOf } from '../../tensor/tensor.js';

/** A discrete Fourier transform as a product with a matrix. */
export interface Transform {
  /** How many elements of the signal are seen. */
  readonly used: Amount;
  /** Length of the transform: what is missing of the signal is zero. */
  readonly length: Amount;
  /** How many elements come out. */
  readonly out: Amount;
  /** 1: real, 2: real and imaginary parts in turn. */
  readonly from: 1 | 2;
  readonly to: 1 | 2;
  readonly inverse: boolean;
  /** The input is the first half of a spectrum whose other half is its mirror image. */
  readonly mirrored: boolean;
}

/** The largest matrix that is written as a constant; a larger one is computed when the model runs. */
const MOST_ELEMENTS = 1 << 23;

/** The matrix [used * from, out * to]: rows and columns are elements, and within each its real and imaginary part. */
export function fourierMatrix(t: Transform, b: GraphBuilder, a: Amounts): Ref {
  const { used, length, out } = t;
  if (
    typeof used === 'number' &&
    typeof length === 'number' &&
    typeof out === 'number' &&
    used * t.from * out * t.to <= MOST_ELEMENTS
  )
    return b.tensor(tensorOf('float32', [used * t.from, out * t.to], knownMatrix({ ...t, used, length, out })));
  return computedMatrix(t, b, a);
}

/** See {@link fourierMatrix}; in double precision, angles by their remainder, so that they stay exact. */
export function knownMatrix(t: Transform & { used: number; length: number; out: number }): Float32Array {
  const { used, length, out, from, to } = t;
  const m = new Float32Array(used * from * out * to);
  const scale = t.inverse ? 1 / length : 1;
  for (let n = 0; n < used; n++) {
    const weight = scale * (t.mirrored && n > 0 && 2 * n !== length ? 2 : 1);
    for (let k = 0; k < out; k++) {
      const turn = ((n * k) % length) / length;
      const [re, im] = [weight * sine(turn + 0.25), weight * (t.inverse ? 1 : -1) * sine(turn)];
      // (x + iy)(re + i im)
      const parts = [re, im, -im, re];
      for (let p = 0; p < from; p++)
        for (let q = 0; q < to; q++) m[(n * from + p) * out * to + k * to + q] = parts[2 * p + q];
    }
  }
  return m;
}

/** sin(2 * pi * turn), 0 and 1 where it should be. */
function sine(turn: number): number {
  const signed = turn > 0.5 ? turn - 1 : turn;
  const near = signed > 0.25 ? 0.5 - signed : signed;
  return Math.sin(2 * Math.PI * near);
}

function computedMatrix(t: Transform, b: GraphBuilder, a: Amounts): Ref {
  const line = (count: Amount) =>
    b.op('Range', [b.scalar(0, 'int32'), a.ref(count), b.scalar(1, 'int32')], { Tidx: 'int32' });
  const length = a.ref(t.length);
  const rows = b.op('ExpandDims', [line(t.used), b.scalar(1, 'int32')]);
  const turns = b.mul(rows, line(t.out));
  const rest = b.sub(turns, b.mul(b.op('FloorDiv', [turns, length]), length));
  const size = b.cast(length, 'float32');
  const scaled = (v: Ref): Ref => {
    const plain = t.inverse ? b.op('RealDiv', [v, size]) : v;
    if (!t.mirrored) return plain;
    const once = b.op('LogicalOr', [
      b.op('Equal', [rows, b.scalar(0, 'int32')]),
      b.op('Equal', [b.add2(rows, rows), length]),
    ]);
    return b.mul(plain, b.select(once, b.scalar(1), b.scalar(2)));
  };
  const quarters = b.mul(rest, b.scalar(4, 'int32'));
  const sine = scaled(sineOf(quarters, length, b));
  const re = scaled(sineOf(b.add2(quarters, length), length, b));
  const negative = b.op('Neg', [sine]);
  const [im, minusIm] = t.inverse ? [sine, negative] : [negative, sine];
  const columns = (x: Ref, y: Ref) =>
    t.to === 1 ? b.op('ExpandDims', [x, b.scalar(2, 'int32')]) : b.op('Pack', [x, y], { axis: 2 });
  const blocks = t.from === 1 ? columns(re, im) : b.op('Pack', [columns(re, im), columns(minusIm, re)], { axis: 1 });
  return a.reshape(blocks, [a.mul(t.used, t.from), a.mul(t.out, t.to)]);
}

/**
 * sin(pi / 2 * t / length), 0 <= t <= 5 * length: brought into the first quarter to both sides in whole numbers, so that
 * it is 0 and 1 where it should be.
 */
function sineOf(t: Ref, length: Ref, b: GraphBuilder): Ref {
  const [two, four] = [b.mul(length, b.scalar(2, 'int32')), b.mul(length, b.scalar(4, 'int32'))];
  const signed = b.select(b.op('Greater', [t, two]), b.sub(t, four), t);
  const upper = b.select(b.op('Greater', [signed, length]), b.sub(two, signed), signed);
  const near = b.select(b.op('Less', [upper, b.op('Neg', [length])]), b.sub(b.op('Neg', [two]), upper), upper);
  return b.op('Sin', [
    b.mul(b.op('RealDiv', [b.cast(near, 'float32'), b.cast(length, 'float32')]), b.scalar(Math.PI / 2)),
  ]);
}
