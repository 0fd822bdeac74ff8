import { LIMITS } from '../../diag/limits.js';
import { series } from '../../ir/weights.js';
import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import { pick } from '../../ir/numeric.js';
import { concatTensors } from '../../ir/pieces.js';
import { defineOp } from '../../ir/op.js';
import { allocate, sizeOf, tensorOf } from '../../tensor/tensor.js';

interface Attrs {
  readonly upper: boolean;
}

export default defineOp<Attrs>({
  name: 'Trilu',
  summary: 'the upper or lower triangle of matrices; zero elsewhere',
  shapes: ['_ _ ...', '() | 1'],
  read: { 14: (n) => ({ upper: n.flag('upper') }) },
  infer: (n) => (n.rank(0) < 2 ? invalid('Trilu takes matrices') : [n.type(0)]),
  fold: (n, [x]) => {
    const diagonal = n.has(1) ? n.ints(1)?.[0] : 0;
    if (diagonal === undefined) return undefined;
    const [rows, columns] = x.dims.slice(-2);
    const count = sizeOf(x.dims);
    const flat = concatTensors(
      [
        { ...x, dims: [count] },
        { dtype: x.dtype, dims: [1], data: allocate(x.dtype, 1) },
      ],
      0,
    );
    return [
      pick(flat, x.dims, (i) =>
        stays(Math.floor(i / columns) % rows, i % columns, diagonal, n.attrs.upper) ? i : count,
      ),
    ];
  },
  graph: (n, [x, given], b) => {
    if (x.dtype === 'string') return refuse('TensorFlow.js chooses between no strings');
    const { upper } = n.attrs;
    const [rows, columns] = n.dims(0).slice(-2);
    const diagonal = n.has(1) ? n.ints(1)?.[0] : 0;
    const zero = b.scalar(0, x.dtype as 'float32' | 'int32' | 'bool');
    if (diagonal !== undefined && isKnown(rows) && isKnown(columns) && rows * columns <= LIMITS.listedElements) {
      const mask = tensorOf(
        'bool',
        [rows, columns],
        series(rows * columns, (i) => stays(Math.floor(i / columns), i % columns, diagonal, upper)),
      );
      return b.select(b.tensor(mask), x, zero);
    }
    const rank = n.rank(0);
    const size = (axis: number) => {
      const d = n.dims(0)[axis];
      return isKnown(d) ? d : b.size(x, axis);
    };
    const shift = diagonal === undefined ? b.reshape(given, []) : b.scalar(diagonal, 'int32');
    const row = b.add2(b.reshape(b.count(size(rank - 2)), [-1, 1]), shift);
    const column = b.reshape(b.count(size(rank - 1)), [1, -1]);
    return b.select(b.op(upper ? 'LessEqual' : 'GreaterEqual', [row, column]), x, zero);
  },
});

function stays(row: number, column: number, diagonal: number, upper: boolean): boolean {
  return upper ? column - row >= diagonal : column - row <= diagonal;
}
