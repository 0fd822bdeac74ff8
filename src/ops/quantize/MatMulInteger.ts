import { defineOp, noAttributes } from '../../ir/op.js';
import type { Expander } from '../../ir/expander.js';
import type { Value } from '../../ir/graph.js';
import { int64s } from '../../tensor/tensor.js';
import { productDims } from '../math/MatMul.js';
import { centredOperand, exactProduct } from './integer-product.js';
import { castTo, saturated } from './quantization.js';

/** A scale or zero point per row of the first operand, as a column; others broadcast as they are. */
export function perRow(v: Value | undefined, e: Expander): Value | undefined {
  return v && v.type.dims.length === 1 && v.type.dims[0] !== 1
    ? e.one('Unsqueeze', [v, e.constant(int64s([1]))])
    : v && single(v, e);
}

/** A single number without axes, so that the rank of what it meets stays. */
export function single(v: Value, e: Expander): Value {
  return v.type.dims.length === 1 && v.type.dims[0] === 1 ? e.one('Reshape', [v, e.constant(int64s([]))]) : v;
}

const matMulInteger = defineOp({
  name: 'MatMulInteger',
  summary: 'matrix product of 8-bit integers less their zero points, as int32',
  shapes: ['_ ...', '_ ...'],
  read: { 10: noAttributes },
  infer: (n) => [{ dtype: 'int32', dims: productDims(n) }],
  expand: (n, _, e) => {
    const zero = n.inputs[3];
    const a = centredOperand(n.value(0), perRow(n.inputs[2], e), e);
    const y = centredOperand(n.value(1), zero && single(zero, e), e);
    return [exactProduct(a, y, 'int32', e)];
  },
});

/** Source: ONNX, QLinearMatMul-10, -21. */
const qLinearMatMul = defineOp({
  name: 'QLinearMatMul',
  summary: 'matrix product of quantized tensors, quantized',
  read: { 10: noAttributes },
  infer: (n) => [{ dtype: n.dtype(7), dims: productDims(n, 0, 3) }],
  expand: (n, _, e) => {
    const [aScale, aZero, yScale, yZero, scale, zero] = [1, 2, 4, 5, 6, 7].map((i) => n.value(i));
    const a = centredOperand(n.value(0), perRow(aZero, e), e);
    const y = centredOperand(n.value(3), single(yZero, e), e);
    const wide = (v: Value) => castTo(e, v, 'float32');
    const factor = e.one('Div', [
      e.one('Mul', [wide(perRow(aScale, e) as Value), wide(single(yScale, e))]),
      wide(single(scale, e)),
    ]);
    const scaled = e.one('Mul', [exactProduct(a, y, 'float32', e), factor]);
    return [saturated(scaled, single(zero, e), zero.type.dtype, e)];
  },
});

export default [matMulInteger, qLinearMatMul];
