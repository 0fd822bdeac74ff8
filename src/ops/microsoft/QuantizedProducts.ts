import type { Value } from '../../ir/graph.js';
import { noAttributes } from '../../ir/op.js';
import type { Composer } from '../compose.js';
import { microsoft } from './domain.js';

/** Per row of a: a column. A single number or a row stays. */
function column(c: Composer, v: Value): Value {
  return v.type.dims.length === 1 && v.type.dims[0] !== 1 ? c.unsqueeze(v, [1]) : v;
}

/** A single number without axes; else as it is. */
export function scalarOf(c: Composer, v: Value): Value {
  return v.type.dims.length > 0 && v.type.dims.every((d) => d === 1) ? c.reshape(v, []) : v;
}

/** The product of quantized matrices as floats: the scales are multiplied in behind it. */
export function productAsFloat(
  c: Composer,
  a: Value,
  b: Value,
  aScale: Value,
  bScale: Value,
  aZero: Value | undefined,
  bZero: Value | undefined,
  bias: Value | undefined,
): Value {
  const sums = c.op('MatMulInteger', [a, b, aZero && scalarOf(c, aZero), bZero && scalarOf(c, bZero)]);
  const factor = c.mul(column(c, scalarOf(c, aScale)), scalarOf(c, bScale));
  const y = c.mul(c.cast(sums, factor.type.dtype), factor);
  return bias ? c.add(y, bias) : y;
}

/** Source: ONNX Runtime, ContribOperators: matrix products of 8-bit integers. */
export default [
  microsoft({
    name: 'MatMulIntegerToFloat',
    summary: 'matrix product of quantized tensors, as floats',
    shapes: ['_ ...', '_ ...', '', '', '?', '?', '?'],
    read: { 1: noAttributes },
    compose: (c, n) => {
      const [, , , , aZero, bZero, bias] = n.inputs;
      return productAsFloat(c, n.value(0), n.value(1), n.value(2), n.value(3), aZero, bZero, bias);
    },
  }),
  microsoft({
    name: 'DynamicQuantizeMatMul',
    summary: 'matrix product of floats, quantized on the way, with quantized weights',
    shapes: ['_ ...', '_ ...', '', '?', '?'],
    read: { 1: noAttributes },
    compose: (c, n) => {
      const [a, scale, zero] = c.many('DynamicQuantizeLinear', [n.value(0)], {}, 3);
      return productAsFloat(c, a, n.value(1), scale, n.value(2), zero, n.inputs[3], n.inputs[4]);
    },
  }),
  microsoft<{ alpha: number; transA: boolean; transB: boolean }>({
    name: 'QGemm',
    summary: 'Gemm of quantized tensors, as floats or quantized',
    shapes: ['_ _', '() | _', '? () | _', '_ _', '() | _', '? () | _', '?', '? () | 1', '? () | 1'],
    read: { 1: (n) => ({ alpha: n.optFloat('alpha') ?? 1, transA: n.flag('transA'), transB: n.flag('transB') }) },
    compose: (c, n) => {
      const { alpha, transA, transB } = n.attrs;
      const [, aScale, aZero, , bScale, bZero, bias, scale, zero] = n.inputs;
      const a = transA ? c.transpose(n.value(0), [1, 0]) : n.value(0);
      const b = transB ? c.transpose(n.value(3), [1, 0]) : n.value(3);
      const sums = c.op('MatMulInteger', [a, b, aZero && scalarOf(c, aZero), bZero && scalarOf(c, bZero)]);
      const all = bias ? c.add(sums, bias) : sums;
      const factor = c.mul(c.mul(scalarOf(c, aScale as Value), scalarOf(c, bScale as Value)), alpha);
      const y = c.mul(c.cast(all, 'float32'), factor);
      return scale ? c.op('QuantizeLinear', [y, scalarOf(c, scale), zero && scalarOf(c, zero)]) : y;
    },
  }),
  microsoft({
    name: 'MulInteger',
    summary: 'product of 8-bit integers less their zero points, as int32',
    shapes: ['', '? () | 1', '', '? () | 1'],
    read: { 1: noAttributes },
    compose: (c, n) => {
      const [a, aZero, b, bZero] = n.inputs;
      const centred = (x: Value, zero: Value | undefined) =>
        zero ? c.sub(c.cast(x, 'int32'), c.cast(scalarOf(c, zero), 'int32')) : c.cast(x, 'int32');
      return c.mul(centred(a as Value, aZero), centred(b as Value, bZero));
    },
  }),
];
