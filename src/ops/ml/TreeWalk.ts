import { invalid } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { sizeOf, tensorOf, type Tensor } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

/** How many steps the longest path of any tree takes. */
interface Attrs {
  readonly depth: number;
}

/**
 * Which leaf of each tree the rows of x [N, F] reach: [N, T], numbers of nodes. The other inputs are constant columns, one
 * row for each node of all trees:
 *
 *     1 feature   the column of x that is looked at
 *     2 threshold
 *     3 strict    whether `yes` asks for x < threshold, rather than x <= threshold
 *     4 missing   whether a NaN goes to `yes`, rather than to `no`
 *     5 yes, 6 no the next node; a leaf's is itself
 *     7 roots     [T]
 *
 * All rows and trees walk together, one level at a time: a handful of gathers for each level, whatever the number of trees,
 * and memory in the number of nodes. Other forms (products of matrices of features, nodes and leaves) need memory in its
 * square, and turn one NaN into many.
 */
export default defineOp<Attrs>({
  name: 'TreeWalk',
  domain: 'internal',
  summary: 'walks down decision trees',
  read: { 1: (n) => ({ depth: n.int('depth') }) },
  infer: (n) => [{ dtype: 'int64', dims: [n.dims(0)[0], n.knownDim(7, 0)] }],
  graph: (n, [given], b) => {
    const column = (i: number) => Array.from((n.constant(i) as Tensor).data as ArrayLike<number>, Number);
    const roots = column(7);
    const feature = column(1);
    // Of a row whose length isn't known, what the trees look at is cut out.
    const width = n.dims(0)[1];
    const features = isKnown(width) ? width : feature.reduce((most, f) => Math.max(most, f + 1), 1);
    const x = isKnown(width) ? given : b.slice(atLeast(given, features, b), [0, 0], [-1, features]);
    if (feature.some((f) => f < 0 || f >= features))
      return invalid(
        `a tree looks at feature ${feature.find((f) => f < 0 || f >= features)}, and the input has ${features}`,
      );
    const { start, offset } = begin(n.dims(0)[0], x, roots, features, b);
    const tables: Tables = {
      feature: b.tensor(tensorOf('int32', [feature.length, 1], feature)),
      threshold: b.tensor(tensorOf('float32', [feature.length, 1], column(2))),
      yes: b.tensor(tensorOf('int32', [feature.length, 1], column(5))),
      no: b.tensor(tensorOf('int32', [feature.length, 1], column(6))),
      ...strictness(column(3), column(5), b),
      ...missing(column(4), column(2), b),
    };
    const flat = b.reshape(x, [-1, 1]);
    let node = start;
    for (let level = 0; level < n.attrs.depth; level++) node = step(node, flat, offset, tables, b);
    return b.reshape(node, [n.dims(0)[0], roots.length]);
  },
});

/** The matrix itself; where its rows are shorter than this when the model runs, Reshape throws, as Slice does not on WASM. */
function atLeast(x: Ref, width: number, b: GraphBuilder): Ref {
  const wide = b.op('Maximum', [b.size(x, 1), b.scalar(width, 'int32')]);
  return b.reshape(x, b.sizes([b.size(x, 0), wide]));
}

/** Columns [nodes, 1]. */
interface Tables {
  readonly feature: Ref;
  readonly threshold: Ref;
  readonly yes: Ref;
  readonly no: Ref;
  readonly compare: 'Less' | 'LessEqual' | 'both';
  /** Where both comparisons occur: whether the node's is the strict one. */
  readonly strict?: Ref;
  /** What stands for a NaN so that it goes where it should; absent where all go to `no`, as comparisons with NaN do. */
  readonly missing?: Ref;
}

function strictness(
  strict: readonly number[],
  yes: readonly number[],
  b: GraphBuilder,
): Pick<Tables, 'compare' | 'strict'> {
  const inner = strict.filter((_, i) => yes[i] !== i);
  if (inner.every((s) => s !== 0)) return { compare: 'Less' };
  if (inner.every((s) => s === 0)) return { compare: 'LessEqual' };
  return { compare: 'both', strict: b.tensor(tensorOf('float32', [strict.length, 1], strict)) };
}

function missing(toYes: readonly number[], threshold: readonly number[], b: GraphBuilder): Pick<Tables, 'missing'> {
  if (toYes.every((v) => v === 0)) return {};
  const stands = toYes.map((v, i) =>
    v !== 0
      ? Number.NEGATIVE_INFINITY
      : threshold[i] === Number.POSITIVE_INFINITY
        ? Number.NaN
        : Number.POSITIVE_INFINITY,
  );
  return { missing: b.tensor(tensorOf('float32', [toYes.length, 1], stands)) };
}

/** The roots for all rows, and for each place where its row begins in x: both [N * T, 1]; nothing to add for one row. */
function begin(
  rows: Parameters<typeof isKnown>[0],
  x: Ref,
  roots: readonly number[],
  features: number,
  b: GraphBuilder,
): { start: Ref; offset?: Ref } {
  const trees = roots.length;
  if (isKnown(rows) && rows * trees <= 1 << 16) {
    const dims = [rows * trees, 1];
    const each = Array.from({ length: sizeOf(dims) }, (_, i) => i);
    const start = b.tensor(
      tensorOf(
        'int32',
        dims,
        each.map((i) => roots[i % trees]),
      ),
    );
    return rows === 1
      ? { start }
      : {
          start,
          offset: b.tensor(
            tensorOf(
              'int32',
              dims,
              each.map((i) => Math.floor(i / trees) * features),
            ),
          ),
        };
  }
  const range = b.op('Range', [b.scalar(0, 'int32'), b.size(x, 0, rows), b.scalar(1, 'int32')], { Tidx: 'int32' }, [
    'int32',
  ]);
  const row = b.mul(b.reshape(range, [-1, 1]), b.scalar(features, 'int32'));
  const spread = (column: Ref, line: readonly number[]) =>
    b.reshape(b.add2(column, b.tensor(tensorOf('int32', [1, trees], line))), [-1, 1]);
  return {
    start: spread(b.sub(row, row), roots),
    offset: spread(
      row,
      roots.map(() => 0),
    ),
  };
}

function step(node: Ref, flat: Ref, offset: Ref | undefined, t: Tables, b: GraphBuilder): Ref {
  const of = (table: Ref) => b.op('GatherNd', [table, node]);
  const feature = of(t.feature);
  let value = b.op('GatherNd', [flat, offset ? b.add2(feature, offset) : feature]);
  if (t.missing) value = b.select(b.op('IsNan', [value]), of(t.missing), value);
  const threshold = of(t.threshold);
  let yes: Ref;
  if (t.compare !== 'both') yes = b.op(t.compare, [value, threshold]);
  else {
    const inclusive = b.op('Less', [of(t.strict as Ref), b.scalar(0.5)]);
    yes = b.op('LogicalOr', [
      b.op('Less', [value, threshold]),
      b.op('LogicalAnd', [b.op('LessEqual', [value, threshold]), inclusive]),
    ]);
  }
  return b.select(yes, of(t.yes), of(t.no));
}
