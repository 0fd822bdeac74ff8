import { refuse } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode, View } from '../../ir/view.js';
import { permuted } from '../../ir/weights.js';
import { isFloat } from '../../tensor/dtype.js';
import type { Weight } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { nothing } from './MatMul.js';
import { integerProduct, scaledWeight } from './product.js';
import { wrapped } from './integers.js';
import { gemmLayers } from './product-keras.js';

interface Attrs {
  readonly alpha: number;
  readonly beta: number;
  readonly transA: boolean;
  readonly transB: boolean;
}

const read = (n: RawNode): Attrs => ({
  alpha: n.float('alpha'),
  beta: n.float('beta'),
  transA: n.flag('transA'),
  transB: n.flag('transB'),
});

/** The second operand as it is multiplied, [K, N], where it is constant. */
function kernel(n: View<Attrs>): Weight | undefined {
  const w = n.weight(1);
  return w && (n.attrs.transB ? permuted(w, [1, 0]) : w);
}

export default defineOp<Attrs>({
  name: 'Gemm',
  summary: 'alpha * A * B + beta * C',
  shapes: (n) => [
    n.flag('transA') ? 'K M' : 'M K',
    n.flag('transB') ? 'N K' : 'K N',
    '() | 1 | N | 1 1 | 1 N | M 1 | M N',
  ],
  read: { 1: read },
  infer: (n) => {
    const { transA, transB } = n.attrs;
    return [{ dtype: n.dtype(0), dims: [n.dims(0)[transA ? 1 : 0], n.dims(1)[transB ? 0 : 1]] }];
  },
  graph: (n, [a, y, c], b) => {
    const { alpha, beta, transA } = n.attrs;
    const left = transA ? b.transpose(a, [1, 0]) : a;
    if (!isFloat(n.dtype(0))) return integers(n, left, y, c, b);
    const w = kernel(n);
    const depth = n.dims(1)[n.attrs.transB ? 1 : 0];
    let out: Ref;
    if (depth === 0 || n.outputs[0]?.type.dims.includes(0))
      out = nothing(left, n.attrs.transB ? b.transpose(y, [1, 0]) : y, b);
    else if (w) out = b.op('MatMul', [left, b.constant(scaledWeight(w, alpha))]);
    else {
      out = b.op('MatMul', [left, n.attrs.transB ? b.transpose(y, [1, 0]) : y]);
      if (alpha !== 1) out = b.mul(out, b.scalar(alpha));
    }
    if (!c || beta === 0) return out;
    const bias = n.weight(2);
    return b.add2(out, bias ? b.constant(scaledWeight(bias, beta)) : beta === 1 ? c : b.mul(c, b.scalar(beta)));
  },
  keras: gemmLayers,
});

function integers(n: View<Attrs>, left: Ref, y: Ref, c: Ref | undefined, b: GraphBuilder): Ref {
  const { alpha, beta, transA, transB } = n.attrs;
  if (!Number.isInteger(alpha) || !Number.isInteger(beta))
    return refuse(`Gemm of integers with alpha ${alpha} and beta ${beta}`, 'use whole numbers, or float32');
  const [aDims, yDims] = [transA ? [...n.dims(0)].reverse() : n.dims(0), transB ? [...n.dims(1)].reverse() : n.dims(1)];
  let out = integerProduct(left, aDims, transB ? b.transpose(y, [1, 0]) : y, yDims, b);
  if (alpha !== 1) out = b.mul(out, b.scalar(alpha, 'int32'));
  if (c && beta !== 0) out = b.add2(out, beta === 1 ? c : b.mul(c, b.scalar(beta, 'int32')));
  return wrapped(out, n.dtype(0), b);
}
