import { arrange } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { convolve } from './convolve.js';
import { kernelOf } from './kernel.js';
import { kerasConv } from './conv-keras.js';
import { readWindow, spatialRank, windowDims, type Window } from './window.js';

/** Attributes of Conv. Source: ONNX, Conv-1, -11, -22. */
export interface ConvAttrs {
  readonly window: Window;
  readonly group: number;
}

export default defineOp<ConvAttrs>({
  name: 'Conv',
  summary: 'convolution in 1, 2 or 3 dimensions, grouped or not',
  shapes: ['N C _ ...s', 'M _ _ ...s', 'M'],
  read: {
    1: (n) => {
      return { window: readWindow(n, spatialRank(n)), group: n.optInt('group') ?? 1 };
    },
  },
  layout: 'channels-last',
  infer: (n) => {
    const [batch, , ...spatial] = n.dims(0);
    const [filters, , ...kernel] = n.knownDims(1);
    return [{ dtype: n.dtype(0), dims: [batch, filters, ...windowDims(n.attrs.window, kernel, spatial)] }];
  },
  graph: (n, [x, weight, bias], b) => {
    const { window, group } = n.attrs;
    const kernel = kernelOf(n.weight(1), weight, n.knownDims(1), b);
    const y = convolve({ x, dims: arrange(n.dims(0), n.layout(0)), kernel, group, window }, b);
    return bias ? b.add2(y, bias) : y;
  },
  keras: kerasConv,
});
