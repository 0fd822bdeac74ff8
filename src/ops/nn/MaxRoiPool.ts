import { invalid } from '../../diag/diagnostic.js';
import { arrange, channelsLast, identity } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

interface Attrs {
  readonly scale: number;
  /** Bins down and across. */
  readonly shape: readonly number[];
}

const LOWEST = -3.4028234663852886e38;

/** Source: ONNX, MaxRoiPool-1, -22. */
export default defineOp<Attrs>({
  name: 'MaxRoiPool',
  summary: 'largest element of each bin of regions',
  shapes: ['_ _ _ _', '_ 5'],
  read: { 1: (n) => ({ scale: n.float('spatial_scale'), shape: n.ints('pooled_shape') }) },
  layout: (n) => ({ inputs: [channelsLast(n.rank(0)), identity(2)], outputs: [channelsLast(4)] }),
  infer: (n) => {
    if (n.attrs.shape.length !== 2)
      return invalid(`pooled_shape has ${n.attrs.shape.length} entries for 2 spatial axes`);
    return [{ dtype: n.dtype(0), dims: [n.dims(1)[0], n.dims(0)[1], ...n.attrs.shape] }];
  },
  graph: (n, [x, rois], b) => {
    const a = new Amounts(b);
    const {
      scale,
      shape: [height, width],
    } = n.attrs;
    const [batch, h, w, channels] = a.sizes(x, arrange(n.dims(0), n.layout(0)));
    const [image, x1, y1, x2, y2] = b.many('Unpack', [rois], { axis: 1, num: 5 });
    const pixels = b.op('GatherNd', [
      a.reshape(x, [batch, h, w, channels]),
      b.op('ExpandDims', [b.cast(image, 'int32'), b.scalar(1, 'int32')]),
    ]);
    const regions = b.size(image, 0);
    // First along rows, then down; what lies beside the bin is lower than everything.
    const across = outside(x1, x2, scale, width, w, b, a);
    const wide = b.add2(
      a.reshape(pixels, [a.mul(regions, h), 1, w, channels]),
      a.reshape(repeated(across, h, regions, width, w, b, a), [a.mul(regions, h), width, w, 1]),
    );
    const rows = b.op('Max', [wide, b.ints([2])], { keep_dims: false });
    const down = outside(y1, y2, scale, height, h, b, a);
    const high = b.add2(
      a.reshape(rows, [regions, 1, h, a.mul(width, channels)]),
      b.op('ExpandDims', [down, b.scalar(3, 'int32')]),
    );
    const bins = b.op('Max', [high, b.ints([2])], { keep_dims: false });
    const y = b.select(b.op('Greater', [bins, b.scalar(LOWEST / 2)]), bins, b.scalar(0));
    return a.reshape(y, [regions, height, width, channels]);
  },
});

/** 0 for the elements of each bin, LOWEST for the others: [regions, bins, size]. */
function outside(from: Ref, to: Ref, scale: number, bins: number, size: Amount, b: GraphBuilder, a: Amounts): Ref {
  // Halves are rounded away from zero, as C does.
  const rounded = (v: Ref) => {
    const scaled = b.mul(v, b.scalar(scale));
    return b.mul(b.op('Sign', [scaled]), b.op('Floor', [b.add2(b.op('Abs', [scaled]), b.scalar(0.5))]));
  };
  const [start, end] = [rounded(from), rounded(to)].map((v) => b.reshape(v, [-1, 1]));
  const length = b.op('Maximum', [b.add2(b.sub(end, start), b.scalar(1)), b.scalar(1)]);
  const bin = b.op('RealDiv', [length, b.scalar(bins)]);
  const index = b.tensor({ dtype: 'float32', dims: [1, bins], data: Float32Array.from({ length: bins }, (_, i) => i) });
  const first = b.add2(b.op('Floor', [b.mul(bin, index)]), start);
  const last = b.add2(b.op('Ceil', [b.mul(bin, b.add2(index, b.scalar(1)))]), start);
  const elements = b.cast(
    b.op('Range', [b.scalar(0, 'int32'), a.ref(size), b.scalar(1, 'int32')], { Tidx: 'int32' }),
    'float32',
  );
  const deep = (v: Ref) => b.op('ExpandDims', [v, b.scalar(2, 'int32')]);
  const inside = b.op('LogicalAnd', [
    b.op('GreaterEqual', [elements, deep(first)]),
    b.op('Less', [elements, deep(last)]),
  ]);
  return b.select(inside, b.scalar(0), b.scalar(LOWEST));
}

/** [regions, bins, size] once for each of the rows: [regions, rows, bins, size]. */
function repeated(v: Ref, rows: Amount, regions: Ref, bins: number, size: Amount, b: GraphBuilder, a: Amounts): Ref {
  const zeros = b.op('Fill', [b.sizes([1, rows, 1, 1]), b.scalar(0)]);
  return b.add2(a.reshape(v, [regions, 1, bins, size]), zeros);
}
