import { series } from '../../ir/weights.js';
import { refuse } from '../../diag/diagnostic.js';
import { isKnown, productOf } from '../../ir/dim.js';
import { arrange, identity } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { normalAxis } from '../../ir/view.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { reshapeSized } from '../../tf/sizes.js';

interface Attrs {
  /** Undefined: of the flattened input. */
  readonly axis: number | undefined;
  readonly sorted: boolean;
}

/** Rows are sorted column by column; more columns would take too long. */
const MOST_COLUMNS = 64;
/** The square of this is within int32: first places are found by sorting group * count + place. */
const MOST_PLACES = 46340;

export default defineOp<Attrs>({
  name: 'Unique',
  summary: 'the different elements (or slices), where they first stand, and how often',
  limits: 'sorted slices have at most 64 elements; first places of up to 46340 elements',
  shapes: (n) => [n.hasAttribute('axis') ? '_ ...' : ''],
  read: {
    11: (n) => {
      const axis = n.optInt('axis');
      return {
        axis: axis === undefined ? undefined : normalAxis(axis, n.input(0)?.type.dims.length ?? 0),
        sorted: n.int('sorted') !== 0,
      };
    },
  },
  // The slices become rows: their axis lies first.
  layout: (n) => {
    const { axis } = n.attrs;
    const order = axis === undefined ? identity(n.rank(0)) : [axis, ...identity(n.rank(0)).filter((a) => a !== axis)];
    return { inputs: [order], outputs: [axis === undefined ? [0] : order, [0], [0], [0]] };
  },
  infer: (n) => {
    const found = n.fresh();
    const { axis } = n.attrs;
    const index = { dtype: 'int64', dims: [found] } as const;
    const all = axis === undefined ? productOf(n.dims(0)) : n.dims(0)[axis];
    return [
      { dtype: n.dtype(0), dims: axis === undefined ? [found] : n.dims(0).map((d, i) => (i === axis ? found : d)) },
      index,
      { dtype: 'int64', dims: [all] },
      index,
    ];
  },
  graph: (n, [x], b) => {
    if (x.dtype === 'string' || x.dtype === 'complex64') return refuse(`TensorFlow.js finds no equal ${n.dtype(0)}`);
    const { axis, sorted } = n.attrs;
    const dims = arrange(n.dims(0), n.layout(0));
    const width = axis === undefined ? 1 : productOf(dims.slice(1));
    if (!isKnown(width))
      return refuse('the size of a slice is not known', 'fix the sizes with input-shapes in the config');
    const data = x.dtype === 'bool' ? b.cast(x, 'int32') : x;
    const rows = axis === undefined ? b.reshape(data, [-1]) : b.reshape(data, [-1, width]);
    const [met, group] = b.many('UniqueV2', [rows, b.scalar(0, 'int32')], {}, [data.dtype, 'int32']);
    const found = b.size(met, 0);
    const one = b.scalar(1, 'int32');
    let values = met;
    let inverse = group;
    if (sorted) {
      if (width > MOST_COLUMNS) return refuse(`slices of ${width} elements would have to be sorted`, 'set sorted to 0');
      const order = axis === undefined ? ascending(b, met, found) : ascendingRows(b, met, found, width, b.count(found));
      values = b.op('GatherV2', [met, order, b.scalar(0, 'int32')]);
      const rank = b.op('ScatterNd', [
        b.op('ExpandDims', [order, one]),
        b.count(found),
        b.op('ExpandDims', [found, b.scalar(0, 'int32')]),
      ]);
      inverse = b.op('GatherV2', [rank, group, b.scalar(0, 'int32')]);
    }
    const counts = b.op('ScatterNd', [
      b.op('ExpandDims', [inverse, one]),
      b.op('OnesLike', [inverse]),
      b.op('ExpandDims', [found, b.scalar(0, 'int32')]),
    ]);
    const shaped =
      axis === undefined || (n.rank(0) <= 2 && width === dims[1])
        ? values
        : (reshapeSized(b, { ref: values, dims: [n.fresh(), width] }, [n.fresh(), ...dims.slice(1)]) ??
          refuse('the size of a slice is not known'));
    const out = axis !== undefined && n.rank(0) === 1 ? b.reshape(values, [-1]) : shaped;
    return [
      b.cast(out, x.dtype),
      n.outputs[1] ? firstPlaces(b, inverse, counts, found, axis === undefined ? productOf(dims) : dims[0]) : undefined,
      inverse,
      counts,
    ];
  },
});

/** The order that sorts a vector; equal ones stay as they stand. */
function ascending(b: GraphBuilder, values: Ref, count: Ref): Ref {
  const turned = values.dtype === 'int32' ? b.sub(b.scalar(-1, 'int32'), values) : b.op('Neg', [values]);
  return b.many('TopKV2', [turned, count], { sorted: true })[1];
}

/** The order that sorts rows: by the last column first, since each sort keeps what equal ones had. */
function ascendingRows(b: GraphBuilder, rows: Ref, count: Ref, width: number, first: Ref): Ref {
  let order = first;
  for (let column = width - 1; column >= 0; column--) {
    const values = b.op('GatherV2', [
      b.op('Squeeze', [b.slice(rows, [0, column], [-1, 1])], { axis: [1] }),
      order,
      b.scalar(0, 'int32'),
    ]);
    order = b.op('GatherV2', [order, ascending(b, values, count), b.scalar(0, 'int32')]);
  }
  return order;
}

function firstPlaces(
  b: GraphBuilder,
  inverse: Ref,
  counts: Ref,
  found: Ref,
  places: ReturnType<typeof productOf>,
): Ref {
  if (!isKnown(places) || places > MOST_PLACES)
    return refuse(`the first places (output 1) among ${places} elements`, 'leave the second output out');
  const all = b.scalar(places, 'int32');
  const keys = b.add2(b.mul(inverse, all), b.ints(series(places, (i) => i)));
  const sorted = b.op('GatherV2', [keys, ascending(b, keys, all), b.scalar(0, 'int32')]);
  const starts = b.op('Cumsum', [counts, b.scalar(0, 'int32')], { exclusive: true, reverse: false });
  const groups = b.count(found);
  return b.sub(b.op('GatherV2', [sorted, starts, b.scalar(0, 'int32')]), b.mul(groups, all));
}
