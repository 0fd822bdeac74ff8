import { fed, fixed, type Family, type Given, type OracleCase } from '../case.js';
import type { DType } from '../../../tensor/dtype.js';
import type { Random } from '../random.js';

/** A result's dims, and those of operands that broadcast to it: leading axes may be missing, others be 1. */
export function broadcasting(r: Random, operands: number, mostRank = 5): { result: number[]; operands: number[][] } {
  const result = r.dims(r.int(0, mostRank), 4);
  const own = Array.from({ length: operands }, (_, i) => {
    const dims = result.map((d) => (r.chance(0.25) ? 1 : d));
    return i > 0 && r.chance(0.3) ? dims.slice(r.int(0, dims.length)) : dims;
  });
  // Somebody has to bring each size that isn't 1.
  return {
    result: result.map((_, axis) => Math.max(1, ...own.map((o) => o[axis - result.length + o.length] ?? 1))),
    operands: own,
  };
}

/** An input that is now and then an initializer. */
export function given(r: Random, dtype: DType, dims: readonly number[], low = -3, high = 3, constant = 0.25): Given {
  const tensor = r.tensor(dtype, dims, low, high);
  return r.chance(constant) ? fixed(tensor) : fed(tensor);
}

/** An input whose first axis is open now and then, and is then fed in another size too. */
export function batched(r: Random, dtype: DType, dims: readonly number[], low = -3, high = 3): Given {
  const tensor = r.tensor(dtype, dims, low, high);
  if (dims.length === 0 || r.chance(0.5)) return fed(tensor);
  return fed(tensor, { 0: 'N' }, [r.tensor(dtype, [dims[0] + 1, ...dims.slice(1)], low, high)]);
}

/** An axis of a rank, counted from either end. */
export function axisOf(r: Random, rank: number): number {
  return r.int(-rank, rank - 1);
}

export const FLOATS: readonly DType[] = ['float32', 'float32', 'float32', 'float64', 'float16'];
/** The integers that onnxruntime computes with most. */
export const INTS: readonly DType[] = ['int32', 'int64'];
export const ALL_INTS: readonly DType[] = ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'];

/** The same cases with every input an initializer: what is computed while converting has to be the same. */
export function folded(family: Family): Family {
  const constant = (c: OracleCase): OracleCase => ({
    ...c,
    inputs: Object.fromEntries(Object.entries(c.inputs).map(([name, g]) => [name, fixed(g.tensor)])),
  });
  return Object.fromEntries(
    Object.entries(family).map(([name, generate]) => [`${name} folded`, (r) => constant(generate(r))]),
  );
}
