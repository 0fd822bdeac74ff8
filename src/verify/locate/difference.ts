import { isComplex, isFloat } from '../../tensor/dtype.js';
import { sizeOf, type Tensor } from '../../tensor/tensor.js';
import { advance, strides } from '../walk.js';
import { permute } from '../record.js';
import type { TfTensor } from '../tftensor.js';

/** How far a value inside the network is from the source's. */
export interface Difference {
  /**
   * Largest |a-b| / (|b| + s), s being the median of |b| over a sample: rounding gives about 1e-6 whatever the values'
   * size, and a few huge ones (a mask of -1e9) don't hide the others. Infinity where shape or type, NaN or an integer
   * differ.
   */
  readonly share: number;
  /** Largest |a-b| over pairs of finite floats. */
  readonly maxAbs: number;
}

const SAMPLE = 4096;
const SAME: Difference = { share: 0, maxAbs: 0 };
const OTHER: Difference = { share: Infinity, maxAbs: 0 };

/** `order`: how `actual`'s axes lie. Undefined where the two can't be held against each other. */
export function differenceOf(expected: Tensor, actual: TfTensor, order: readonly number[]): Difference | undefined {
  const { dims, dtype, data } = expected;
  if (isComplex(dtype) || actual.dtype === 'complex64') return undefined;
  if (order.length !== dims.length) return OTHER;
  if (permute(dims, order).some((d, i) => d !== actual.shape[i]) || dims.length !== actual.shape.length) return OTHER;
  if ((dtype === 'string') !== (actual.dtype === 'string')) return OTHER;
  const n = sizeOf(dims);
  const steps = strides(dims, order);
  const index = new Array<number>(dims.length).fill(0);
  if (!isFloat(dtype)) {
    const exact = (at: number, offset: number): boolean =>
      dtype === 'string' ? data[at] === actual.data[offset] : Number(data[at]) === Number(actual.data[offset]);
    for (let at = 0, offset = 0; at < n; at++) {
      if (!exact(at, offset)) return OTHER;
      offset = advance(index, dims, steps, offset);
    }
    return SAME;
  }
  const want = data as Float32Array | Float64Array;
  const have = actual.data as Float32Array;
  const scale = medianOf(want);
  let share = 0;
  let maxAbs = 0;
  for (let at = 0, offset = 0; at < n; at++) {
    const b = want[at] as number;
    const a = have[offset] as number;
    const off = Math.abs(a - b);
    if (Number.isFinite(off)) {
      if (off > maxAbs) maxAbs = off;
      if (off > 0 && off > share * (Math.abs(b) + scale)) share = off / (Math.abs(b) + scale);
    } else if (!Object.is(a, b)) share = Infinity;
    offset = advance(index, dims, steps, offset);
  }
  return { share, maxAbs };
}

/** Of the absolute values other than zero, evenly sampled; the smallest normal float where there are none. */
function medianOf(values: ArrayLike<number>): number {
  const step = Math.max(1, Math.floor(values.length / SAMPLE));
  const sizes: number[] = [];
  for (let i = 0; i < values.length; i += step) {
    const size = Math.abs(values[i] as number);
    if (size > 0 && Number.isFinite(size)) sizes.push(size);
  }
  sizes.sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length / 2)] ?? 2 ** -126;
}
