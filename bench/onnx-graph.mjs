// A hand for writing ONNX networks with random weights: seeded, so that every machine measures the same bytes.
import { encodeModel } from '../lib/onnx/encode.js';

/** Mulberry32: numbers in 0 … 1 from a seed. */
export function randomFrom(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const INT64 = 7;
const FLOAT = 1;

/** One graph in the making. Values are names; every method gives the name of what its node computes. */
export class OnnxGraph {
  nodes = [];
  initializers = [];
  inputs = [];
  outputs = [];
  count = 0;

  constructor(seed, opset = 17) {
    this.random = randomFrom(seed);
    this.opset = opset;
  }

  input(name, shape) {
    this.inputs.push(this.face(name, shape));
    return name;
  }

  output(value) {
    this.outputs.push({ name: value });
    return value;
  }

  face(name, shape) {
    return { name, type: { tensorType: { elemType: FLOAT, shape: { dim: shape.map((d) => ({ dimValue: d })) } } } };
  }

  /** Uniform weights whose products keep the variance of their inputs. */
  weight(dims, fan, gain = 1) {
    const n = dims.reduce((a, b) => a * b, 1);
    const bound = gain * Math.sqrt(3 / fan);
    const data = new Float32Array(n);
    for (let i = 0; i < n; i++) data[i] = (2 * this.random() - 1) * bound;
    return this.tensor(dims, data);
  }

  /** Uniform numbers within these bounds. */
  between(dims, low, high) {
    return this.tensor(
      dims,
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => low + (high - low) * this.random()),
    );
  }

  tensor(dims, data) {
    const name = `w${this.initializers.length}`;
    this.initializers.push({
      name,
      dims,
      dataType: FLOAT,
      rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
    return name;
  }

  scalar(value) {
    return this.tensor([], Float32Array.of(value));
  }

  /** A whole number, of rank 0. */
  index(value) {
    const name = this.ints([value]);
    this.initializers.at(-1).dims = [];
    return name;
  }

  ints(values) {
    const name = `w${this.initializers.length}`;
    this.initializers.push({
      name,
      dims: [values.length],
      dataType: INT64,
      rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
    });
    return name;
  }

  /** A node with one output. Attributes: whole numbers and lists of them are ints, `{ float: x }` a float, text a string. */
  op(opType, inputs, attributes = {}, outputs = 1) {
    const names = Array.from({ length: outputs }, () => `v${this.count++}`);
    this.nodes.push({
      opType,
      input: inputs,
      output: names,
      attribute: Object.entries(attributes).map(([name, v]) =>
        typeof v === 'number'
          ? { name, type: 2, i: v }
          : Array.isArray(v)
            ? { name, type: 7, ints: v }
            : typeof v === 'string'
              ? { name, type: 3, s: new TextEncoder().encode(v) }
              : { name, type: 1, f: v.float },
      ),
    });
    return outputs === 1 ? names[0] : names;
  }

  relu(x) {
    return this.op('Relu', [x]);
  }

  add(a, b) {
    return this.op('Add', [a, b]);
  }

  mul(a, b) {
    return this.op('Mul', [a, b]);
  }

  /** A convolution with a bias, as torch exports one with its BatchNormalization folded in. */
  conv(x, from, to, { kernel = 3, stride = 1, group = 1, pad = (kernel - 1) / 2, dilation = 1, gain = 1.3 } = {}) {
    const weight = this.weight([to, from / group, kernel, kernel], (from / group) * kernel * kernel, gain);
    return this.op('Conv', [x, weight, this.between([to], -0.1, 0.1)], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      dilations: [dilation, dilation],
      group,
    });
  }

  maxPool(x, kernel, stride, pad = 0) {
    return this.op('MaxPool', [x], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    });
  }

  averagePool(x) {
    return this.op('GlobalAveragePool', [x]);
  }

  concat(parts, axis = 1) {
    return this.op('Concat', parts, { axis });
  }

  reshape(x, shape) {
    return this.op('Reshape', [x, this.ints(shape)]);
  }

  transpose(x, perm) {
    return this.op('Transpose', [x], { perm });
  }

  linear(x, from, to, gain = 1) {
    return this.op('Gemm', [x, this.weight([to, from], from, gain), this.between([to], -0.1, 0.1)], { transB: 1 });
  }

  /** A linear layer over the last axis of a tensor of any rank. */
  dense(x, from, to, gain = 1) {
    return this.add(this.op('MatMul', [x, this.weight([from, to], from, gain)]), this.between([to], -0.1, 0.1));
  }

  /** As torch writes it at this opset. */
  layerNorm(x, width) {
    const [scale, shift] = [this.between([width], 0.8, 1.2), this.between([width], -0.1, 0.1)];
    if (this.opset >= 17)
      return this.op('LayerNormalization', [x, scale, shift], { axis: -1, epsilon: { float: 1e-5 } });
    const centered = this.op('Sub', [x, this.op('ReduceMean', [x], { axes: [-1] })]);
    const variance = this.op('ReduceMean', [this.op('Pow', [centered, this.scalar(2)])], { axes: [-1] });
    const deviation = this.op('Sqrt', [this.add(variance, this.scalar(1e-5))]);
    return this.add(this.mul(this.op('Div', [centered, deviation]), scale), shift);
  }

  /** As torch writes it below opset 20. */
  gelu(x) {
    const erf = this.op('Erf', [this.op('Div', [x, this.scalar(Math.SQRT2)])]);
    return this.mul(this.mul(x, this.add(erf, this.scalar(1))), this.scalar(0.5));
  }

  silu(x) {
    return this.mul(x, this.op('Sigmoid', [x]));
  }

  bytes() {
    return encodeModel({
      irVersion: 8,
      producerName: 'bench',
      opsetImport: [{ version: this.opset }],
      graph: { name: 'g', node: this.nodes, initializer: this.initializers, input: this.inputs, output: this.outputs },
    });
  }
}
