import { int64s, tensorOf, type Tensor } from '../../../tensor/tensor.js';
import { fed, fixed, type AttributeGiven, type Family, type Generator, type Given, type NodeGiven } from '../case.js';
import type { Random } from '../random.js';

/** Writes small networks, node by node. */
export class Net {
  readonly r: Random;
  readonly nodes: NodeGiven[] = [];
  readonly inputs: Record<string, Given> = {};
  private count = 0;
  constructor(r: Random) {
    this.r = r;
  }

  op(op: string, inputs: readonly string[], attributes: Record<string, AttributeGiven> = {}): string {
    return this.many(op, inputs, attributes, 1)[0];
  }
  many(op: string, inputs: readonly string[], attributes: Record<string, AttributeGiven>, outputs: number): string[] {
    const names = Array.from({ length: outputs }, () => `v${this.count++}`);
    this.nodes.push({ op, inputs, outputs: names, attributes });
    return names;
  }
  hold(t: Tensor): string {
    const name = `c${this.count++}`;
    this.inputs[name] = fixed(t);
    return name;
  }
  weight(dims: readonly number[], low = -0.5, high = 0.5): string {
    return this.hold(this.r.tensor('float32', dims, low, high));
  }
  ints(values: readonly number[] | number): string {
    return this.hold(int64s(values));
  }
  floats(values: readonly number[]): string {
    return this.hold(tensorOf('float32', [values.length], values));
  }
  float(v: number): string {
    return this.hold(tensorOf('float32', [], [v]));
  }

  conv(x: string, from: number, to: number, k = 3, attributes: Record<string, AttributeGiven> = {}): string {
    const groups = (attributes.group as number | undefined) ?? 1;
    const pad = (k - 1) / 2;
    return this.op('Conv', [x, this.weight([to, from / groups, k, k]), this.weight([to])], {
      kernel_shape: [k, k],
      pads: [pad, pad, pad, pad],
      ...attributes,
    });
  }
  norm(x: string, channels: number): string {
    return this.op('BatchNormalization', [
      x,
      this.weight([channels], 0.5, 1.5),
      this.weight([channels]),
      this.weight([channels]),
      this.weight([channels], 0.5, 2),
    ]);
  }
  relu(x: string): string {
    return this.op('Relu', [x]);
  }
  /** One size of x, as exporters ask for it: a vector of one element. */
  size(x: string, axis: number): string {
    const all = this.op('Shape', [x]);
    return this.op('Unsqueeze', [this.op('Gather', [all, this.ints(axis)], { axis: 0 }), this.ints([0])]);
  }
  join(parts: readonly string[], axis: number): string {
    return this.op('Concat', parts, { axis });
  }
  reshape(x: string, sizes: readonly (number | string)[]): string {
    return this.op('Reshape', [
      x,
      this.join(
        sizes.map((s) => (typeof s === 'number' ? this.ints([s]) : s)),
        0,
      ),
    ]);
  }
}

type Image = { readonly channels: number; readonly multiple: number };
type Body = (n: Net, x: string, channels: number) => string | string[];

/** An image whose batch, height and width are open, run at two batch sizes and two image sizes. */
const network =
  ({ channels, multiple }: Image, body: Body): Generator =>
  (r) => {
    const n = new Net(r);
    const size = () => multiple * r.int(1, 3);
    const [batch, h, w] = [r.int(1, 2), size() + 2 * multiple, size() + 2 * multiple];
    const at = (b: number, y: number, x: number) => r.tensor('float32', [b, channels, y, x]);
    const out = body(n, 'image', channels);
    const outputs = typeof out === 'string' ? [out] : out;
    return {
      opsets: { '': 17 },
      nodes: n.nodes,
      inputs: {
        image: fed(at(batch, h, w), { 0: 'batch', 2: 'height', 3: 'width' }, [
          at(batch + 1, h, w),
          at(batch, h + multiple, w + 2 * multiple),
          at(batch + 2, h + 2 * multiple, w),
        ]),
        ...n.inputs,
      },
      outputs,
      tolerance: { rtol: 1e-3, atol: 1e-5 },
    };
  };

const residual: Body = (n, x, c) => {
  const stem = n.relu(n.norm(n.conv(x, c, 8, 3, { strides: [2, 2] }), 8));
  const inner = n.norm(n.conv(n.relu(n.norm(n.conv(stem, 8, 8), 8)), 8, 8), 8);
  const sum = n.relu(n.op('Add', [inner, stem]));
  const mean = n.op('Flatten', [n.op('GlobalAveragePool', [sum])], { axis: 1 });
  return n.op('Gemm', [mean, n.weight([5, 8]), n.weight([5])], { transB: 1 });
};

const viewByShape: Body = (n, x, c) => {
  const y = n.op('AveragePool', [n.relu(n.conv(x, c, 6))], { kernel_shape: [2, 2], strides: [2, 2] });
  const flat = n.reshape(n.op('ReduceMean', [y], { axes: [2, 3] }), [n.size(x, 0), -1]);
  return n.op('Softmax', [n.op('MatMul', [flat, n.weight([6, 4])])], { axis: -1 });
};

const uNet: Body = (n, x, c) => {
  const a = n.relu(n.conv(x, c, 4));
  const b = n.relu(n.conv(n.op('MaxPool', [a], { kernel_shape: [2, 2], strides: [2, 2] }), 4, 8));
  const up = n.op('ConvTranspose', [b, n.weight([8, 4, 2, 2])], { kernel_shape: [2, 2], strides: [2, 2] });
  return n.op('Sigmoid', [n.conv(n.join([up, a], 1), 8, 1, 1)]);
};

const resizeTo: Body = (n, x, c) => {
  const deep = n.relu(n.conv(n.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] }), c, 4));
  const sizes = n.join(
    [
      n.op('Slice', [n.op('Shape', [deep]), n.ints([0]), n.ints([2])]),
      n.op('Slice', [n.op('Shape', [x]), n.ints([2]), n.ints([4])]),
    ],
    0,
  );
  const wide = n.op('Resize', [deep, '', '', sizes], { mode: 'linear', coordinate_transformation_mode: 'half_pixel' });
  return n.conv(n.join([wide, x], 1), 4 + c, 2, 1);
};

const nearest: Body = (n, x, c) => {
  const y = n.conv(x, c, 4, 3, { strides: [2, 2] });
  const up = n.op('Resize', [y, '', n.op('Constant', [], { value: tensorOf('float32', [4], [1, 1, 2, 2]) })], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
  return n.op('Add', [up, n.conv(x, c, 4, 1)]);
};

const channelShuffle: Body = (n, x, c) => {
  const y = n.conv(x, c, 8, 1);
  const [b, h, w] = [0, 2, 3].map((axis) => n.size(y, axis));
  const split = n.reshape(y, [b, 2, 4, h, w]);
  const mixed = n.reshape(n.op('Transpose', [split], { perm: [0, 2, 1, 3, 4] }), [b, -1, h, w]);
  const [left, right] = n.many('Split', [mixed, n.ints([4, 4])], { axis: 1 }, 2);
  return n.join([left, n.relu(n.conv(right, 4, 4, 3, { group: 4 }))], 1);
};

const squeezeExcite: Body = (n, x, c) => {
  const y = n.op('HardSwish', [n.conv(x, c, 8)]);
  const gate = n.op('HardSigmoid', [n.conv(n.relu(n.conv(n.op('GlobalAveragePool', [y]), 8, 2, 1)), 2, 8, 1)]);
  return n.op('Mul', [y, gate]);
};

const attention: Body = (n, x, c) => {
  const [b, h, w] = [0, 2, 3].map((axis) => n.size(x, axis));
  const tokens = (y: string) => n.op('Transpose', [n.reshape(y, [b, 4, -1])], { perm: [0, 2, 1] });
  const [q, k, v] = [0, 1, 2].map(() => tokens(n.conv(x, c, 4, 1)));
  const scores = n.op('Mul', [n.op('MatMul', [q, n.op('Transpose', [k], { perm: [0, 2, 1] })]), n.float(0.5)]);
  const y = n.op('MatMul', [n.op('Softmax', [scores], { axis: -1 }), v]);
  return n.conv(n.reshape(n.op('Transpose', [y], { perm: [0, 2, 1] }), [b, 4, h, w]), 4, c, 1);
};

const groupNorm: Body = (n, x, c) => {
  const y = n.conv(x, c, 6);
  const sizes = n.op('Shape', [y]);
  const flat = n.op('InstanceNormalization', [n.reshape(y, [0, 3, -1]), n.weight([3], 1, 1), n.weight([3], 0, 0)]);
  const back = n.op('Reshape', [flat, sizes]);
  return n.op('Add', [n.op('Mul', [back, n.weight([6, 1, 1])]), n.weight([6, 1, 1])]);
};

const layerNorm: Body = (n, x, c) => {
  const y = n.op('Transpose', [n.conv(x, c, 8, 3, { group: 1 })], { perm: [0, 2, 3, 1] });
  const z = n.op('LayerNormalization', [y, n.weight([8]), n.weight([8])], { axis: -1 });
  const mlp = n.op('MatMul', [n.op('Tanh', [n.op('MatMul', [z, n.weight([8, 12])])]), n.weight([12, 8])]);
  return n.op('Transpose', [n.op('Add', [mlp, y])], { perm: [0, 3, 1, 2] });
};

const detection: Body = (n, x, c) => {
  const heads = [2, 1].map((stride) => {
    const y = n.conv(x, c, 3 * 6, 3, { strides: [stride, stride] });
    const [b, h, w] = [0, 2, 3].map((axis) => n.size(y, axis));
    const grid = n.op('Transpose', [n.reshape(y, [b, 3, 6, h, w])], { perm: [0, 1, 3, 4, 2] });
    const [xy, rest] = n.many('Split', [n.op('Sigmoid', [grid]), n.ints([2, 4])], { axis: -1 }, 2);
    return n.reshape(n.join([n.op('Mul', [xy, n.float(stride)]), rest], 4), [b, -1, 6]);
  });
  return n.join(heads, 1);
};

const patches: Body = (n, x, c) => {
  const y = n.conv(x, c, 8, 1, { strides: [2, 2] });
  const tokens = n.op('Transpose', [n.op('Reshape', [y, n.ints([0, 8, -1])])], { perm: [0, 2, 1] });
  const first = n.op('Expand', [n.weight([1, 1, 8]), n.join([n.size(x, 0), n.ints([1]), n.ints([8])], 0)]);
  const all = n.join([first, tokens], 1);
  const mean = n.op('ReduceMean', [all], { axes: [1], keepdims: 0 });
  return [n.op('Gather', [all, n.ints(0)], { axis: 1 }), mean];
};

const windows: Body = (n, x, c) => {
  const [b, h, w] = [0, 2, 3].map((axis) => n.size(x, axis));
  const half = (s: string) => n.op('Div', [s, n.ints([2])]);
  const y = n.op('Transpose', [n.conv(x, c, 4, 1)], { perm: [0, 2, 3, 1] });
  const cut = n.op('Transpose', [n.reshape(y, [b, half(h), 2, half(w), 2, 4])], { perm: [0, 1, 3, 2, 4, 5] });
  const inside = n.op('Softmax', [n.reshape(cut, [-1, 4, 4])], { axis: 1 });
  const back = n.op('Transpose', [n.reshape(inside, [b, half(h), half(w), 2, 2, 4])], { perm: [0, 1, 3, 2, 4, 5] });
  return n.reshape(back, [b, h, w, 4]);
};

const roll: Body = (n, x, c) => {
  const y = n.conv(x, c, 4, 1);
  const part = (from: number, to: number) => n.op('Slice', [y, n.ints([from]), n.ints([to]), n.ints([2])]);
  return n.op('Add', [n.join([part(1, 2 ** 31 - 1), part(0, 1)], 2), y]);
};

const shuffle: Body = (n, x, c) =>
  n.op('SpaceToDepth', [n.op('DepthToSpace', [n.conv(x, c, 8)], { blocksize: 2, mode: 'CRD' })], { blocksize: 2 });

const padded: Body = (n, x, c) => {
  const wide = n.op('Pad', [x, n.ints([0, 0, 1, 1, 0, 0, 1, 1])], { mode: 'reflect' });
  return n.op('LeakyRelu', [n.conv(wide, c, 4, 3, { pads: [0, 0, 0, 0] })], { alpha: { float: 0.1 } });
};

const cropToSame: Body = (n, x, c) => {
  // One that is a pixel larger is cut to the size of the other, as in V-Net and FCN.
  const wide = n.op('ConvTranspose', [x, n.weight([c, 3, 3, 3])], { kernel_shape: [3, 3] });
  const [h, w] = [n.size(x, 2), n.size(x, 3)];
  const cut = n.op('Slice', [wide, n.ints([1, 1]), n.op('Add', [n.join([h, w], 0), n.ints([1])]), n.ints([2, 3])]);
  return n.join([cut, x], 1);
};

const positions: Body = (n, x) => {
  const line = (axis: number) => {
    const count = n.op('Squeeze', [n.size(x, axis)]);
    const all = n.op('Cast', [n.op('Range', [n.ints(0), count, n.ints(1)])], { to: 1 });
    return n.op('Div', [all, n.op('Cast', [count], { to: 1 })]);
  };
  const [y, z] = [n.op('Unsqueeze', [line(2), n.ints([1])]), n.op('Unsqueeze', [line(3), n.ints([0])])];
  return n.op('Mul', [x, n.op('Add', [n.op('Sin', [y]), n.op('Cos', [z])])]);
};

const softArgmax: Body = (n, x, c) => {
  const y = n.conv(x, c, 3, 1);
  const p = n.op(
    'Softmax',
    [n.op('Flatten', [n.reshape(y, [-1, n.op('Mul', [n.size(y, 2), n.size(y, 3)])])], { axis: 1 })],
    { axis: 1 },
  );
  return [n.op('ArgMax', [y], { axis: 1 }), n.op('ReduceMax', [p], { axes: [1] })];
};

const pyramid: Body = (n, x, c) => {
  const a = n.conv(x, c, 4, 3, { strides: [2, 2] });
  const b = n.conv(a, 4, 4, 3, { strides: [2, 2] });
  const up = n.op(
    'Resize',
    [b, '', '', n.join([n.op('Slice', [n.op('Shape', [b]), n.ints([0]), n.ints([2])]), n.size(a, 2), n.size(a, 3)], 0)],
    { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  );
  const merged = n.op('Add', [n.conv(a, 4, 4, 1), up]);
  return [n.conv(merged, 4, 4), n.op('GlobalMaxPool', [b])];
};

/** As MNIST's networks end: an image of known size, flattened for a product. */
const classifier: Generator = (r) => {
  const n = new Net(r);
  const [channels, h, w] = [r.int(1, 3), r.int(4, 7), r.int(4, 7)];
  const at = (batch: number) => r.tensor('float32', [batch, channels, h, w]);
  const y = n.op('MaxPool', [n.relu(n.norm(n.conv('image', channels, 5), 5))], {
    kernel_shape: [2, 2],
    strides: [2, 2],
  });
  const count = 5 * Math.floor(h / 2) * Math.floor(w / 2);
  const flat = n.op(
    ...r.pick<[string, string[], Record<string, AttributeGiven>]>([
      ['Flatten', [y], { axis: 1 }],
      ['Reshape', [y, n.ints([-1, count])], {}],
      ['Reshape', [y, n.ints([0, -1])], {}],
    ]),
  );
  const active = r.chance(0.5) ? n.relu(flat) : flat;
  const out = r.pick([
    () => n.op('Gemm', [active, n.weight([6, count]), n.weight([6])], { transB: 1 }),
    () => n.op('Gemm', [active, n.weight([count, 6]), n.weight([6])], { alpha: { float: 0.5 } }),
    () => n.op('Add', [n.op('MatMul', [active, n.weight([count, 6])]), n.weight([6])]),
  ])();
  return {
    opsets: { '': 17 },
    nodes: n.nodes,
    inputs: { image: fed(at(2), { 0: 'batch' }, [at(1), at(3)]), ...n.inputs },
    outputs: [n.op('Softmax', [out], { axis: 1 })],
    tolerance: { rtol: 1e-3, atol: 1e-5 },
  };
};

/** The Focus of detectors: every second row and column, side by side. */
const focus: Body = (n, x, c) => {
  const every = (y: string, axis: number, from: number) =>
    n.op('Slice', [y, n.ints([from]), n.ints([2 ** 31 - 1]), n.ints([axis]), n.ints([2])]);
  const parts = [0, 1].flatMap((j) => [0, 1].map((i) => every(every(x, 2, i), 3, j)));
  return n.op('Mul', [n.conv(n.join(parts, 1), 4 * c, 6), n.float(2)]);
};

const image = (channels: number, multiple: number): Image => ({ channels, multiple });

export const NETWORKS: Family = {
  classifier,
  Focus: network(image(3, 2), focus),
  residual: network(image(3, 1), residual),
  'view by shape': network(image(3, 2), viewByShape),
  'U-Net': network(image(3, 2), uNet),
  'resize to a size': network(image(3, 1), resizeTo),
  'nearest upsampling': network(image(2, 2), nearest),
  'channel shuffle': network(image(3, 1), channelShuffle),
  'squeeze and excite': network(image(3, 1), squeezeExcite),
  'attention over positions': network(image(3, 1), attention),
  'group norm by instance norm': network(image(3, 1), groupNorm),
  'layer norm of channels': network(image(3, 1), layerNorm),
  'detection heads': network(image(3, 2), detection),
  'patches and a class token': network(image(3, 2), patches),
  windows: network(image(3, 2), windows),
  roll: network(image(3, 1), roll),
  'pixel shuffle': network(image(2, 1), shuffle),
  'reflected edges': network(image(3, 1), padded),
  'crop to the same size': network(image(2, 1), cropToSame),
  'positions from sizes': network(image(3, 1), positions),
  'maps of classes': network(image(2, 1), softArgmax),
  'feature pyramid': network(image(3, 4), pyramid),
};
