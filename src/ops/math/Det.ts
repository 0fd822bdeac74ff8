import { refuse } from '../../diag/diagnostic.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { sizesLike } from './product.js';

/** Larger matrices would take more than some two hundred nodes, and TensorFlow.js decomposes none. */
const MOST_ROWS = 6;

export default defineOp({
  name: 'Det',
  summary: 'determinant of square matrices',
  limits: `up to ${MOST_ROWS} rows`,
  shapes: ['... M M'],
  read: { 11: noAttributes },
  infer: (n) => {
    return [{ dtype: n.dtype(0), dims: n.dims(0).slice(0, -2) }];
  },
  graph: (n, [x], b) => {
    const size = n.knownDim(0, -1);
    if (size > MOST_ROWS || size === 0)
      return refuse(
        `Det of ${size} rows: TensorFlow.js has no decomposition`,
        `compute it before the export; up to ${MOST_ROWS} rows can be written out`,
      );
    const flat = b.reshape(x, [-1, size * size]);
    const elements = b.many('Unpack', [flat], { axis: 1, num: size * size });
    const out = minor(elements, size, 0, (1 << size) - 1, new Map(), b);
    const dims = n.dims(0).slice(0, -2);
    return b.reshape(out, sizesLike(dims, x, b));
  },
});

/** The determinant of the rows from `row` on and the columns in a set, by its first row; each minor is computed once. */
function minor(
  elements: readonly Ref[],
  size: number,
  row: number,
  columns: number,
  known: Map<number, Ref>,
  b: GraphBuilder,
): Ref {
  const found = known.get(columns);
  if (found) return found;
  let out: Ref | undefined;
  let negative = false;
  for (let c = 0; c < size; c++) {
    if (!(columns & (1 << c))) continue;
    const element = elements[row * size + c];
    const rest = columns & ~(1 << c);
    const term = rest === 0 ? element : b.mul(element, minor(elements, size, row + 1, rest, known, b));
    out = out === undefined ? term : negative ? b.sub(out, term) : b.add2(out, term);
    negative = !negative;
  }
  known.set(columns, out as Ref);
  return out as Ref;
}
