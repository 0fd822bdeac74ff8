import { defineOp } from '../../ir/op.js';
import { resize } from './resize-graph.js';
import { kerasResize } from './resize-keras.js';
import { resizeAttrs, resizeType, type ResizeAttrs } from './Resize.js';

const how = { transform: 'asymmetric', nearest: 'floor' } as const;

/** Source: ONNX, Upsample-1 (images only), -7, -9; deprecated since 10, and still written with it by some exporters. */
export default defineOp<ResizeAttrs>({
  name: 'Upsample',
  summary: 'Resize as it was before opset 10',
  shapes: ['', '_'],
  read: {
    1: (n) => resizeAttrs(n, how, [1, 1, n.float('height_scale'), n.float('width_scale')]),
    7: (n) => resizeAttrs(n, how, n.floats('scales')),
    9: (n) => resizeAttrs(n, how, n.input(1)),
  },
  layout: 'channels-last',
  infer: (n) => resizeType(n),
  graph: (n, inputs, b) => resize(n, inputs, b),
  keras: kerasResize,
});
