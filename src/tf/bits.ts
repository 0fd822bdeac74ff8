import type { DType } from '../tensor/dtype.js';
import { rangeOfFloat } from '../tensor/floats.js';
import type { GraphBuilder, Ref } from './builder.js';
import { powerBelow } from './round-float.js';

/** The layout of a float's bits: fraction bits and the exponent's bias. */
function formatOf(dtype: DType): { fraction: number; bias: number } | undefined {
  if (dtype === 'float32') return { fraction: 23, bias: 127 };
  if (dtype !== 'float16' && dtype !== 'bfloat16') return undefined;
  const { fraction, least } = rangeOfFloat(dtype);
  return { fraction, bias: 1 - least };
}

/** Whether the bits of such floats can be computed. */
export const hasBits = (dtype: DType): boolean => formatOf(dtype) !== undefined;

const LOG_2 = Math.LN2;

/**
 * The bits of floats as an integer of the same width, read as signed: computed, since TensorFlow.js can't look at them.
 * NaN becomes the quiet one.
 */
export function bitsOfFloats(b: GraphBuilder, x: Ref, dtype: DType): Ref {
  const { fraction, bias } = formatOf(dtype) as { fraction: number; bias: number };
  const int = (v: number) => b.scalar(v, 'int32');
  const size = b.op('Abs', [x]);
  // Far numbers are brought near 1, where their power of two can be told, and the shift is taken back.
  const large = b.op('Greater', [size, b.scalar(1)]);
  const tiny = b.op('Less', [size, b.scalar(2 ** -60)]);
  const near = b.select(large, b.mul(size, b.scalar(2 ** -64)), b.select(tiny, b.mul(size, b.scalar(2 ** 64)), size));
  const shift = b.select(large, int(64), b.select(tiny, int(-64), int(0)));
  const power = b.op('Maximum', [powerBelow(b, near), b.scalar(2 ** -126)]);
  const exponent = b.add2(b.cast(b.op('Round', [b.mul(b.op('Log', [power]), b.scalar(1 / LOG_2))]), 'int32'), shift);
  const rest = b.cast(b.mul(b.sub(b.op('RealDiv', [near, power]), b.scalar(1)), b.scalar(2 ** fraction)), 'int32');
  const normal = b.add2(b.mul(b.add2(exponent, int(bias)), int(2 ** fraction)), rest);
  // Below the smallest normal number the bits count its steps.
  const step = 1 - bias - fraction;
  const steps = b.cast(b.mul(b.mul(size, b.scalar(2 ** 64)), b.scalar(2 ** (-step - 64))), 'int32');
  const finite = b.select(b.op('Less', [size, b.scalar(2 ** (1 - bias))]), steps, normal);
  const top = (2 ** (fraction === 7 ? 8 : fraction === 23 ? 8 : 5) - 1) * 2 ** fraction;
  const whole = b.select(
    b.op('IsNan', [x]),
    int(top + 2 ** (fraction - 1)),
    b.select(b.op('IsInf', [x]), int(top), finite),
  );
  const negative = b.op('Less', [
    b.select(b.op('Equal', [x, b.scalar(0)]), b.op('RealDiv', [b.scalar(1), x]), x),
    b.scalar(0),
  ]);
  const sign = dtype === 'float32' ? -(2 ** 31) : -(2 ** 15);
  return b.select(negative, b.add2(whole, int(sign)), whole);
}

/** Floats from their bits, given as a signed integer of the same width. */
export function floatsOfBits(b: GraphBuilder, x: Ref, dtype: DType): Ref {
  const { fraction, bias } = formatOf(dtype) as { fraction: number; bias: number };
  const int = (v: number) => b.scalar(v, 'int32');
  const negative = b.op('Less', [x, int(0)]);
  const sign = dtype === 'float32' ? -(2 ** 31) : -(2 ** 15);
  const whole = b.select(negative, b.sub(x, int(sign)), x);
  const field = b.op('FloorDiv', [whole, int(2 ** fraction)]);
  const rest = b.cast(b.sub(whole, b.mul(field, int(2 ** fraction))), 'float32');
  const last = 2 ** (fraction === 10 ? 5 : 8) - 1;
  const isTop = b.op('Equal', [field, int(last)]);
  const isLow = b.op('Equal', [field, int(0)]);
  // 2^e as a product of powers that are constants: Pow is not exact on every backend.
  let power = b.scalar(1);
  let left = b.select(isTop, int(0), b.sub(b.op('Maximum', [field, int(1)]), int(bias)));
  for (const p of [64, 32, 16, 8, 4, 2, 1]) {
    const up = b.op('GreaterEqual', [left, int(p)]);
    const down = b.op('LessEqual', [left, int(-p)]);
    power = b.mul(power, b.select(up, b.scalar(2 ** p), b.select(down, b.scalar(2 ** -p), b.scalar(1))));
    left = b.sub(left, b.select(up, int(p), b.select(down, int(-p), int(0))));
  }
  const part = b.mul(rest, b.scalar(2 ** -fraction));
  const finite = b.mul(b.select(isLow, part, b.add2(part, b.scalar(1))), power);
  const beyond = b.select(b.op('Equal', [rest, b.scalar(0)]), b.scalar(Number.POSITIVE_INFINITY), b.scalar(Number.NaN));
  const size = b.select(isTop, beyond, finite);
  return b.select(negative, b.op('Neg', [size]), size);
}
