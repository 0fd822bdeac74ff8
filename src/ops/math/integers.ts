import type { Bound, Value } from '../../ir/graph.js';
import type { RawNode } from '../../ir/view.js';
import { bitsOf, isInteger, isUnsigned, type DType } from '../../tensor/dtype.js';
import { numbersOf, sizeOf, tensorOf } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { wrapInteger } from '../../tf/convert-type.js';

/**
 * Brings a result that was computed in int32 into the range of a narrower integer, as that type's arithmetic wraps.
 * The 32- and 64-bit types stay as they are: their values are promised to fit int32.
 */
export function wrapped(x: Ref, dtype: DType, b: GraphBuilder): Ref {
  return isInteger(dtype) ? wrapInteger(b, x, dtype) : x;
}

/** -x of an int32, whose Neg goes through float32 on WASM. */
export function negated(x: Ref, b: GraphBuilder): Ref {
  return b.sub(b.scalar(0, 'int32'), x);
}

/** |x| of an int32, whose Abs goes through float32. */
export function magnitude(x: Ref, b: GraphBuilder): Ref {
  return b.op('Maximum', [x, negated(x, b)]);
}

/**
 * x / y of int32 rounded down, y positive. FloorDiv goes through float32 on WASM, so that quotients of numbers above 2^24
 * are off by a few: what is left over is divided once more, and then checked.
 */
export function floorQuotient(x: Ref, y: Ref, dtype: DType, b: GraphBuilder): Ref {
  const near = b.op('FloorDiv', [x, y]);
  if (bitsOf(dtype) < 32) return near;
  const nearer = b.add2(near, b.op('FloorDiv', [b.sub(x, b.mul(near, y)), y]));
  const rest = b.sub(x, b.mul(nearer, y));
  const above = b.cast(b.op('GreaterEqual', [rest, y]), 'int32');
  const below = b.cast(b.op('Less', [rest, b.scalar(0, 'int32')]), 'int32');
  return b.sub(b.add2(nearer, above), below);
}

/** x / y of int32 rounded towards zero, as ONNX (and C) has it. */
export function quotient(x: Ref, y: Ref, dtype: DType, b: GraphBuilder): Ref {
  if (isUnsigned(dtype)) return floorQuotient(x, y, dtype, b);
  const size = floorQuotient(magnitude(x, b), magnitude(y, b), dtype, b);
  return b.mul(size, b.mul(b.op('Sign', [x]), b.op('Sign', [y])));
}

/** A value of int32 or float32 with the shape of its broadcast with another. */
export function grown(x: Ref, other: Ref, b: GraphBuilder): Ref {
  return b.add2(x, b.op('ZerosLike', [other]));
}

/** What TensorFlow.js holds of integers. */
const LEAST = -(2 ** 31);
const GREATEST = 2 ** 31 - 1;
/** Larger constants are looked at when they are written. */
const MOST = 65536;

/** On which side of int32 a constant integer lies wholly: 1 above, -1 below, 0 neither. */
export function sideOf(v: Value | undefined): -1 | 0 | 1 {
  if (!v?.constant || !isInteger(v.type.dtype) || bitsOf(v.type.dtype) < 32 || sizeOf(v.constant.dims) !== 1) return 0;
  const [c] = numbersOf(v.constant.load());
  return c > GREATEST ? 1 : c < LEAST ? -1 : 0;
}

/**
 * A constant operand of Min (side 1) or Max (side -1) of which what lies beyond int32 on that side is brought to its end:
 * that decides the same, since another operand fits int32.
 */
export function withinInt32(n: RawNode, v: Bound | undefined, side: -1 | 1): Bound | undefined {
  if (v?.kind !== 'tensor' || !v.constant || !isInteger(v.type.dtype) || bitsOf(v.type.dtype) < 32) return v;
  if (sizeOf(v.constant.dims) > MOST) return v;
  const values = numbersOf(v.constant.load());
  const beyond = (x: number) => (side === 1 ? x > GREATEST : x < LEAST);
  if (!values.some(beyond)) return v;
  return n.constantValue(
    tensorOf(
      v.type.dtype,
      v.constant.dims,
      values.map((x) => (beyond(x) ? (side === 1 ? GREATEST : LEAST) : x)),
    ),
  );
}
