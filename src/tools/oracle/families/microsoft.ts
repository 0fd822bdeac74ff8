import { int64s, tensorOf, type Tensor } from '../../../tensor/tensor.js';
import type { DType } from '../../../tensor/dtype.js';
import {
  fed,
  fixed,
  single,
  type AttributeGiven,
  type Family,
  type Given,
  type NodeGiven,
  type OracleCase,
  type Single,
} from '../case.js';
import type { Random } from '../random.js';
import { ATTENTION } from './attention-microsoft.js';
import { QUANTIZED } from './quantized-microsoft.js';

export const contrib = (op: string, rest: Omit<Single, 'domain' | 'opset'>): OracleCase =>
  single(op, { domain: 'com.microsoft', opset: 1, ...rest });

/** Fed or constant. */
export const either = (r: Random, t: Tensor, constant = 0.5): Given => (r.chance(constant) ? fixed(t) : fed(t));

/** [batch, length, size] with batch and length open, run at other sizes too. */
export function sequence(r: Random, size: number, low = -3, high = 3, dtype: DType = 'float32'): Given {
  const make = () => r.tensor(dtype, [r.int(1, 3), r.int(1, 5), size], low, high);
  return r.chance(0.5) ? fed(make(), { 0: 'batch', 1: 'length' }, [make()]) : fed(make());
}

const vector = (r: Random, size: number) => r.tensor('float32', [size]);

function activations(r: Random, names: readonly string[]): [string, number[]] {
  const name = r.pick(names);
  switch (name) {
    case 'LeakyRelu':
    case 'Elu':
      return [name, [Math.fround(r.float(0.01, 0.9))]];
    case 'HardSigmoid':
      return [name, [Math.fround(r.float(0.1, 0.4)), Math.fround(r.float(0.2, 0.8))]];
    case 'Clip':
      return [name, [Math.fround(r.float(-1, 0)), Math.fround(r.float(0, 1.5))]];
    default:
      return [name, []];
  }
}

/** A node, in one line. */
const node = (
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: NodeGiven['attributes'] = {},
): NodeGiven => ({ op, inputs, outputs, attributes });

function conv(r: Random, op: 'FusedConv' | 'NhwcFusedConv'): OracleCase {
  const spatial = op === 'FusedConv' ? r.int(1, 2) : 2;
  const group = r.pick([1, 1, 2]);
  const [inner, outer] = [r.int(1, 3), r.int(1, 3) * group];
  const kernel = r.list(spatial, () => r.int(1, 3));
  const size = r.list(spatial, () => r.int(4, 7));
  const strides = r.list(spatial, () => r.int(1, 2));
  const pads = r.list(2 * spatial, () => r.int(0, 1));
  const [name, parameters] = activations(r, ['Relu', 'Tanh', 'Sigmoid', 'LeakyRelu', 'Clip', 'HardSigmoid']);
  const n = r.int(1, 2);
  const out = size.map((s, i) => Math.floor((s + pads[i] + pads[i + spatial] - kernel[i]) / strides[i]) + 1);
  const x = op === 'FusedConv' ? [n, inner * group, ...size] : [n, ...size, inner * group];
  const y = op === 'FusedConv' ? [n, outer, ...out] : [n, ...out, outer];
  const bias = r.chance(0.5);
  const more = name === 'Relu' && r.chance(0.4);
  return contrib(op, {
    ...(op === 'FusedConv'
      ? {}
      : { instead: channelsLastConv(name, parameters, { kernel_shape: kernel, strides, pads, group }, bias, more) }),
    attributes: {
      kernel_shape: kernel,
      strides,
      pads,
      group,
      activation: name,
      ...(parameters.length > 0 ? { activation_params: { floats: parameters } } : {}),
    },
    inputs: [
      fed(r.tensor('float32', x)),
      fixed(r.tensor('float32', [outer, inner, ...kernel])),
      bias ? fixed(vector(r, outer)) : undefined,
      more ? fed(r.tensor('float32', y)) : undefined,
    ],
  });
}

function channelsLastConv(
  activation: string,
  parameters: readonly number[],
  window: NodeGiven['attributes'],
  bias: boolean,
  more: boolean,
): NodeGiven[] {
  const [alpha, beta] = parameters;
  const bounds =
    activation === 'Clip'
      ? [
          node('Constant', [], ['low'], { value: tensorOf('float32', [], [alpha]) }),
          node('Constant', [], ['high'], { value: tensorOf('float32', [], [beta]) }),
        ]
      : [];
  const given =
    activation === 'Clip' || alpha === undefined
      ? {}
      : { alpha: { float: alpha }, ...(beta === undefined ? {} : { beta: { float: beta } }) };
  return [
    node('Transpose', ['i0'], ['first'], { perm: [0, 3, 1, 2] }),
    node('Conv', ['first', 'i1', ...(bias ? ['i2'] : [])], ['conv'], window),
    node('Transpose', ['conv'], ['last'], { perm: [0, 2, 3, 1] }),
    more ? node('Add', ['last', 'i3'], ['sum']) : node('Identity', ['last'], ['sum']),
    ...bounds,
    node(activation, ['sum', ...(activation === 'Clip' ? ['low', 'high'] : [])], ['o0'], given),
  ];
}

function fusedMatMul(r: Random, op: string): OracleCase {
  const [m, k, n] = [r.int(1, 4), r.int(1, 4), r.int(1, 4)];
  const batch = r.dims(r.int(0, 2), 3);
  const [ta, tb] = [r.chance(0.5), r.chance(0.5)];
  const batchLast = op === 'FusedMatMul' && batch.length > 0 && r.chance(0.3);
  const dims = (rows: number, columns: number, transposed: boolean, behind: boolean): number[] => {
    const last = transposed ? [columns, rows] : [rows, columns];
    // The axis before the last is stored in front of the batch.
    return behind ? [last[0], ...batch, last[1]] : [...batch, ...last];
  };
  const bBatch = !batchLast && r.chance(0.3) ? [] : batch;
  return contrib(op, {
    attributes: {
      alpha: { float: r.pick([1, 0.5, -2]) },
      transA: ta ? 1 : 0,
      transB: tb ? 1 : 0,
      ...(batchLast ? { transBatchA: 1, transBatchB: 1 } : {}),
    },
    inputs: [
      fed(r.tensor('float32', dims(m, k, ta, batchLast))),
      either(r, r.tensor('float32', batchLast ? dims(k, n, tb, true) : [...bBatch, ...(tb ? [n, k] : [k, n])])),
    ],
  });
}

function skipNorm(r: Random, op: 'SkipLayerNormalization' | 'SkipSimplifiedLayerNormalization'): OracleCase {
  const size = r.int(2, 6);
  const dims = [r.int(1, 3), r.int(1, 4), size];
  const skip = op === 'SkipLayerNormalization' ? r.pick([dims, [1, dims[1], size], [dims[1], size]]) : dims;
  const bias = r.maybe(() => fixed(vector(r, size)));
  const inputs =
    op === 'SkipLayerNormalization'
      ? [fixed(vector(r, size)), r.maybe(() => fixed(vector(r, size)), 0.8), bias]
      : [fixed(vector(r, size)), bias];
  return contrib(op, {
    attributes: { epsilon: { float: r.pick([1e-5, 1e-12, 0.1]) } },
    inputs: [fed(r.tensor('float32', dims)), fed(r.tensor('float32', skip)), ...inputs],
    outputs: r.chance(0.5) ? [true, false, false, true] : 1,
  });
}

function embed(r: Random): OracleCase {
  const [words, places, segments, size] = [r.int(3, 9), 6, 2, r.int(2, 6)];
  const [batch, length] = [r.int(1, 3), r.int(1, 5)];
  const ids = (most: number) => fed(r.tensor('int32', [batch, length], 0, most - 1));
  const withSegments = r.chance(0.7);
  const table = (rows: number) => fixed(r.tensor('float32', [rows, size]));
  const mask = r.maybe(() => fed(r.tensor('int32', [batch, length], 0, 1)));
  return contrib('EmbedLayerNormalization', {
    attributes: { epsilon: { float: r.pick([1e-12, 1e-3]) } },
    outputs: r.pick([
      [true, true],
      [true, true, true],
    ]),
    inputs: [
      ids(words),
      withSegments ? ids(segments) : undefined,
      table(words),
      table(places),
      withSegments ? table(segments) : undefined,
      fixed(vector(r, size)),
      fixed(vector(r, size)),
      mask,
      r.maybe(() => ids(places), 0.3),
    ],
  });
}

function nBits(r: Random): OracleCase {
  const bits = r.pick([4, 4, 8]);
  const block = r.pick([16, 32]);
  const [K, N] = [r.pick([16, 32, 40, 48]), r.int(1, 5)];
  const blocks = Math.ceil(K / block);
  const blob = (block * bits) / 8;
  const zeros = r.pick<'none' | 'packed' | 'float'>(bits === 4 ? ['none', 'packed', 'float'] : ['none', 'packed']);
  const zero =
    zeros === 'packed'
      ? fixed(r.tensor('uint8', [N * Math.ceil((blocks * bits) / 8)], 0, 255))
      : zeros === 'float'
        ? fixed(r.tensor('float32', [N * blocks], 0, 15))
        : undefined;
  return contrib('MatMulNBits', {
    attributes: { K, N, bits, block_size: block, accuracy_level: 1 },
    tolerance: { rtol: 1e-3, atol: 1e-4, rangeTol: 1e-5 },
    inputs: [
      fed(r.tensor('float32', [...r.dims(r.int(1, 2), 3), K], -1, 1)),
      fixed(r.tensor('uint8', [N, blocks, blob], 0, 255)),
      fixed(r.tensor('float32', [N * blocks], -0.5, 0.5)),
      zero,
      undefined,
      r.maybe(() => fixed(vector(r, N)), 0.3),
    ],
  });
}

function gatherBlock(r: Random): OracleCase {
  const dtype = r.pick<DType>(['uint4', 'int4', 'uint8']);
  const rows = r.int(2, 5);
  const columns = 32;
  const block = 16;
  const zeros = r.maybe(() =>
    fixed(dtype === 'uint8' ? r.tensor('uint8', [rows, 1], 0, 255) : r.tensor(dtype, [rows, columns / block], -8, 15)),
  );
  return contrib('GatherBlockQuantized', {
    attributes: { block_size: block, gather_axis: 0, quantize_axis: 1, ...(dtype === 'uint8' ? { bits: 4 } : {}) },
    inputs: [
      fixed(
        dtype === 'uint8' ? r.tensor('uint8', [rows, columns / 2], 0, 255) : r.tensor(dtype, [rows, columns], -8, 15),
      ),
      fed(r.tensor(r.pick(['int32', 'int64']), r.dims(r.int(1, 2), 3), 0, rows - 1)),
      fixed(r.tensor('float32', [rows, columns / block], -1, 1)),
      zeros,
    ],
  });
}

function cropAndResize(r: Random): OracleCase {
  const [n, ch, h, w] = [r.int(1, 3), r.int(1, 3), r.int(2, 6), r.int(2, 6)];
  const boxes = r.int(1, 4);
  const coordinates = r.list(boxes, () => {
    const [y, x] = [r.float(-0.1, 0.6), r.float(-0.1, 0.6)];
    return [y, x, y + r.float(0.1, 0.6), x + r.float(0.1, 0.6)].map(Math.fround);
  });
  return contrib('CropAndResize', {
    attributes: { mode: r.pick(['bilinear', 'nearest']), extrapolation_value: { float: r.pick([0, -1.5]) } },
    inputs: [
      fed(r.tensor('float32', [n, ch, h, w])),
      fed(tensorOf('float32', [boxes, 4], coordinates.flat())),
      fed(r.tensor('int32', [boxes], 0, n - 1)),
      fixed(tensorOf('int32', [2], [r.int(1, 4), r.int(1, 4)])),
    ],
  });
}

function groupNorm(r: Random): OracleCase {
  const groups = r.int(1, 3);
  const channels = groups * r.int(1, 2);
  const swish = r.chance(0.5);
  const skip = r.chance(0.5);
  // Of two numbers that are near each other onnxruntime's variance is inexact.
  const dims = [r.int(1, 2), r.int(2, 4), r.int(2, 4), channels];
  const other = r.pick([dims, [dims[0], channels], [dims[0], 1, 1, channels]]);
  const instead = [
    ...(skip
      ? [
          ...(other.length === 2
            ? [node('Constant', [], ['axes'], { value: int64s([1, 2]) }), node('Unsqueeze', ['i3', 'axes'], ['wide'])]
            : [node('Identity', ['i3'], ['wide'])]),
          node('Add', ['i0', 'wide'], ['sum']),
        ]
      : [node('Identity', ['i0'], ['sum'])]),
    node('Transpose', ['sum'], ['first'], { perm: [0, 3, 1, 2] }),
    node('GroupNormalization', ['first', 'i1', 'i2'], ['normal'], { num_groups: groups, epsilon: { float: 1e-5 } }),
    node('Transpose', ['normal'], ['last'], { perm: [0, 2, 3, 1] }),
    ...(swish
      ? [node('Sigmoid', ['last'], ['gate']), node('Mul', ['last', 'gate'], ['o0'])]
      : [node('Identity', ['last'], ['o0'])]),
    ...(skip ? [node('Identity', ['sum'], ['o1'])] : []),
  ];
  return contrib(skip ? 'SkipGroupNorm' : 'GroupNorm', {
    instead,
    attributes: { activation: swish ? 1 : 0, groups, epsilon: { float: 1e-5 } },
    outputs: skip ? 2 : 1,
    inputs: [
      fed(r.tensor('float32', dims)),
      fixed(vector(r, channels)),
      fixed(vector(r, channels)),
      ...(skip ? [fed(r.tensor('float32', other))] : []),
    ],
  });
}

const elementwise = (r: Random): Given => fed(r.tensor('float32', r.dims(r.int(1, 4))));
const grid = (r: Random): OracleCase => {
  const n = r.int(1, 2);
  return contrib('GridSample', {
    attributes: {
      mode: r.pick(['bilinear', 'nearest', 'bicubic']),
      padding_mode: r.pick(['zeros', 'border', 'reflection']),
      align_corners: r.int(0, 1),
    },
    inputs: [
      fed(r.tensor('float32', [n, r.int(1, 2), r.int(2, 4), r.int(2, 4)])),
      fed(r.tensor('float32', [n, r.int(1, 3), r.int(1, 3), 2], -1.3, 1.3)),
    ],
  });
};

function onLast(
  r: Random,
  op: string,
  size: number,
  more: (size: number) => Given[],
  instead?: NodeGiven[],
): OracleCase {
  return contrib(op, { inputs: [sequence(r, size), ...more(size)], ...(instead ? { instead } : {}) });
}

export const MICROSOFT: Family = {
  Gelu: (r) => contrib('Gelu', { inputs: [elementwise(r)] }),
  FastGelu: (r) => onLast(r, 'FastGelu', r.int(1, 6), (size) => (r.chance(0.5) ? [fixed(vector(r, size))] : [])),
  QuickGelu: (r) =>
    contrib('QuickGelu', { attributes: r.chance(0.5) ? { alpha: { float: 1.2 } } : {}, inputs: [elementwise(r)] }),
  BiasGelu: (r) => onLast(r, 'BiasGelu', r.int(1, 6), (size) => [either(r, vector(r, size))]),
  BiasSplitGelu: (r) =>
    onLast(r, 'BiasSplitGelu', 2 * r.int(1, 3), (size) => [fixed(vector(r, size))], [
      node('Add', ['i0', 'i1'], ['sum']),
      node('Split', ['sum'], ['left', 'right'], { axis: -1, num_outputs: 2 }),
      node('Gelu', ['right'], ['gelu']),
      node('Mul', ['left', 'gelu'], ['o0']),
    ]),
  BiasAdd: (r) => {
    const dims = [r.int(1, 2), r.int(1, 4), r.int(1, 4)];
    return contrib('BiasAdd', {
      instead: [node('Add', ['i0', 'i1'], ['sum']), node('Add', ['sum', 'i2'], ['o0'])],
      inputs: [fed(r.tensor('float32', dims)), fixed(vector(r, dims[2])), fed(r.tensor('float32', dims))],
    });
  },
  FusedMatMul: (r) => fusedMatMul(r, 'FusedMatMul'),
  TransposeMatMul: (r) => fusedMatMul(r, 'TransposeMatMul'),
  FusedGemm: (r) => {
    const [m, k, n] = [r.int(1, 4), r.int(1, 4), r.int(1, 4)];
    const [ta, tb] = [r.int(0, 1), r.int(0, 1)];
    const [name, [alpha, beta]] = activations(r, [
      'Relu',
      'Tanh',
      'Sigmoid',
      'LeakyRelu',
      'HardSigmoid',
      'Elu',
      'Softplus',
      'Softsign',
    ]);
    return contrib('FusedGemm', {
      attributes: {
        alpha: { float: r.pick([1, 0.5]) },
        beta: { float: r.pick([1, 2]) },
        transA: ta,
        transB: tb,
        activation: name,
        ...(alpha === undefined ? {} : { activation_alpha: { float: alpha } }),
        ...(beta === undefined ? {} : { activation_beta: { float: beta } }),
      },
      inputs: [
        fed(r.tensor('float32', ta ? [k, m] : [m, k])),
        either(r, r.tensor('float32', tb ? [n, k] : [k, n])),
        r.maybe(() => either(r, r.tensor('float32', r.pick([[n], [1, n], [m, n], [1]])))),
      ],
    });
  },
  FusedConv: (r) => conv(r, 'FusedConv'),
  NhwcFusedConv: (r) => conv(r, 'NhwcFusedConv'),
  SkipLayerNormalization: (r) => skipNorm(r, 'SkipLayerNormalization'),
  SkipSimplifiedLayerNormalization: (r) => skipNorm(r, 'SkipSimplifiedLayerNormalization'),
  SimplifiedLayerNormalization: (r) => {
    const dims = r.dims(r.int(2, 4));
    const axis = r.int(1, dims.length - 1);
    return single('SimplifiedLayerNormalization', {
      opset: 14,
      attributes: { axis: r.chance(0.5) ? axis : axis - dims.length, epsilon: { float: 1e-5 }, stash_type: 1 },
      inputs: [fed(r.tensor('float32', dims)), fixed(r.tensor('float32', dims.slice(axis)))],
      outputs: r.int(1, 2),
    });
  },
  'LayerNormalization before opset 17': (r) => {
    const dims = r.dims(r.int(2, 4));
    const axis = r.int(1, dims.length - 1);
    const own = dims.slice(axis);
    return single('LayerNormalization', {
      opset: r.int(9, 16),
      attributes: { axis, epsilon: { float: 1e-3 } },
      inputs: [
        fed(r.tensor('float32', dims)),
        fixed(r.tensor('float32', own)),
        r.maybe(() => fixed(r.tensor('float32', own))),
      ],
    });
  },
  EmbedLayerNormalization: embed,
  MatMulNBits: nBits,
  GatherBlockQuantized: gatherBlock,
  GroupNorm: groupNorm,
  CropAndResize: cropAndResize,
  GridSample: grid,
  Inverse: (r) => {
    const size = r.int(1, 4);
    const dims = [...r.dims(r.int(0, 2), 3), size, size];
    const x = r.tensor('float32', dims, -0.4, 0.4);
    const data = (x.data as Float32Array).map((v, i) => v + (Math.floor(i / size) % size === i % size ? 2 : 0));
    return contrib('Inverse', { inputs: [fed({ ...x, data })] });
  },
  Trilu: (r) =>
    contrib('Trilu', {
      attributes: { upper: r.int(0, 1) },
      inputs: [
        fed(r.tensor(r.pick(['float32', 'int64']), r.dims(r.int(2, 4)))),
        r.maybe(() => fixed(int64s(r.int(-3, 3)))),
      ],
    }),
  ExpandDims: (r) => {
    const dims = r.dims(r.int(1, 3));
    return contrib('ExpandDims', {
      inputs: [fed(r.tensor('float32', dims)), fixed(tensorOf('int32', [], [r.int(-dims.length, dims.length)]))],
    });
  },
  Pad: (r) => {
    const dims = r.dims(r.int(1, 3));
    const mode = r.pick(['constant', 'edge', 'reflect']);
    const pads = r.list(2 * dims.length, (i) =>
      mode === 'reflect' ? r.int(0, dims[i % dims.length] - 1) : r.int(0, 2),
    );
    return contrib('Pad', {
      attributes: { mode },
      inputs: [
        fed(r.tensor('float32', dims)),
        fixed(r.chance(0.5) ? int64s(pads) : tensorOf('int64', [1, pads.length], pads)),
        mode === 'constant' ? r.maybe(() => fixed(tensorOf('float32', r.pick([[], [1]]), [1.5]))) : undefined,
      ],
    });
  },
  Unique: (r) => contrib('Unique', { inputs: [fed(r.tensor('float32', [r.int(1, 9)], 0, 3))], outputs: 3 }),
  Range: (r) => {
    const dtype = r.pick<DType>(['float32', 'int64', 'int32']);
    const scalar = (v: number) => fixed(tensorOf(dtype, r.pick([[], [1]]), [v]));
    return contrib('Range', {
      inputs: [scalar(r.int(-2, 2)), scalar(r.int(3, 9)), r.maybe(() => scalar(r.int(1, 3)))],
    });
  },
  CDist: (r) => {
    const size = r.int(1, 5);
    return contrib('CDist', {
      attributes: { metric: r.pick(['euclidean', 'sqeuclidean']) },
      tolerance: { atol: 2e-3 },
      inputs: [fed(r.tensor('float32', [r.int(1, 4), size])), fed(r.tensor('float32', [r.int(1, 4), size]))],
    });
  },
  ConvTransposeWithDynamicPads: (r) => {
    const [inner, outer] = [r.int(1, 3), r.int(1, 3)];
    return contrib('ConvTransposeWithDynamicPads', {
      attributes: { kernel_shape: [3, 3], strides: [2, 2] } as Record<string, AttributeGiven>,
      inputs: [
        fed(r.tensor('float32', [1, inner, 3, 4])),
        fixed(r.tensor('float32', [inner, outer, 3, 3])),
        fixed(int64s(r.list(4, () => r.int(0, 1)))),
        r.maybe(() => fixed(vector(r, outer))),
      ],
    });
  },
  UnfoldTensor: (r) => {
    const dims = r.dims(r.int(1, 3)).map((d) => d + 2);
    const dim = r.int(0, dims.length - 1);
    return contrib('UnfoldTensor', {
      attributes: { dim, size: r.int(1, 3), step: r.int(1, 2) },
      inputs: [fed(r.tensor('float32', dims))],
    });
  },
  ComplexMul: (r) => {
    const dims = [...r.dims(r.int(1, 2)), 2];
    const conjugate = r.chance(0.5);
    const parts = (name: string) => node('Split', [name], [`${name}r`, `${name}i`], { axis: -1, num_outputs: 2 });
    const [minus, plus] = conjugate ? ['Add', 'Sub'] : ['Sub', 'Add'];
    return contrib(conjugate ? 'ComplexMulConj' : 'ComplexMul', {
      inputs: [fed(r.tensor('float32', dims)), fed(r.tensor('float32', dims))],
      instead: [
        parts('i0'),
        parts('i1'),
        node('Mul', ['i0r', 'i1r'], ['rr']),
        node('Mul', ['i0i', 'i1i'], ['ii']),
        node('Mul', ['i0i', 'i1r'], ['ir']),
        node('Mul', ['i0r', 'i1i'], ['ri']),
        node(minus, ['rr', 'ii'], ['real']),
        node(plus, ['ir', 'ri'], ['imaginary']),
        node('Concat', ['real', 'imaginary'], ['o0'], { axis: -1 }),
      ],
    });
  },
  Rfft: (r) => {
    const dims = [...r.dims(r.int(1, 2), 3), r.int(1, 12)];
    return contrib('Rfft', {
      attributes: { signal_ndim: 1, onesided: 1, normalized: 0 },
      inputs: [fed(r.tensor('float32', dims))],
      instead: [
        node('Constant', [], ['behind'], { value: int64s([dims.length]) }),
        node('Unsqueeze', ['i0', 'behind'], ['wide']),
        node('Constant', [], ['axis'], { value: int64s(dims.length - 1) }),
        node('DFT', ['wide', '', 'axis'], ['o0'], { onesided: 1 }),
      ],
    });
  },
  GatedRMSNorm: (r) => {
    const [size, groups] = [r.int(1, 4), r.int(1, 3)];
    const dims = [...r.dims(r.int(1, 2), 3), size * groups];
    const apart = [...dims.slice(0, -1), groups, size];
    return contrib('GatedRMSNorm', {
      attributes: { epsilon: { float: 1e-5 } },
      inputs: [fed(r.tensor('float32', dims)), fixed(vector(r, size)), fed(r.tensor('float32', dims))],
      instead: [
        node('Constant', [], ['apart'], { value: int64s(apart) }),
        node('Constant', [], ['together'], { value: int64s(dims) }),
        node('Reshape', ['i0', 'apart'], ['x']),
        node('SimplifiedLayerNormalization', ['x', 'i1'], ['y'], { axis: -1, epsilon: { float: 1e-5 } }),
        node('Reshape', ['y', 'together'], ['flat']),
        node('Sigmoid', ['i2'], ['s']),
        node('Mul', ['i2', 's'], ['gate']),
        node('Mul', ['flat', 'gate'], ['o0']),
      ],
    });
  },
  ...ATTENTION,
  ...QUANTIZED,
};
