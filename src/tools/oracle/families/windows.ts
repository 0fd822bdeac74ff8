import type { DType } from '../../../tensor/dtype.js';
import { int64s } from '../../../tensor/tensor.js';
import { fed, fixed, single, type Family, type Generator, type Given, type NodeGiven } from '../case.js';
import type { Random } from '../random.js';

/** Convolutions and pools. */

export interface Windowed {
  readonly kernel: number[];
  readonly attributes: Record<string, number[] | number | string | undefined>;
  readonly spatial: number[];
}

/** An image, a signal or a volume; now and then with open sizes, and then fed in other sizes too. */
export function image(
  r: Random,
  batch: number,
  channels: number,
  spatial: readonly number[],
  dtype: DType = 'float32',
  low = -3,
  high = 3,
): Given {
  const make = (more: number, grows = 2) =>
    r.tensor(dtype, [batch + more, channels, ...spatial.map((d) => d + grows * more)], low, high);
  if (r.chance(0.4)) return fed(make(0));
  // Most exports leave open the batch alone.
  if (r.chance(0.5)) return fed(make(0), { 0: 'N' }, [make(1, 0)]);
  return fed(make(0), { 0: 'N', ...Object.fromEntries(spatial.map((_, i) => [i + 2, `S${i}`])) }, [make(1)]);
}

/** Attributes that leave at least one position, for any size not below `spatial`. */
export function windowed(
  r: Random,
  rank: number,
  { dilated = true, autoPad = true, ceil = false }: { dilated?: boolean; autoPad?: boolean; ceil?: boolean } = {},
): Windowed {
  const kernel = r.list(rank, () => r.int(1, 4));
  const strides = r.maybe(() => r.list(rank, () => r.int(1, 3)));
  const dilations = dilated ? r.maybe(() => r.list(rank, () => r.int(1, 3)), 0.35) : undefined;
  const span = kernel.map((k, i) => (k - 1) * (dilations?.[i] ?? 1) + 1);
  // onnxruntime's pools leave the dilation out of auto_pad, and its Conv refuses the two together; kernels that are
  // smaller than the stride get negative pads.
  const auto =
    autoPad && !dilations && kernel.every((k, i) => k >= (strides?.[i] ?? 1))
      ? r.maybe(() => r.pick(['SAME_UPPER', 'SAME_LOWER', 'VALID', 'NOTSET']), 0.4)
      : undefined;
  const pads =
    auto && auto !== 'NOTSET'
      ? undefined
      : r.maybe(() => r.list(2 * rank, (i) => r.int(0, Math.min(3, kernel[i % rank] - 1))));
  const spatial = span.map((s) => s + r.int(0, 6));
  return {
    kernel,
    spatial,
    attributes: { strides, dilations, auto_pad: auto, pads, ceil_mode: ceil ? r.maybe(() => 1, 0.4) : undefined },
  };
}

const conv: Generator = (r) => {
  const rank = r.pick([1, 2, 2, 2, 3]);
  const w = windowed(r, rank);
  const group = r.chance(0.4) ? r.pick([2, 3, 4, 6]) : 1;
  const [perGroup, filters] = [r.chance(0.4) ? 1 : r.int(1, 3), group * r.int(1, 3)];
  const weight = r.tensor('float32', [filters, perGroup, ...w.kernel], -1, 1);
  return single('Conv', {
    opset: r.pick([1, 11, 22]),
    attributes: { ...w.attributes, group: group === 1 ? undefined : group, kernel_shape: r.maybe(() => w.kernel) },
    inputs: [
      image(r, r.int(1, 2), group * perGroup, w.spatial),
      (r.chance(0.8) ? fixed : fed)(weight),
      r.maybe(() => (r.chance(0.8) ? fixed : fed)(r.tensor('float32', [filters]))),
    ],
  });
};

const groups: Generator = (r) => {
  const rank = r.pick([1, 2, 2, 3]);
  const group = r.pick([2, 4, 8, 16, 32]);
  const [perGroup, perOut] = [r.pick([1, 2, 3, 4, 8]), r.pick([1, 2, 3])];
  const kernel = r.list(rank, () => r.int(1, 3));
  return single('Conv', {
    opset: 11,
    attributes: { group, pads: kernel.map((k) => k >> 1).concat(kernel.map((k) => k >> 1)) },
    inputs: [
      image(
        r,
        1,
        group * perGroup,
        kernel.map((k) => k + r.int(0, 3)),
      ),
      fixed(r.tensor('float32', [group * perOut, perGroup, ...kernel], -1, 1)),
      r.maybe(() => fixed(r.tensor('float32', [group * perOut]))),
    ],
  });
};

const transpose: Generator = (r) => {
  const rank = r.pick([1, 2, 2, 3]);
  const kernel = r.list(rank, () => r.int(1, 4));
  const strides = r.maybe(() => r.list(rank, () => r.int(1, 3)), 0.8);
  const dilations = r.maybe(() => r.list(rank, () => r.int(1, 2)), 0.3);
  const auto = r.maybe(() => r.pick(['SAME_UPPER', 'SAME_LOWER', 'VALID']), 0.2);
  const pads = auto ? undefined : r.maybe(() => r.list(2 * rank, (i) => r.int(0, Math.min(2, kernel[i % rank] - 1))));
  const padding = r.maybe(
    () => r.list(rank, (i) => r.int(0, Math.max(strides?.[i] ?? 1, dilations?.[i] ?? 1) - 1)),
    0.4,
  );
  const group = r.chance(0.4) ? r.pick([2, 3]) : 1;
  const [perIn, perOut] = [r.int(1, 3), r.int(1, 3)];
  const spatial = kernel.map(() => r.int(2, 5));
  const weight = r.tensor('float32', [group * perIn, perOut, ...kernel], -1, 1);
  return single('ConvTranspose', {
    opset: r.pick([1, 11, 22]),
    attributes: {
      strides,
      dilations,
      auto_pad: auto,
      pads,
      output_padding: padding,
      group: group === 1 ? undefined : group,
      kernel_shape: r.maybe(() => kernel),
    },
    inputs: [
      image(r, r.int(1, 2), group * perIn, spatial),
      (r.chance(0.8) ? fixed : fed)(weight),
      r.maybe(() => (r.chance(0.7) ? fixed : fed)(r.tensor('float32', [group * perOut]))),
    ],
  });
};

/** output_shape, from which the pads follow. */
const transposeShape: Generator = (r) => {
  const rank = r.int(1, 2);
  const [kernel, strides, spatial] = [
    r.list(rank, () => r.int(2, 4)),
    r.list(rank, () => r.int(1, 3)),
    r.list(rank, () => r.int(2, 5)),
  ];
  const full = spatial.map((d, i) => (d - 1) * strides[i] + kernel[i]);
  return single('ConvTranspose', {
    opset: 11,
    attributes: {
      strides,
      output_shape: full.map((f, i) => Math.max(1, f + r.int(-(kernel[i] - 1), 0))),
      auto_pad: r.maybe(() => r.pick(['SAME_UPPER', 'SAME_LOWER'])),
    },
    inputs: [fed(r.tensor('float32', [1, 2, ...spatial])), fixed(r.tensor('float32', [2, 3, ...kernel], -1, 1))],
  });
};

const pool =
  (
    op: string,
    opsets: readonly number[],
    own: (r: Random, opset: number) => NodeGiven['attributes'] = () => ({}),
  ): Generator =>
  (r) => {
    const opset = r.pick(opsets);
    const rank = r.pick([1, 2, 2, 2, 3]);
    const dilated = { MaxPool: 10, AveragePool: 19, LpPool: 18 }[op] ?? 99;
    const ceil = { MaxPool: 10, AveragePool: 10, LpPool: 18 }[op] ?? 99;
    const w = windowed(r, rank, { dilated: opset >= dilated, ceil: opset >= ceil });
    const dtype = op === 'MaxPool' && opset >= 12 && r.chance(0.15) ? r.pick<DType>(['int8', 'uint8']) : 'float32';
    return single(op, {
      opset,
      attributes: { ...w.attributes, kernel_shape: w.kernel, ...own(r, opset) },
      inputs: [image(r, r.int(1, 2), r.int(1, 3), w.spatial, dtype, -20, 20)],
      outputs: op === 'MaxPool' && opset >= 8 && r.chance(0.4) ? 2 : 1,
    });
  };

const globalPool =
  (op: string, own: (r: Random) => NodeGiven['attributes'] = () => ({}), opset = 22): Generator =>
  (r) =>
    single(op, { opset, attributes: own(r), inputs: [image(r, r.int(1, 3), r.int(1, 4), r.dims(r.int(1, 3), 6))] });

/** Indices of a MaxPool, so that they are those of windows that may overlap. */
const unpool: Generator = (r) => {
  const [kernel, strides] = [
    [2, 2],
    r.pick([
      [2, 2],
      [1, 1],
      [2, 1],
    ]),
  ];
  const spatial = r.list(2, () => r.int(3, 6));
  const shape = r.maybe(() => int64s([1, 2, ...spatial]), 0.4);
  return {
    opsets: { '': r.pick([11, 22]) },
    nodes: [
      { op: 'MaxPool', inputs: ['x'], outputs: ['y', 'i'], attributes: { kernel_shape: kernel, strides } },
      {
        op: 'MaxUnpool',
        inputs: ['y', 'i', ...(shape ? ['s'] : [])],
        outputs: ['z'],
        attributes: { kernel_shape: kernel, strides },
      },
    ],
    inputs: {
      x: fed(r.tensor('float32', [1, 2, ...spatial])),
      ...(shape ? { s: (r.chance(0.5) ? fixed : fed)(shape) } : {}),
    },
    outputs: ['z'],
  };
};

const columns: Generator = (r) => {
  const rank = 2;
  const [block, image2, strides, dilations] = [
    r.list(rank, () => r.int(1, 3)),
    r.list(rank, () => r.int(5, 7)),
    r.list(rank, () => r.int(1, 2)),
    r.list(rank, () => r.int(1, 2)),
  ];
  const pads = r.list(2 * rank, () => r.int(0, 1));
  const blocks = image2.map(
    (d, i) => Math.floor((d + pads[i] + pads[i + rank] - (block[i] - 1) * dilations[i] - 1) / strides[i]) + 1,
  );
  const channels = r.int(1, 3);
  const [taps, count] = [block[0] * block[1], blocks[0] * blocks[1]];
  const x = r.tensor('float32', [r.int(1, 2), channels * taps, count]);
  return single('Col2Im', {
    opset: 18,
    attributes: { pads, strides, dilations },
    inputs: [fed(x), (r.chance(0.6) ? fixed : fed)(int64s(image2)), (r.chance(0.6) ? fixed : fed)(int64s(block))],
  });
};

const deform: Generator = (r) => {
  const [kernel, spatial] = [r.list(2, () => r.int(1, 3)), r.list(2, () => r.int(4, 6))];
  const [strides, dilations, pads] = [
    r.list(2, () => r.int(1, 2)),
    r.list(2, () => r.int(1, 2)),
    r.list(4, () => r.int(0, 1)),
  ];
  const [group, offsetGroup] = [r.pick([1, 1, 2]), r.pick([1, 2])];
  const [channels, filters] = [4, 2 * r.int(1, 2)];
  const out = spatial.map(
    (d, i) => Math.floor((d + pads[i] + pads[i + 2] - (kernel[i] - 1) * dilations[i] - 1) / strides[i]) + 1,
  );
  if (out.some((d) => d < 1)) return deform(r);
  const batch = r.int(1, 2);
  const taps = kernel[0] * kernel[1];
  return single('DeformConv', {
    opset: r.pick([19, 22]),
    attributes: { strides, dilations, pads, group, offset_group: offsetGroup },
    inputs: [
      fed(r.tensor('float32', [batch, channels, ...spatial])),
      (r.chance(0.7) ? fixed : fed)(r.tensor('float32', [filters, channels / group, ...kernel], -1, 1)),
      fed(r.tensor('float32', [batch, offsetGroup * taps * 2, ...out], -2, 2)),
      r.maybe(() => fixed(r.tensor('float32', [filters]))),
      r.maybe(() => fed(r.tensor('float32', [batch, offsetGroup * taps, ...out], 0, 1))),
    ],
  });
};

const batchNorm: Generator = (r) => {
  const [channels, opset] = [r.int(1, 5), r.pick([7, 9, 14, 15])];
  const vector = (low: number, high: number) =>
    (r.chance(0.8) ? fixed : fed)(r.tensor('float32', [channels], low, high));
  const spatial = r.dims(r.int(0, 3), 4);
  return single('BatchNormalization', {
    opset,
    attributes: { epsilon: r.maybe(() => ({ float: 1e-3 })) },
    inputs: [image(r, r.int(1, 2), channels, spatial), vector(-2, 2), vector(-2, 2), vector(-2, 2), vector(0, 2)],
  });
};

export const WINDOWS: Family = {
  Conv: conv,
  'Conv in groups': groups,
  ConvTranspose: transpose,
  'ConvTranspose output_shape': transposeShape,
  MaxPool: pool('MaxPool', [1, 8, 10, 11, 12, 22], (r, opset) =>
    opset >= 8 ? { storage_order: r.maybe(() => r.int(0, 1), 0.3) } : {},
  ),
  AveragePool: pool('AveragePool', [7, 10, 11, 19, 22], (r) => ({ count_include_pad: r.maybe(() => r.int(0, 1)) })),
  LpPool: pool('LpPool', [2, 11, 18, 22], (r) => ({ p: r.maybe(() => r.int(1, 3)) })),
  GlobalAveragePool: globalPool('GlobalAveragePool'),
  GlobalMaxPool: globalPool('GlobalMaxPool'),
  GlobalLpPool: globalPool('GlobalLpPool', (r) => ({ p: r.maybe(() => r.int(1, 3)) }), 21),
  MaxUnpool: unpool,
  Col2Im: columns,
  DeformConv: deform,
  BatchNormalization: batchNorm,
};
