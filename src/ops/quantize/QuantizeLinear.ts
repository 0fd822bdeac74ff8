import { defineOp } from '../../ir/op.js';
import type { DType } from '../../tensor/dtype.js';
import { castTo, readGranularity, readType, saturated, spread, type Granularity } from './quantization.js';

interface Attrs extends Granularity {
  readonly to: DType | undefined;
  readonly precision: DType | undefined;
  readonly saturate: boolean;
}

/** Source: ONNX, QuantizeLinear-10 to -28: saturate(round(x / scale) + zero point). */
export default defineOp<Attrs>({
  name: 'QuantizeLinear',
  summary: 'floats as integers or narrow floats, per tensor, axis or block',
  read: {
    10: (n) => ({
      ...readGranularity(n),
      to: readType(n, 'output_dtype'),
      precision: readType(n, 'precision'),
      saturate: n.optInt('saturate') !== 0,
    }),
  },
  infer: (n) => [{ dtype: n.attrs.to ?? (n.has(2) ? n.dtype(2) : 'uint8'), dims: n.dims(0) }],
  expand: (n, _, e) => {
    const [x, scale, zero] = [n.value(0), n.value(1), n.inputs[2]];
    const to = n.attrs.to ?? zero?.type.dtype ?? 'uint8';
    const precision = n.attrs.precision ?? scale.type.dtype;
    const divisor = castTo(e, castTo(e, spread(scale, x, n.attrs, e), precision), 'float32');
    const quotient = e.one('Div', [castTo(e, castTo(e, x, precision), 'float32'), divisor]);
    // The quotient is rounded as its precision says before it is rounded to a whole number.
    const exact = castTo(e, castTo(e, quotient, precision), 'float32');
    return [saturated(exact, zero && spread(zero, x, n.attrs, e), to, e, n.attrs.saturate)];
  },
});
