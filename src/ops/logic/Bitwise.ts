import { refuse } from '../../diag/diagnostic.js';
import { combine } from '../../ir/numeric.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { bitsOf, isUnsigned, type DType } from '../../tensor/dtype.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { collapsed } from '../collapse.js';
import { binary, broadcastType, unary } from '../elementwise.js';
import { floorQuotient, grown, wrapped } from '../math/integers.js';

/**
 * x & y of as many bits, from 0 to 2^bits - 1. TensorFlow.js can't run BitwiseAnd from a file (its executor asks for inputs
 * by other names than its table), so the bits are laid out along an axis of their own.
 */
function andOfLow(x: Ref, y: Ref, bits: number, b: GraphBuilder): Ref {
  const int = (v: number) => b.scalar(v, 'int32');
  const powers = b.ints(Array.from({ length: bits }, (_, i) => 2 ** i));
  const bitsOfRef = (v: Ref) =>
    b.op('FloorMod', [
      b.op('FloorDiv', [b.op('ExpandDims', [b.op('FloorMod', [v, int(2 ** bits)]), int(-1)]), powers]),
      int(2),
    ]);
  return b.op('Sum', [b.mul(b.mul(bitsOfRef(x), bitsOfRef(y)), powers), b.ints([-1])], { keep_dims: false });
}

/** x & y. What has more than 16 bits goes by halves, since FloorDiv is exact below 2^24 only. */
function and(x: Ref, y: Ref, b: GraphBuilder, n: View): Ref {
  const dtype = n.dtype(0);
  for (const [i, other] of [
    [1, x],
    [0, y],
  ] as const) {
    const mask = maskOf(n, i);
    if (mask) return b.op('FloorMod', [other, b.scalar(mask + 1, 'int32')]);
  }
  if (bitsOf(dtype) <= 16) return wrapped(andOfLow(x, y, bitsOf(dtype), b), dtype, b);
  const half = b.scalar(65536, 'int32');
  const high = (v: Ref) => b.op('FloorDiv', [b.sub(v, b.op('FloorMod', [v, half])), half]);
  return b.add2(b.mul(andOfLow(high(x), high(y), 16, b), half), andOfLow(x, y, 16, b));
}

/** A constant of one element that is 2^k - 1, k from 1 to 30. */
function maskOf(n: View, i: number): number | undefined {
  const w = n.weight(i);
  if (!w || w.dims.some((d) => d !== 1) || w.dims.length > n.rank(1 - i)) return undefined;
  const v = Number(w.load().data[0]);
  return v > 0 && v < 2 ** 30 && (v & (v + 1)) === 0 ? v : undefined;
}

/** The 32- and 64-bit unsigned values that are held are below 2^31; what a flipped top bit makes is not. */
function flipped(x: Ref, dtype: DType, b: GraphBuilder): Ref {
  if (!isUnsigned(dtype)) return b.sub(b.scalar(-1, 'int32'), x);
  if (bitsOf(dtype) >= 32)
    return refuse(
      `${dtype} with its highest bit set does not fit int32, TensorFlow.js's only integer type`,
      'use int32 or a narrower unsigned type',
    );
  return b.sub(b.scalar(2 ** bitsOf(dtype) - 1, 'int32'), x);
}

interface Shift {
  readonly direction: 'LEFT' | 'RIGHT';
}

/** The shift of one number in a type of so many bits; amounts that are out of range leave the sign alone. */
function shifted(x: bigint, y: bigint, left: boolean, bits: number): bigint {
  if (y < 0n || y >= BigInt(bits)) return !left && x < 0n ? -1n : 0n;
  return left ? x << y : x >> y;
}

const bitShift = defineOp<Shift>({
  name: 'BitShift',
  summary: 'bits moved left or right, broadcast',
  read: {
    11: (n) => {
      const direction = n.string('direction');
      return direction === 'LEFT' || direction === 'RIGHT'
        ? { direction }
        : refuse(`the direction ${JSON.stringify(direction)}`, "LEFT and RIGHT are ONNX's");
    },
  },
  layout: 'any',
  infer: (n) => broadcastType(n),
  fold: (n, [x, y]) => {
    const left = n.attrs.direction === 'LEFT';
    const bits = bitsOf(x.dtype);
    const out = combine(
      x,
      y,
      (p, q) => Number(BigInt.asIntN(32, shifted(BigInt(p), BigInt(q), left, bits))),
      (p, q) => shifted(p, q, left, bits),
    );
    return out && [out];
  },
  graph: (n, inputs, b) =>
    collapsed(n, inputs, b, ([x, y]) => {
      const dtype = n.dtype(0);
      const int = (v: number) => b.scalar(v, 'int32');
      const left = n.attrs.direction === 'LEFT';
      // 2 to the power of 31 has no place in int32 as a divisor; a shift by 31 leaves the sign alone.
      const most = Math.min(bitsOf(dtype) - 1, left ? 31 : 30);
      const amounts = n.constant(1);
      const inside =
        amounts && Array.from(amounts.data as ArrayLike<number | bigint>, Number).every((v) => v >= 0 && v <= most);
      const amount = inside ? y : b.op('Minimum', [b.op('Maximum', [y, int(0)]), int(most)]);
      const power = b.op('Pow', [int(2), amount]);
      const out = left ? wrapped(b.mul(x, power), dtype, b) : floorQuotient(x, power, dtype, b);
      if (inside) return out;
      const outside = left ? b.op('ZerosLike', [out]) : grown(b.op('Minimum', [b.op('Sign', [x]), int(0)]), y, b);
      return b.select(b.op('Equal', [grown(amount, x, b), grown(y, x, b)]), out, outside);
    }),
});

export default [
  binary({
    name: 'BitwiseAnd',
    summary: 'x & y, bit by bit, broadcast',
    since: 18,
    value: (x, y) => x & y,
    big: (x, y) => x & y,
    graph: and,
    axes: 5,
  }),
  binary({
    name: 'BitwiseOr',
    summary: 'x | y, bit by bit, broadcast',
    since: 18,
    value: (x, y) => x | y,
    big: (x, y) => x | y,
    graph: (x, y, b, n) => b.sub(b.add2(x, y), and(x, y, b, n)),
    axes: 5,
  }),
  binary({
    name: 'BitwiseXor',
    summary: 'x ^ y, bit by bit, broadcast',
    since: 18,
    value: (x, y) => x ^ y,
    big: (x, y) => x ^ y,
    graph: (x, y, b, n) => b.sub(b.add2(x, y), b.mul(b.scalar(2, 'int32'), and(x, y, b, n))),
    axes: 5,
  }),
  unary({
    name: 'BitwiseNot',
    summary: '~x, bit by bit',
    since: 18,
    limits: 'not of uint32 and uint64, whose results do not fit int32',
    value: (x) => ~x,
    big: (x) => ~x,
    graph: (x, b, n) => flipped(x, n.dtype(0), b),
  }),
  bitShift,
];
