/** Small networks that keep every pass busy: written as exporters write them, weights seeded. */
import { Random } from '../../../src/tools/oracle/random.js';
import { tensorOf, type Tensor } from '../../../src/tensor/tensor.js';
import type { AttributeGiven, Given, NodeGiven, OracleCase } from '../../../src/tools/oracle/case.js';
import { fed, fixed } from '../../../src/tools/oracle/case.js';

/** A network in the making: every method gives the name of what its node computes. */
class Net {
  readonly nodes: NodeGiven[] = [];
  readonly inputs: Record<string, Given> = {};
  private readonly random: Random;
  private count = 0;

  constructor(seed: string) {
    this.random = new Random(seed);
  }

  input(name: string, dims: readonly number[]): string {
    this.inputs[name] = fed(this.uniform(dims, 1));
    return name;
  }

  op(op: string, inputs: readonly string[], attributes: Record<string, AttributeGiven> = {}): string {
    return this.many(op, inputs, 1, attributes)[0];
  }

  many(op: string, inputs: readonly string[], outputs: number, attributes: Record<string, AttributeGiven> = {}) {
    const names = Array.from({ length: outputs }, () => `v${this.count++}`);
    this.nodes.push({ op, inputs, outputs: names, attributes });
    return names;
  }

  weight(dims: readonly number[], size = 0.4, middle = 0): string {
    return this.fixed(this.uniform(dims, size, middle));
  }

  number(value: number): string {
    return this.fixed(tensorOf('float32', [], [value]));
  }

  ints(values: readonly number[]): string {
    return this.fixed(tensorOf('int64', [values.length], BigInt64Array.from(values, BigInt)));
  }

  conv(x: string, from: number, to: number, kernel = 1, group = 1, bias = false): string {
    const pad = (kernel - 1) / 2;
    const weights = [this.weight([to, from / group, kernel, kernel]), ...(bias ? [this.weight([to])] : [])];
    return this.op('Conv', [x, ...weights], { kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad], group });
  }

  batchNorm(x: string, channels: number): string {
    const v = (middle: number) => this.weight([channels], 0.2, middle);
    return this.op('BatchNormalization', [x, v(1), v(0), v(0), v(1)], { epsilon: { float: 1e-5 } });
  }

  case(...outputs: string[]): OracleCase {
    return { opsets: { '': 17 }, nodes: this.nodes, inputs: this.inputs, outputs };
  }

  private uniform(dims: readonly number[], size: number, middle = 0): Tensor {
    const n = dims.reduce((a, b) => a * b, 1);
    return tensorOf(
      'float32',
      dims,
      Float32Array.from({ length: n }, () => middle + this.random.float(-size, size)),
    );
  }

  private fixed(tensor: Tensor): string {
    const name = `w${this.count++}`;
    this.inputs[name] = fixed(tensor);
    return name;
  }
}

/** Convolutions with BatchNormalization, padding, groups, HardSwish and squeeze-and-excite. */
function images(): OracleCase {
  const n = new Net('images');
  const relu = (x: string) => n.op('Relu', [x]);
  let x = relu(n.batchNorm(n.conv(n.input('x', [1, 3, 16, 16]), 3, 8, 3), 8));
  x = n.op('Pad', [x, n.ints([0, 0, 1, 1, 0, 0, 1, 1])], { mode: 'constant' });
  x = n.op('HardSwish', [n.conv(n.conv(x, 8, 8, 7, 8), 8, 8, 3, 8)]);
  const gate = n.conv(relu(n.conv(n.op('GlobalAveragePool', [x]), 8, 4, 1, 1, true)), 4, 8, 1, 1, true);
  x = n.op('Mul', [x, n.op('HardSigmoid', [gate], { alpha: { float: 1 / 6 } })]);
  const wide = n.conv(x, 8, 64);
  const grouped = relu(n.batchNorm(n.conv(wide, 64, 64, 1, 2), 64));
  x = relu(n.conv(n.op('Concat', [n.conv(x, 8, 8), grouped], { axis: 1 }), 72, 8));
  // A BatchNormalization before its convolution.
  const before = relu(n.batchNorm(n.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] }), 8));
  const [a, b] = n.many('Split', [n.conv(before, 8, 16), n.ints([8, 8])], 2, { axis: 1 });
  const y = n.op('Mul', [a, n.op('Sigmoid', [b])]);
  return n.case(n.op('Flatten', [n.op('ReduceMean', [y], { axes: [2, 3], keepdims: 1 })], { axis: 1 }));
}

/** An encoder block: LayerNormalization, attention in heads, GELU. */
function attention(): OracleCase {
  const n = new Net('attention');
  const [steps, width, heads] = [36, 64, 2];
  const add = (a: string, b: string) => n.op('Add', [a, b]);
  const norm = (x: string) =>
    n.op('LayerNormalization', [x, n.weight([width], 0.2, 1), n.weight([width])], { axis: -1 });
  const dense = (x: string, from: number, to: number) =>
    add(n.op('MatMul', [x, n.weight([from, to], 0.2)]), n.weight([to]));
  const split = (x: string, perm: readonly number[]) =>
    n.op('Transpose', [n.op('Reshape', [x, n.ints([1, steps, heads, width / heads])])], { perm });
  const x = n.input('x', [1, steps, width]);
  const rows = norm(x);
  const [q, k] = [split(dense(rows, width, width), [0, 2, 1, 3]), split(dense(rows, width, width), [0, 2, 3, 1])];
  const v = split(dense(rows, width, width), [0, 2, 1, 3]);
  const scores = n.op('Div', [n.op('MatMul', [q, k]), n.number(Math.sqrt(width / heads))]);
  const mixed = n.op('MatMul', [n.op('Softmax', [scores], { axis: -1 }), v]);
  const joined = n.op('Reshape', [n.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), n.ints([1, steps, width])]);
  const y = add(x, dense(joined, width, width));
  const inner = dense(norm(y), width, 96);
  const open = add(n.op('Erf', [n.op('Div', [inner, n.number(Math.SQRT2)])]), n.number(1));
  return n.case(add(y, dense(n.op('Mul', [n.op('Mul', [inner, open]), n.number(0.5)]), 96, width)));
}

/** Two units with a channel shuffle between them. */
function shuffle(): OracleCase {
  const n = new Net('shuffle');
  const relu = (x: string) => n.op('Relu', [x]);
  let x = relu(n.conv(n.input('x', [1, 8, 16, 16]), 8, 32));
  for (let i = 0; i < 3; i++) {
    const [a, b] = n.many('Split', [x, n.ints([16, 16])], 2, { axis: 1 });
    const y = relu(n.conv(n.conv(relu(n.conv(b, 16, 16)), 16, 16, 3, 16), 16, 16));
    const apart = n.op('Reshape', [n.op('Concat', [a, y], { axis: 1 }), n.ints([1, 2, 16, 16, 16])]);
    x = n.op('Reshape', [n.op('Transpose', [apart], { perm: [0, 2, 1, 3, 4] }), n.ints([1, 32, 16, 16])]);
  }
  return n.case(n.op('GlobalAveragePool', [relu(n.conv(x, 32, 12))]));
}

/** A block each layer of which reads all before it. */
function dense(): OracleCase {
  const n = new Net('dense');
  const parts = [n.conv(n.input('x', [1, 3, 9, 9]), 3, 6, 3)];
  for (let i = 0; i < 3; i++) {
    const width = 6 + 4 * i;
    const all = n.op('Relu', [
      n.batchNorm(parts.length > 1 ? n.op('Concat', [...parts], { axis: 1 }) : parts[0], width),
    ]);
    parts.push(n.conv(n.op('Relu', [n.batchNorm(n.conv(all, width, 8), 8)]), 8, 4, 3));
  }
  return n.case(n.op('GlobalAveragePool', [n.op('Concat', parts, { axis: 1 })]));
}

/** What exporters leave behind: movements there and back, the same twice, nothing at all. */
function leftovers(): OracleCase {
  const n = new Net('leftovers');
  const x = n.input('x', [2, 5, 12]);
  const there = n.op('Transpose', [n.op('Reshape', [x, n.ints([2, 5, 3, 4])])], { perm: [0, 2, 3, 1] });
  const back = n.op('Transpose', [n.op('Identity', [there])], { perm: [0, 3, 2, 1] });
  const twice = n.op('Relu', [n.op('Relu', [back])]);
  const rows = n.op('Reshape', [n.op('Unsqueeze', [twice, n.ints([0])]), n.ints([10, 12])]);
  const product = n.op('MatMul', [rows, n.weight([12, 7])]);
  const shifted = n.op('Add', [n.op('Reshape', [product, n.ints([2, 5, 7])]), n.weight([7])]);
  const same = () => n.op('Sigmoid', [n.op('Mul', [shifted, n.number(3)])]);
  const image = n.op('Relu', [n.input('z', [1, 2, 24, 40])]);
  const cropped = n.op('Slice', [image, n.ints([3]), n.ints([33]), n.ints([3])]);
  const pooled = n.op('MaxPool', [cropped], { kernel_shape: [2, 2] });
  return n.case(n.op('Add', [same(), n.op('Softplus', [same()])]), n.op('Tanh', [shifted]), pooled);
}

/** A signal, filtered, cut into frames, and masked by a threshold for each band. */
function signal(): OracleCase {
  const n = new Net('signal');
  const filter = { kernel_shape: [64], pads: [31, 32] };
  const smooth = n.op('Relu', [
    n.op('Conv', [n.input('x', [1, 1, 9000]), n.weight([1, 1, 64], 0.1), n.weight([1])], filter),
  ]);
  const bands = n.op('Conv', [smooth, n.weight([8, 1, 32])], { kernel_shape: [32], strides: [16] });
  const loud = n.op('Greater', [bands, n.weight([1, 8, 1])]);
  return n.case(n.op('Where', [loud, bands, n.number(-1)]));
}

/** Weights tied between two products. */
function tied(): OracleCase {
  const n = new Net('tied');
  const w = n.weight([6, 9]);
  const down = n.op('MatMul', [n.input('x', [4, 6]), w]);
  const up = n.op('MatMul', [n.op('Tanh', [down]), n.op('Reshape', [w, n.ints([9, 6])])]);
  return n.case(n.op('Relu', [n.op('Add', [up, n.weight([6])])]));
}

export const NETWORKS: Readonly<Record<string, () => OracleCase>> = {
  images,
  attention,
  shuffle,
  dense,
  leftovers,
  signal,
  tied,
};
