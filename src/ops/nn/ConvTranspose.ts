import { invalid } from '../../diag/diagnostic.js';
import { arrange } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { kerasConvTranspose } from './convtranspose-keras.js';
import { transposedConvolution } from './transposed.js';
import { readWindow, spatialRank, type Window } from './window.js';
import { kernelOf } from './kernel.js';
import { placing } from './placing.js';

export interface ConvTransposeAttrs {
  readonly window: Window;
  readonly group: number;
  /** What is added behind, per spatial axis. */
  readonly outputPadding: readonly number[];
  /** Sizes of the output's spatial axes, where the file gives them: the pads follow from them. */
  readonly outputShape?: readonly number[];
}

/** Source: ONNX, ConvTranspose-1, -11, -22. */
export default defineOp<ConvTransposeAttrs>({
  name: 'ConvTranspose',
  summary: 'transposed convolution in 1, 2 or 3 dimensions, grouped or not',
  shapes: ['N C _ ...s', 'C _ _ ...s', '_'],
  read: {
    1: (n) => {
      const rank = spatialRank(n);
      const outputPadding = n.optInts('output_padding') ?? new Array<number>(rank).fill(0);
      const shape = n.optInts('output_shape');
      if (outputPadding.length !== rank)
        return invalid(`output_padding has ${outputPadding.length} entries for ${rank} spatial axes`);
      if (shape && shape.length !== rank && shape.length !== rank + 2)
        return invalid(`output_shape has ${shape.length} entries for ${rank} spatial axes`);
      return {
        window: readWindow(n, rank),
        group: n.optInt('group') ?? 1,
        outputPadding,
        ...(shape ? { outputShape: shape.slice(-rank) } : {}),
      };
    },
  },
  layout: 'channels-last',
  infer: (n) => {
    const [batch] = n.dims(0);
    const [, perGroup] = n.knownDims(1);
    return [{ dtype: n.dtype(0), dims: [batch, perGroup * n.attrs.group, ...placing(n).map((p) => p.out)] }];
  },
  graph: (n, [x, weight, bias], b) => {
    const { group, window } = n.attrs;
    const kernel = kernelOf(n.weight(1), weight, n.knownDims(1), b);
    return transposedConvolution(
      {
        x,
        dims: arrange(n.dims(0), n.layout(0)),
        kernel,
        group,
        strides: window.strides,
        dilations: window.dilations,
        axes: placing(n),
        bias,
        biasWeight: n.weight(2),
      },
      b,
    );
  },
  keras: kerasConvTranspose,
});
