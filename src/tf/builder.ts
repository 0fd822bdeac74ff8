import { refuse } from '../diag/diagnostic.js';
import { areKnown, isKnown, type Dim } from '../ir/dim.js';
import type { Graph } from '../ir/graph.js';
import { isComplex, isFloat, type DType } from '../tensor/dtype.js';
import { tensorOf, weightOf, type Tensor, type Weight } from '../tensor/tensor.js';
import { OP_TABLE } from './optable.generated.js';

/** The element types that TensorFlow.js has. */
export type TfDType = 'float32' | 'int32' | 'bool' | 'string' | 'complex64';

/** What TensorFlow.js holds an ONNX type as. The one place where types narrow; values are checked when written. */
export function narrow(dtype: DType): TfDType {
  if (dtype === 'bool' || dtype === 'string') return dtype;
  if (isFloat(dtype)) return 'float32';
  if (isComplex(dtype)) return 'complex64';
  return 'int32';
}

export type AttrValue = number | boolean | string | readonly number[] | readonly string[];

/** A NodeDef to be. Passes replace nodes; they never change one that another graph may hold. */
export interface TfNode {
  readonly op: string;
  readonly inputs: readonly Ref[];
  readonly attrs: Readonly<Record<string, AttrValue>>;
  /** Element types of its outputs. */
  readonly dtypes: readonly TfDType[];
  /** The ONNX nodes whose work it does: indices in file order. */
  readonly origin: readonly number[];
  /** Of a Const: its contents. */
  readonly weight?: Weight;
  /** Of a Placeholder: its shape. */
  readonly shape?: readonly (number | null)[];
  /** Names of nodes without an ONNX value of their own begin with this, then `/`. */
  readonly scope: string;
}

/** One output of a node. */
export interface Ref {
  readonly node: TfNode;
  readonly index: number;
  readonly dtype: TfDType;
}

/** Numbers that are counted while converting; more are counted by the model. */
const MOST_COUNTED = 2 ** 16;

const BOOLEAN = new Set([
  'Equal',
  'NotEqual',
  'Greater',
  'GreaterEqual',
  'Less',
  'LessEqual',
  'LogicalAnd',
  'LogicalOr',
  'LogicalNot',
  'IsNan',
  'IsInf',
  'IsFinite',
  'All',
  'Any',
]);
const INTEGER = new Set([
  'Shape',
  'Size',
  'Rank',
  'ArgMax',
  'ArgMin',
  'Where',
  'NonMaxSuppressionV3',
  'LowerBound',
  'UpperBound',
  'BroadcastArgs',
]);
const OF_SECOND = new Set(['Select', 'SelectV2', 'ScatterNd']);

/** What TensorFlow.js does with strings on every backend: its other kernels throw, or compare what strings are kept as. */
const OF_STRINGS = new Set([
  ...['Identity', 'Reshape', 'ConcatV2', 'Shape', 'Size', 'Rank', 'StatelessIf', 'StatelessWhile'],
  ...['LookupTableFindV2', 'LookupTableImportV2', 'HashTableV2'],
]);

function outputTypes(op: string, inputs: readonly Ref[], attrs: Readonly<Record<string, AttrValue>>): TfDType[] {
  if (BOOLEAN.has(op)) return ['bool'];
  if (INTEGER.has(op)) return ['int32'];
  if (OF_SECOND.has(op)) return [inputs[1].dtype];
  switch (op) {
    case 'Cast':
      return [attrs.DstT as TfDType];
    case 'Fill':
      return [inputs[1].dtype];
    case 'OneHot':
      return [inputs[2].dtype];
    case 'TopKV2':
      return [inputs[0].dtype, 'int32'];
    case 'Complex':
      return ['complex64'];
    case 'Real':
    case 'Imag':
    case 'ComplexAbs':
      return ['float32'];
    case 'Unpack':
      return Array.from({ length: attrs.num as number }, () => inputs[0].dtype);
    case 'Split':
      return Array.from({ length: attrs.num_split as number }, () => inputs[1].dtype);
    default:
      return [inputs[0]?.dtype ?? 'float32'];
  }
}

/**
 * Builds the TensorFlow graph of one model: a thin layer over NodeDefs (`op`), constants, and the forms that compute the
 * same on every backend where the plain op doesn't. Everything is in memory order; ONNX's axes are the lowering's affair.
 */
export class GraphBuilder {
  /** In the order in which they were made, so that each stands after its inputs. */
  readonly nodes: TfNode[] = [];
  /** What the nodes made from now on stand for, and what their names begin with. */
  origin: readonly number[] = [];
  scope = '';
  /** Makes a graph a function of the written model, and gives its name for attributes of control flow. */
  define: (graph: Graph) => string = () => {
    throw new Error('functions can be defined while lowering only');
  };
  private readonly scalars = new Map<string, Ref>();

  /**
   * Adds a node with one output (or the first of `outputs`).
   * @param attrs by their TensorFlow names; an op or attribute that TensorFlow.js doesn't know is our bug and throws
   * @param dtypes of the outputs where they don't follow from op and inputs
   */
  op(
    name: string,
    inputs: readonly Ref[],
    attrs: Readonly<Record<string, AttrValue>> = {},
    dtypes?: readonly TfDType[],
  ): Ref {
    return this.many(name, inputs, attrs, dtypes)[0];
  }

  /** Adds a node and gives all its outputs. */
  many(
    name: string,
    inputs: readonly Ref[],
    attrs: Readonly<Record<string, AttrValue>> = {},
    dtypes?: readonly TfDType[],
  ): Ref[] {
    const known = OP_TABLE[name];
    if (!known) throw new Error(`TensorFlow.js has no op ${name}`);
    for (const key of Object.keys(attrs))
      if (!(key in known)) throw new Error(`TensorFlow.js reads no attribute ${key} of ${name}`);
    inputs.forEach((input, i) => {
      if (!input) throw new Error(`input ${i} of ${name} is missing`);
    });
    if (inputs.some((input) => input.dtype === 'string') && !OF_STRINGS.has(name))
      refuse(
        `TensorFlow.js has no ${name} for strings`,
        'work on strings before the model, and feed it numbers, such as the indices of a vocabulary',
      );
    return this.add({
      op: name,
      inputs,
      attrs,
      dtypes: dtypes ?? outputTypes(name, inputs, attrs),
      origin: this.origin,
      scope: this.scope,
    });
  }

  /** A model input. */
  placeholder(dtype: TfDType, shape: readonly (number | null)[]): Ref {
    return this.add({
      op: 'Placeholder',
      inputs: [],
      attrs: {},
      dtypes: [dtype],
      origin: [],
      scope: this.scope,
      shape,
    })[0];
  }

  /** A constant: nothing is loaded until it is written. */
  constant(weight: Weight): Ref {
    return this.add({
      op: 'Const',
      inputs: [],
      attrs: {},
      dtypes: [narrow(weight.dtype)],
      origin: this.origin,
      scope: this.scope,
      weight,
    })[0];
  }

  /** A constant from a tensor in memory. */
  tensor(t: Tensor): Ref {
    return this.constant(weightOf(t));
  }

  /** A scalar; equal ones are one node. */
  scalar(value: number, dtype: 'float32' | 'int32' | 'bool' = 'float32'): Ref {
    const key = `${dtype} ${Object.is(value, -0) ? '-0' : value}`;
    let ref = this.scalars.get(key);
    if (!ref) this.scalars.set(key, (ref = this.tensor(tensorOf(dtype, [], [value]))));
    return ref;
  }

  /** A one-dimensional int32 constant; equal ones are one node. */
  ints(values: readonly number[]): Ref {
    const key = `[${values}]`;
    let ref = this.scalars.get(key);
    if (!ref) this.scalars.set(key, (ref = this.tensor(tensorOf('int32', [values.length], values))));
    return ref;
  }

  private add(node: TfNode): Ref[] {
    this.nodes.push(node);
    return node.dtypes.map((dtype, index) => ({ node, index, dtype }));
  }

  // Plain arithmetic, numpy's broadcasting.
  add2(a: Ref, b: Ref): Ref {
    return this.op('AddV2', [a, b]);
  }
  sub(a: Ref, b: Ref): Ref {
    return this.op('Sub', [a, b]);
  }
  mul(a: Ref, b: Ref): Ref {
    return this.op('Mul', [a, b]);
  }

  /** Cast; to bool as `x != 0`, since WASM's Cast to bool is wrong. */
  cast(x: Ref, to: TfDType): Ref {
    if (x.dtype === to) return x;
    if (to === 'bool') return this.op('NotEqual', [x, this.scalar(0, x.dtype as 'float32' | 'int32')]);
    return this.op('Cast', [x], { DstT: to });
  }

  /** One of two where a condition holds, broadcast; of booleans by logic, since WASM's Select of them is wrong. */
  select(condition: Ref, x: Ref, y: Ref): Ref {
    if (x.dtype !== 'bool') return this.op('SelectV2', [condition, x, y]);
    return this.op('LogicalOr', [
      this.op('LogicalAnd', [condition, x]),
      this.op('LogicalAnd', [this.op('LogicalNot', [condition]), y]),
    ]);
  }

  /**
   * A copy of x (at least a matrix) with rows of it written anew; the last of two for one row wins. TensorFlow.js's CPU
   * kernel writes into what it is given, be it a weight or an input of the model: it is given a copy.
   */
  scatterUpdate(x: Ref, rows: Ref, updates: Ref): Ref {
    if (x.dtype === 'bool')
      return this.cast(this.scatterUpdate(this.cast(x, 'int32'), rows, this.cast(updates, 'int32')), 'bool');
    return this.op('TensorScatterUpdate', [
      this.add2(x, this.scalar(0, x.dtype as 'float32' | 'int32')),
      rows,
      updates,
    ]);
  }

  /**
   * 0 … count-1 times delta, plus start: int32 scalars (or floats, exact in each element). TensorFlow.js's own Range adds
   * the step again and again, and counts down where the limit is below the start.
   */
  range(start: Ref, limit: Ref, delta: Ref): Ref {
    const float = start.dtype === 'float32';
    const span = float
      ? this.op('Ceil', [this.op('RealDiv', [this.sub(limit, start), delta])])
      : this.op('Neg', [this.op('FloorDiv', [this.sub(start, limit), delta])]);
    const count = this.op('Maximum', [this.cast(span, 'int32'), this.scalar(0, 'int32')]);
    const steps = this.cast(this.count(count), start.dtype);
    return this.add2(this.mul(steps, delta), start);
  }

  /** 0 … size-1 as an int32 vector; the size is not negative. */
  count(size: number | Ref): Ref {
    if (typeof size === 'number' && size <= MOST_COUNTED) return this.ints(Array.from({ length: size }, (_, i) => i));
    const end = typeof size === 'number' ? this.scalar(size, 'int32') : size;
    return this.op('Range', [this.scalar(0, 'int32'), end, this.scalar(1, 'int32')], { Tidx: 'int32' }, ['int32']);
  }

  /**
   * Reshape to sizes of which at most one is unknown; with more, give the sizes as a tensor.
   * @param dims in memory order
   */
  reshape(x: Ref, dims: readonly Dim[] | Ref): Ref {
    if ('node' in dims) return this.op('Reshape', [x, dims]);
    if (dims.filter((d) => !isKnown(d)).length > 1)
      throw new Error('a Reshape with two unknown sizes needs them as a tensor');
    return this.op('Reshape', [x, this.ints(dims.map((d) => (isKnown(d) ? d : -1)))]);
  }

  /** Transpose; nothing where perm moves nothing. */
  transpose(x: Ref, perm: readonly number[]): Ref {
    return perm.every((p, i) => p === i) ? x : this.op('Transpose', [x, this.ints(perm)]);
  }

  /** Sizes of x in memory order, int32. */
  shape(x: Ref): Ref {
    return this.op('Shape', [x]);
  }

  /** The size of one axis of x, a scalar: known, or read when the model runs. */
  size(x: Ref, axis: number, dim?: Dim): Ref {
    if (dim !== undefined && isKnown(dim)) return this.scalar(dim, 'int32');
    return this.op('StridedSlice', [this.shape(x), this.ints([axis]), this.ints([axis + 1]), this.ints([1])], {
      shrink_axis_mask: 1,
    });
  }

  /** Sizes as an int32 vector: constants, and scalars known when the model runs. */
  sizes(parts: readonly (number | Ref)[]): Ref {
    if (parts.every((p): p is number => typeof p === 'number')) return this.ints(parts);
    return this.op(
      'Pack',
      parts.map((p) => (typeof p === 'number' ? this.scalar(p, 'int32') : p)),
      { axis: 0 },
      ['int32'],
    );
  }

  /** Pads with a value; nothing where there is nothing to pad. `pads` has [before, after] per axis in memory order. */
  pad(x: Ref, pads: readonly (readonly [number, number])[], value = 0): Ref {
    if (pads.every(([a, b]) => a === 0 && b === 0)) return x;
    const paddings = this.tensor(tensorOf('int32', [pads.length, 2], pads.flat()));
    return this.op('PadV2', [x, paddings, this.scalar(value, x.dtype as 'float32' | 'int32' | 'bool')]);
  }

  /** Joins along an axis in memory order; one part is itself. */
  concat(parts: readonly Ref[], axis: number): Ref {
    return parts.length === 1
      ? parts[0]
      : this.op('ConcatV2', [...parts, this.scalar(axis, 'int32')], { N: parts.length });
  }

  /** A contiguous box. A size of -1 goes to the end. */
  slice(x: Ref, begin: readonly number[], size: readonly number[]): Ref {
    return this.op('Slice', [x, this.ints(begin), this.ints(size)]);
  }
}

/** Dims as a Placeholder or the report says them: null where unknown. */
export function staticShape(dims: readonly Dim[]): (number | null)[] {
  return areKnown(dims) ? [...dims] : dims.map((d) => (isKnown(d) ? d : null));
}
