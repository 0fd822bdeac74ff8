import { invalid } from '../../diag/diagnostic.js';
import { addDim, floorDiv, isKnown, maxDim, mulDim, subDim, type Dim } from '../../ir/dim.js';
import { arrange } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { kerasConvTranspose } from './convtranspose-keras.js';
import { transposedConvolution } from './transposed.js';
import { reach, readWindow, type Window } from './window.js';
import { kernelOf } from './kernel.js';

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
  read: {
    1: (n) => {
      const rank = (n.input(0)?.type.dims.length ?? 0) - 2;
      const outputPadding = n.optInts('output_padding') ?? new Array<number>(rank).fill(0);
      const shape = n.optInts('output_shape');
      if (outputPadding.length !== rank) return invalid(`output_padding has ${outputPadding.length} entries for ${rank} spatial axes`);
      if (shape && shape.length !== rank && shape.length !== rank + 2) return invalid(`output_shape has ${shape.length} entries for ${rank} spatial axes`);
      return { window: readWindow(n, rank), group: n.optInt('group') ?? 1, outputPadding, ...(shape ? { outputShape: shape.slice(-rank) } : {}) };
    },
  },
  layout: 'channels-last',
  infer: (n) => {
    const [batch, , ...spatial] = n.dims(0);
    const [, perGroup, ...kernel] = n.knownDims(1);
    if (spatial.length < 1 || kernel.length !== spatial.length) return invalid(`the input of rank ${n.rank(0)} does not fit weights of rank ${n.rank(1)}`);
    return [{ dtype: n.dtype(0), dims: [batch, perGroup * n.attrs.group, ...placing(n).map((p) => p.out)] }];
  },
  graph: (n, [x, weight, bias], b) => {
    const { group, window } = n.attrs;
    const kernel = kernelOf(n.weight(1), weight, n.knownDims(1), b);
    return transposedConvolution({ x, dims: arrange(n.dims(0), n.layout(0)), kernel, group, strides: window.strides, dilations: window.dilations, axes: placing(n), bias, biasWeight: n.weight(2) }, b);
  },
  keras: kerasConvTranspose,
});

/** Which part of the whole transposed convolution is the output, along one axis. */
export interface Placed {
  /** How many elements are left out at the beginning. */
  readonly begin: Dim;
  readonly out: Dim;
}

/** ONNX's rules for auto_pad, pads and output_shape, per spatial axis. */
export function placing(n: View<ConvTransposeAttrs>): Placed[] {
  const { window, outputPadding, outputShape } = n.attrs;
  const kernel = n.knownDims(1).slice(2);
  return n.dims(0).slice(2).map((size, i): Placed => {
    const s = window.strides[i];
    const full = addDim(mulDim(s, subDim(size, 1)), outputPadding[i] + reach(kernel[i], window.dilations[i]));
    if (window.pads && !outputShape) return { begin: window.pads[i][0], out: subDim(full, window.pads[i][0] + window.pads[i][1]) };
    const out = outputShape ? outputShape[i] : mulDim(size, s);
    const over = subDim(full, out);
    const total = isKnown(over) ? Math.max(0, over) : maxDim(0, over);
    const half = floorDiv(total, 2);
    // A kernel that doesn't reach across a stride gives fewer than size * stride: nothing is added for auto_pad alone.
    return { begin: window.autoPad === 'SAME_UPPER' ? half : subDim(total, half), out: outputShape ? out : subDim(full, total) };
  });
}
