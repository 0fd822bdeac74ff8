import { series } from '../../ir/weights.js';
import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown, type Dim } from '../../ir/dim.js';
import type { Reduction } from '../../ir/scatter.js';
import type { RawNode } from '../../ir/view.js';
import { isInteger, rangeOf, type DType } from '../../tensor/dtype.js';
import { numbersOf, tensorOf } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { wrapInteger } from '../../tf/convert-type.js';

/** Cells of the table that tells which row is written where: above this many it would take too long. */
const MOST_CELLS = 1 << 24;

/** The attribute `reduction`, which came with version 16. */
export function reductionOf(n: RawNode): Reduction {
  const r = n.optString('reduction') ?? 'none';
  if (r !== 'none' && r !== 'add' && r !== 'mul' && r !== 'max' && r !== 'min')
    return invalid(`${JSON.stringify(r)} is no reduction of ${n.opName}`);
  return r;
}

/**
 * Writes rows into a table.
 * @param table [cells, width] and its dims
 * @param rows int32 [count, 1]: which row each update goes to
 * @param updates [count, width]
 */
export function scatterRows(
  b: GraphBuilder,
  table: Ref,
  rows: Ref,
  updates: Ref,
  reduction: Reduction,
  dtype: DType,
  cells: Dim,
  count: Dim,
): Ref {
  switch (reduction) {
    case 'none':
      return b.scatterUpdate(table, rows, updates);
    case 'add': {
      const sum = b.add2(table, b.op('ScatterNd', [rows, updates, b.shape(table)]));
      return isInteger(dtype) ? wrapInteger(b, sum, dtype) : sum;
    }
    default:
      return joinRows(b, table, rows, updates, reduction, dtype, cells, count);
  }
}

const JOIN = { mul: ['Mul', 'Prod'], max: ['Maximum', 'Max'], min: ['Minimum', 'Min'] } as const;

/** Products, maxima and minima: for each cell over all rows that go there, since TensorFlow.js has no such scatter. */
function joinRows(
  b: GraphBuilder,
  table: Ref,
  rows: Ref,
  updates: Ref,
  reduction: 'mul' | 'max' | 'min',
  dtype: DType,
  cells: Dim,
  count: Dim,
): Ref {
  const [join, reduce] = JOIN[reduction];
  const known = rows.node.weight && numbersOf(rows.node.weight.load());
  if (known && new Set(known).size === known.length) {
    const now = b.op(join, [b.op('GatherNd', [table, rows]), updates]);
    return b.scatterUpdate(table, rows, reduction === 'mul' && isInteger(dtype) ? wrapInteger(b, now, dtype) : now);
  }
  if (!isKnown(cells) || !isKnown(count))
    return refuse(`${reduction} into a table of unknown size`, 'fix the sizes with input-shapes in the config');
  if (cells * count > MOST_CELLS)
    return refuse(
      `${reduction} of ${count} rows into ${cells} cells: TensorFlow.js has no such operation, and a composition would take too long`,
      'use the reduction none or add, or smaller tensors',
    );
  if (count === 0) return table;
  if (table.dtype === 'bool') return refuse(`${reduction} of booleans`);
  const goes = b.op('Equal', [
    rows,
    b.tensor(
      tensorOf(
        'int32',
        [1, cells],
        series(cells, (i) => i),
      ),
    ),
  ]);
  const idle = b.scalar(idleOf(reduction, dtype), table.dtype as 'float32' | 'int32');
  const each = b.select(
    b.op('ExpandDims', [goes, b.scalar(2, 'int32')]),
    b.op('ExpandDims', [updates, b.scalar(1, 'int32')]),
    idle,
  );
  const joined = b.op(join, [table, b.op(reduce, [each, b.ints([0])], { keep_dims: false })]);
  return reduction === 'mul' && isInteger(dtype) ? wrapInteger(b, joined, dtype) : joined;
}

/** What changes nothing. */
function idleOf(reduction: 'mul' | 'max' | 'min', dtype: DType): number {
  if (reduction === 'mul') return 1;
  const ends = isInteger(dtype) ? rangeOf(dtype) : undefined;
  const within = (v: bigint): number =>
    Number(v < -(2n ** 31n) ? -(2n ** 31n) : v > 2n ** 31n - 1n ? 2n ** 31n - 1n : v);
  if (reduction === 'max') return ends ? within(ends.min) : Number.NEGATIVE_INFINITY;
  return ends ? within(ends.max) : Number.POSITIVE_INFINITY;
}
