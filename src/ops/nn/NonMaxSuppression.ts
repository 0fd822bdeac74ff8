import { refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { numbersOf, tensorOf } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

interface Attrs {
  /** Boxes are x and y of the center, width and height. */
  readonly centers: boolean;
}

const LARGEST = 2 ** 31 - 1;
const LOWEST = -3.4028234663852886e38;

/** Source: ONNX, NonMaxSuppression-10, -11. */
export default defineOp<Attrs>({
  name: 'NonMaxSuppression',
  summary: 'the best boxes of each class that do not overlap too much',
  limits: 'batch and number of classes have to be known; runs with executeAsync',
  shapes: ['B N 4', 'B _ N', '() | 1', '() | 1', '() | 1'],
  read: { 10: (n) => ({ centers: n.flag('center_point_box') }) },
  infer: (n) => [{ dtype: 'int64', dims: [mostBoxes(n) === 0 ? 0 : n.fresh(), 3] }],
  graph: (n, [boxes, scores, most, overlap, lowest], b) => {
    const [batch, classes] = n.dims(1);
    const limit = mostBoxes(n);
    if (limit === 0) return b.tensor(tensorOf('int32', [0, 3], []));
    if (!isKnown(batch) || !isKnown(classes))
      return refuse(
        `NonMaxSuppression of ${batch} images and ${classes} classes: both numbers have to be known`,
        'fix the sizes with input-shapes in the config',
      );
    const corners = n.attrs.centers ? cornersOf(boxes, b) : boxes;
    const { threshold, shape } = overlapping(n, overlap, b);
    const seen = shape ? b.mul(corners, shape) : corners;
    const count = limit !== undefined ? b.scalar(Math.min(limit, LARGEST), 'int32') : b.reshape(most, []);
    const least = lowest ? b.reshape(lowest, []) : b.scalar(LOWEST);
    const found: Ref[] = [];
    for (let i = 0; i < batch; i++) {
      const own = b.reshape(b.slice(seen, [i, 0, 0], [1, -1, -1]), [-1, 4]);
      for (let c = 0; c < classes; c++) {
        const line = b.reshape(b.slice(scores, [i, c, 0], [1, 1, -1]), [-1]);
        const picked = b.op('NonMaxSuppressionV3', [own, line, count, threshold, least]);
        const column = b.op('ExpandDims', [picked, b.scalar(1, 'int32')]);
        found.push(b.add2(b.mul(column, b.ints([0, 0, 1])), b.ints([i, c, 0])));
      }
    }
    return b.concat(found, 0);
  },
});

/** Boxes per class, where known; 0 where nothing is said. */
function mostBoxes(n: View<Attrs>): number | undefined {
  return n.has(2) ? n.ints(2)?.[0] : 0;
}

function cornersOf(boxes: Ref, b: GraphBuilder): Ref {
  const [x, y, width, height] = b.many('Split', [b.scalar(2, 'int32'), boxes], { num_split: 4 });
  const [w, h] = [width, height].map((v) => b.mul(v, b.scalar(0.5)));
  return b.concat([b.sub(y, h), b.sub(x, w), b.add2(y, h), b.add2(x, w)], 2);
}

/**
 * ONNX drops boxes that overlap by more than the threshold, TensorFlow.js those that overlap by as much: so the next
 * larger float32. From 1 on nothing is ever dropped: boxes without an area overlap with none.
 */
function overlapping(
  n: View<Attrs>,
  overlap: Ref | undefined,
  b: GraphBuilder,
): { threshold: Ref; shape: Ref | undefined } {
  const tiny = 1.1754943508222875e-38;
  const constant = n.has(3) ? n.constant(3) : tensorOf('float32', [], [0]);
  if (constant) {
    const given = Math.max(0, numbersOf(constant)[0] ?? 0);
    if (given >= 1) return { threshold: b.scalar(1), shape: b.scalar(0) };
    return { threshold: b.scalar(given === 0 ? tiny : nextFloat(given)), shape: undefined };
  }
  const given = b.reshape(overlap as Ref, []);
  const next = b.op('Maximum', [b.mul(given, b.scalar(1 + 2 ** -23)), b.scalar(tiny)]);
  return {
    threshold: b.op('Minimum', [next, b.scalar(1)]),
    shape: b.cast(b.op('Less', [given, b.scalar(1)]), 'float32'),
  };
}

function nextFloat(v: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, v);
  view.setInt32(0, view.getInt32(0) + 1);
  return view.getFloat32(0);
}
