import { invalid, refuse } from '../diag/diagnostic.js';
import { isKnown, type Dim } from '../ir/dim.js';
import type { AttributeValue, Expander } from '../ir/expander.js';
import type { Bound, Value } from '../ir/graph.js';
import { defineOp, type Op } from '../ir/op.js';
import type { View } from '../ir/view.js';
import { codeOfDtype, isInteger, type DType } from '../tensor/dtype.js';
import { int64s, tensorOf } from '../tensor/tensor.js';

/** A value, or a number that takes the type of the other operand. */
export type Operand = Value | number;

/** Writes compositions of ONNX operators as formulas, for operators that `expand`. */
export class Composer {
  readonly e: Expander;
  constructor(e: Expander) {
    this.e = e;
  }

  /** Any operator with one output. */
  op(name: string, inputs: (Bound | undefined)[], attributes?: Record<string, AttributeValue>): Value {
    return this.e.one(name, inputs, attributes);
  }

  /** Any operator whose outputs are tensors. */
  many(
    name: string,
    inputs: (Bound | undefined)[],
    attributes: Record<string, AttributeValue>,
    outputs: number,
  ): Value[] {
    return this.e.emit(name, inputs, attributes, outputs) as Value[];
  }

  constant(dtype: DType, dims: readonly number[], values: ArrayLike<number | bigint | string>): Value {
    return this.e.constant(tensorOf(dtype, dims, values));
  }

  /** A scalar of a type, or of that of another value. */
  scalar(v: number, like: Value | DType): Value {
    const dtype = typeof like === 'string' ? like : like.type.dtype;
    if (isInteger(dtype) && !Number.isInteger(v))
      return invalid(
        `it is computed with ${v}, which is no number of its input's type ${dtype}`,
        'cast the input to a type of floats',
      );
    return this.constant(dtype, [], [v]);
  }

  /** A vector of float32, or dims where they are given. */
  floats(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.constant('float32', dims, values);
  }

  /** A vector of int64: sizes, axes, places. */
  ints(values: readonly number[]): Value {
    const odd = values.find((v) => !Number.isSafeInteger(v));
    if (odd !== undefined)
      return invalid(`its inputs and attributes give a size of ${odd}`, 'check the sizes of its inputs');
    return this.e.constant(int64s(values));
  }

  private pair(a: Operand, b: Operand): [Value, Value] {
    const like = typeof a === 'number' ? b : a;
    if (typeof like === 'number') throw new Error('a formula needs a value');
    const value = (x: Operand) => (typeof x === 'number' ? this.scalar(x, like) : x);
    return [value(a), value(b)];
  }

  add(a: Operand, b: Operand): Value {
    return this.op('Add', this.pair(a, b));
  }
  sub(a: Operand, b: Operand): Value {
    return this.op('Sub', this.pair(a, b));
  }
  mul(a: Operand, b: Operand): Value {
    return this.op('Mul', this.pair(a, b));
  }
  div(a: Operand, b: Operand): Value {
    return this.op('Div', this.pair(a, b));
  }
  greater(a: Operand, b: Operand): Value {
    return this.op('Greater', this.pair(a, b));
  }
  less(a: Operand, b: Operand): Value {
    return this.op('Less', this.pair(a, b));
  }
  equal(a: Operand, b: Operand): Value {
    return this.op('Equal', this.pair(a, b));
  }
  where(condition: Value, a: Operand, b: Operand): Value {
    return this.op('Where', [condition, ...this.pair(a, b)]);
  }
  matmul(a: Value, b: Value): Value {
    return this.op('MatMul', [a, b]);
  }

  cast(x: Value, to: DType): Value {
    return x.type.dtype === to ? x : this.op('Cast', [x], { to: codeOfDtype(to) });
  }

  /** ONNX's Reshape: 0 copies a size, -1 is what is left. */
  reshape(x: Value, dims: readonly number[]): Value {
    return this.op('Reshape', [x, this.ints(dims)]);
  }

  transpose(x: Value, perm: readonly number[]): Value {
    return this.op('Transpose', [x], { perm });
  }

  unsqueeze(x: Value, axes: readonly number[]): Value {
    return this.op('Unsqueeze', [x, this.ints(axes)]);
  }

  squeeze(x: Value, axes: readonly number[]): Value {
    return this.op('Squeeze', [x, this.ints(axes)]);
  }

  /** A reduction (ReduceSum, ReduceMax …) over these axes, which stay with size 1 where `keep` says so. */
  reduce(op: string, x: Value, axes: readonly number[], keep = true): Value {
    return this.op(op, [x, this.ints(axes)], { keepdims: keep ? 1 : 0 });
  }

  concat(parts: readonly Value[], axis: number): Value {
    return parts.length === 1 ? parts[0] : this.op('Concat', [...parts], { axis });
  }

  /** Elements begin … end-1 of one axis. */
  slice(x: Value, axis: number, begin: number, end: number): Value {
    return this.op('Slice', [x, this.ints([begin]), this.ints([end]), this.ints([axis])]);
  }

  /** Cuts an axis into so many equal parts, or into parts of these sizes. */
  split(x: Value, axis: number, parts: number | readonly number[]): Value[] {
    if (typeof parts === 'number')
      return parts === 1 ? [x] : this.many('Split', [x], { axis, num_outputs: parts }, parts);
    return parts.length === 1 ? [x] : this.many('Split', [x, this.ints(parts)], { axis }, parts.length);
  }

  /** The size of an axis as an int64 vector of one element. */
  size(x: Value, axis: number): Value {
    const d = x.type.dims[axis];
    return isKnown(d) ? this.ints([d]) : this.op('Shape', [x], { start: axis, end: axis + 1 });
  }

  /** 0, 1 … as int64. @param count a vector of one element */
  range(count: Value): Value {
    return this.op('Range', [this.scalar(0, 'int64'), this.op('Squeeze', [count]), this.scalar(1, 'int64')]);
  }
}

/** The size of an axis of a value, which has to be known. */
export function knownSize(x: Value, axis: number): number {
  const dims = x.type.dims;
  const d: Dim = dims[axis < 0 ? axis + dims.length : axis];
  if (isKnown(d)) return d;
  return refuse(
    `the size of axis ${axis} of ${x.name} has to be known here, but is ${d}`,
    'fix the sizes with input-shapes in the config, or export the model with fixed sizes',
  );
}

interface Composition<A> extends Pick<Op<A>, 'name' | 'domain' | 'summary' | 'limits' | 'shapes' | 'read'> {
  /** The outputs in the order of the file; what nobody asks for may be left out. */
  compose(c: Composer, n: View<A>): Value | (Value | undefined)[];
}

/** An operator that is said by others, and by nothing else: types and layouts are theirs. */
export function composition<A = Record<string, never>>({ compose, ...spec }: Composition<A>): Op {
  return defineOp<A>({
    ...spec,
    infer: () => {
      throw new Error(`${spec.name} is expanded before its types are asked for`);
    },
    expand: (n, _, e) => {
      const out = compose(new Composer(e), n);
      return Array.isArray(out) ? out : [out];
    },
  });
}
