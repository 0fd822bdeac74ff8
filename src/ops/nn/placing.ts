import { addDim, floorDiv, isKnown, maxDim, mulDim, subDim, type Dim } from '../../ir/dim.js';
import type { View } from '../../ir/view.js';
import type { ConvTransposeAttrs } from './ConvTranspose.js';
import { reach } from './window.js';

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
  return n
    .dims(0)
    .slice(2)
    .map((size, i): Placed => {
      const s = window.strides[i];
      const full = addDim(mulDim(s, subDim(size, 1)), outputPadding[i] + reach(kernel[i], window.dilations[i]));
      if (window.pads && !outputShape)
        return { begin: window.pads[i][0], out: subDim(full, window.pads[i][0] + window.pads[i][1]) };
      const out = outputShape ? outputShape[i] : mulDim(size, s);
      const over = subDim(full, out);
      const total = isKnown(over) ? Math.max(0, over) : maxDim(0, over);
      const half = floorDiv(total, 2);
      // A kernel that doesn't reach across a stride gives fewer than size * stride: nothing is added for auto_pad alone.
      return {
        begin: window.autoPad === 'SAME_UPPER' ? half : subDim(total, half),
        out: outputShape ? out : subDim(full, total),
      };
    });
}
