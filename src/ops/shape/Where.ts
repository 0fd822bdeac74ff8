import { series } from '../../ir/weights.js';
import { refuse } from '../../diag/diagnostic.js';
import { areKnown, type Dim } from '../../ir/dim.js';
import { broadcastIndices, pick } from '../../ir/numeric.js';
import { concatTensors } from '../../ir/pieces.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import { sizeOf } from '../../tensor/tensor.js';
import { broadcastType } from '../elementwise.js';
import { numbered, textAt } from '../text.js';
import { whereLayers } from './where-keras.js';

export default defineOp({
  name: 'Where',
  summary: 'one of two, element by element, broadcast',
  read: { 9: noAttributes },
  layout: 'any',
  infer: (n) => broadcastType(n, n.dtype(1)),
  elems: (n) => {
    const [condition, x, y] = [n.elems(0), n.elems(1), n.elems(2)];
    if (!condition || !x || !y || !areKnown(condition)) return undefined;
    const length = Math.max(condition.length, x.length, y.length);
    const at = (list: readonly Dim[], i: number) => list[list.length === 1 ? 0 : i];
    return series(length, (i) => (at(condition, i) ? at(x, i) : at(y, i)));
  },
  fold: (_, [condition, x, y]) => {
    const { dims, each } = broadcastIndices([condition.dims, x.dims, y.dims]);
    const from = new Int32Array(sizeOf(dims));
    const yes = condition.data as Uint8Array;
    const start = sizeOf(x.dims);
    each(([c, i, j], k) => {
      from[k] = yes[c] ? i : start + j;
    });
    const both = concatTensors(
      [
        { ...x, dims: [start] },
        { ...y, dims: [sizeOf(y.dims)] },
      ],
      0,
    );
    return [pick(both, dims, (i) => from[i])];
  },
  // Of texts: the choice of their numbers in a list.
  expand: (n, [condition], e) => {
    const [x, y] = n.dtype(1) === 'string' && !n.constant(0) ? [n.constant(1), n.constant(2)] : [];
    if (!x || !y) return undefined;
    const { list, numbers } = numbered([x, y]);
    return [textAt(e, e.one('Where', [condition, ...numbers.map((t) => e.constant(t))]), list)];
  },
  graph: (_, [condition, x, y], b) => {
    if (x.dtype === 'string') return refuse('TensorFlow.js chooses between no strings that the model computes');
    return b.select(condition, x, y);
  },
  constantFirst: true,
  keras: whereLayers,
});
