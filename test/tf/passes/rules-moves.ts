/** Rules of the passes over movements, joints, cuts and what is computed twice. */
import { tensorOf } from '../../../src/tensor/tensor.js';
import { conv, matmul, type Rule, rule, vector } from './rule.js';

export const MOVES: readonly Rule[] = [
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
    'merge-axes',
    'one of q, k and v',
    [[1, 4, 3, 2, 5]],
    (b, [x]) => b.op('Neg', [b.slice(x, [0, 0, 1, 0, 0], [-1, -1, 2, -1, -1])]),
    'Slice Neg',
    'Reshape Slice Reshape Neg',
  ),
  rule(
    'merge-axes',
    'columns of images of few channels, however many images',
    [[-1, 40, 20, 2]],
    (b, [x]) => b.op('Neg', [b.slice(x, [0, 0, 3, 0], [-1, -1, 15, 2])]),
    'Slice Neg',
    'Reshape Slice Reshape Neg',
  ),
  rule(
    'merge-axes',
    'rows and columns',
    [[2, 40, 20, 1]],
    (b, [x]) => b.op('Neg', [b.slice(x, [0, 4, 3, 0], [-1, 30, 15, 1])]),
    'Slice Neg',
    'Reshape Slice Reshape Neg',
  ),
  rule(
    'merge-axes',
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
    'merge-axes',
    'not where all is copied as few rows',
    [[2, 4, 20, 30]],
    (b, [x]) => b.op('Neg', [b.slice(x, [0, 0, 3, 0], [-1, -1, 15, 30])]),
    'Slice Neg',
    'Slice Neg',
  ),
  rule(
    'merge-axes',
    'not where the last axis is cut',
    [[2, 40, 20, 8]],
    (b, [x]) => b.op('Neg', [b.slice(x, [0, 0, 3, 2], [-1, -1, 15, 5])]),
    'Slice Neg',
    'Slice Neg',
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
