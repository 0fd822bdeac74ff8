/** Rules of the passes over products, and what belongs to them. */
import { wave } from './graphs.js';
import { BATCHES, conv, IMAGE, matmul, mean, PLAIN, type Rule, rule, vector } from './rule.js';

export const PRODUCTS: readonly Rule[] = [
  rule(
    'gates',
    'GELU by Erf',
    [[6, 16]],
    (b, [x]) =>
      b.mul(
        b.mul(x, b.add2(b.op('Erf', [b.op('RealDiv', [x, b.scalar(Math.fround(Math.SQRT2))])]), b.scalar(1))),
        b.scalar(0.5),
      ),
    'RealDiv Erf AddV2 Mul Mul',
    'Square Mul AddV2 Mul AddV2 Mul AddV2 Mul AddV2 Mul AddV2 Mul AddV2 Mul Sigmoid Mul',
  ),
  rule(
    'gates',
    'GELU by Tanh',
    [[6, 16]],
    (b, [x]) => b.mul(b.mul(b.scalar(0.5), x), b.add2(b.op('Tanh', [b.mul(x, b.scalar(0.797))]), b.scalar(1))),
    'Mul Mul Tanh AddV2 Mul',
    'Mul Sigmoid Mul',
  ),
  rule(
    'gates',
    'not where the factor is another',
    [[6, 16]],
    (b, [x]) => b.mul(b.mul(x, b.add2(b.op('Erf', [b.mul(x, b.scalar(0.5))]), b.scalar(1))), b.scalar(0.5)),
    'Mul Erf AddV2 Mul Mul',
    'Mul Erf AddV2 Mul Mul',
  ),
  rule(
    'fold-pads',
    'zeros become the padding of the convolution',
    [[1, 6, 6, 3]],
    (b, [x]) => conv(b, b.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]]), 3, 4), // biome-ignore format: rows of axes
    'PadV2 Conv2D',
    'Conv2D',
  ),
  rule(
    'fold-pads',
    'not another number than 0',
    [[1, 6, 6, 3]],
    (b, [x]) => conv(b, b.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], 1), 3, 4), // biome-ignore format: rows of axes
    'PadV2 Conv2D',
    'PadV2 Conv2D',
  ),
  rule(
    'fold-affine',
    'BatchNormalization behind a convolution',
    [[1, 6, 6, 3]],
    (b, [x]) => b.add2(b.mul(conv(b, x, 3, 4), vector(b, 4)), vector(b, 4, 1)),
    'Conv2D Mul AddV2',
    '_FusedConv2D+BiasAdd',
  ),
  rule(
    'fold-affine',
    'not where the product is read elsewhere, too',
    [[1, 6, 6, 3]],
    (b, [x]) => {
      const y = conv(b, x, 3, 4);
      return b.mul(b.op('Neg', [y]), b.mul(y, vector(b, 4)));
    },
    'Conv2D Neg Mul Mul',
    'Conv2D Neg Mul Mul',
  ),
  rule(
    'fold-forward',
    'a scale and a shift before products',
    [[5, 8]],
    (b, [x]) => {
      const y = b.add2(b.mul(b.op('Neg', [x]), vector(b, 8)), vector(b, 8, 1));
      return [matmul(b, y, 8, 3), matmul(b, y, 8, 4, 2)];
    },
    'Neg Mul AddV2 MatMul MatMul',
    'Neg _FusedMatMul+BiasAdd _FusedMatMul+BiasAdd',
  ),
  rule(
    'fold-forward',
    'a shift stays before a convolution that pads',
    [[1, 6, 6, 3]],
    (b, [x]) =>
      b.op('Conv2D', [b.add2(b.op('Neg', [x]), vector(b, 3)), b.constant(wave([3, 3, 3, 4]))], {
        ...IMAGE,
        padding: 'SAME',
      }),
    'Neg AddV2 Conv2D',
    'Neg AddV2 Conv2D',
  ),
  rule(
    'raise-scales',
    "attention's scale into the weights",
    [
      [6, 8],
      [2, 4, 5],
    ],
    (b, [x, k]) => {
      const q = b.transpose(b.reshape(matmul(b, x, 8, 8), [6, 2, 4]), [1, 0, 2]);
      return b.mul(b.op('BatchMatMulV2', [q, k], BATCHES), b.scalar(0.125));
    },
    'MatMul Reshape Transpose BatchMatMulV2 Mul',
    'MatMul Reshape Transpose BatchMatMulV2',
  ),
  rule(
    'pool-means',
    'the mean of an image',
    [[1, 6, 5, 4]],
    (b, [x]) => [b.op('Neg', [mean(b, x, [1, 2], false)]), b.op('Neg', [mean(b, x, [1, 2], true, 'Max')])],
    'Mean Neg Max Neg',
    'AvgPool Squeeze Neg MaxPool Neg',
  ),
  rule(
    'pool-means',
    'not over other axes',
    [[1, 6, 5, 4]],
    (b, [x]) => b.op('Neg', [mean(b, x, [1, 3], false)]),
    'Mean Neg',
    'Mean Neg',
  ),
  rule(
    'sink-scales',
    'the sixth of HardSwish into the next weights',
    [[1, 6, 6, 3]],
    (b, [x]) =>
      conv(b, b.op('MaxPool', [b.mul(b.op('Neg', [x]), b.scalar(Math.fround(1 / 6)))], { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: 'VALID', data_format: 'NHWC' }), 3, 4), // biome-ignore format: one line
    'Neg Mul MaxPool Conv2D',
    'Neg MaxPool Conv2D',
  ),
  rule(
    'sink-scales',
    'HardSigmoid behind a product',
    [
      [1, 4, 4, 3],
      [1, 2, 2, 4],
    ],
    (b, [x, z]) => {
      const bare = b.op('_FusedConv2D', [x, b.constant(wave([3, 3, 3, 4])), vector(b, 4)], {
        ...IMAGE,
        padding: 'VALID',
        num_args: 1,
        fused_ops: ['BiasAdd'],
      });
      const gate = b.op('ClipByValue', [bare, b.scalar(0), b.scalar(1)]);
      return conv(b, b.mul(z, gate), 4, 2, 1);
    },
    '_FusedConv2D+BiasAdd ClipByValue Mul Conv2D',
    '_FusedConv2D+BiasAdd+Relu6 Mul Conv2D',
  ),
  rule(
    'sink-scales',
    'not a number below 0 past a pool',
    [[1, 6, 6, 3]],
    (b, [x]) =>
      conv(b, b.op('MaxPool', [b.mul(b.op('Neg', [x]), b.scalar(-2))], { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: 'VALID', data_format: 'NHWC' }), 3, 4), // biome-ignore format: one line
    'Neg Mul MaxPool Conv2D',
    'Neg Mul MaxPool Conv2D',
  ),
  rule(
    'scale-shift',
    'BatchNormalization and Relu without a product before',
    [[1, 6, 6, 3]],
    (b, [x]) => b.op('Relu', [b.add2(b.mul(b.op('Neg', [x]), vector(b, 3)), vector(b, 3, 1))]),
    'Neg Mul AddV2 Relu',
    'Neg FusedDepthwiseConv2dNative+BiasAdd Relu',
  ),
  rule(
    'fuse-activation',
    'an activation behind a product without a bias',
    [[1, 6, 6, 3]],
    (b, [x]) => b.op('Relu6', [conv(b, x, 3, 4)]),
    'Conv2D Relu6',
    '_FusedConv2D+BiasAdd+Relu6',
  ),
  rule(
    'loop-products',
    "attention's two products, head by head",
    [
      [2, 20, 64],
      [2, 64, 40],
      [2, 40, 64],
    ],
    (b, [q, k, v]) => b.op('BatchMatMulV2', [b.op('Softmax', [b.op('BatchMatMulV2', [q, k], BATCHES)]), v], BATCHES),
    'BatchMatMulV2 Softmax BatchMatMulV2',
    'GatherNd GatherNd MatMul Softmax GatherNd MatMul GatherNd GatherNd MatMul Softmax GatherNd MatMul ConcatV2 Reshape',
  ),
  rule(
    'cut-products',
    'a product whose channels are cut apart',
    [[1, 6, 6, 3]],
    (b, [x]) =>
      b.many('Split', [b.scalar(3, 'int32'), conv(b, x, 3, 8)], { num_split: 2 }).map((y) => b.op('Neg', [y])),
    'Conv2D Split Neg Neg',
    'Conv2D Conv2D Neg Neg',
  ),
  ...(['any', 'wasm', 'webgl'] as const).map((target) =>
    rule(
      'cut-products',
      'not where reading a wide image for each part takes longer on WASM than cutting the narrow result',
      [[1, 24, 24, 64]],
      (b, [x]) =>
        b.many('Split', [b.scalar(3, 'int32'), conv(b, x, 64, 16, 1)], { num_split: 8 }).map((y) => b.op('Neg', [y])),
      `Conv2D Split${' Neg'.repeat(8)}`,
      `${target === 'webgl' ? 'Conv2D '.repeat(8).trim() : 'Conv2D Split'}${' Neg'.repeat(8)}`,
      target,
    ),
  ),
  rule(
    'cover-taps',
    'a filter of 1x5, and one of 7x7 with a bias and an activation',
    [[1, 9, 8, 3]],
    (b, [x]) => {
      const low = b.op('DepthwiseConv2dNative', [x, b.constant(wave([1, 5, 3, 1]))], { ...IMAGE, padding: 'VALID' });
      return b.op('FusedDepthwiseConv2dNative', [low, b.constant(wave([7, 7, 3, 1], 1)), vector(b, 3)], {
        ...IMAGE,
        strides: [1, 2, 2, 1],
        padding: 'EXPLICIT',
        explicit_paddings: [0, 0, 3, 3, 3, 2, 0, 0],
        num_args: 1,
        fused_ops: ['BiasAdd', 'Relu'],
      });
    },
    'DepthwiseConv2dNative FusedDepthwiseConv2dNative+BiasAdd+Relu',
    'DepthwiseConv2dNative FusedDepthwiseConv2dNative+BiasAdd DepthwiseConv2dNative DepthwiseConv2dNative DepthwiseConv2dNative AddV2 AddV2 AddV2 Relu',
  ),
  rule(
    'cover-taps',
    'not where the padding is too little',
    [[1, 9, 8, 3]],
    (b, [x]) => b.op('DepthwiseConv2dNative', [x, b.constant(wave([7, 7, 3, 1]))], { ...IMAGE, padding: 'VALID' }),
    'DepthwiseConv2dNative',
    'DepthwiseConv2dNative',
  ),
  rule(
    'phases',
    'a long filter of stride 3, with its bias and activation',
    [[-1, 1, 6000, 1]],
    (b, [x]) =>
      b.op('_FusedConv2D', [x, b.constant(wave([1, 300, 1, 1])), vector(b, 1)], {
        ...IMAGE,
        strides: [1, 1, 3, 1],
        padding: 'VALID',
        num_args: 1,
        fused_ops: ['BiasAdd', 'Relu'],
      }),
    '_FusedConv2D+BiasAdd+Relu',
    'Reshape PadV2 Reshape _FusedConv2D+BiasAdd+Relu Reshape Slice Reshape',
  ),
  rule(
    'phases',
    'rows with padding, of which the last are not reached',
    [[2, 3, 4002, 1]],
    (b, [x]) =>
      b.op('Conv2D', [x, b.constant(wave([1, 60, 1, 1]))], {
        ...IMAGE,
        strides: [1, 1, 2, 1],
        padding: 'EXPLICIT',
        explicit_paddings: [0, 0, 0, 0, 30, 3, 0, 0],
      }),
    'Conv2D',
    'Reshape PadV2 Reshape Conv2D Reshape Slice Reshape',
  ),
  rule(
    'phases',
    'a signal that is longer than all filters need',
    [[1, 1, 24571, 1]],
    (b, [x]) =>
      b.op('Conv2D', [x, b.constant(wave([1, 25, 1, 1]))], { ...IMAGE, strides: [1, 1, 1, 1], padding: 'VALID' }),
    'Conv2D',
    'Reshape PadV2 Reshape Conv2D Reshape Slice Reshape',
  ),
  rule(
    'phases',
    'not what is short',
    [[1, 1, 500, 1]],
    (b, [x]) => b.op('Conv2D', [x, b.constant(wave([1, 40, 1, 1]))], { ...IMAGE, padding: 'VALID' }),
    'Conv2D',
    'Conv2D',
  ),
  rule(
    'split-concats',
    'a convolution of joined images that narrows',
    [
      [1, 6, 6, 8],
      [1, 6, 6, 4],
    ],
    (b, [x, y]) =>
      b.op('_FusedConv2D', [b.concat([x, y], 3), b.constant(wave([1, 1, 12, 4])), vector(b, 4)], {
        ...IMAGE,
        padding: 'VALID',
        num_args: 1,
        fused_ops: ['BiasAdd', 'Relu'],
      }),
    'ConcatV2 _FusedConv2D+BiasAdd+Relu',
    '_FusedConv2D+BiasAdd Conv2D AddV2 Relu',
  ),
  rule(
    'split-hidden',
    'a feed-forward layer with large weights',
    [[17, 256]],
    (b, [x]) => {
      const wide = matmul(b, x, 256, 4608);
      const gated = b.mul(wide, b.op('Sigmoid', [b.mul(wide, vector(b, 4608))]));
      return b.op('_FusedMatMul', [gated, b.constant(wave([4608, 3])), vector(b, 3)], {
        ...PLAIN,
        num_args: 1,
        fused_ops: ['BiasAdd', 'Relu'],
      });
    },
    'MatMul Mul Sigmoid Mul _FusedMatMul+BiasAdd+Relu',
    'MatMul Mul Sigmoid Mul _FusedMatMul+BiasAdd MatMul Mul Sigmoid Mul MatMul MatMul Mul Sigmoid Mul MatMul AddV2 AddV2 Relu',
  ),
];
