import { int64s, tensorOf, type Tensor } from '../../../tensor/tensor.js';
import { fed, fixed, single, type Family, type Generator, type Given } from '../case.js';
import type { Random } from '../random.js';
import { image } from './windows.js';

/** Interpolation: Resize and its kin, and what samples images at computed positions. */

const TRANSFORMS = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'];
/** What opset 11 has for an input that isn't given. */
const NOTHING = fixed(tensorOf('float32', [0], []));
const NEAREST = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];

interface ResizeSpec {
  readonly modes: readonly string[];
  readonly fixed: boolean;
}

/** Images whose height and width change; onnxruntime refuses most of what else could. */
const resize =
  ({ modes, fixed: known }: ResizeSpec): Generator =>
  (r) => {
    const opset = r.pick([11, 13, 18, 19]);
    const mode = r.pick(modes);
    const transform = r.pick(
      opset === 11 && mode === 'nearest'
        ? [...TRANSFORMS, 'tf_half_pixel_for_nn']
        : opset === 19
          ? [...TRANSFORMS, 'half_pixel_symmetric']
          : TRANSFORMS,
    );
    const spatial = r.list(2, () => r.int(2, 6));
    const antialias = opset >= 18 && mode !== 'nearest' && r.chance(0.25) ? 1 : undefined;
    const bySizes = r.chance(0.5);
    const x = image(r, r.int(1, 2), r.int(1, 3), spatial);
    const open = x.symbols !== undefined;
    // With align_corners onnxruntime goes by the sizes, ONNX by the scales: the same where these are whole.
    const whole = transform === 'align_corners' || transform === 'half_pixel_symmetric';
    // Where a scale other than 1 changes no size, onnxruntime changes no element.
    const scale = (size: number) => {
      const s = whole || r.chance(0.4) ? r.pick([1, 2, 3]) : r.pick([0.5, 1.5, 0.75, 2.5, 0.6, 1.25]);
      return s !== 1 && [size, size + 2].some((d) => Math.floor(d * s) === d) ? 2 : s;
    };
    const scales = [1, 1, ...spatial.map(scale)];
    const sizes = [1, 1].concat(spatial.map(() => r.int(1, 9)));
    const hold = known ? fixed : fed;
    const axes = opset >= 18 && r.chance(0.4) ? [2, 3] : undefined;
    if (bySizes && !axes && (open || known === false)) return resize({ modes, fixed: known })(r);
    const list = (all: readonly number[]) => (axes ? all.slice(2) : all);
    if (bySizes && !axes) [sizes[0], sizes[1]] = [x.tensor.dims[0], x.tensor.dims[1]];
    return single('Resize', {
      opset,
      attributes: {
        mode,
        coordinate_transformation_mode: transform,
        nearest_mode: mode === 'nearest' ? r.pick(NEAREST) : undefined,
        antialias,
        axes,
        cubic_coeff_a: mode === 'cubic' ? r.maybe(() => ({ float: -0.5 })) : undefined,
        exclude_outside: mode === 'cubic' ? r.maybe(() => 1) : undefined,
        keep_aspect_ratio_policy:
          bySizes && opset >= 18 && !whole
            ? r.maybe(() => r.pick(['stretch', 'not_larger', 'not_smaller']), 0.3)
            : undefined,
      },
      inputs: [
        x,
        opset < 13 ? NOTHING : undefined,
        bySizes ? (opset < 13 ? NOTHING : undefined) : hold(tensorOf('float32', [list(scales).length], list(scales))),
        bySizes ? hold(int64s(list(sizes))) : undefined,
      ],
      tolerance: { rtol: 1e-3, atol: 1e-5, rangeTol: 1e-5 },
    });
  };

const crop: Generator = (r) => {
  const spatial = r.list(2, () => r.int(2, 6));
  const ends = () => [r.float(-0.3, 0.4), r.float(0.6, 1.3)].map(Math.fround);
  const [h, w] = [ends(), ends()];
  const roi = tensorOf('float32', [8], [0, 0, h[0], w[0], 1, 1, h[1], w[1]]);
  // Only so: with a computed roi or sizes, in the other modes, and along axes whose size stays, onnxruntime doesn't do
  // what ONNX says.
  const other = (size: number): number => r.pick([1, 2, 3, 4, 5, 6].filter((d) => d !== size));
  return single('Resize', {
    opset: r.pick([11, 13]),
    attributes: {
      mode: 'linear',
      coordinate_transformation_mode: 'tf_crop_and_resize',
      extrapolation_value: r.maybe(() => ({ float: 7.5 })),
      nearest_mode: 'floor',
    },
    inputs: [
      fed(r.tensor('float32', [1, 2, ...spatial])),
      fixed(roi),
      NOTHING,
      fixed(int64s([1, 2, ...spatial.map(other)])),
    ],
    tolerance: { rtol: 1e-3, atol: 1e-4, rangeTol: 1e-5 },
  });
};

const volumes: Generator = (r) => {
  const rank = r.pick([1, 3]);
  const spatial = r.list(rank, () => r.int(2, 4));
  const scales = [1, 1, ...spatial.map(() => r.pick([1, 2, 1.5, 0.5]))];
  return single('Resize', {
    opset: 13,
    attributes: {
      mode: r.pick(['linear', 'nearest']),
      coordinate_transformation_mode: r.pick(['half_pixel', 'asymmetric']),
      nearest_mode: 'floor',
    },
    inputs: [image(r, 1, 2, spatial), undefined, fixed(tensorOf('float32', [rank + 2], scales))],
    tolerance: { atol: 1e-5 },
  });
};

const upsample: Generator = (r) => {
  const spatial = r.list(2, () => r.int(2, 5));
  const [opset, scales] = [r.pick([7, 9]), [1, 1, r.pick([1, 2, 3, 1.5]), r.pick([1, 2, 2.5])]];
  const x = image(r, r.int(1, 2), r.int(1, 3), spatial);
  if (opset === 7)
    return single('Upsample', {
      opset,
      attributes: { mode: r.pick(['nearest', 'linear']), scales: { floats: scales } },
      inputs: [x],
      tolerance: { atol: 1e-5 },
    });
  return single('Upsample', {
    opset,
    attributes: { mode: r.pick(['nearest', 'linear']) },
    inputs: [x, fixed(tensorOf('float32', [4], scales))],
    tolerance: { atol: 1e-5 },
  });
};

/** Positions that are rarely halfway between elements, where rounding would be a matter of the last bit. */
function grid(r: Random, dims: readonly number[]): Tensor {
  return tensorOf(
    'float32',
    dims,
    r.list(
      dims.reduce((p, q) => p * q, 1),
      () => Math.fround(r.float(-1.4, 1.4)),
    ),
  );
}

const gridSample =
  (rank: number): Generator =>
  (r) => {
    const opset = r.pick([16, 20, 22].slice(rank === 3 ? 1 : 0));
    const mode =
      opset === 16
        ? r.pick(['bilinear', 'nearest', 'bicubic'])
        : r.pick(rank === 3 ? ['linear', 'nearest'] : ['linear', 'nearest', 'cubic']);
    const [batch, channels] = [r.int(1, 2), r.int(1, 3)];
    const [spatial, out] = [r.list(rank, () => r.int(2, 5)), r.list(rank, () => r.int(1, 4))];
    return single('GridSample', {
      opset,
      attributes: {
        mode,
        padding_mode: r.maybe(() => r.pick(['zeros', 'border', 'reflection'])),
        align_corners: r.maybe(() => r.int(0, 1)),
      },
      inputs: [fed(r.tensor('float32', [batch, channels, ...spatial])), fed(grid(r, [batch, ...out, rank]))],
      tolerance: { rtol: 1e-3, atol: 1e-4, rangeTol: 1e-5 },
    });
  };

const affineGrid: Generator = (r) => {
  const rank = r.int(2, 3);
  const batch = r.int(1, 2);
  const size = int64s([batch, 2, ...r.list(rank, () => r.int(2, 5))]);
  return single('AffineGrid', {
    opset: 20,
    attributes: { align_corners: r.maybe(() => r.int(0, 1)) },
    inputs: [fed(r.tensor('float32', [batch, rank, rank + 1])), (r.chance(0.5) ? fixed : fed)(size)],
  });
};

function regions(r: Random, count: number, most: number): Tensor {
  const values = r.list(count, () => {
    const [x, y] = [r.float(-2, most - 1), r.float(-2, most - 1)];
    return [x, y, x + r.float(0.5, most), y + r.float(0.5, most)].map(Math.fround);
  });
  return tensorOf('float32', [count, 4], values.flat());
}

const roiAlign: Generator = (r) => {
  const opset = r.pick([10, 16, 22]);
  const [count, batch, spatial] = [r.int(1, 4), r.int(1, 2), [r.int(3, 8), r.int(3, 8)]];
  const indices: Given = fed(int64s(r.list(count, () => r.int(0, batch - 1))));
  return single('RoiAlign', {
    opset,
    attributes: {
      output_height: r.int(1, 3),
      output_width: r.int(1, 3),
      sampling_ratio: r.maybe(() => r.int(0, 3)),
      spatial_scale: r.maybe(() => ({ float: 0.5 })),
      mode: r.maybe(() => r.pick(['avg', 'max'])),
      coordinate_transformation_mode:
        opset >= 16 ? r.maybe(() => r.pick(['half_pixel', 'output_half_pixel'])) : undefined,
    },
    inputs: [image(r, batch, r.int(1, 3), spatial), fed(regions(r, count, 8)), indices],
    tolerance: { rtol: 1e-3, atol: 1e-5, rangeTol: 1e-5 },
  });
};

const roiPool: Generator = (r) => {
  const [count, batch] = [r.int(1, 4), r.int(1, 2)];
  const boxes = regions(r, count, 7).data as Float32Array;
  const rows = r.list(count, (i) => [r.int(0, batch - 1), ...boxes.subarray(4 * i, 4 * i + 4)]);
  return single('MaxRoiPool', {
    opset: 21,
    attributes: { pooled_shape: [r.int(1, 3), r.int(1, 3)], spatial_scale: r.maybe(() => ({ float: 0.5 })) },
    inputs: [image(r, batch, 2, [r.int(4, 8), r.int(4, 8)]), fed(tensorOf('float32', [count, 5], rows.flat()))],
  });
};

const suppression: Generator = (r) => {
  const [batch, classes, boxes] = [r.int(1, 2), r.int(1, 3), r.int(1, 8)];
  const corners = r.list(batch * boxes, () => {
    const [y, x] = [r.float(0, 3), r.float(0, 3)];
    const box = [y, x, y + r.float(0.2, 3), x + r.float(0.2, 3)].map(Math.fround);
    return r.chance(0.2) ? [box[2], box[3], box[0], box[1]] : box;
  });
  const scalar = (v: number, dtype: 'float32' | 'int64' = 'float32') =>
    (r.chance(0.6) ? fixed : fed)(tensorOf(dtype, [1], [v]));
  return single('NonMaxSuppression', {
    opset: r.pick([10, 11]),
    attributes: { center_point_box: r.maybe(() => r.int(0, 1)) },
    inputs: [
      fed(tensorOf('float32', [batch, boxes, 4], corners.flat())),
      fed(r.tensor('float32', [batch, classes, boxes], 0, 1)),
      r.maybe(() => scalar(r.pick([0, 1, 2, 5, 100]), 'int64'), 0.9),
      r.maybe(() => scalar(r.pick([0, 0.3, 0.5, 0.7, 1])), 0.8),
      r.maybe(() => scalar(r.pick([0, 0.4, 0.8])), 0.6),
    ],
  });
};

export const RESAMPLING: Family = {
  'Resize nearest': resize({ modes: ['nearest'], fixed: true }),
  'Resize linear': resize({ modes: ['linear'], fixed: true }),
  'Resize cubic': resize({ modes: ['cubic'], fixed: true }),
  'Resize by computed sizes': resize({ modes: ['nearest', 'linear', 'cubic'], fixed: false }),
  'Resize cropped': crop,
  'Resize of signals and volumes': volumes,
  Upsample: upsample,
  'GridSample of images': gridSample(2),
  'GridSample of volumes': gridSample(3),
  AffineGrid: affineGrid,
  RoiAlign: roiAlign,
  MaxRoiPool: roiPool,
  NonMaxSuppression: suppression,
};
