import type { Family } from '../case.js';
import type { Random } from '../random.js';
import { ofOpenSize, torchModule, type TorchNet } from './torch-net.js';

/** torchvision's networks, and others that onnx2keras was tested with: their blocks and heads, with few channels. */

const image =
  (least: number, most: number) =>
  (r: Random): number[] => [3, r.int(least, most), r.int(least, most)];

interface Options {
  readonly k?: number;
  readonly s?: number;
  readonly p?: number;
  readonly d?: number;
  readonly g?: number;
  readonly bias?: boolean;
}

function conv(n: TorchNet, x: string, from: number, to: number, o: Options = {}): string {
  const { k = 3, s = 1, d = 1, g = 1, p = ((k - 1) / 2) * d, bias = false } = o;
  return n.op('Conv', [x, n.weight([to, from / g, k, k]), ...(bias ? [n.weight([to])] : [])], {
    kernel_shape: [k, k],
    strides: [s, s],
    pads: [p, p, p, p],
    dilations: [d, d],
    group: g,
  });
}

const cbr = (n: TorchNet, x: string, from: number, to: number, o: Options = {}): string =>
  n.relu(n.norm(conv(n, x, from, to, o), to));

function maxPool(n: TorchNet, x: string, k: number, s: number, p = 0, ceil = false): string {
  return n.op('MaxPool', [x], {
    kernel_shape: [k, k],
    strides: [s, s],
    pads: [p, p, p, p],
    ...(ceil && n.opset >= 10 ? { ceil_mode: 1 } : {}),
  });
}

function avgPool(n: TorchNet, x: string, k: number, s: number, p = 0): string {
  return n.op('AveragePool', [x], {
    kernel_shape: [k, k],
    strides: [s, s],
    ...(p > 0 ? { pads: [p, p, p, p], ...(n.r.chance(0.5) ? { count_include_pad: 1 } : {}) } : {}),
  });
}

/** AdaptiveAvgPool2d(1) and Linear, in the ways that networks have of it. */
function head(n: TorchNet, x: string, channels: number, classes = 6): string {
  const mean = n.r.chance(0.7) ? n.flat(n.op('GlobalAveragePool', [x])) : n.reduce('ReduceMean', x, [2, 3], 0);
  const y = n.linear(n.r.chance(0.4) ? n.dropout(mean) : mean, channels, classes);
  return n.r.chance(0.3) ? n.softmax(n.r.pick(['Softmax', 'LogSoftmax']), y, 1, 2) : y;
}

const add = (n: TorchNet, x: string, y: string): string => n.op('Add', n.r.chance(0.5) ? [x, y] : [y, x]);
const sigmoid = (n: TorchNet, x: string): string => n.op('Sigmoid', [x]);
const swish = (n: TorchNet, x: string): string => n.op('Mul', [x, sigmoid(n, x)]);
const relu6 = (n: TorchNet, x: string): string => n.clip(x, 0, 6);
const hardSigmoid = (n: TorchNet, x: string): string =>
  n.op('Div', [n.clip(n.op('Add', [x, n.float(3)]), 0, 6), n.float(6)]);

const alexnet = torchModule(image(63, 70), (n, [x]) => {
  const a = maxPool(n, n.relu(conv(n, x, 3, 6, { k: 11, s: 4, p: 2, bias: true })), 3, 2);
  const b = maxPool(n, n.relu(conv(n, a, 6, 8, { k: 5, bias: true })), 3, 2);
  const c = n.relu(conv(n, n.relu(conv(n, b, 8, 10, { bias: true })), 10, 6, { bias: true }));
  const flat = n.flat(n.op('AveragePool', [maxPool(n, c, 3, 2)], { kernel_shape: [1, 1], strides: [1, 1] }));
  return n.linear(n.relu(n.linear(n.dropout(flat), 6, 12)), 12, 5);
});

const vgg = torchModule(
  (r) => [3, 16, 8 * r.int(2, 3)],
  (n, [x], [, h, w]) => {
    const withNorm = n.r.chance(0.5);
    const step = (y: string, from: number, to: number) =>
      withNorm ? cbr(n, y, from, to, { bias: true }) : n.relu(conv(n, y, from, to, { bias: true }));
    const a = maxPool(n, step(step(x, 3, 4), 4, 4), 2, 2);
    const b = maxPool(n, step(a, 4, 8), 2, 2);
    const c = maxPool(n, step(b, 8, 8), 2, 2);
    const flat = n.flat(c);
    return n.linear(n.dropout(n.relu(n.linear(flat, (8 * h * w) / 64, 10))), 10, 4);
  },
);

function basicBlock(n: TorchNet, x: string, from: number, to: number, s: number, gate?: (y: string) => string): string {
  const y = n.norm(conv(n, cbr(n, x, from, to, { s }), to, to), to);
  const skip = s > 1 || from !== to ? n.norm(conv(n, x, from, to, { k: 1, s }), to) : x;
  return n.relu(add(n, gate ? gate(y) : y, skip));
}

function bottleneck(n: TorchNet, x: string, from: number, to: number, s: number, g = 1, d = 1): string {
  const width = to / 2;
  const y = cbr(n, cbr(n, x, from, width, { k: 1 }), width, width, { s, g, d });
  const skip = s > 1 || from !== to ? n.norm(conv(n, x, from, to, { k: 1, s }), to) : x;
  return n.relu(add(n, n.norm(conv(n, y, width, to, { k: 1 }), to), skip));
}

const stem = (n: TorchNet, x: string, to: number): string => maxPool(n, cbr(n, x, 3, to, { k: 7, s: 2 }), 3, 2, 1);

const resnet = torchModule(image(32, 45), (n, [x]) => {
  const y = basicBlock(n, basicBlock(n, stem(n, x, 4), 4, 4, 1), 4, 8, 2);
  return head(n, y, 8);
});
const resnext = torchModule(image(32, 45), (n, [x]) => {
  const y = bottleneck(n, bottleneck(n, stem(n, x, 4), 4, 8, 1, 2), 8, 16, 2, 4);
  return head(n, y, 16);
});
const preResnet = torchModule(image(24, 33), (n, [x]) => {
  const block = (y: string, from: number, to: number, s: number) => {
    const active = n.relu(n.norm(y, from));
    const z = conv(n, n.relu(n.norm(conv(n, active, from, to, { s }), to)), to, to);
    return add(n, z, from === to ? y : conv(n, active, from, to, { k: 1, s }));
  };
  const y = block(block(conv(n, x, 3, 4), 4, 4, 1), 4, 8, 2);
  return head(n, n.relu(n.norm(y, 8)), 8);
});

/** Squeeze and excitation by Linear or by 1x1 convolutions. */
function excited(n: TorchNet, y: string, channels: number, gate = (z: string) => sigmoid(n, z)): string {
  const mean = n.op('GlobalAveragePool', [y]);
  if (n.r.chance(0.5)) {
    const z = conv(n, n.relu(conv(n, mean, channels, 2, { k: 1, bias: true })), 2, channels, { k: 1, bias: true });
    return n.op('Mul', n.r.chance(0.5) ? [gate(z), y] : [y, gate(z)]);
  }
  const z = gate(n.linear(n.relu(n.linear(n.flat(mean), channels, 2)), 2, channels));
  const shaped = n.r.chance(0.5) ? n.unsqueeze(z, [2, 3]) : n.op('Reshape', [z, n.ints([-1, channels, 1, 1])]);
  return n.op('Mul', [y, n.r.chance(0.5) && n.opset >= 8 ? n.op('Expand', [shaped, n.op('Shape', [y])]) : shaped]);
}
const seResnet = torchModule(
  image(24, 33),
  (n, [x]) =>
    head(
      n,
      basicBlock(n, stem(n, x, 4), 4, 8, 2, (y) => excited(n, y, 8)),
      8,
    ),
  { opset: [9, 17] },
);

const densenet = torchModule(image(32, 40), (n, [x]) => {
  const layer = (ys: string[], from: number) => {
    const joined = ys.length > 1 ? n.join(ys, 1) : ys[0];
    return conv(n, n.relu(n.norm(conv(n, n.relu(n.norm(joined, from)), from, 8, { k: 1 }), 8)), 8, 2);
  };
  const a = stem(n, x, 4);
  const b = layer([a], 4);
  const c = layer([a, b], 6);
  const all = n.join([a, b, c], 1);
  const transition = avgPool(n, conv(n, n.relu(n.norm(all, 8)), 8, 4, { k: 1 }), 2, 2);
  return head(n, n.relu(n.norm(n.join([transition, layer([transition], 4)], 1), 6)), 6);
});

const googlenet = torchModule(image(32, 45), (n, [x]) => {
  const y = maxPool(n, cbr(n, x, 3, 4, { k: 7, s: 2 }), 3, 2, 0, true);
  const inception = n.join(
    [
      cbr(n, y, 4, 2, { k: 1 }),
      cbr(n, cbr(n, y, 4, 2, { k: 1 }), 2, 4),
      cbr(n, cbr(n, y, 4, 2, { k: 1 }), 2, 2, { k: n.r.pick([3, 5]) }),
      cbr(n, maxPool(n, y, 3, 1, 1, true), 4, 2, { k: 1 }),
    ],
    1,
  );
  return head(n, maxPool(n, inception, n.r.pick([2, 3]), 2, 0, true), 10);
});

/** transform_input, factorized convolutions, and average pools whose padding counts. */
const inception3 = torchModule(image(40, 50), (n, [x]) => {
  const channel = (i: number) =>
    n.op('Add', [
      n.op('Mul', [n.unsqueeze(n.op('Gather', [x, n.ints(i)], { axis: 1 }), [1]), n.float(0.458)]),
      n.float(-0.03),
    ]);
  const y = cbr(n, n.join([0, 1, 2].map(channel), 1), 3, 4, { s: 2, p: 0 });
  const asymmetric = (z: string, from: number, to: number, k: [number, number]) =>
    n.relu(
      n.norm(
        n.op('Conv', [z, n.weight([to, from, ...k])], {
          kernel_shape: k,
          pads: [k[0] >> 1, k[1] >> 1, k[0] >> 1, k[1] >> 1],
        }),
        to,
      ),
    );
  const branches = n.join(
    [
      asymmetric(asymmetric(y, 4, 3, [1, 7]), 3, 3, [7, 1]),
      cbr(n, avgPool(n, y, 3, 1, 1), 4, 3, { k: 1 }),
      maxPool(n, n.norm(y, 4), 3, 1, 1),
    ],
    1,
  );
  return head(n, branches, 10);
});

const squeezenet = torchModule(image(32, 45), (n, [x]) => {
  const fire = (y: string, from: number) => {
    const s = n.relu(conv(n, y, from, 2, { k: 1, bias: true }));
    return n.join([n.relu(conv(n, s, 2, 4, { k: 1, bias: true })), n.relu(conv(n, s, 2, 4, { bias: true }))], 1);
  };
  const a = maxPool(n, n.relu(conv(n, x, 3, 4, { s: 2, p: 0, bias: true })), 3, 2, 0, true);
  const b = maxPool(n, fire(fire(a, 4), 8), 3, 2, 0, true);
  const y = n.relu(conv(n, n.dropout(b), 8, 5, { k: 1, bias: true }));
  return n.r.chance(0.5) ? n.flat(n.op('GlobalAveragePool', [y])) : n.squeeze(n.op('GlobalAveragePool', [y]), [2, 3]);
});

function inverted(
  n: TorchNet,
  x: string,
  from: number,
  to: number,
  s: number,
  active: (y: string) => string,
  k = 3,
  se?: (y: string, c: number) => string,
): string {
  const wide = 2 * from;
  const a = active(n.norm(conv(n, x, from, wide, { k: 1 }), wide));
  const b = active(n.norm(conv(n, a, wide, wide, { k, s, g: wide }), wide));
  const y = n.norm(conv(n, se ? se(b, wide) : b, wide, to, { k: 1 }), to);
  return s === 1 && from === to ? add(n, x, y) : y;
}
const mobilenet2 = torchModule(image(24, 35), (n, [x]) => {
  const six = (y: string) => relu6(n, y);
  const a = six(n.norm(conv(n, x, 3, 4, { s: 2 }), 4));
  return head(n, inverted(n, inverted(n, a, 4, 4, 1, six), 4, 6, 2, six), 6);
});
const mobilenet3 = torchModule(
  image(24, 35),
  (n, [x]) => {
    const hard = (y: string) =>
      n.opset >= 14 && n.r.chance(0.5) ? n.op('HardSwish', [y]) : n.op('Mul', [y, hardSigmoid(n, y)]);
    const gate = (y: string, c: number) => excited(n, y, c, (z) => hardSigmoid(n, z));
    const a = hard(n.norm(conv(n, x, 3, 4, { s: 2 }), 4));
    return head(n, inverted(n, inverted(n, a, 4, 4, 1, hard, 5, gate), 4, 6, 2, hard, 3, gate), 6);
  },
  { opset: [8, 17] },
);
const mnasnet = torchModule(image(24, 35), (n, [x]) => {
  const a = cbr(n, x, 3, 4, { s: 2 });
  const b = n.norm(conv(n, cbr(n, a, 4, 4, { g: 4 }), 4, 4, { k: 1 }), 4);
  const active = (y: string) => n.relu(y);
  return head(n, inverted(n, inverted(n, b, 4, 4, 1, active, 5), 4, 6, 2, active), 6);
});
const efficientnet = torchModule(
  image(24, 35),
  (n, [x]) => {
    const silu = (y: string) => swish(n, y);
    const gate = (y: string, c: number) => excited(n, y, c);
    // Its own static padding is uneven for even sizes.
    const wide = n.pad(x, [0, 0, 0, 0, 0, 0, 1, 1], 'constant');
    const a = silu(n.norm(conv(n, wide, 3, 4, { s: 2, p: 0 }), 4));
    return head(n, inverted(n, inverted(n, a, 4, 4, 1, silu, 3, gate), 4, 6, 2, silu, 5, gate), 6);
  },
  { opset: [8, 17] },
);

const shufflenet2 = torchModule(image(32, 40), (n, [x], [, h, w]) => {
  const half = (v: number) => Math.floor((v - 1) / 2) + 1;
  const [rows, columns] = [h, w].map((v) => half(half(v)));
  const shuffled = (y: string, c: number, r: number, k: number) => {
    const five = n.op('Reshape', [y, n.ints([n.r.pick([0, -1]), 2, c / 2, r, k])]);
    return n.op('Reshape', [
      n.op('Transpose', [five], { perm: [0, 2, 1, 3, 4] }),
      n.ints([n.r.pick([0, -1]), c, r, k]),
    ]);
  };
  const branch = (y: string, from: number, s: number) =>
    cbr(n, n.norm(conv(n, cbr(n, y, from, 4, { k: 1 }), 4, 4, { s, g: 4 }), 4), 4, 4, { k: 1 });
  const a = maxPool(n, cbr(n, x, 3, 8, { s: 2 }), 3, 2, 1);
  const [left, right] = n.r.chance(0.5) ? n.split(a, 1, [4, 4]) : [n.slice(a, 1, 0, 4), n.slice(a, 1, 4, 8)];
  const b = shuffled(n.join([left, branch(right, 4, 1)], 1), 8, rows, columns);
  return head(n, b, 8);
});

/** Dilated residual networks, and the last block of DeepLab. */
const drn = torchModule(image(24, 33), (n, [x]) => {
  const y = bottleneck(n, basicBlock(n, cbr(n, x, 3, 4, { k: 7 }), 4, 8, 2), 8, 8, 1, 1, n.r.pick([2, 4]));
  return n.flat(avgPool(n, conv(n, y, 8, 5, { k: 1, bias: true }), 12, 12));
});
const deeplab = torchModule(
  image(24, 32),
  (n, [x], [, h, w]) => {
    const y = cbr(n, x, 3, 4, { s: 2 });
    const pooled = cbr(n, n.op('GlobalAveragePool', [y]), 4, 4, { k: 1 });
    const size = [h, w].map((v) => Math.floor((v - 1) / 2) + 1);
    const up = (z: string, channels: number, to: readonly number[]) =>
      n.op(
        'Resize',
        [
          z,
          n.roi(),
          n.opset < 13 ? n.floats([]) : '',
          n.join([n.slice(n.op('Shape', [z]), 0, 0, 1), n.ints([channels, ...to])], 0),
        ],
        {
          mode: 'linear',
          coordinate_transformation_mode: 'pytorch_half_pixel',
        },
      );
    const parts = [
      cbr(n, y, 4, 4, { k: 1 }),
      cbr(n, y, 4, 4, { d: 2 }),
      cbr(n, y, 4, 4, { d: 3 }),
      up(pooled, 4, size),
    ];
    return up(conv(n, cbr(n, n.join(parts, 1), 16, 4, { k: 1 }), 4, 3, { k: 1, bias: true }), 3, [h, w]);
  },
  { opset: [11, 17] },
);
const fcn = torchModule(image(40, 50), (n, [x]) => {
  const y = avgPool(n, basicBlock(n, stem(n, x, 4), 4, 8, 2), 3, 3);
  return conv(n, y, 8, 7, { k: 1, bias: true });
});
const unet = torchModule(
  (r) => [3, 8 * r.int(2, 4), 8 * r.int(2, 4)],
  (n, [x]) => {
    const twice = (y: string, from: number, to: number) => cbr(n, cbr(n, y, from, to, { bias: true }), to, to);
    const a = twice(x, 3, 4);
    const b = twice(maxPool(n, a, 2, 2), 4, 8);
    const c = twice(maxPool(n, b, 2, 2), 8, 8);
    const up = (y: string, from: number, to: number) => {
      const how = n.r.int(0, 2);
      if (how === 0)
        return n.op('ConvTranspose', [y, n.weight([from, to, 2, 2]), n.weight([to])], {
          kernel_shape: [2, 2],
          strides: [2, 2],
        });
      if (how === 1)
        return n.op('ConvTranspose', [y, n.weight([from, to, 4, 4])], {
          kernel_shape: [4, 4],
          strides: [2, 2],
          pads: [1, 1, 1, 1],
        });
      return conv(
        n,
        n.upsample(y, 4, 2, n.opset >= 11 && n.r.chance(0.5) ? 'linear' : 'nearest', n.r.chance(0.5)),
        from,
        to,
      );
    };
    const d = twice(n.join([up(c, 8, 8), b], 1), 16, 8);
    return sigmoid(n, conv(n, twice(n.join([up(d, 8, 4), a], 1), 8, 4), 4, 2, { k: 1, bias: true }));
  },
);
/** Two stages that meet, as in OpenPose and hourglasses. */
const pose = torchModule(
  (r) => [3, 8 * r.int(2, 3), 8 * r.int(2, 3)],
  (n, [x]) => {
    const prelu = (y: string, c: number) => n.op('PRelu', [y, n.weight([c, 1, 1])]);
    const base = prelu(n.norm(conv(n, x, 3, 6, { s: 2 }), 6), 6);
    const low = n.upsample(prelu(conv(n, maxPool(n, base, 2, 2), 6, 6), 6), 4, 2, 'nearest');
    const first = conv(n, add(n, base, low), 6, 4, { k: 1, bias: true });
    return [first, conv(n, n.join([base, first], 1), 10, 4, { k: 3, bias: true })];
  },
);
const superResolution = torchModule(
  (r) => [1, r.int(8, 12), r.int(8, 12)],
  (n, [x], [, h, w]) => {
    const y = conv(n, n.relu(conv(n, n.relu(conv(n, x, 1, 6, { k: 5, bias: true })), 6, 6, { bias: true })), 6, 4, {
      bias: true,
    });
    const six = n.op('Reshape', [y, n.ints([-1, 1, 2, 2, h, w])]);
    return n.op('Reshape', [n.op('Transpose', [six], { perm: [0, 1, 4, 2, 5, 3] }), n.ints([-1, 1, 2 * h, 2 * w])]);
  },
);
/** Fast style transfer: reflection, instance normalization, upsampling. */
const style = torchModule(
  (r) => [3, 4 * r.int(4, 6), 4 * r.int(4, 6)],
  (n, [x]) => {
    const layer = (y: string, from: number, to: number, k: number, s: number) => {
      const p = k >> 1;
      const z = conv(n, n.pad(y, [0, 0, p, p, 0, 0, p, p], 'reflect'), from, to, { k, s, p: 0, bias: true });
      return n.op('InstanceNormalization', [z, n.weight([to], 0.5, 1.5), n.weight([to])], { epsilon: { float: 1e-5 } });
    };
    const a = n.relu(layer(n.relu(layer(x, 3, 4, 5, 1)), 4, 8, 3, 2));
    const b = add(n, layer(n.relu(layer(a, 8, 8, 3, 1)), 8, 8, 3, 1), a);
    return n.relu(layer(n.upsample(b, 4, 2, 'nearest'), 8, 4, 3, 1));
  },
);

const NETWORKS: Family = {
  AlexNet: alexnet,
  VGG: vgg,
  ResNet: resnet,
  ResNeXt: resnext,
  PreResNet: preResnet,
  'SE-ResNet': seResnet,
  DenseNet: densenet,
  GoogLeNet: googlenet,
  'Inception v3': inception3,
  SqueezeNet: squeezenet,
  'MobileNet v2': mobilenet2,
  'MobileNet v3': mobilenet3,
  MNASNet: mnasnet,
  EfficientNet: efficientnet,
  'ShuffleNet v2': shufflenet2,
  DRN: drn,
  DeepLab: deeplab,
  FCN: fcn,
  'U-Net': unet,
  'pose stages': pose,
  'super resolution': superResolution,
  'style transfer': style,
};

export const TORCHVISION: Family = {
  ...NETWORKS,
  ...ofOpenSize(NETWORKS, [
    'ResNet',
    'ResNeXt',
    'PreResNet',
    'DenseNet',
    'GoogLeNet',
    'Inception v3',
    'SqueezeNet',
    'MobileNet v2',
    'MNASNet',
    'FCN',
    'pose stages',
  ]),
};
