import { invalid } from '../../diag/diagnostic.js';
import { arrange, channelsLast, identity } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode } from '../../ir/view.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { answered, binWeights, clamped, samplesOf, type Extent, type Samples } from './roi.js';

interface Attrs {
  readonly mode: 'avg' | 'max';
  readonly height: number;
  readonly width: number;
  /** Samples per bin and axis; 0 for as many as a bin has elements. */
  readonly ratio: number;
  readonly scale: number;
  readonly halfPixel: boolean;
}

function read(n: RawNode, halfPixel: boolean): Attrs {
  const mode = n.string('mode') as Attrs['mode'];
  if (mode !== 'avg' && mode !== 'max') return invalid(`mode is ${JSON.stringify(mode)}`);
  return {
    mode,
    height: n.int('output_height'),
    width: n.int('output_width'),
    ratio: n.int('sampling_ratio'),
    scale: n.float('spatial_scale'),
    halfPixel,
  };
}

/** Source: ONNX, RoiAlign-10 (no shift by half a pixel), -16, -22. */
export default defineOp<Attrs>({
  name: 'RoiAlign',
  summary: 'means or maxima of bins of regions, at positions between elements',
  shapes: ['_ _ _ _', 'R 4', 'R'],
  read: { 10: (n) => read(n, false), 16: (n) => read(n, n.string('coordinate_transformation_mode') === 'half_pixel') },
  layout: (n) => ({ inputs: [channelsLast(n.rank(0)), identity(2), identity(1)], outputs: [channelsLast(4)] }),
  infer: (n) => [{ dtype: n.dtype(0), dims: [n.dims(1)[0], n.dims(0)[1], n.attrs.height, n.attrs.width] }],
  graph: (n, [x, rois, images], b) => {
    const a = new Amounts(b);
    const { mode, height, width, ratio, scale, halfPixel } = n.attrs;
    const sizes = a.sizes(x, arrange(n.dims(0), n.layout(0)));
    const shift = b.scalar(halfPixel ? 0.5 : 0);
    const [x1, y1, x2, y2] = b
      .many('Unpack', [rois], { axis: 1, num: 4 })
      .map((v) => b.sub(b.mul(v, b.scalar(scale)), shift));
    const extent = (start: Ref, end: Ref): Extent => ({
      start,
      length: halfPixel ? b.sub(end, start) : b.op('Maximum', [b.sub(end, start), b.scalar(1)]),
    });
    const [rows, columns] = [extent(y1, y2), extent(x1, x2)];
    if (mode === 'avg' && ratio > 0) return cropped(x, sizes, rows, columns, images, n.attrs, b, a);
    const [down, across] = [samplesOf(rows, height, ratio, b, a), samplesOf(columns, width, ratio, b, a)];
    return mode === 'avg'
      ? averaged(x, sizes, down, across, images, n.attrs, b, a)
      : largest(x, sizes, down, across, images, n.attrs, b, a);
  },
});

/**
 * All samples by CropAndResize, then their mean. It gives zero outside of the image, and ONNX from one element outside
 * on: so the image gets its edge once more on all sides.
 */
function cropped(
  x: Ref,
  sizes: readonly Amount[],
  rows: Extent,
  columns: Extent,
  images: Ref,
  { height, width, ratio }: Attrs,
  b: GraphBuilder,
  a: Amounts,
): Ref {
  const framed = b.op(
    'MirrorPad',
    [x, b.tensor({ dtype: 'int32', dims: [4, 2], data: Int32Array.from([0, 0, 1, 1, 1, 1, 0, 0]) })],
    { mode: 'SYMMETRIC' },
  );
  const ends = ({ start, length }: Extent, bins: number, size: Amount): [Ref, Ref] => {
    const half = b.mul(length, b.scalar(0.5 / (bins * ratio)));
    const first = b.add2(start, half);
    const last = b.sub(b.add2(start, length), half);
    const span = b.cast(a.ref(a.add(size, 1)), 'float32');
    return [first, last].map((v) => b.op('RealDiv', [b.add2(v, b.scalar(1)), span])) as [Ref, Ref];
  };
  const [top, bottom] = ends(rows, height, sizes[1]);
  const [left, right] = ends(columns, width, sizes[2]);
  const boxes = b.op('Pack', [top, left, bottom, right], { axis: 1 });
  const samples = b.op('CropAndResize', [framed, boxes, images, b.ints([height * ratio, width * ratio])], {
    method: 'bilinear',
    extrapolation_value: 0,
  });
  if (ratio === 1) return samples;
  return b.op('AvgPool', [samples], {
    ksize: [1, ratio, ratio, 1],
    strides: [1, ratio, ratio, 1],
    padding: 'VALID',
    data_format: 'NHWC',
  });
}

/** Each region has as many samples as its bins have elements: the mean as a product with what each element counts. */
function averaged(
  x: Ref,
  sizes: readonly Amount[],
  down: Samples,
  across: Samples,
  images: Ref,
  { height, width }: Attrs,
  b: GraphBuilder,
  a: Amounts,
): Ref {
  const [, h, w, channels] = sizes;
  const own = b.op('GatherNd', [
    a.reshape(x, [sizes[0], h, a.mul(w, channels)]),
    b.op('ExpandDims', [images, b.scalar(1, 'int32')]),
  ]);
  const product = (p: Ref, q: Ref) => b.op('BatchMatMulV2', [p, q], { adj_x: false, adj_y: false });
  const lines = product(binWeights(down, h, b, a), own);
  const regions = b.size(images, 0);
  const turned = b.transpose(a.reshape(lines, [regions, height, w, channels]), [0, 2, 1, 3]);
  const bins = product(binWeights(across, w, b, a), a.reshape(turned, [regions, w, a.mul(height, channels)]));
  return b.transpose(a.reshape(bins, [regions, width, height, channels]), [0, 2, 1, 3]);
}

const LOWEST = -3.4028234663852886e38;

/** ONNX's maximum is that of the four weighted neighbours of all samples, not of what they sum up to. */
function largest(
  x: Ref,
  sizes: readonly Amount[],
  down: Samples,
  across: Samples,
  images: Ref,
  { height, width }: Attrs,
  b: GraphBuilder,
  a: Amounts,
): Ref {
  const [batch, h, w, channels] = sizes;
  const pixels = a.reshape(x, [a.product([batch, h, w]), channels]);
  const neighbours = (s: Samples, size: Amount, down: boolean) => {
    const length = b.cast(a.ref(size), 'float32');
    const flat = (v: Ref) =>
      b.op('ExpandDims', [
        a.reshape(v, [b.size(images, 0), a.mul(down ? height : width, s.most)]),
        b.scalar(down ? 2 : 1, 'int32'),
      ]);
    const at = clamped(s.at, length, b);
    const low = b.op('Floor', [at]);
    const high = b.op('Minimum', [b.add2(low, b.scalar(1)), b.sub(length, b.scalar(1))]);
    const valid = b.cast(answered(s.at, length, b), 'float32');
    const part = b.sub(at, low);
    const every = b.op('Fill', [b.shape(s.at), b.scalar(0)]);
    const counted = b.cast(b.op('Greater', [b.add2(b.cast(s.counted, 'float32'), every), b.scalar(0)]), 'float32');
    return {
      taps: [
        [low, b.sub(b.scalar(1), part)],
        [high, part],
      ].map(([place, weight]) => ({ index: flat(b.cast(place, 'int32')), weight: flat(b.mul(weight, valid)) })),
      counted: flat(counted),
    };
  };
  const [rows, columns] = [neighbours(down, h, true), neighbours(across, w, false)];
  const first = b.reshape(b.mul(images, a.ref(a.mul(h, w))), [-1, 1, 1]);
  const values = rows.taps
    .flatMap((r) =>
      columns.taps.map((c) => {
        const index = b.add2(b.add2(first, b.mul(r.index, a.ref(w))), c.index);
        return b.mul(
          b.op('GatherNd', [pixels, b.reshape(index, [-1, 1])]),
          b.reshape(b.mul(r.weight, c.weight), [-1, 1]),
        );
      }),
    )
    .reduce((p, q) => b.op('Maximum', [p, q]));
  const counted = b.op('Greater', [b.reshape(b.mul(rows.counted, columns.counted), [-1, 1]), b.scalar(0)]);
  const seen = b.select(counted, values, b.scalar(LOWEST));
  const regions = b.size(images, 0);
  const most = (v: Ref) => b.op('Max', [v, b.ints([1])], { keep_dims: false });
  const byRow = most(a.reshape(seen, [a.mul(regions, height), down.most, a.product([width, across.most, channels])]));
  const bins = most(a.reshape(byRow, [a.mul(regions, height * width), across.most, channels]));
  // A region without a sample gives zero.
  const y = b.select(b.op('Greater', [bins, b.scalar(LOWEST)]), bins, b.scalar(0));
  return a.reshape(y, [regions, height, width, channels]);
}
