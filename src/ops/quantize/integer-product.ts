import { refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { Expander } from '../../ir/expander.js';
import type { Value } from '../../ir/graph.js';
import { rangeOf } from '../../tensor/dtype.js';
import { int64s, numbersOf, type Tensor } from '../../tensor/tensor.js';
import { castTo, centred } from './quantization.js';

/** Whole numbers below this are exact in float32, and so are their sums. */
export const EXACT = 2 ** 24;

/** An 8-bit operand less its zero point, in float32, and the greatest that one of its elements can be. */
export interface Centred {
  readonly value: Value;
  readonly most: number;
}

/** @param zero broadcasts over x */
export function centredOperand(x: Value, zero: Value | undefined, e: Expander): Centred {
  const { min, max } = rangeOf(x.type.dtype);
  const zeros = zero ? (zero.constant ? numbersOf(zero.constant.load()) : [Number(min), Number(max)]) : [0];
  const value = centred(x, zero, e);
  const most = value.constant
    ? numbersOf(value.constant.load()).reduce((p, v) => Math.max(p, Math.abs(v)), 0)
    : Math.max(...zeros.map((z) => Math.max(Number(max) - z, z - Number(min))));
  return { value, most };
}

/** The greatest sum of |w| over axis 1 and beyond (rows of a kernel), or over the last axis but one (columns of a matrix). */
export function greatestSum(t: Tensor, matrix: boolean): number {
  const data = numbersOf(t);
  const [rows, columns] = matrix
    ? [t.dims[t.dims.length - 2], t.dims[t.dims.length - 1]]
    : [data.length / t.dims[0], t.dims[0]];
  const sums = new Map<number, number>();
  data.forEach((v, i) => {
    const key = matrix ? Math.floor(i / (rows * columns)) * columns + (i % columns) : Math.floor(i / rows);
    sums.set(key, (sums.get(key) ?? 0) + Math.abs(v));
  });
  return Math.max(0, ...sums.values());
}

/**
 * The matrix product of integers of 8 bits, exact: products are summed in float32 as long as every sum is below
 * 2^24, else in parts whose sums are, joined in int32.
 * @param as the type of the result; float32 rounds what is above 2^24
 */
export function exactProduct(a: Centred, y: Centred, as: 'int32' | 'float32', e: Expander): Value {
  const [ra, ry] = [a.value.type.dims.length, y.value.type.dims.length];
  const depth = a.value.type.dims[ra - 1];
  const bound =
    y.value.constant && ry > 1
      ? a.most * greatestSum(y.value.constant.load(), true)
      : isKnown(depth)
        ? a.most * y.most * depth
        : Number.POSITIVE_INFINITY;
  if (bound < EXACT || depth === 0) return castTo(e, e.one('MatMul', [a.value, y.value]), as);
  if (!isKnown(depth))
    return refuse(
      'a product of integers over an axis of unknown size, whose sums may be too great for float32',
      'fix the sizes with input-shapes in the config',
    );
  const step = Math.max(1, Math.floor((EXACT - 1) / Math.max(1, a.most * y.most)));
  let total: Value | undefined;
  for (let from = 0; from < depth; from += step) {
    const columns = cut(a.value, ra - 1, from, from + step, e);
    const rows = cut(y.value, Math.max(0, ry - 2), from, from + step, e);
    const part = castTo(e, e.one('MatMul', [columns, rows]), 'int32');
    total = total ? e.one('Add', [total, part]) : part;
  }
  return castTo(e, total as Value, as);
}

/** Indices from … to - 1 of an axis. */
export function cut(x: Value, axis: number, from: number, to: number, e: Expander): Value {
  const list = (v: number) => e.constant(int64s([v]));
  return e.one('Slice', [x, list(from), list(to), list(axis)]);
}
