/** For each pass a graph on which it does its work, with the ops before and after. */
import type { Ref } from '../../../src/tf/builder.js';
import type { GraphBuilder } from '../../../src/tf/builder.js';
import { tensorOf } from '../../../src/tensor/tensor.js';
import type { TfGraph } from '../../../src/tf/lower.js';
import type { Target } from '../../../src/tf/target.js';
import { handMade, wave } from './graphs.js';

export interface Rule {
  readonly pass: string;
  readonly what: string;
  readonly graph: () => TfGraph;
  /** Ops but for constants and inputs, with what is fused into them. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly target: Target;
}

const rule = (
  pass: string,
  what: string,
  shapes: readonly (readonly number[])[],
  build: (b: GraphBuilder, inputs: readonly Ref[]) => Ref | readonly Ref[],
  before: string,
  after: string,
  target: Target = 'wasm',
): Rule => ({
  pass,
  what,
  graph: () => handMade(shapes, build),
  before: before.split(' '),
  after: after === '' ? [] : after.split(' '),
  target,
});

const IMAGE = { strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1], data_format: 'NHWC' };
const PLAIN = { transpose_a: false, transpose_b: false };
const BATCHES = { adj_x: false, adj_y: false };
/** A 3x3 convolution without padding. */
const conv = (b: GraphBuilder, x: Ref, from: number, to: number, size = 3, phase = 0): Ref =>
  b.op('Conv2D', [x, b.constant(wave([size, size, from, to], phase))], { ...IMAGE, padding: 'VALID' });
const matmul = (b: GraphBuilder, x: Ref, from: number, to: number, phase = 0): Ref =>
  b.op('MatMul', [x, b.constant(wave([from, to], phase))], PLAIN);
const vector = (b: GraphBuilder, n: number, phase = 0): Ref => b.constant(wave([n], phase));
const mean = (b: GraphBuilder, x: Ref, axes: readonly number[], keep: boolean, op = 'Mean'): Ref =>
  b.op(op, [x, b.ints(axes)], { keep_dims: keep });

export const RULES: readonly Rule[] = [
  rule(
    'drop-noops',
    'what gives what it is given',
    [[2, 3, 4]],
    (b, [x]) => {
      const same = b.reshape(b.op('Identity', [x]), [2, 3, 4]);
      const whole = b.slice(b.transpose(b.mul(same, b.scalar(1)), [0, 1, 2]), [0, 0, 0], [2, 3, 4]);
      const none = b.op('PadV2', [whole, b.tensor(tensorOf('int32', [3, 2], [0, 0, 0, 0, 0, 0])), b.scalar(0)]);
      return b.op('Neg', [b.op('Relu', [b.op('Relu', [none])])]);
    },
    'Identity Reshape Mul Slice PadV2 Relu Relu Neg',
    'Relu Neg',
  ),
  rule(
    'drop-noops',
    'but not what an output is called by',
    [[2, 3]],
    (b, [x]) => b.op('Identity', [b.op('Neg', [x])]),
    'Neg Identity',
    'Neg Identity',
  ),
  rule(
    'merge-moves',
    'two movements are one',
    [[2, 3, 4]],
    (b, [x]) => b.op('Neg', [b.transpose(b.transpose(x, [1, 2, 0]), [1, 0, 2])]),
    'Transpose Transpose Neg',
    'Transpose Neg',
  ),
  rule(
    'merge-concats',
    'a joint of joints, but along one axis',
    [
      [2, 3, 4],
      [2, 3, 4],
    ],
    (b, [x, y]) => {
      const wide = b.concat([b.concat([x, y], -1), x, b.concat([y, x], 2)], 2);
      return b.op('Neg', [b.concat([wide, b.concat([wide, wide], 1)], 1)]);
    },
    'ConcatV2 ConcatV2 ConcatV2 ConcatV2 ConcatV2 Neg',
    'ConcatV2 ConcatV2 Neg',
  ),
  rule(
    'merge-moves',
    'a channel shuffle that is undone',
    [[2, 5, 6]],
    (b, [x]) => {
      const there = b.reshape(b.transpose(b.reshape(x, [10, 2, 3]), [0, 2, 1]), [2, 5, 6]);
      return b.op('Neg', [b.reshape(b.transpose(b.reshape(there, [10, 3, 2]), [0, 2, 1]), [2, 5, 6])]);
    },
    'Reshape Transpose Reshape Reshape Transpose Reshape Neg',
    'Reshape Reshape Neg',
  ),
  rule(
    'merge-moves',
    'a movement of rank 6 that is one of rank 3',
    [[1, 2, 3, 2, 2, 2]],
    (b, [x]) => b.op('Neg', [b.transpose(x, [0, 3, 4, 5, 1, 2])]),
    'Transpose Neg',
    'Reshape Transpose Reshape Neg',
  ),
  rule(
    'merge-views',
    'the last change of sizes remains',
    [[18, 32]],
    (b, [x]) => {
      const low = b.op('Squeeze', [b.reshape(x, [1, 18, 32])], { axis: [0] });
      return b.op('Neg', [b.reshape(low, [9, 2, 32])]);
    },
    'Reshape Squeeze Reshape Neg',
    'Reshape Neg',
  ),
  rule(
    'merge-views',
    'a movement of axes of size 1 is a change of sizes',
    [[1, 5, 7]],
    (b, [x]) => b.op('Neg', [b.transpose(x, [1, 0, 2])]),
    'Transpose Neg',
    'Reshape Neg',
  ),
  rule(
    'lift-views',
    'what stands between two changes of sizes goes before both',
    [[2, 5, 8]],
    (b, [x]) => {
      const rows = matmul(b, b.reshape(x, [10, 8]), 8, 6);
      const sum = b.op('Relu', [b.add2(b.reshape(rows, [2, 5, 6]), vector(b, 6))]);
      return matmul(b, b.reshape(sum, [10, 6]), 6, 3);
    },
    'Reshape MatMul Reshape AddV2 Relu Reshape MatMul',
    'Reshape MatMul AddV2 Relu Reshape Reshape MatMul',
  ),
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
    'lift-concats',
    'a bias and an activation behind a grouped convolution',
    [
      [1, 5, 5, 3],
      [1, 5, 5, 2],
    ],
    (b, [x, y]) => b.op('Relu', [b.add2(b.concat([conv(b, x, 3, 2), conv(b, y, 2, 4)], 3), vector(b, 6))]),
    'Conv2D Conv2D ConcatV2 AddV2 Relu',
    'Conv2D Conv2D AddV2 AddV2 Relu Relu ConcatV2',
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
    'flat-slices',
    'one of q, k and v',
    [[1, 4, 3, 2, 5]],
    (b, [x]) => b.op('Neg', [b.slice(x, [0, 0, 1, 0, 0], [-1, -1, 2, -1, -1])]),
    'Slice Neg',
    'Reshape Slice Reshape Neg',
  ),
  rule(
    'flat-slices',
    'columns of images of few channels, however many images',
    [[-1, 40, 20, 2]],
    (b, [x]) => b.op('Neg', [b.slice(x, [0, 0, 3, 0], [-1, -1, 15, 2])]),
    'Slice Neg',
    'Reshape Slice Reshape Neg',
  ),
  rule(
    'flat-slices',
    'rows and columns',
    [[2, 40, 20, 1]],
    (b, [x]) => b.op('Neg', [b.slice(x, [0, 4, 3, 0], [-1, 30, 15, 1])]),
    'Slice Neg',
    'Reshape Slice Reshape Neg',
  ),
  rule(
    'flat-slices',
    'columns around an image, however many there are',
    [[-1, 30, 20, 3]],
    (b, [x]) => {
      const pads = b.tensor(tensorOf('int32', [4, 2], [0, 0, 0, 0, 2, 1, 0, 0]));
      return b.op('Neg', [b.op('PadV2', [x, pads, b.scalar(0.5)])]);
    },
    'PadV2 Neg',
    'Reshape PadV2 Reshape Neg',
  ),
  rule(
    'flat-slices',
    'not where all is copied as few rows',
    [[2, 4, 20, 30]],
    (b, [x]) => b.op('Neg', [b.slice(x, [0, 0, 3, 0], [-1, -1, 15, 30])]),
    'Slice Neg',
    'Slice Neg',
  ),
  rule(
    'flat-slices',
    'not where the last axis is cut',
    [[2, 40, 20, 8]],
    (b, [x]) => b.op('Neg', [b.slice(x, [0, 0, 3, 2], [-1, -1, 15, 5])]),
    'Slice Neg',
    'Slice Neg',
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
  rule(
    'stack-concats',
    'however many images',
    [
      [-1, 12, 12, 2],
      [-1, 12, 12, 2],
    ],
    (b, [x, y]) => b.op('Neg', [b.concat([b.op('Relu', [x]), b.op('Abs', [y])], 3)]),
    'Relu Abs ConcatV2 Neg',
    'Relu Abs ConcatV2 Reshape Transpose Reshape Neg',
  ),
  rule(
    'stack-concats',
    'a joint that is moved anyway',
    [
      [1, 4, 4, 6],
      [1, 4, 4, 6],
    ],
    (b, [x, y]) =>
      b.op('Neg', [b.reshape(b.transpose(b.reshape(b.concat([x, y], 3), [16, 2, 6]), [0, 2, 1]), [1, 4, 4, 12])]),
    'ConcatV2 Reshape Transpose Reshape Neg',
    'ConcatV2 Reshape Transpose Reshape Reshape Transpose Reshape Neg',
  ),
  rule(
    'chain-concats',
    'what another one joins already',
    Array.from({ length: 4 }, () => [1, 2, 3, 4]),
    (b, [x, y, z, w]) =>
      [b.concat([x, y, z], 3), b.concat([b.concat([x, y], 3), z, w], 3)].map((joint) => b.op('Neg', [joint])),
    'ConcatV2 ConcatV2 ConcatV2 Neg Neg',
    'ConcatV2 ConcatV2 Neg Neg',
  ),
  ...(['any', 'webgl'] as const).map((target) =>
    rule(
      'stack-concats',
      'many narrow images',
      Array.from({ length: 8 }, () => [1, 12, 12, 3]),
      (b, images) => b.op('Neg', [b.concat(images, 3)]),
      'ConcatV2 Neg',
      target === 'any' ? 'ConcatV2 Reshape Transpose Reshape Neg' : 'ConcatV2 Neg',
      target,
    ),
  ),
  rule(
    'gather-parts',
    'half of the channels as rows',
    [[1, 16, 16, 16]],
    (b, [x]) => b.many('Split', [b.scalar(3, 'int32'), x], { num_split: 2 }).map((y) => b.op('Neg', [y])),
    'Split Neg Neg',
    'Reshape GatherNd Reshape GatherNd Neg Neg',
  ),
  rule(
    'gather-parts',
    'but not for a GPU, whose halves hold no large numbers of rows',
    [[1, 16, 16, 16]],
    (b, [x]) => b.many('Split', [b.scalar(3, 'int32'), x], { num_split: 2 }).map((y) => b.op('Neg', [y])),
    'Split Neg Neg',
    'Split Neg Neg',
    'any',
  ),
  rule(
    'gather-parts',
    'nor what lies one behind the other: the gates of a recurrent layer',
    [[1, 4096]],
    (b, [x]) => b.many('Split', [b.scalar(1, 'int32'), x], { num_split: 8 }).map((y) => b.op('Neg', [y])),
    `Split${' Neg'.repeat(8)}`,
    `Split${' Neg'.repeat(8)}`,
    'any',
  ),
  rule(
    'gather-parts',
    'many parts by one movement',
    [[1, 16, 16, 16]],
    (b, [x]) => b.many('Split', [b.scalar(3, 'int32'), x], { num_split: 8 }).map((y) => b.op('Neg', [y])),
    `Split${' Neg'.repeat(8)}`,
    `${'Reshape Transpose Reshape GatherNd '.repeat(8).trim()}${' Neg'.repeat(8)}`,
    'any',
  ),
  rule(
    'spread-operands',
    'a mask of attention',
    [
      [1, 1, 24, 24],
      [2, 8, 24, 24],
    ],
    (b, [m, x]) => b.op('Neg', [b.select(b.op('Greater', [m, b.scalar(0)]), x, b.scalar(-3))]),
    'Greater SelectV2 Neg',
    'Greater Cast Fill Mul NotEqual Fill SelectV2 Neg',
  ),
  rule(
    'spread-operands',
    'a comparison and a maximum with rows, however many there are',
    [
      [-1, 40, 60],
      [40, 1],
    ],
    (b, [x, y]) => b.op('SelectV2', [b.op('Less', [x, y]), b.op('Maximum', [y, x]), x]),
    'Less Maximum SelectV2',
    'Shape Fill Mul Less Shape Fill Mul Maximum SelectV2',
  ),
  rule(
    'spread-operands',
    'BroadcastTo',
    [[1, 60]],
    (b, [x]) => b.op('Neg', [b.op('BroadcastTo', [x, b.ints([40, 60])])]),
    'BroadcastTo Neg',
    'Fill Mul Neg',
  ),
  rule(
    'spread-operands',
    'not a single number',
    [[40, 60]],
    (b, [x]) => b.op('Maximum', [x, b.scalar(0.1)]),
    'Maximum',
    'Maximum',
  ),
  rule(
    'share',
    'what is computed twice',
    [[4, 6]],
    (b, [x]) => {
      const twice = () => b.op('Relu', [b.mul(x, b.tensor(tensorOf('float32', [1], [3])))]);
      return b.add2(b.op('Sigmoid', [twice()]), twice());
    },
    'Mul Relu Sigmoid Mul Relu AddV2',
    'Mul Relu Sigmoid AddV2',
  ),
];
