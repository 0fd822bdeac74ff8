import { addDim, mulDim, subDim, type Dim } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { Amounts } from '../../tf/amounts.js';
import { readPool, type PoolAttrs } from './pool.js';

interface Attrs extends PoolAttrs {
  /** Undefined where there is none, or where the model computes it: input 2. */
  readonly outputShape: readonly Dim[] | undefined;
}

/** Source: ONNX, MaxUnpool-9, -11, -22. */
export default defineOp<Attrs>({
  name: 'MaxUnpool',
  summary: 'what a MaxPool kept, put back where it was, among zeros',
  shapes: ['N C _ ...S', 'N C _ ...S', '_'],
  read: { 9: (n) => ({ ...readPool(n), outputShape: n.elems(2) }) },
  infer: (n) => {
    const { window, kernel, outputShape } = n.attrs;
    const dims = n.dims(0);
    if (n.has(2)) return [{ dtype: n.dtype(0), dims: outputShape ?? dims.map(() => n.fresh()) }];
    const spatial = dims
      .slice(2)
      .map((d, i) =>
        addDim(
          mulDim(window.strides[i], subDim(d, 1)),
          kernel[i] - (window.pads?.[i][0] ?? 0) - (window.pads?.[i][1] ?? 0),
        ),
      );
    return [{ dtype: n.dtype(0), dims: [...dims.slice(0, 2), ...spatial] }];
  },
  graph: (n, [x, indices, shape], b) => {
    const a = new Amounts(b);
    const { window, kernel } = n.attrs;
    const own = a.sizes(x, n.dims(0));
    const out = (n.outputs[0]?.type.dims ?? []).map((d, i) => {
      if (typeof d === 'number') return d;
      if (shape)
        return b.op('StridedSlice', [shape, b.ints([i]), b.ints([i + 1]), b.ints([1])], { shrink_axis_mask: 1 });
      return i < 2
        ? own[i]
        : a.add(
            a.mul(a.sub(own[i], 1), window.strides[i - 2]),
            kernel[i - 2] - (window.pads?.[i - 2][0] ?? 0) - (window.pads?.[i - 2][1] ?? 0),
          );
    });
    const zeros = b.op('Fill', [b.sizes([a.product(out)]), b.scalar(0)]);
    // An element that was the largest of several windows comes several times, and must not be summed up.
    const placed = b.scatterUpdate(zeros, b.reshape(indices, [-1, 1]), b.reshape(x, [-1]));
    return a.reshape(placed, out);
  },
});
