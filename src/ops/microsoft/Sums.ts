import { invalid, refuse } from '../../diag/diagnostic.js';
import { noAttributes } from '../../ir/op.js';
import { microsoft } from './domain.js';

/** Source: ONNX Runtime, ContribOperators: sums that its optimizer joins with what comes after them. */
export default [
  microsoft({
    name: 'BiasAdd',
    summary: 'sum of three',
    shapes: ['', '', ''],
    read: { 1: noAttributes },
    compose: (c, n) => c.add(c.add(n.value(0), n.value(1)), n.value(2)),
  }),
  microsoft({
    name: 'GatedAdd',
    summary: 'x + y * gate',
    shapes: ['', '', ''],
    read: { 1: noAttributes },
    compose: (c, n) => c.add(n.value(0), c.mul(n.value(1), n.value(2))),
  }),
  microsoft<{ axis: number; inner: boolean }>({
    name: 'BiasSoftmax',
    summary: 'softmax of a sum, over all axes from one on',
    shapes: ['_ ...', ''],
    read: { 1: (n) => ({ axis: n.optInt('axis') ?? 1, inner: n.flag('is_inner_broadcast') }) },
    compose: (c, n) => {
      const rank = n.rank(0);
      const axis = n.axisOf(0, n.attrs.axis);
      let bias = n.value(1);
      // A bias of lower rank: its last axes are those of the softmax, and its first stand either before them or at the front.
      const missing = rank - n.rank(1);
      if (missing < 0) return invalid('the bias has more axes than the scores');
      if (missing > 0 && n.attrs.inner) {
        const front = n.rank(1) - (rank - axis);
        if (front < 0) return invalid('the bias has fewer axes than the softmax goes over');
        bias = c.unsqueeze(
          bias,
          Array.from({ length: missing }, (_, i) => front + i),
        );
      }
      const sum = c.add(n.value(0), bias);
      if (axis === rank - 1) return c.op('Softmax', [sum], { axis: -1 });
      const rows = c.op('Softmax', [c.op('Flatten', [sum], { axis })], { axis: -1 });
      return c.op('Reshape', [rows, c.op('Shape', [sum])]);
    },
  }),
  ...['BiasDropout', 'BitmaskBiasDropout'].map((name) =>
    microsoft({
      name,
      summary: 'sum with a bias and a residual; nothing is dropped in inference',
      limits: 'training_mode, and the mask of the bits',
      shapes: ['', '', '?', '? () | 1', '? () | 1'],
      read: { 1: noAttributes },
      compose: (c, n) => {
        const training = n.inputs[4];
        if (training && n.ints(4)?.[0] !== 0)
          return refuse('training_mode is set, or not known while converting', 'export the model for inference');
        if (n.outputCount > 1 && name === 'BitmaskBiasDropout')
          return refuse('a mask packed into bits', 'export the model for inference');
        const sum = c.add(n.value(0), n.value(1));
        const y = n.has(2) ? c.add(sum, n.value(2)) : sum;
        return [y, n.outputCount > 1 ? c.op('Not', [c.less(c.op('Abs', [y]), -1)]) : undefined];
      },
    }),
  ),
];
