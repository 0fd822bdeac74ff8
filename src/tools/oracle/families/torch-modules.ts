import type { AttributeGiven, Family } from '../case.js';
import type { Random } from '../random.js';
import { any, image, line, ofOpenSize, small, torchModule, volume, vector, type TorchNet } from './torch-net.js';

/** One torch module each, as in the tests of onnx2keras: what a convolutional network is made of. */

const unary = (op: string, attributes: (r: Random) => Record<string, AttributeGiven> = () => ({})) =>
  torchModule(any, (n, [x]) => n.op(op, [x], attributes(n.r)));

const both = (list: readonly number[]) => [...list, ...list];

/** nn.ConvNd: padding alike at both ends. */
const conv = (dims: number, how: 'any' | 'groups' | 'depthwise') =>
  torchModule([line, image, volume][dims - 1], (n, [x], [channels]) => {
    const { r } = n;
    const groups = how === 'any' ? 1 : how === 'depthwise' ? channels : channels % 2 === 0 ? 2 : channels;
    const filters = groups * r.int(1, 3);
    const k = r.list(dims, () => r.pick([1, 3, 5]));
    const dilations = r.list(dims, (i) => (k[i] === 5 ? 1 : r.int(1, 2)));
    return n.op(
      'Conv',
      [x, n.weight([filters, channels / groups, ...k]), ...(r.chance(0.5) ? [n.weight([filters])] : [])],
      {
        kernel_shape: k,
        pads: both(r.list(dims, () => r.pick([0, 1, 3]))),
        strides: r.list(dims, () => r.int(1, 3)),
        dilations,
        group: groups,
      },
    );
  });

const convTranspose = (dims: number) =>
  torchModule([line, small, volume][dims - 1], (n, [x], [channels]) => {
    const { r } = n;
    const group = channels % 2 === 0 && r.chance(0.3) ? 2 : 1;
    const filters = r.int(1, 3);
    const k = r.int(1, 5);
    const stride = dims === 3 ? 1 : r.int(1, 3);
    const dilation = r.pick([1, 1, 2]);
    const output = stride > 1 ? r.int(0, stride - 1) : 0;
    const every = (v: number) => new Array<number>(dims).fill(v);
    return n.op(
      'ConvTranspose',
      [x, n.weight([channels, filters, ...every(k)]), ...(r.chance(0.5) ? [n.weight([filters * group])] : [])],
      {
        kernel_shape: every(k),
        pads: both(every(r.int(0, Math.min(2, k - 1)))),
        strides: every(stride),
        dilations: every(dilation),
        group,
        ...(output > 0 ? { output_padding: every(output) } : {}),
      },
    );
  });

const pool = (op: 'MaxPool' | 'AveragePool', dims: number) =>
  torchModule([line, image, volume][dims - 1], (n, [x]) => {
    const { r } = n;
    const k = r.list(dims, () => r.int(1, 5));
    const ceil = n.opset >= 10 && r.chance(0.4);
    return n.op(op, [r.chance(0.3) ? n.relu(x) : x], {
      kernel_shape: k,
      pads: both(k.map((size) => r.int(0, size >> 1))),
      strides: k.map(() => r.int(1, 3)),
      ...(ceil ? { ceil_mode: 1 } : {}),
      ...(op === 'AveragePool' && r.chance(0.5) ? { count_include_pad: 1 } : {}),
      ...(op === 'MaxPool' && n.opset >= 10 && r.chance(0.2) ? { dilations: k.map((size) => (size < 4 ? 2 : 1)) } : {}),
    });
  });

const softmax = (op: 'Softmax' | 'LogSoftmax') =>
  torchModule(any, (n, [x], dims) => n.softmax(op, x, n.r.int(1, dims.length), dims.length + 1));

/** view or flatten between a convolution and a Linear. */
const head = torchModule(small, (n, [x], [channels, h, w]) => {
  const filters = n.r.int(2, 4);
  const y = n.relu(n.conv(x, channels, filters));
  return n.linear(n.flat(n.r.chance(0.5) ? n.dropout(y) : y), filters * h * w, 5);
});

const batchNorm = torchModule(any, (n, [x], [channels]) => n.norm(x, channels), { opset: [9, 17] });

const instanceNorm = torchModule(
  (r) => r.pick([line, small, volume])(r),
  (n, [x], [channels]) =>
    n.op('InstanceNormalization', [x, n.weight([channels], 0.5, 1.5), n.weight([channels])], {
      epsilon: { float: 1e-5 },
    }),
);

/** nn.GroupNorm, as torch writes it: InstanceNormalization of what is reshaped to groups. */
const groupNorm = torchModule(
  (r) => [6, r.int(3, 6), r.int(3, 6)],
  (n, [x], [channels, h, w]) => {
    const groups = n.r.pick([1, 2, 3, 6]);
    const y = n.op(
      'InstanceNormalization',
      [n.op('Reshape', [x, n.ints([0, groups, -1])]), n.weight([groups], 1, 1), n.weight([groups], 0, 0)],
      { epsilon: { float: 1e-5 } },
    );
    const z = n.op('Reshape', [y, n.r.chance(0.5) ? n.ints([0, channels, h, w]) : n.op('Shape', [x])]);
    return n.op('Add', [n.op('Mul', [z, n.weight([channels, 1, 1])]), n.weight([channels, 1, 1])]);
  },
);

/** nn.LayerNorm before opset 17: by its parts. */
const layerNorm = torchModule(
  (r) => r.pick([vector, line, small])(r),
  (n, [x], dims) => {
    const last = [-1];
    const centred = n.op('Sub', [x, n.reduce('ReduceMean', x, last, 1)]);
    const squares = n.r.chance(0.5) ? n.op('Mul', [centred, centred]) : n.op('Pow', [centred, n.float(2)]);
    const deviation = n.op('Sqrt', [n.op('Add', [n.reduce('ReduceMean', squares, last, 1), n.float(1e-5)])]);
    const size = dims[dims.length - 1];
    return n.op('Add', [n.op('Mul', [n.op('Div', [centred, deviation]), n.weight([size])]), n.weight([size])]);
  },
);

const lrn = torchModule(small, (n, [x]) =>
  n.op('LRN', [x], { size: n.r.pick([1, 3, 5]), alpha: { float: 1e-3 }, beta: { float: 0.75 }, bias: { float: 1 } }),
);

const gelu = torchModule(
  any,
  (n, [x]) => {
    const erf = n.op('Erf', [n.op('Div', [x, n.float(Math.SQRT2)])]);
    return n.op('Mul', [n.op('Mul', [x, n.op('Add', [erf, n.float(1)])]), n.float(0.5)]);
  },
  { opset: [9, 17] },
);

const mish = torchModule(any, (n, [x]) => n.op('Mul', [x, n.op('Tanh', [n.op('Softplus', [x])])]));
const swish = torchModule(any, (n, [x]) => n.op('Mul', [x, n.op('Sigmoid', [x])]));
const hardSwish = torchModule(any, (n, [x]) =>
  n.opset >= 14 && n.r.chance(0.5)
    ? n.op('HardSwish', [x])
    : n.op('Div', [n.op('Mul', [x, n.clip(n.op('Add', [x, n.float(3)]), 0, 6)]), n.float(6)]),
);
const hardSigmoid = torchModule(any, (n, [x]) =>
  n.r.chance(0.5)
    ? n.op('HardSigmoid', [x], { alpha: { float: 1 / 6 } })
    : n.op('Div', [n.clip(n.op('Add', [x, n.float(3)]), 0, 6), n.float(6)]),
);
const hardTanh = torchModule(any, (n, [x]) =>
  n.clip(
    x,
    ...n.r.pick<[number | undefined, number | undefined]>([
      [-1, 1],
      [0, 6],
      [-2, 0.5],
      [0.5, 2],
      [undefined, 1],
      [-0.5, undefined],
      [0, undefined],
    ]),
  ),
);
const softsign = unary('Softsign');
const logSigmoid = torchModule(any, (n, [x]) => n.op('Log', [n.op('Sigmoid', [x])]));
const prelu = torchModule(any, (n, [x], dims) =>
  n.op('PRelu', [
    x,
    n.r.chance(0.5) || dims.length === 1
      ? n.weight(dims.length === 1 ? [1] : [dims[0], ...dims.slice(1).map(() => 1)])
      : n.weight([1]),
  ]),
);

/** nn.Linear on any rank: Gemm, or MatMul and Add. */
const linear = torchModule(any, (n, [x], dims) => {
  const [from, to] = [dims[dims.length - 1], n.r.int(1, 6)];
  if (dims.length === 1 && n.r.chance(0.5)) return n.linear(x, from, to);
  const y = n.op('MatMul', [x, n.weight([from, to])]);
  return n.r.chance(0.6) ? n.op('Add', n.r.chance(0.5) ? [n.weight([to]), y] : [y, n.weight([to])]) : y;
});

const embedding = torchModule(
  (r) => r.pick([[6], [3, 4]]),
  (n, [x], dims) => {
    const y = n.op('Gather', [n.weight([9, 5]), x], { axis: 0 });
    return n.r.chance(0.5) ? n.reduce('ReduceMean', y, [dims.length], 0) : y;
  },
  { low: 0, high: 8, dtype: 'int64' },
);

const global = torchModule(
  (r) => r.pick([line, image, volume])(r),
  (n, [x], dims) => {
    const y = n.op(n.r.pick(['GlobalAveragePool', 'GlobalMaxPool']), [x]);
    return n.r.pick([
      () => y,
      () => n.flat(y),
      () =>
        n.squeeze(
          y,
          dims.slice(1).map((_, i) => i + 2),
        ),
    ])();
  },
);

const pixelShuffle = torchModule(
  (r) => [4 * r.int(1, 3), r.int(2, 5), r.int(2, 5)],
  (n, [x], [c, h, w]) => {
    const six = n.op('Reshape', [x, n.ints([0, c / 4, 2, 2, h, w])]);
    return n.op('Reshape', [n.op('Transpose', [six], { perm: [0, 1, 4, 2, 5, 3] }), n.ints([0, c / 4, 2 * h, 2 * w])]);
  },
);

const recurrent = (op: 'LSTM' | 'RNN') =>
  torchModule(
    (r) => [r.int(2, 5), r.int(1, 4)],
    (n, [x], [, features]) => {
      const { r } = n;
      const twoWays = r.chance(0.5);
      const [d, units, gates] = [twoWays ? 2 : 1, r.int(1, 4), op === 'LSTM' ? 4 : 1];
      const turned = n.op('Transpose', [x], { perm: [1, 0, 2] });
      const bias = r.chance(0.7) ? [n.weight([d, 2 * gates * units])] : [];
      const [y, last] = n.many(
        op,
        [turned, n.weight([d, gates * units, features]), n.weight([d, gates * units, units]), ...bias],
        { hidden_size: units, ...(twoWays ? { direction: 'bidirectional' } : {}) },
        2,
      );
      const sequence = twoWays
        ? n.op('Reshape', [n.op('Transpose', [y], { perm: [0, 2, 1, 3] }), n.ints([0, 0, -1])])
        : n.squeeze(y, [1]);
      const out = n.op('Transpose', [sequence], { perm: [1, 0, 2] });
      if (r.chance(0.5)) return out;
      return r.chance(0.5)
        ? n.op('Transpose', [last], { perm: [1, 0, 2] })
        : n.op('Gather', [out, n.ints(-1)], { axis: 1 });
    },
  );

/**
 * nn.MultiheadAttention with the batch first, as torch writes it: axes swapped, heads merged with the batch, the result
 * with the positions. The batch is in constants where it isn't open.
 */
function attention(n: TorchNet, x: string, [length, width]: readonly number[], heads: number): string {
  const batch = n.batch ?? n.unsqueeze(n.op('Gather', [n.op('Shape', [x]), n.ints(0)], { axis: 0 }), [0]);
  const times = (factor: number) =>
    typeof batch === 'number' ? batch * factor : n.op('Mul', [batch, n.ints([factor])]);
  const size = width / heads;
  const turned = n.op('Transpose', [x], { perm: [1, 0, 2] });
  const projected = n.op('Add', [n.op('MatMul', [turned, n.weight([width, 3 * width])]), n.weight([3 * width])]);
  const [q, k, v] = n.split(projected, 2, [width, width, width]);
  const apart = (y: string, perm: readonly number[]) =>
    n.op('Transpose', [n.reshape(y, [length, times(heads), size])], { perm });
  const scaled = n.op('Div', [apart(q, [1, 0, 2]), n.float(Math.sqrt(size))]);
  const scores = n.op('MatMul', [scaled, apart(k, [1, 2, 0])]);
  const masked = n.r.chance(0.3) ? n.op('Add', [scores, n.weight([length, length])]) : scores;
  const out = n.op('MatMul', [n.op('Softmax', [masked], { axis: n.opset >= 13 ? -1 : 2 }), apart(v, [1, 0, 2])]);
  const rows = n.reshape(n.op('Transpose', [out], { perm: [1, 0, 2] }), [times(length), width]);
  const back = n.reshape(n.linear(rows, width, width), [length, batch, width]);
  return n.op('Transpose', [back], { perm: [1, 0, 2] });
}
const tokens = (r: Random) => [r.int(3, 6), r.pick([4, 8])];
const multihead = torchModule(tokens, (n, [x], dims) => attention(n, x, dims, n.r.pick([1, 2, 4])));
const encoderLayer = torchModule(
  tokens,
  (n, [x], dims) => {
    const [, width] = dims;
    const norm = (y: string) =>
      n.op('LayerNormalization', [y, n.weight([width], 0.5, 1.5), n.weight([width])], { axis: -1 });
    const dense = (y: string, from: number, to: number) =>
      n.op('Add', [n.op('MatMul', [y, n.weight([from, to])]), n.weight([to])]);
    const feed = (y: string) => dense(n.relu(dense(y, width, 12)), 12, width);
    if (n.r.chance(0.5)) {
      const y = n.op('Add', [x, attention(n, norm(x), dims, 2)]);
      return n.op('Add', [y, feed(norm(y))]);
    }
    const y = norm(n.op('Add', [x, attention(n, x, dims, 2)]));
    return norm(n.op('Add', [y, feed(y)]));
  },
  { opset: [17, 17] },
);

const MODULES: Family = {
  ReLU: unary('Relu'),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  ELU: unary('Elu', (r) => ({ alpha: { float: r.pick([1, 0.7, 1.5]) } })),
  SELU: unary('Selu'),
  LeakyReLU: unary('LeakyRelu', (r) => ({ alpha: { float: r.pick([0.01, 0.2, 1.5]) } })),
  Softplus: unary('Softplus'),
  Softsign: softsign,
  LogSigmoid: logSigmoid,
  Hardtanh: hardTanh,
  Hardswish: hardSwish,
  Hardsigmoid: hardSigmoid,
  GELU: gelu,
  Mish: mish,
  SiLU: swish,
  PReLU: prelu,
  Softmax: softmax('Softmax'),
  LogSoftmax: softmax('LogSoftmax'),
  Conv1d: conv(1, 'any'),
  Conv2d: conv(2, 'any'),
  Conv3d: conv(3, 'any'),
  'Conv1d of groups': conv(1, 'groups'),
  'Conv2d of groups': conv(2, 'groups'),
  'Conv3d of groups': conv(3, 'groups'),
  'Conv2d depthwise': conv(2, 'depthwise'),
  ConvTranspose1d: convTranspose(1),
  ConvTranspose2d: convTranspose(2),
  ConvTranspose3d: convTranspose(3),
  MaxPool1d: pool('MaxPool', 1),
  MaxPool2d: pool('MaxPool', 2),
  MaxPool3d: pool('MaxPool', 3),
  AvgPool1d: pool('AveragePool', 1),
  AvgPool2d: pool('AveragePool', 2),
  AvgPool3d: pool('AveragePool', 3),
  'adaptive pools to 1': global,
  BatchNorm: batchNorm,
  InstanceNorm: instanceNorm,
  GroupNorm: groupNorm,
  LayerNorm: layerNorm,
  LocalResponseNorm: lrn,
  Linear: linear,
  Embedding: embedding,
  'view before Linear': head,
  PixelShuffle: pixelShuffle,
  LSTM: recurrent('LSTM'),
  RNN: recurrent('RNN'),
  MultiheadAttention: multihead,
  TransformerEncoderLayer: encoderLayer,
};

export const TORCH_MODULES: Family = {
  ...MODULES,
  ...ofOpenSize(MODULES, [
    'Conv1d',
    'Conv2d',
    'Conv3d',
    'Conv1d of groups',
    'Conv2d of groups',
    'Conv3d of groups',
    'Conv2d depthwise',
    'ConvTranspose1d',
    'ConvTranspose2d',
    'ConvTranspose3d',
    'MaxPool1d',
    'MaxPool2d',
    'MaxPool3d',
    'AvgPool1d',
    'AvgPool2d',
    'AvgPool3d',
    'adaptive pools to 1',
    'BatchNorm',
    'InstanceNorm',
    'LocalResponseNorm',
    'PReLU',
  ]),
};
