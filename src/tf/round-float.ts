import { rangeOfFloat, type NarrowFloat, type Rounding } from '../tensor/floats.js';
import { bitsOf } from '../tensor/dtype.js';
import type { GraphBuilder, Ref } from './builder.js';

/** Keeps products within float32 where the numbers come near its ends: both are powers of two, so nothing is lost. */
const DOWN = 2 ** -64;
const UP = 2 ** 64;

/** Above what a bfloat16 holds, so that infinity comes back by rounding up. */
const LARGEST = 3.4028234663852886e38;

/**
 * float32 numbers rounded to what a narrow float can hold, as ONNX's Cast does. All steps are exact but the one rounding:
 * they multiply by powers of two, and subtract numbers that are near each other.
 */
export function roundFloat(b: GraphBuilder, x: Ref, dtype: NarrowFloat, rounding: Rounding = {}): Ref {
  const saturate = rounding.saturate ?? true;
  const size = b.op('Abs', [x]);
  const not = b.op('IsNan', [x]);
  if (dtype === 'float8e8m0') return b.select(not, x, powerOfTwo(b, size, saturate, rounding.mode ?? 'up'));
  const { fraction, least, max, infinity, nan } = rangeOfFloat(dtype);
  const wide = dtype === 'bfloat16';
  const large = wide ? b.op('Greater', [size, b.scalar(1)]) : undefined;
  const near = large
    ? b.select(large, b.mul(b.op('Minimum', [size, b.scalar(LARGEST)]), b.scalar(DOWN)), size)
    : b.op('Minimum', [size, b.scalar(4 * max)]);
  const power = b.op('Maximum', [powerBelow(b, near), b.scalar(2 ** least)]);
  const quantum = b.mul(power, b.scalar(2 ** -fraction));
  let rounded = b.mul(b.op('Round', [b.op('RealDiv', [near, quantum])]), quantum);
  if (large) rounded = b.select(large, b.mul(rounded, b.scalar(UP)), rounded);
  else {
    const clamps = bitsOf(dtype) < 16 && (saturate || !nan);
    const beyond = clamps ? max : infinity ? Number.POSITIVE_INFINITY : Number.NaN;
    rounded = b.select(b.op('Greater', [rounded, b.scalar(max)]), b.scalar(beyond), rounded);
  }
  const signed = b.select(b.op('Less', [x, b.scalar(0)]), b.op('Neg', [rounded]), rounded);
  return b.select(not, nan ? x : b.scalar(-0), signed);
}

/**
 * The power of two that is at or below a number: of at least 0, and small enough that 2^24 of it is a float32. Rounding to
 * one bit (Veltkamp's splitting) gives that power or the next, and a comparison tells which.
 */
export function powerBelow(b: GraphBuilder, x: Ref): Ref {
  const spread = b.mul(x, b.scalar(2 ** 23 + 1));
  const high = b.sub(spread, b.sub(spread, x));
  return b.select(b.op('Greater', [high, x]), b.mul(high, b.scalar(0.5)), high);
}

/** Numbers of at least 0 as the powers of two of float8e8m0. */
function powerOfTwo(b: GraphBuilder, size: Ref, saturate: boolean, mode: 'up' | 'down' | 'nearest'): Ref {
  const large = b.op('Greater', [size, b.scalar(1)]);
  const near = b.select(large, b.mul(size, b.scalar(DOWN)), size);
  const below = powerBelow(b, near);
  const next = b.mul(below, b.scalar(2));
  const goesUp =
    mode === 'up'
      ? b.op('Greater', [near, below])
      : mode === 'nearest'
        ? b.op('GreaterEqual', [near, b.mul(below, b.scalar(1.5))])
        : undefined;
  const power = goesUp ? b.select(goesUp, next, below) : below;
  const full = b.select(large, b.mul(power, b.scalar(UP)), power);
  const top = b.scalar(2 ** 127);
  const beyond = b.select(b.op('Greater', [full, top]), b.scalar(saturate ? 2 ** 127 : Number.NaN), full);
  const finite = b.select(b.op('IsInf', [size]), b.scalar(saturate ? 2 ** 127 : Number.NaN), beyond);
  return b.select(b.op('Less', [size, b.scalar(2 ** -126)]), b.scalar(saturate ? 2 ** -127 : Number.NaN), finite);
}
