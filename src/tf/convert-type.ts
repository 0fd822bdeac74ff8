import { refuse } from '../diag/diagnostic.js';
import { bitsOf, isComplex, isFloat, isInteger, isUnsigned, rangeOf, type DType } from '../tensor/dtype.js';
import { isNarrowFloat, type Rounding } from '../tensor/floats.js';
import { narrow, type GraphBuilder, type Ref } from './builder.js';
import { roundFloat } from './round-float.js';

/**
 * ONNX's Cast of a value that TensorFlow.js holds as float32, int32 or bool: integers under 32 bits wrap, narrow floats
 * are rounded. 64-bit and unsigned 32-bit integers are those that fit an int32.
 */
export function convertType(b: GraphBuilder, x: Ref, from: DType, to: DType, rounding?: Rounding): Ref {
  if (from === to) return x;
  if (from === 'string' || to === 'string')
    return refuse(
      'TensorFlow.js turns no strings into numbers, nor numbers into strings',
      'leave the conversion to the program that feeds the model',
    );
  if (isComplex(from) || isComplex(to)) return refuse(`TensorFlow.js casts no complex numbers (${from} to ${to})`);
  const y = b.cast(x, narrow(to));
  if (from === 'bool' || to === 'bool') return y;
  if (isInteger(to)) return isInteger(from) && holds(to, from) ? y : wrapInteger(b, y, to);
  if (!isNarrowFloat(to)) return y;
  if (isNarrowFloat(from) && bitsOf(from) < 16 && bitsOf(to) === 16) return y;
  if (isInteger(from) && bitsOf(from) <= 8 && bitsOf(to) === 16) return y;
  return roundFloat(b, y, to, rounding);
}

/** Whether an integer type holds all values of another; wider ones are those that fit an int32. */
function holds(to: DType, from: DType): boolean {
  if (bitsOf(to) >= 32) return true;
  const [a, c] = [rangeOf(to), rangeOf(from)];
  return a.min <= c.min && c.max <= a.max;
}

/** The low bits of an int32, read as this type: what is left of 200 as an int8 is -56. */
export function wrapInteger(b: GraphBuilder, x: Ref, dtype: DType): Ref {
  const bits = bitsOf(dtype);
  if (bits >= 32) return x;
  const whole = b.scalar(2 ** bits, 'int32');
  if (isUnsigned(dtype)) return b.op('FloorMod', [x, whole]);
  const half = b.scalar(2 ** (bits - 1), 'int32');
  return b.sub(b.op('FloorMod', [b.add2(x, half), whole]), half);
}

/** Whether TensorFlow.js holds the two types alike, and all values of one are values of the other. */
export function isSameInTf(from: DType, to: DType): boolean {
  return (
    from === to ||
    (narrow(from) === narrow(to) &&
      ((isFloat(to) && !isNarrowFloat(to)) || (isInteger(to) && isInteger(from) && holds(to, from))))
  );
}
