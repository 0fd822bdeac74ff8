import { isKnown } from '../../ir/dim.js';
import type { AttributeValue, Expander } from '../../ir/expander.js';
import type { Value } from '../../ir/graph.js';
import { codeOfDtype, type DType } from '../../tensor/dtype.js';
import { int64s, tensorOf } from '../../tensor/tensor.js';

/** Short words for what compositions of ONNX operators are made of. */
export class Composer {
  readonly e: Expander;
  constructor(e: Expander) {
    this.e = e;
  }

  op(name: string, inputs: (Value | undefined)[], attributes?: Record<string, AttributeValue>): Value {
    return this.e.one(name, inputs, attributes);
  }
  many(
    name: string,
    inputs: (Value | undefined)[],
    attributes: Record<string, AttributeValue>,
    outputs: number,
  ): Value[] {
    return this.e.emit(name, inputs, attributes, outputs) as Value[];
  }

  /** A scalar of the type of another value. */
  scalar(v: number, like: Value | DType): Value {
    return this.e.constant(tensorOf(typeof like === 'string' ? like : like.type.dtype, [], [v]));
  }
  ints(values: readonly number[]): Value {
    return this.e.constant(int64s(values));
  }

  add(x: Value, y: Value): Value {
    return this.op('Add', [x, y]);
  }
  sub(x: Value, y: Value): Value {
    return this.op('Sub', [x, y]);
  }
  mul(x: Value, y: Value | number): Value {
    return this.op('Mul', [x, typeof y === 'number' ? this.scalar(y, x) : y]);
  }
  matmul(x: Value, y: Value): Value {
    return this.op('MatMul', [x, y]);
  }
  transpose(x: Value, perm: readonly number[]): Value {
    return this.op('Transpose', [x], { perm });
  }
  concat(parts: readonly Value[], axis: number): Value {
    return parts.length === 1 ? parts[0] : this.op('Concat', [...parts], { axis });
  }
  cast(x: Value, to: DType): Value {
    return x.type.dtype === to ? x : this.op('Cast', [x], { to: codeOfDtype(to) });
  }
  unsqueeze(x: Value, axes: readonly number[]): Value {
    return this.op('Unsqueeze', [x, this.ints(axes)]);
  }
  /** Reshape by ONNX's rules: 0 copies a size, -1 is what remains. */
  reshape(x: Value, sizes: readonly number[]): Value {
    return this.op('Reshape', [x, this.ints(sizes)]);
  }
  slice(x: Value, axis: number, from: number, to: number): Value {
    return this.op('Slice', [x, this.ints([from]), this.ints([to]), this.ints([axis])]);
  }
  split(x: Value, axis: number, parts: number): Value[] {
    return parts === 1 ? [x] : this.many('Split', [x], { axis, num_outputs: parts }, parts);
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
