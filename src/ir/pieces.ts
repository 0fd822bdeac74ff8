import { isComplex } from '../tensor/dtype.js';
import { allocate, sizeOf, type Tensor, type TensorData } from '../tensor/tensor.js';

/** Cutting and joining of constants, any element type. */

type Elements = Record<number, unknown>;

/** numpy's concatenate. */
export function concatTensors(parts: readonly Tensor[], axis: number): Tensor {
  const [first] = parts;
  const dims = first.dims.map((d, i) => (i === axis ? parts.reduce((n, p) => n + p.dims[axis], 0) : d));
  const width = isComplex(first.dtype) ? 2 : 1;
  const out = allocate(first.dtype, sizeOf(dims)) as unknown as Elements;
  const rows = sizeOf(dims.slice(0, axis));
  const row = sizeOf(dims.slice(axis)) * width;
  let start = 0;
  for (const p of parts) {
    const length = sizeOf(p.dims.slice(axis)) * width;
    const from = p.data as unknown as Elements;
    for (let r = 0; r < rows; r++) for (let i = 0; i < length; i++) out[r * row + start + i] = from[r * length + i];
    start += length;
  }
  return { dtype: first.dtype, dims, data: out as unknown as TensorData };
}

/** numpy's take along an axis: `indices` are within 0 … size-1, and the axis gets the size of their number. */
export function takeAxis(t: Tensor, axis: number, indices: ArrayLike<number>): Tensor {
  const dims = t.dims.map((d, i) => (i === axis ? indices.length : d));
  const out = allocate(t.dtype, sizeOf(dims)) as unknown as Elements;
  const from = t.data as unknown as Elements;
  const rows = sizeOf(t.dims.slice(0, axis));
  const length = sizeOf(t.dims.slice(axis + 1)) * (isComplex(t.dtype) ? 2 : 1);
  const size = t.dims[axis];
  let to = 0;
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < indices.length; k++) {
      const at = (r * size + indices[k]) * length;
      for (let i = 0; i < length; i++) out[to++] = from[at + i];
    }
  return { dtype: t.dtype, dims, data: out as unknown as TensorData };
}
