import { areKnown } from '../ir/dim.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import { repeat } from '../ops/control/control-flow.js';
import { isFloat, isInteger, isUnsigned, rangeOf, type DType } from '../tensor/dtype.js';
import { numbersOf, sizeOf } from '../tensor/tensor.js';

/** The least and the greatest that an element may be. */
type Range = readonly [number, number];

/** The types that TensorFlow.js's int32 doesn't hold all values of. */
const isWide = (d: DType): boolean => d === 'int64' || d === 'uint64' || d === 'uint32';

const LEAST = -(2 ** 31);
const GREATEST = 2 ** 31 - 1;

/** Larger constants are not looked into. */
const MOST_ELEMENTS = 4096;

/** Operators of a file that are computed in other ways where their integers are only places and sizes. */
const ARITHMETIC =
  /^(Add|Sub|Mul|Sum|Neg|Abs|Pow|Cast|CastLike|Range|MatMul|Gemm|Einsum|BitShift|Reduce\w+|Cum\w+|Scatter\w*|If|Loop|Scan)$/;

/** Whether a node that stands for this operator of the file is one whose integers matter. */
export const isArithmetic = (op: string): boolean => ARITHMETIC.test(op);

/** Nodes whose integers may be other than ONNX's, since they are computed in 32 bits. */
export interface NarrowedNodes {
  /** Some operands near the ends of int32 would have a result beyond them. */
  readonly overflowing: readonly Node[];
  /** Unsigned differences: below zero, which operands of any size may give, ONNX's wrap to values near the type's end. */
  readonly belowZero: readonly Node[];
}

/**
 * The arithmetic on int64, uint64 and uint32 that interval arithmetic doesn't show to stay within int32. What comes from
 * outside (inputs, constants) is promised to fit: a constant is checked when it is written, an input when a reference is
 * judged. Sizes of tensors fit.
 */
export function narrowedNodes(graph: Graph): NarrowedNodes {
  const overflowing: Node[] = [];
  const belowZero: Node[] = [];
  const visit = (g: Graph, turn?: Value): void => {
    // A loop's first parameter counts its turns.
    const known = new Map<Value, Range>(turn ? [[turn, [0, GREATEST - 1]]] : []);
    const of = (v: Value): Range => {
      let range = known.get(v);
      if (!range) known.set(v, (range = given(v)));
      return range;
    };
    for (const node of g.nodes) {
      for (const body of node.bodies ?? []) visit(body, node.op === repeat ? body.inputs[0] : undefined);
      const inputs = node.inputs.flatMap((v) => (v ? [of(v)] : []));
      node.outputs.forEach((v, i) => {
        if (!v) return;
        const held = heldBy(v.type.dtype);
        // Sizes are computed while converting, or are those of tensors.
        const computed = v.elems || v.constant ? given(v) : (rangeAfter(node, inputs, i) ?? held);
        known.set(v, [Math.max(computed[0], held[0]), Math.min(computed[1], held[1])]);
        if (!isWide(v.type.dtype) || (computed[0] >= held[0] && computed[1] <= held[1])) return;
        const wraps = node.op.name === 'Sub' && isUnsigned(v.type.dtype) && computed[0] < 0;
        (wraps ? belowZero : overflowing).push(node);
      });
    }
  };
  visit(graph);
  return { overflowing, belowZero };
}

/** What TensorFlow.js holds of a type. */
function heldBy(dtype: DType): Range {
  if (dtype === 'bool') return [0, 1];
  if (!isInteger(dtype)) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const { min, max } = rangeOf(dtype);
  return [Math.max(LEAST, Number(min)), Math.min(GREATEST, Number(max))];
}

/** Of a value that no node computes: its contents where they are known. */
function given(v: Value): Range {
  const held = heldBy(v.type.dtype);
  const number = isInteger(v.type.dtype) || isFloat(v.type.dtype);
  const elements = v.elems && areKnown(v.elems) ? v.elems : undefined;
  if (!elements && (!number || !v.constant || sizeOf(v.constant.dims) > MOST_ELEMENTS)) return held;
  const values = elements ?? numbersOf((v.constant as NonNullable<Value['constant']>).load());
  if (values.length === 0) return [0, 0];
  return values.reduce<Range>(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [values[0], values[0]]);
}

const joined = (ranges: readonly Range[]): Range => [
  Math.min(...ranges.map((r) => r[0])),
  Math.max(...ranges.map((r) => r[1])),
];
const corners = (f: (x: number, y: number) => number, [a, b]: Range, [c, d]: Range): Range => {
  // 0 times infinity counts as 0.
  const all = [f(a, c), f(a, d), f(b, c), f(b, d)].map((x) => (Number.isNaN(x) ? 0 : x));
  return [Math.min(...all), Math.max(...all)];
};
const add = ([a, b]: Range, [c, d]: Range): Range => [a + c, b + d];

/** Operators whose elements are those of some of their inputs. */
const MOVES: Readonly<Record<string, readonly number[]>> = {
  Identity: [0],
  Relayout: [0],
  Reshape: [0],
  Flatten: [0],
  Squeeze: [0],
  Unsqueeze: [0],
  Transpose: [0],
  Slice: [0],
  Split: [0],
  Gather: [0],
  GatherElements: [0],
  GatherND: [0],
  Expand: [0],
  Tile: [0],
  Compress: [0],
  ReverseSequence: [0],
  ReduceMax: [0],
  ReduceMin: [0],
  Unique: [0],
  TopK: [0],
  Where: [1, 2],
  ScatterND: [0, 2],
  ScatterElements: [0, 2],
  OneHot: [2],
};

/** Operators that give the least or the greatest, or another element, of all their inputs. */
const CHOOSES = new Set(['Concat', 'Max', 'Min']);

/** Operators that give positions and sizes, from this output on. */
const COUNTS: Readonly<Record<string, number>> = {
  Shape: 0,
  Size: 0,
  ArgMax: 0,
  ArgMin: 0,
  NonZero: 0,
  NonMaxSuppression: 0,
  TopK: 1,
  Unique: 1,
  MaxPool: 1,
};

/** The elements of an output; undefined where nothing is known of them, or nothing has to be. */
function rangeAfter(node: Node, inputs: readonly Range[], output: number): Range | undefined {
  const name = node.op.domain && node.op.domain !== '' ? `${node.op.domain}.${node.op.name}` : node.op.name;
  const [x, y] = inputs;
  const counts = COUNTS[name];
  if (counts !== undefined && output >= counts) return [0, GREATEST];
  const from = MOVES[name];
  // A scatter may add or multiply; then nothing is known.
  const reduces = name.startsWith('Scatter') && (node.attrs as { reduction?: unknown } | undefined)?.reduction;
  if (from && (!reduces || reduces === 'none')) return joined(from.map((i) => inputs[i] ?? x));
  if (CHOOSES.has(name)) return joined(inputs);
  if (!x) return undefined;
  const count = reducedCount(node);
  switch (name) {
    case 'Add':
      return add(x, y);
    case 'Sum':
      return inputs.reduce(add);
    case 'Sub':
      return [x[0] - y[1], x[1] - y[0]];
    case 'Mul':
      return corners((p, q) => p * q, x, y);
    case 'Neg':
      return [-x[1], -x[0]];
    case 'Abs':
      return [0, Math.max(Math.abs(x[0]), Math.abs(x[1]))];
    case 'Floor':
    case 'Ceil':
    case 'Round':
    case 'Cast':
      // A cast of floats cuts towards zero; what it is put into is looked at by who asks.
      return [Math.floor(x[0]), Math.ceil(x[1])];
    case 'Clip': {
      const [low, high] = [node.inputs[1] ? inputs[1] : undefined, node.inputs[2] ? inputs.at(-1) : undefined];
      const above = low ? Math.max(x[0], low[0]) : x[0];
      return [Math.min(above, high ? high[1] : above), high ? Math.min(x[1], high[1]) : x[1]];
    }
    case 'Sigmoid':
    case 'Softmax':
    case 'HardSigmoid':
      return [0, 1];
    case 'Tanh':
    case 'Sin':
    case 'Cos':
      return [-1, 1];
    case 'ReduceSum':
    case 'CumSum':
      return [Math.min(0, x[0]) * count, Math.max(0, x[1]) * count];
    case 'Pow': {
      // Powers of 0 and 1 and squares of sizes are what is met.
      const most = Math.max(Math.abs(x[0]), Math.abs(x[1])) ** Math.max(0, y?.[1] ?? 1);
      return [x[0] < 0 ? -most : 0, Math.max(1, most)];
    }
    default:
      return !GROWS.has(name) ? undefined : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  }
}

/** Operators whose results grow with their operands in a way that isn't followed here. */
const GROWS = new Set([
  'MatMul',
  'Gemm',
  'ReduceProd',
  'ReduceL1',
  'ReduceSumSquare',
  'CumProd',
  'BitShift',
  'ScatterND',
  'ScatterElements',
]);

/** How many elements a sum has at most. */
function reducedCount(node: Node): number {
  const dims = node.inputs[0]?.type.dims ?? [];
  return areKnown(dims) ? sizeOf(dims) : Number.POSITIVE_INFINITY;
}
