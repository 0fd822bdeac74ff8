import { isBig, isComplex } from '../../tensor/dtype.js';
import { allocate, sizeOf, type Tensor } from '../../tensor/tensor.js';
import { wrapNumber } from '../../ir/numeric.js';
import { stridesOf } from '../../ir/weights.js';

/** What a reduction is of the elements that come together. */
export type Reducer = (values: readonly number[], dtype: Tensor['dtype']) => number;
export type BigReducer = (values: readonly bigint[]) => bigint;

/** A reduction in ONNX's own types; sums and the like in double precision. Undefined where it can't be computed so. */
export function reduceElements(
  t: Tensor,
  axes: readonly number[],
  keepdims: boolean,
  value: Reducer,
  big?: BigReducer,
): Tensor | undefined {
  if (t.dtype === 'string' || isComplex(t.dtype) || (isBig(t.dtype) && !big)) return undefined;
  const outDims = t.dims.map((d, i) => (axes.includes(i) ? 1 : d));
  const strides = stridesOf(outDims).map((s, i) => (axes.includes(i) ? 0 : s));
  const inStrides = stridesOf(t.dims);
  const groups: (number | bigint)[][] = Array.from({ length: sizeOf(outDims) }, () => []);
  const data = t.data as ArrayLike<number | bigint>;
  for (let i = 0; i < data.length; i++) {
    let to = 0;
    for (let a = 0; a < t.dims.length; a++) to += (Math.floor(i / inStrides[a]) % t.dims[a]) * strides[a];
    groups[to].push(data[i]);
  }
  // What the greatest or least of nothing is, the written model says.
  if (isBig(t.dtype) && groups.length > 0 && data.length === 0) return undefined;
  const out = allocate(t.dtype, groups.length) as Float32Array;
  groups.forEach((g, i) => {
    if (isBig(t.dtype)) (out as unknown as BigInt64Array)[i] = (big as BigReducer)(g as bigint[]);
    else out[i] = wrapNumber(t.dtype, value(g as number[], t.dtype));
  });
  return { dtype: t.dtype, dims: keepdims ? outDims : t.dims.filter((_, i) => !axes.includes(i)), data: out };
}
