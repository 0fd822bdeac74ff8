import { combine, mapElements, wrapBig } from '../../ir/numeric.js';
import { mulDim } from '../../ir/dim.js';
import { defineOp, noAttributes, type Op } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { isBig, isFloat, type DType } from '../../tensor/dtype.js';
import { numbersOf, tensorOf, type Tensor } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { collapsed } from '../collapse.js';
import { binary, broadcastType } from '../elementwise.js';
import { powLayers } from './arithmetic-keras.js';
import { wrapped } from './integers.js';

/** The exponent where it is one constant number. */
function exponentOf(n: View): number | undefined {
  const w = n.weight(1);
  return w?.dims.every((d) => d === 1) && w.dims.length <= n.rank(0) ? Number(w.load().data[0]) : undefined;
}

/** Powers that have a kernel of their own, or are products. */
function special(x: Ref, exponent: number, b: GraphBuilder): Ref | undefined {
  switch (exponent) {
    case 1:
      return b.op('Identity', [x]);
    case 2:
      return b.op('Square', [x]);
    case 3:
      return b.mul(b.op('Square', [x]), x);
    case 0.5:
      return b.op('Sqrt', [x]);
    case -1:
      return b.op('Reciprocal', [x]);
    case -0.5:
      return b.op('Rsqrt', [x]);
    default:
      return undefined;
  }
}

/**
 * An integer to the power of a float that is known only when the model runs: exact where the exponent is whole, rounded
 * towards zero elsewhere.
 */
function integerToFloat(x: Ref, y: Ref, b: GraphBuilder): Ref {
  const whole = b.op('Round', [y]);
  const exact = integerPower(x, b.cast(whole, 'int32'), b);
  const other = b.cast(b.op('Pow', [b.cast(x, 'float32'), y]), 'int32');
  return b.select(b.op('Equal', [whole, y]), exact, other);
}

/** What doesn't fit int32 is its least value, as onnxruntime and WASM have it; the CPU backend wraps. */
function integerPower(x: Ref, y: Ref, b: GraphBuilder): Ref {
  const size = b.op('Abs', [b.op('Pow', [b.cast(x, 'float32'), b.cast(y, 'float32')])]);
  return b.select(b.op('Less', [size, b.scalar(2 ** 31)]), b.op('Pow', [x, y]), b.scalar(-(2 ** 31), 'int32'));
}

const old = binary({ name: 'Pow', summary: '', value: Math.pow, graph: (x, y, b) => b.op('Pow', [x, y]) });

export default defineOp({
  name: 'Pow',
  summary: 'x to the power of y, broadcast; the types may differ',
  read: { 1: old.read[1] as Op<Record<string, never>>['read'][number], 7: noAttributes },
  layout: 'any',
  infer: (n) => broadcastType(n, n.dtype(0)),
  elems: (n) => {
    const [x, y] = [n.elems(0), n.ints(1)];
    return x && y?.length === 1 && y[0] >= 0 && y[0] <= 4
      ? x.map((d) => Array.from({ length: y[0] }, () => d).reduce(mulDim, 1))
      : undefined;
  },
  fold: (_, [x, y]) => fold(x, y),
  graph: (n, inputs, b) =>
    collapsed(n, inputs, b, ([x, y]) => {
      const dtype = n.dtype(0);
      if (!isFloat(dtype))
        return wrapped(isFloat(n.dtype(1)) ? integerToFloat(x, y, b) : integerPower(x, y, b), dtype, b);
      const exponent = exponentOf(n);
      return (exponent === undefined ? undefined : special(x, exponent, b)) ?? b.op('Pow', [x, b.cast(y, 'float32')]);
    }),
  keras: powLayers,
});

/** p to the power of q, wrapped at each step: the whole number might not fit into memory. */
function power(dtype: DType, p: bigint, q: bigint): bigint {
  let out = 1n;
  for (let [square, rest] = [p, q]; rest > 0n; rest >>= 1n) {
    if (rest & 1n) out = wrapBig(dtype, out * square);
    square = wrapBig(dtype, square * square);
  }
  return out;
}

/** In double precision; both operands of 64-bit integers exactly. */
function fold(x: Tensor, y: Tensor): Tensor[] | undefined {
  if (isBig(x.dtype)) {
    if (!isBig(y.dtype) || (y.data as BigInt64Array).some((v) => v < 0n)) return undefined;
    const out = combine(
      x,
      { ...y, dtype: x.dtype },
      () => 0,
      (p, q) => power(x.dtype, p, q),
    );
    return out && [out];
  }
  const as = (t: Tensor, dtype: DType): Tensor => tensorOf(dtype, t.dims, numbersOf(t));
  const given = combine(as(x, 'float64'), as(y, 'float64'), Math.pow);
  const out = given && mapElements({ ...as(given, x.dtype), dtype: x.dtype }, (v) => v);
  return out && [out];
}
