import { defineOp, noAttributes } from '../../ir/op.js';
import { tensorOf } from '../../tensor/tensor.js';
import { castTo, saturated } from './quantization.js';

/** Source: ONNX, DynamicQuantizeLinear-11. */
export default defineOp({
  name: 'DynamicQuantizeLinear',
  summary: 'floats as uint8, scale and zero point from their range',
  read: { 11: noAttributes },
  infer: (n) => [
    { dtype: 'uint8', dims: n.dims(0) },
    { dtype: 'float32', dims: [] },
    { dtype: 'uint8', dims: [] },
  ],
  expand: (n, _, e) => {
    const x = n.value(0);
    const number = (v: number) => e.constant(tensorOf('float32', [], [v]));
    const least = e.one('Min', [e.one('ReduceMin', [x], { keepdims: 0 }), number(0)]);
    const greatest = e.one('Max', [e.one('ReduceMax', [x], { keepdims: 0 }), number(0)]);
    const scale = e.one('Div', [e.one('Sub', [greatest, least]), number(255)]);
    // Where all of x is 0 there is nothing to divide.
    const divisor = e.one('Where', [e.one('Equal', [scale, number(0)]), number(1), scale]);
    const zero = castTo(
      e,
      e.one('Round', [
        e.one('Clip', [e.one('Sub', [number(0), e.one('Div', [least, divisor])]), number(0), number(255)]),
      ]),
      'uint8',
    );
    return [saturated(e.one('Div', [x, divisor]), zero, 'uint8', e), scale, zero];
  },
});
