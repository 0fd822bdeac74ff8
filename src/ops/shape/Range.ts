import { LIMITS } from '../../diag/limits.js';
import { series } from '../../ir/weights.js';
import { ceilDiv, isKnown, mulDim, addDim, subDim, type Dim } from '../../ir/dim.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import { wrapBig, wrapNumber } from '../../ir/numeric.js';
import type { View } from '../../ir/view.js';
import { invalid } from '../../diag/diagnostic.js';
import { isBig, isInteger } from '../../tensor/dtype.js';
import { isNarrowFloat } from '../../tensor/floats.js';
import { allocate, type Tensor, type TensorData } from '../../tensor/tensor.js';
import { roundFloat } from '../../tf/round-float.js';

/** Longer ones are no shapes. */
const MOST_ELEMS = 4096;

export default defineOp({
  name: 'Range',
  summary: 'numbers from start to below limit, in steps',
  shapes: ['() | 1', '() | 1', '() | 1'],
  read: { 11: noAttributes },
  infer: (n) => {
    const [start, limit, delta] = [n.constant(0), n.constant(1), n.constant(2)];
    if (start && limit && delta) return [{ dtype: n.dtype(0), dims: [lengthOf(start, limit, delta)] }];
    return [{ dtype: n.dtype(0), dims: [symbolicLength(n) ?? n.fresh()] }];
  },
  elems: (n) => {
    const [length, start, delta] = [symbolicLength(n), n.elems(0)?.[0], n.elems(2)?.[0]];
    if (length === undefined || start === undefined || delta === undefined || !isKnown(length) || length > MOST_ELEMS)
      return undefined;
    return series(length, (i) => addDim(start, mulDim(delta, i)));
  },
  fold: (n, [start, limit, delta]) => {
    const dtype = n.dtype(0);
    const length = lengthOf(start, limit, delta);
    if (length > LIMITS.listedElements) return undefined;
    const data = allocate(dtype, length) as Exclude<TensorData, readonly string[]>;
    if (isBig(dtype)) {
      const [first, step] = [start.data[0] as bigint, delta.data[0] as bigint];
      for (let i = 0; i < length; i++) data[i] = wrapBig(dtype, first + BigInt(i) * step);
    } else {
      const [first, step] = [Number(start.data[0]), Number(delta.data[0])];
      for (let i = 0; i < length; i++) data[i] = wrapNumber(dtype, first + i * step);
    }
    return [{ dtype, dims: [length], data }];
  },
  graph: (n, [start, limit, delta], b) => {
    const dtype = n.dtype(0);
    const out = b.range(start, limit, delta);
    return isNarrowFloat(dtype) ? roundFloat(b, out, dtype) : out;
  },
});

function lengthOf(start: Tensor, limit: Tensor, delta: Tensor): number {
  if ([start, limit, delta].some((t) => t.data.length !== 1))
    return invalid('start, limit and delta have to be one number each');
  if (isBig(start.dtype)) {
    const [from, to, step] = [start, limit, delta].map((t) => t.data[0] as bigint);
    if (step === 0n) return invalid('the step is 0');
    const span = to - from;
    const whole = span / step;
    return Math.max(Number(whole * step === span || span < 0n !== step < 0n ? whole : whole + 1n), 0);
  }
  const [from, to, step] = [start, limit, delta].map((t) => Number(t.data[0]));
  return step === 0 ? invalid('the step is 0') : Math.max(Math.ceil((to - from) / step), 0);
}

function symbolicLength(n: View): Dim | undefined {
  const [start, limit, delta] = [n.elems(0)?.[0], n.elems(1)?.[0], n.elems(2)?.[0]];
  if (
    start === undefined ||
    limit === undefined ||
    delta === undefined ||
    !isKnown(delta) ||
    delta === 0 ||
    !isInteger(n.dtype(0))
  )
    return undefined;
  const length = delta > 0 ? ceilDiv(subDim(limit, start), delta) : ceilDiv(subDim(start, limit), -delta);
  return isKnown(length) ? Math.max(length, 0) : length;
}
