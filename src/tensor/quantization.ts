import { bitsOfFloat } from './floats.js';
import { roundedTogether } from './rounding.js';
import { sizeOf } from './tensor.js';

/**
 * TensorFlow.js's own quantization of weights: float32 values are stored narrower, and made float32 again by whoever loads
 * the model (`decodeWeights` of tfjs-core): float16 as its bits, uint16 and uint8 as `q * scale + min`.
 */
export const QUANTIZED = ['float16', 'uint16', 'uint8'] as const;
export type QuantizedType = (typeof QUANTIZED)[number];

/** How a weight is stored, as model.json has it. Numbers are finite. */
export interface Quantization {
  readonly dtype: QuantizedType;
  readonly scale?: number;
  readonly min?: number;
}

export const QUANTIZED_BYTES: Readonly<Record<QuantizedType, number>> = { float16: 2, uint16: 2, uint8: 1 };

/** What one tensor holds, as far as it decides how it can be stored. */
export interface Range {
  /** Smallest and largest value; NaN where there is none. */
  readonly min: number;
  readonly max: number;
  /** NaN and infinities are absent. */
  readonly finite: boolean;
}

export function rangeOf(values: Float32Array): Range {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number;
    // Also false for NaN.
    if (!(v - v === 0)) return { min: Number.NaN, max: Number.NaN, finite: false };
    if (v < min) min = v;
    if (v > max) max = v;
  }
  return values.length === 0 ? { min: Number.NaN, max: Number.NaN, finite: true } : { min, max, finite: true };
}

/** Fewer elements aren't worth the entry in model.json. */
const LEAST_ELEMENTS = 64;

/**
 * Whether a tensor of these sizes is worth storing narrower: a matrix or a kernel of some size. Vectors (biases, scales,
 * means, variances) take next to nothing, and with 256 steps over their range the small ones would be lost.
 */
export function isWorthQuantizing(dims: readonly number[], as: QuantizedType): boolean {
  if (sizeOf(dims) < LEAST_ELEMENTS) return false;
  return as === 'float16' || dims.filter((d) => d > 1).length > 1;
}

const LARGEST_HALF = 65504;

/**
 * How a tensor with this range is stored as `as`; undefined where it can't be: values that aren't finite, or that would
 * not be finite when read back. Zero is exact where it lies within the range, as TensorFlow.js's own converter has it: the
 * range is moved by less than a step. A constant is exact.
 */
export function quantizationFor({ min, max, finite }: Range, as: QuantizedType): Quantization | undefined {
  if (!finite || Number.isNaN(min)) return undefined;
  if (as === 'float16') return Math.max(-min, max) <= LARGEST_HALF ? { dtype: as } : undefined;
  // + 0, since JSON has no -0.
  if (min === max) return { dtype: as, scale: 1, min: min + 0 };
  const steps = stepsOf(as);
  const scale = (max - min) / steps;
  const nudged = min <= 0 && max >= 0 ? 0 - Math.round(-min / scale) * scale : min;
  const ends = [nudged, steps * scale + nudged];
  return ends.every((end) => Number.isFinite(Math.fround(end))) ? { dtype: as, scale, min: nudged } : undefined;
}

const stepsOf = (as: 'uint16' | 'uint8'): number => (as === 'uint8' ? 255 : 65535);

/**
 * The values of a weight of these sizes as they are stored, little-endian: float16 each to the nearest, steps so that their
 * errors cancel (see roundedTogether).
 */
export function quantized(
  values: Float32Array,
  { dtype, scale = 1, min = 0 }: Quantization,
  dims: readonly number[],
): Uint8Array {
  if (dtype === 'float16') {
    const out = new Uint16Array(values.length);
    for (let i = 0; i < values.length; i++) out[i] = bitsOfFloat('float16', values[i] as number);
    return new Uint8Array(out.buffer);
  }
  const out = roundedTogether(values, { scale, min, most: stepsOf(dtype) }, dims);
  return dtype === 'uint8' ? Uint8Array.from(out) : new Uint8Array(out.buffer);
}
