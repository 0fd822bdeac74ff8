import { isKnown } from '../ir/dim.js';
import { contentsOf, readersOf, type Graph, type Node, type Value } from '../ir/graph.js';
import type { OnnxModel } from '../onnx/model.js';
import { isInteger, type DType } from '../tensor/dtype.js';

/** What every element of a tensor lies within, both ends included; an end that isn't there is open. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
}

const OPEN: Range = {};

/** What an operator gives, whatever it is fed. */
const GIVES: Readonly<Record<string, Range>> = {
  Abs: { min: 0 },
  Exp: { min: 0 },
  Sqrt: { min: 0 },
  Softplus: { min: 0 },
  ReduceL1: { min: 0 },
  ReduceL2: { min: 0 },
  ReduceSumSquare: { min: 0 },
  Sigmoid: { min: 0, max: 1 },
  HardSigmoid: { min: 0, max: 1 },
  Softmax: { min: 0, max: 1 },
  Hardmax: { min: 0, max: 1 },
  LogSoftmax: { max: 0 },
  Tanh: { min: -1, max: 1 },
  Sin: { min: -1, max: 1 },
  Cos: { min: -1, max: 1 },
  Softsign: { min: -1, max: 1 },
  Sign: { min: -1, max: 1 },
};

/** Operators whose outputs are elements of input 0. A mean isn't one: its rounding may lead out of the range. */
const CARRY = new Set([
  ...['Identity', 'Dropout', 'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze', 'Slice', 'Split', 'Expand'],
  ...['Tile', 'Gather', 'GatherND', 'GatherElements', 'DepthToSpace', 'SpaceToDepth', 'MaxPool', 'GlobalMaxPool'],
  ...['ReduceMax', 'ReduceMin'],
]);

/** Operators that hand on what they are fed without computing: what an input means is decided behind them. */
const HAND_ON = new Set(['Identity', 'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze', 'Cast', 'CastLike']);

/** Of integer types that TensorFlow.js holds in a wider one; what int32 and wider can hold says nothing. */
const INTEGERS: Partial<Record<DType, Range>> = {
  int8: { min: -128, max: 127 },
  uint8: { min: 0, max: 255 },
  int16: { min: -32768, max: 32767 },
  uint16: { min: 0, max: 65535 },
};

/** The metadata that Windows ML defined for images: https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md */
const PIXELS: Readonly<Record<string, Range>> = {
  NominalRange_0_255: { min: 0, max: 255 },
  NominalRange_16_235: { min: 16, max: 235 },
  Normalized_0_1: { min: 0, max: 1 },
  Normalized_1_1: { min: -1, max: 1 },
};

/** What is known of the values that a model gives, and of those that it wants; undefined where nothing is. */
export function knownRanges(
  model: OnnxModel,
  graph: Graph,
): { fed: (input: Value) => Range | undefined; given: (output: Value) => Range | undefined } {
  const found = new Map<Value, Range>();
  for (const node of graph.nodes)
    for (const out of node.outputs) if (out) found.set(out, meet(rangeOf(node, found), typeRange(out)));
  const readers = readersOf(graph);
  const some = (r: Range | undefined) => (r && (r.min !== undefined || r.max !== undefined) ? r : undefined);
  return {
    fed: (v) =>
      some(indexRange(v, readers)) ??
      some(typeRange(v)) ??
      (v.type.dims.length === 4 ? PIXELS[model.metadata.get('Image.NominalPixelRange') ?? ''] : undefined),
    given: (v) => some(found.get(v) ?? typeRange(v)),
  };
}

const typeRange = (v: Value): Range => INTEGERS[v.type.dtype] ?? OPEN;

function rangeOf({ op, inputs }: Node, found: ReadonlyMap<Value, Range>): Range {
  const of = (v: Value | undefined): Range => (v ? (found.get(v) ?? typeRange(v)) : OPEN);
  if (op.domain) return OPEN;
  if (op.name === 'Clip') {
    const bound = (i: number): number | undefined => {
      const value = contentsOf(inputs[i])?.data[0];
      return value === undefined ? undefined : Number(value);
    };
    const [min, max] = [bound(1), bound(2)];
    // Where the bounds are crossed, all is the upper one.
    if (min !== undefined && max !== undefined && min > max) return { min: max, max };
    return meet({ ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }, of(inputs[0]));
  }
  if (op.name === 'Relu') {
    const { max } = of(inputs[0]);
    return { min: 0, ...(max === undefined ? {} : { max: Math.max(0, max) }) };
  }
  if (op.name === 'ArgMax' || op.name === 'ArgMin') return { min: 0 };
  if (op.name === 'Concat' || op.name === 'Max' || op.name === 'Min') return inputs.map(of).reduce(join);
  return GIVES[op.name] ?? (CARRY.has(op.name) ? of(inputs[0]) : OPEN);
}

/** Both hold. */
function meet(a: Range, b: Range): Range {
  const min = a.min === undefined ? b.min : b.min === undefined ? a.min : Math.max(a.min, b.min);
  const max = a.max === undefined ? b.max : b.max === undefined ? a.max : Math.min(a.max, b.max);
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** One of them holds. */
function join(a: Range, b: Range): Range {
  return {
    ...(a.min === undefined || b.min === undefined ? {} : { min: Math.min(a.min, b.min) }),
    ...(a.max === undefined || b.max === undefined ? {} : { max: Math.max(a.max, b.max) }),
  };
}

/** Of an integer input that is used as nothing but indices into tables: their rows. */
function indexRange(input: Value, readers: ReadonlyMap<Value, readonly Node[]>): Range | undefined {
  if (!isInteger(input.type.dtype)) return undefined;
  let rows: number | undefined;
  const seen = new Set<Value>();
  const stack = [input];
  for (let v = stack.pop(); v; v = stack.pop()) {
    if (seen.has(v)) continue;
    seen.add(v);
    for (const { op, attrs, inputs, outputs } of readers.get(v) ?? []) {
      if (!op.domain && HAND_ON.has(op.name) && inputs[0] === v) {
        for (const out of outputs) if (out) stack.push(out);
        continue;
      }
      const [table, indices] = inputs;
      if (op.domain || op.name !== 'Gather' || indices !== v || !table || table === v) return undefined;
      const size = table.type.dims[(attrs as { axis?: number }).axis ?? 0];
      if (!isKnown(size)) return undefined;
      rows = Math.min(rows ?? size, size);
    }
  }
  return rows === undefined ? undefined : { min: 0, max: rows - 1 };
}
