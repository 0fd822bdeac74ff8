import { invalid } from '../diag/diagnostic.js';
import { isBig, isComplex } from '../tensor/dtype.js';
import { sizeOf, type Tensor, type TensorData } from '../tensor/tensor.js';
import { maxBig, minBig, wrapBig, wrapNumber } from './numeric.js';
import { stridesOf } from './weights.js';

/** What is done where an element is written: the last wins, or it is joined to what is there. */
export type Reduction = 'none' | 'add' | 'mul' | 'max' | 'min';

type Elements = Record<number, unknown>;

/** Writes single elements: `at` gives, for each of the updates, the row-major index. Undefined for types without order. */
export function scatterInto(
  data: Tensor,
  at: ArrayLike<number>,
  updates: Tensor,
  reduction: Reduction,
): Tensor | undefined {
  if (isComplex(data.dtype) || (data.dtype === 'string' && reduction !== 'none')) return undefined;
  const out = (data.dtype === 'string'
    ? [...(data.data as readonly string[])]
    : (data.data as Float32Array).slice()) as unknown as Elements;
  const from = updates.data as unknown as Elements;
  for (let i = 0; i < at.length; i++)
    out[at[i]] = reduction === 'none' ? from[i] : joined(data, reduction, out[at[i]], from[i]);
  return { ...data, data: out as unknown as TensorData };
}

function joined(data: Tensor, reduction: Exclude<Reduction, 'none'>, old: unknown, now: unknown): unknown {
  if (isBig(data.dtype)) {
    const [p, q] = [old as bigint, now as bigint];
    return wrapBig(
      data.dtype,
      reduction === 'add' ? p + q : reduction === 'mul' ? p * q : reduction === 'max' ? maxBig(p, q) : minBig(p, q),
    );
  }
  const [p, q] = [old as number, now as number];
  return wrapNumber(
    data.dtype,
    reduction === 'add' ? p + q : reduction === 'mul' ? p * q : reduction === 'max' ? Math.max(p, q) : Math.min(p, q),
  );
}

/** For GatherElements and ScatterElements: the row-major index into `dims` that each element of the indices names. */
export function elementIndices(dims: readonly number[], indices: Tensor, axis: number): Int32Array {
  const strides = stridesOf(dims);
  const n = sizeOf(indices.dims);
  const out = new Int32Array(n);
  const index = new Array<number>(dims.length).fill(0);
  const from = indices.data as ArrayLike<number | bigint>;
  for (let i = 0; i < n; i++) {
    let at = 0;
    for (let a = 0; a < dims.length; a++) at += (a === axis ? inside(Number(from[i]), dims[a]) : index[a]) * strides[a];
    out[i] = at;
    for (let a = dims.length - 1; a >= 0; a--) {
      if (++index[a] < indices.dims[a]) break;
      index[a] = 0;
    }
  }
  return out;
}

/**
 * For GatherND and ScatterND: the row-major index of each element that the rows of the indices name, slices written out.
 * @param batch how many leading axes the indices share with `dims`
 */
export function rowIndices(dims: readonly number[], indices: Tensor, batch = 0): Int32Array {
  const depth = indices.dims[indices.dims.length - 1];
  const strides = stridesOf(dims);
  const slice = sizeOf(dims.slice(batch + depth));
  const rows = sizeOf(indices.dims.slice(0, -1));
  const perBatch = sizeOf(indices.dims.slice(batch, -1));
  const whole = sizeOf(dims.slice(batch));
  const from = indices.data as ArrayLike<number | bigint>;
  const out = new Int32Array(rows * slice);
  for (let r = 0; r < rows; r++) {
    let at = batch > 0 ? Math.floor(r / perBatch) * whole : 0;
    for (let k = 0; k < depth; k++) at += inside(Number(from[r * depth + k]), dims[batch + k]) * strides[batch + k];
    for (let i = 0; i < slice; i++) out[r * slice + i] = at + i;
  }
  return out;
}

/** An index that may be negative, as one that is not. Refuses one that is out of range. */
export function inside(i: number, size: number): number {
  return i < -size || i >= size
    ? invalid(`index ${i} is outside the ${size} elements of the axis`)
    : i < 0
      ? i + size
      : i;
}
