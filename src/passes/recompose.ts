import { isFloat } from '../tensor/dtype.js';
import { isKnown, productOf, sameDim, sameDims } from '../ir/dim.js';
import { readersOf, type Graph, type Node, type Value } from '../ir/graph.js';
import { dense, flatten, logSigmoid, normalization, threshold } from '../ops/layer-ops.js';
import { opFor } from '../ops/registry.js';
import { numbersOf, sizeOf } from '../tensor/tensor.js';
import { pruneGraph } from './prune.js';

/**
 * Says several nodes by one where a layer says them all: normalizations and GELU written out, a bias beside its product,
 * a Flatten before weights that can be moved. For targets of layers; a graph has its own fusions.
 */
export function recompose(graph: Graph): Graph {
  const found = new Finder(graph);
  let changed = false;
  const nodes = graph.nodes.map((node) => {
    const next = found.replacement(node);
    changed ||= next !== node;
    return next;
  });
  if (!changed) return graph;
  const pruned = pruneGraph({ ...graph, nodes });
  // A node that is still there for others stands for itself alone.
  const kept = new Set(pruned.nodes.map((n) => n.origin[0]));
  return {
    ...pruned,
    nodes: pruned.nodes.map((n) =>
      n.origin.length > 1 ? { ...n, origin: n.origin.filter((o, i) => i === 0 || !kept.has(o)) } : n,
    ),
  };
}

/** A node, and the nodes that are said with it. */
interface Found {
  readonly node: Pick<Node, 'op' | 'attrs' | 'inputs'>;
  readonly parts: readonly Node[];
}

class Finder {
  private readonly makers = new Map<Value, Node>();
  private readonly readers: ReadonlyMap<Value, readonly Node[]>;
  private readonly outputs: ReadonlySet<Value>;

  constructor(graph: Graph) {
    for (const node of graph.nodes) for (const v of node.outputs) if (v) this.makers.set(v, node);
    this.readers = readersOf(graph);
    this.outputs = new Set(graph.outputs.map((o) => o.value));
  }

  replacement(node: Node): Node {
    const found =
      this.normalization(node) ??
      this.gelu(node) ??
      this.logSigmoid(node) ??
      this.softsign(node) ??
      this.threshold(node) ??
      this.norm(node) ??
      this.bias(node) ??
      this.flatten(node) ??
      this.states(node);
    if (!found) return node;
    const origin = [...new Set([...node.origin, ...found.parts.flatMap((p) => p.origin)])];
    return { ...node, ...found.node, origin };
  }

  /** The node that gives a value, if it is of this operator. */
  private by(v: Value | undefined, ...names: string[]): Node | undefined {
    const node = v && this.makers.get(v);
    return node && !node.op.domain && names.includes(node.op.name) ? node : undefined;
  }

  /** Whether one node alone reads a value. */
  private isPrivate(v: Value): boolean {
    return this.readers.get(v)?.length === 1 && !this.outputs.has(v);
  }

  /** A constant and the other operand. */
  private withConstant(node: Node | undefined): { x: Value; constant: Value } | undefined {
    if (node?.inputs.length !== 2) return undefined;
    const [a, b] = node.inputs;
    if (a && b?.constant && !a.constant) return { x: a, constant: b };
    return b && a?.constant && !b.constant ? { x: b, constant: a } : undefined;
  }

  /** gamma * (x - mean(x)) / sqrt(mean((x - mean(x))²) + epsilon) + beta, all of it or without beta, or without both. */
  private normalization(node: Node): Found | undefined {
    const parts: Node[] = [];
    const step = (v: Node | undefined): Node | undefined => {
      if (v) parts.push(v);
      return v;
    };
    const shift = named(node, 'Add') ? this.withConstant(node) : undefined;
    const scaled = shift ? this.by(shift.x, 'Mul') : named(node, 'Mul') ? node : undefined;
    const scale = scaled && this.withConstant(scaled);
    if ((named(node, 'Add') || named(node, 'Mul')) && !scale) return undefined;
    if (shift && scaled) step(scaled);
    const divided = scale ? this.by(scale.x, 'Div') : named(node, 'Div') ? node : undefined;
    if (!divided) return undefined;
    if (divided !== node) step(divided);
    const [centered, deviation] = divided.inputs;
    const root = step(this.by(deviation, 'Sqrt') ?? this.power(deviation, 0.5));
    const plus = this.by(root?.inputs[0], 'Add');
    const sum = this.withConstant(step(plus));
    const epsilon = sum && scalar(sum.constant);
    const variance = step(this.by(sum?.x, 'ReduceMean'));
    const square = step(this.squareOf(variance?.inputs[0]));
    const difference = step(this.by(centered, 'Sub'));
    if (epsilon === undefined || !variance || !square || !difference || square.inputs[0] !== centered) return undefined;
    const [x, mean] = difference.inputs;
    const average = step(this.by(mean, 'ReduceMean'));
    if (!x || !average || average.inputs[0] !== x || !isFloat(x.type.dtype)) return undefined;
    const [m, v] = [average, variance].map((n) => n.attrs as { axes?: readonly number[]; keepdims: boolean });
    if (!m.keepdims || !v.keepdims || !m.axes || m.axes.join() !== v.axes?.join()) return undefined;
    const axes = m.axes;
    const fits = (w: Value | undefined) => !w || this.alongOnly(w, x, axes);
    if (!fits(scale?.constant) || !fits(shift?.constant)) return undefined;
    return {
      node: { op: normalization, attrs: { axes, epsilon }, inputs: [x, scale?.constant, shift?.constant] },
      parts,
    };
  }

  /** Whether a constant varies along these axes of x alone, and doesn't make x grow. */
  private alongOnly(w: Value, x: Value, axes: readonly number[]): boolean {
    const shift = x.type.dims.length - w.type.dims.length;
    return (
      shift >= 0 &&
      w.type.dims.every((d, i) => d === 1 || (axes.includes(i + shift) && sameDim(d, x.type.dims[i + shift])))
    );
  }

  /** x² as Pow or as Mul. */
  private squareOf(v: Value | undefined): Node | undefined {
    const product = this.by(v, 'Mul');
    if (product) return product.inputs[0] === product.inputs[1] ? product : undefined;
    return this.power(v, 2);
  }

  private power(v: Value | undefined, exponent: number): Node | undefined {
    const node = this.by(v, 'Pow');
    return node && scalar(node.inputs[1]) === exponent ? node : undefined;
  }

  /** x * (1 + erf(x / sqrt(2))) / 2, in whatever order it is multiplied. */
  private gelu(node: Node): Found | undefined {
    const op = opFor('', 'Gelu');
    if (!op || !named(node, 'Mul')) return undefined;
    const all = this.factors(node, () => false);
    for (const gate of all.values) {
      const found = this.gateOf(gate);
      if (!found) continue;
      const { values, constant, parts } = this.factors(node, (v) => v === found.x || v === gate);
      if (values.length === 2 && values.includes(found.x) && values.includes(gate) && Math.abs(constant - 0.5) < 1e-6)
        return { node: { op, attrs: { tanh: false }, inputs: [found.x] }, parts: [...parts, ...found.parts] };
    }
    return undefined;
  }

  /** What a product of products multiplies. @param stop what is a factor as it is */
  private factors(
    node: Node,
    stop: (v: Value) => boolean,
    depth = 0,
  ): { values: Value[]; constant: number; parts: Node[] } {
    const out = { values: [] as Value[], constant: 1, parts: [] as Node[] };
    for (const v of node.inputs) {
      if (!v) continue;
      const c = scalar(v);
      const inner = depth < 2 && !stop(v) ? this.by(v, 'Mul') : undefined;
      if (c !== undefined) out.constant *= c;
      else if (inner) {
        const more = this.factors(inner, stop, depth + 1);
        out.values.push(...more.values);
        out.parts.push(inner, ...more.parts);
        out.constant *= more.constant;
      } else out.values.push(v);
    }
    return out;
  }

  /** 1 + erf(x / sqrt(2)) */
  private gateOf(v: Value): { x: Value; parts: Node[] } | undefined {
    const gate = this.by(v, 'Add');
    const plus = this.withConstant(gate);
    const erf = plus && scalar(plus.constant) === 1 ? this.by(plus.x, 'Erf') : undefined;
    const scale = this.by(erf?.inputs[0], 'Div', 'Mul');
    const operands = this.withConstant(scale);
    const c = operands && scalar(operands.constant);
    if (!gate || !erf || !scale || !operands || c === undefined) return undefined;
    const factor = scale.op.name === 'Mul' ? c : scale.inputs[0] === operands.x ? 1 / c : Number.NaN;
    // As exact as its type holds the constant.
    const close = operands.x.type.dtype === 'float16' || operands.x.type.dtype === 'bfloat16' ? 2 ** -11 : 1e-5;
    return Math.abs(factor - Math.SQRT1_2) < close ? { x: operands.x, parts: [gate, erf, scale] } : undefined;
  }

  /** log(sigmoid(x)) and log(softmax(x)). */
  private logSigmoid(node: Node): Found | undefined {
    if (!named(node, 'Log')) return undefined;
    const sigmoid = this.by(node.inputs[0], 'Sigmoid');
    if (sigmoid) return { node: { op: logSigmoid, attrs: {}, inputs: sigmoid.inputs }, parts: [sigmoid] };
    const softmax = this.by(node.inputs[0], 'Softmax');
    const op = opFor('', 'LogSoftmax');
    return softmax && op ? { node: { op, attrs: softmax.attrs, inputs: softmax.inputs }, parts: [softmax] } : undefined;
  }

  /** x / (1 + |x|) */
  private softsign(node: Node): Found | undefined {
    if (!named(node, 'Div')) return undefined;
    const [x, divisor] = node.inputs;
    const plus = this.by(divisor, 'Add');
    const operands = this.withConstant(plus);
    const abs = operands && scalar(operands.constant) === 1 ? this.by(operands.x, 'Abs') : undefined;
    const op = opFor('', 'Softsign');
    return op && plus && abs && x && abs.inputs[0] === x
      ? { node: { op, attrs: {}, inputs: [x] }, parts: [plus, abs] }
      : undefined;
  }

  /** x where it is greater than a number, else another number. */
  private threshold(node: Node): Found | undefined {
    if (!named(node, 'Where')) return undefined;
    const [condition, x, other] = node.inputs;
    const greater = this.by(condition, 'Greater');
    const less = this.by(condition, 'Less');
    const [from, bound] = greater ? greater.inputs : less ? [less.inputs[1], less.inputs[0]] : [];
    const [alpha, value] = [bound && scalar(bound), other && scalar(other)];
    if (
      !x ||
      from !== x ||
      alpha === undefined ||
      value === undefined ||
      !isFloat(x.type.dtype) ||
      !sameDims(x.type.dims, node.outputs[0]?.type.dims ?? [])
    )
      return undefined;
    return { node: { op: threshold, attrs: { alpha, value }, inputs: [x] }, parts: [(greater ?? less) as Node] };
  }

  /** The root of a sum of squares as ReduceL2. */
  private norm(node: Node): Found | undefined {
    if (!named(node, 'Sqrt') && !(named(node, 'Pow') && scalar(node.inputs[1]) === 0.5)) return undefined;
    const op = opFor('', 'ReduceL2');
    const total = this.by(node.inputs[0], 'ReduceSumSquare');
    if (op && total) return { node: { op, attrs: total.attrs, inputs: total.inputs }, parts: [total] };
    const sum = this.by(node.inputs[0], 'ReduceSum');
    const square = this.squareOf(sum?.inputs[0]);
    if (!op || !sum || !square || sum.inputs.length > 1) return undefined;
    return { node: { op, attrs: sum.attrs, inputs: [square.inputs[0]] }, parts: [sum, square] };
  }

  /** A product with constant weights, and then a bias, as one Dense. */
  private bias(node: Node): Found | undefined {
    if (!named(node, 'Add')) return undefined;
    const operands = this.withConstant(node);
    const product = operands && this.by(operands.x, 'MatMul');
    const [x, w] = product?.inputs ?? [];
    if (
      !operands ||
      !product ||
      !x ||
      !w?.constant ||
      x.constant ||
      w.type.dims.length !== 2 ||
      x.type.dims.length < 2 ||
      !this.isPrivate(operands.x)
    )
      return undefined;
    const { dims } = operands.constant.type;
    if (
      sizeOf(dims as number[]) !== w.type.dims[1] ||
      dims.at(-1) !== w.type.dims[1] ||
      dims.length > x.type.dims.length
    )
      return undefined;
    return { node: { op: dense, attrs: {}, inputs: [x, w, operands.constant] }, parts: [product] };
  }

  /** A Flatten whose only reader is a product with constant weights leaves its input as it lies. */
  private flatten(node: Node): Found | undefined {
    const isFlatten = named(node, 'Flatten') || named(node, 'Reshape');
    const [x] = node.inputs;
    const [out] = node.outputs;
    if (!isFlatten || !x || !out || x.constant || node.inputs.slice(1).some((v) => v !== undefined)) return undefined;
    const { dims } = x.type;
    if (
      dims.length < 3 ||
      out.type.dims.length !== 2 ||
      !dims.slice(1).every(isKnown) ||
      !sameDim(out.type.dims[1], productOf(dims.slice(1))) ||
      !sameDim(out.type.dims[0], dims[0])
    )
      return undefined;
    return this.leadsToWeights(out) ? { node: { op: flatten, attrs: {}, inputs: [x] }, parts: [] } : undefined;
  }

  /** Through element-wise operators alone, to a product with constant weights, and nowhere else. */
  private leadsToWeights(v: Value): boolean {
    if (!this.isPrivate(v)) return false;
    const [reader] = this.readers.get(v) ?? [];
    if (!reader) return false;
    if (PRODUCTS.has(reader.op.name) && !reader.op.domain)
      return (
        reader.inputs[0] === v &&
        reader.inputs[1]?.constant !== undefined &&
        reader.inputs[1].type.dims.length === 2 &&
        !(reader.attrs as { transA?: boolean }).transA
      );
    const [out] = reader.outputs;
    return (
      ELEMENTWISE.has(reader.op.name) &&
      !reader.op.domain &&
      reader.inputs.filter((i) => i !== undefined).length === 1 &&
      out !== undefined &&
      this.leadsToWeights(out)
    );
  }

  /** Initial states that are zero need not be said. */
  private states(node: Node): Found | undefined {
    if (!(named(node, 'LSTM') || named(node, 'GRU') || named(node, 'RNN'))) return undefined;
    const zero = (v: Value | undefined) => v !== undefined && !v.constant && this.isZero(v);
    if (![5, 6].some((i) => zero(node.inputs[i]))) return undefined;
    return {
      node: {
        op: node.op,
        attrs: node.attrs,
        inputs: node.inputs.map((v, i) => ((i === 5 || i === 6) && zero(v) ? undefined : v)),
      },
      parts: [],
    };
  }

  /** Whether a value is zeros of a shape that the model computes. */
  private isZero(v: Value): boolean {
    if (v.constant) return numbersOf(v.constant.load()).every((n) => n === 0);
    const made = this.by(v, 'ConstantOfShape');
    if (made) return numbersOf((made.attrs as { value: Parameters<typeof numbersOf>[0] }).value).every((n) => n === 0);
    const same = this.by(
      v,
      'Expand',
      'Slice',
      'Transpose',
      'Reshape',
      'Unsqueeze',
      'Squeeze',
      'Gather',
      'Cast',
      'Split',
      'Tile',
    );
    return same?.inputs[0] !== undefined && this.isZero(same.inputs[0]);
  }
}

const PRODUCTS = new Set(['MatMul', 'Gemm']);
const ELEMENTWISE = new Set([
  'Relu',
  'Sigmoid',
  'Tanh',
  'LeakyRelu',
  'Elu',
  'Selu',
  'Softplus',
  'Softsign',
  'Dropout',
  'Gelu',
  'Mish',
]);

const named = (node: Node, name: string): boolean => !node.op.domain && node.op.name === name;

/** The value of a constant of one element. */
function scalar(v: Value | undefined): number | undefined {
  return v?.constant && sizeOf(v.constant.dims) === 1 ? Number(v.constant.load().data[0]) : undefined;
}
