import { invalid } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { channelsLast } from '../../ir/layout.js';
import { DOMAIN } from './domain.js';

interface Attrs {
  readonly method: string;
  readonly outside: number;
}

/** Source: ONNX Runtime, ContribOperators: TensorFlow's op of the same name, channels first. */
export default defineOp<Attrs>({
  name: 'CropAndResize',
  domain: DOMAIN,
  summary: 'boxes cut out of images and brought to one size',
  limits: 'a size that is computed by the model',
  shapes: ['_ _ _ _', 'R 4', 'R', '2'],
  read: {
    1: (n) => {
      const method = n.optString('mode') || 'bilinear';
      if (method !== 'bilinear' && method !== 'nearest') return invalid(`mode is ${JSON.stringify(method)}`);
      return { method, outside: n.optFloat('extrapolation_value') ?? 0 };
    },
  },
  layout: (n) => ({
    inputs: [channelsLast(4), [0, 1], [0], [0]].slice(0, n.inputs.length),
    outputs: [channelsLast(4)],
  }),
  infer: (n) => {
    const [height, width] = n.needInts(3, 'the size of the crops');
    return [{ dtype: n.dtype(0), dims: [n.dims(1)[0], n.dims(0)[1], height, width] }];
  },
  graph: (n, [x, boxes, indices], b) =>
    b.op('CropAndResize', [x, boxes, indices, b.ints(n.needInts(3, 'the size of the crops'))], {
      method: n.attrs.method,
      extrapolation_value: n.attrs.outside,
    }),
});
