import { defineOp } from '../../ir/op.js';
import type { DType } from '../../tensor/dtype.js';
import { castTo, centred, readGranularity, readType, spread, type Granularity } from './quantization.js';

interface Attrs extends Granularity {
  readonly to: DType | undefined;
}

/** Source: ONNX, DequantizeLinear-10 to -28: (x - zero point) * scale. */
export default defineOp<Attrs>({
  name: 'DequantizeLinear',
  summary: 'integers or narrow floats as floats, per tensor, axis or block',
  read: { 10: (n) => ({ ...readGranularity(n), to: readType(n, 'output_dtype') }) },
  infer: (n) => [{ dtype: n.attrs.to ?? n.dtype(1), dims: n.dims(0) }],
  expand: (n, _, e) => {
    const [x, scale, zero] = [n.value(0), n.value(1), n.inputs[2]];
    const to = n.attrs.to ?? scale.type.dtype;
    const wide = centred(x, zero && spread(zero, x, n.attrs, e), e);
    return [castTo(e, e.one('Mul', [wide, castTo(e, spread(scale, x, n.attrs, e), 'float32')]), to)];
  },
});
