import type { DType } from './dtype.js';

/** The floats that JavaScript has no array for. */
export type NarrowFloat =
  | 'float16'
  | 'bfloat16'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float8e8m0'
  | 'float6e2m3'
  | 'float6e3m2'
  | 'float4e2m1';

interface Format {
  readonly bits: number;
  readonly mantissa: number;
  readonly bias: number;
  /** Largest finite value. */
  readonly max: number;
  /** Bits of infinity, where there is one. */
  readonly inf?: number;
  /** Bits of NaN, where there is one. */
  readonly nan?: number;
  /** NaN is the only one, and takes the place of -0. */
  readonly unsignedZero?: boolean;
}

// Sources: IEEE 754 binary16; OCP OFP8 and MX 1.0; "8-bit Numerical Formats for Deep Neural Networks" for the fnuz forms.
const FORMATS: Record<Exclude<NarrowFloat, 'float8e8m0'>, Format> = {
  float16: { bits: 16, mantissa: 10, bias: 15, max: 65504, inf: 0x7c00, nan: 0x7e00 },
  bfloat16: { bits: 16, mantissa: 7, bias: 127, max: 255 * 2 ** 120, inf: 0x7f80, nan: 0x7fc0 },
  float8e4m3fn: { bits: 8, mantissa: 3, bias: 7, max: 448, nan: 0x7f },
  float8e4m3fnuz: { bits: 8, mantissa: 3, bias: 8, max: 240, nan: 0x80, unsignedZero: true },
  float8e5m2: { bits: 8, mantissa: 2, bias: 15, max: 57344, inf: 0x7c, nan: 0x7e },
  float8e5m2fnuz: { bits: 8, mantissa: 2, bias: 16, max: 57344, nan: 0x80, unsignedZero: true },
  float6e2m3: { bits: 6, mantissa: 3, bias: 1, max: 7.5 },
  float6e3m2: { bits: 6, mantissa: 2, bias: 3, max: 28 },
  float4e2m1: { bits: 4, mantissa: 1, bias: 1, max: 6 },
};

/** What a narrow float can hold: fraction bits, smallest exponent of a normal number, largest value, and what it has beyond. */
export function rangeOfFloat(dtype: Exclude<NarrowFloat, 'float8e8m0'>): {
  fraction: number;
  least: number;
  max: number;
  infinity: boolean;
  nan: boolean;
} {
  const { mantissa, bias, max, inf, nan } = FORMATS[dtype];
  return { fraction: mantissa, least: 1 - bias, max, infinity: inf !== undefined, nan: nan !== undefined };
}

export const isNarrowFloat = (dtype: DType): dtype is NarrowFloat =>
  dtype === 'float8e8m0' || Object.hasOwn(FORMATS, dtype);

/** How to round into a narrow float, in the words of ONNX's Cast. */
export interface Rounding {
  /** Out of range becomes the largest value (default), else infinity, or NaN where there is none. 8-bit floats only. */
  readonly saturate?: boolean;
  /** For float8e8m0 alone, which holds powers of two: to the next above (default), below, or nearest with ties up. */
  readonly mode?: 'up' | 'down' | 'nearest';
}

const scratch = new DataView(new ArrayBuffer(8));

/** The e with 2^e <= x < 2^(e+1), for a positive finite x. */
function exponentOf(x: number): number {
  scratch.setFloat64(0, x);
  const e = (scratch.getUint32(0) >>> 20) & 0x7ff;
  return e === 0 ? exponentOf(x * 2 ** 64) - 64 : e - 1023;
}

/** To the nearest integer, halves to the even one. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/**
 * A number as the bits of a narrow float, rounded to nearest, ties to even, from the full precision given. float16 and
 * bfloat16 overflow to infinity; the 4- and 6-bit floats, which have neither infinity nor NaN, saturate, and turn NaN into
 * -0, as ONNX's reference does.
 */
export function bitsOfFloat(dtype: NarrowFloat, x: number, rounding: Rounding = {}): number {
  const saturate = rounding.saturate ?? true;
  if (dtype === 'float8e8m0') return bitsOfE8M0(x, saturate, rounding.mode ?? 'up');
  const f = FORMATS[dtype];
  const sign = x < 0 || Object.is(x, -0) ? 1 << (f.bits - 1) : 0;
  if (Number.isNaN(x)) return f.nan ?? 1 << (f.bits - 1);
  const a = Math.abs(x);
  const eMin = 1 - f.bias;
  if (a === 0) return f.unsignedZero ? 0 : sign;
  if (a !== Number.POSITIVE_INFINITY) {
    const e = Math.max(eMin, exponentOf(a));
    const quantum = 2 ** (e - f.mantissa);
    const q = roundHalfEven(a / quantum);
    if (q * quantum <= f.max) return q === 0 && f.unsignedZero ? 0 : sign | ((e - eMin) * 2 ** f.mantissa + q);
  }
  if (f.bits === 16 || (!saturate && f.inf !== undefined)) return sign | (f.inf as number);
  if (saturate || f.nan === undefined) return sign | finiteMax(f);
  return f.unsignedZero ? f.nan : sign | f.nan;
}

function finiteMax(f: Format): number {
  const e = exponentOf(f.max);
  return (e - (1 - f.bias)) * 2 ** f.mantissa + f.max / 2 ** (e - f.mantissa);
}

/** Powers of two from 2^-127 (bits 0) to 2^127; 255 is NaN. The sign is dropped; ONNX leaves negatives undefined. */
function bitsOfE8M0(x: number, saturate: boolean, mode: 'up' | 'down' | 'nearest'): number {
  const a = Math.abs(x);
  if (Number.isNaN(a)) return 255;
  if (a === Number.POSITIVE_INFINITY) return saturate ? 254 : 255;
  if (a === 0) return saturate ? 0 : 255;
  const e = exponentOf(a);
  const fraction = a / 2 ** e;
  const up = mode === 'up' ? fraction > 1 : mode === 'nearest' && fraction >= 1.5;
  const bits = e + (up ? 1 : 0) + 127;
  if (bits < 0) return saturate ? 0 : 255;
  if (bits > 254) return saturate ? 254 : 255;
  return bits;
}

/** The value of a narrow float's bits (exact; float32 holds all of them). */
export function floatOfBits(dtype: NarrowFloat, bits: number): number {
  if (dtype === 'float8e8m0') return bits === 255 ? Number.NaN : 2 ** (bits - 127);
  const f = FORMATS[dtype];
  const signBit = 1 << (f.bits - 1);
  const sign = bits & signBit ? -1 : 1;
  const rest = bits & (signBit - 1);
  if (f.unsignedZero ? bits === f.nan : f.inf !== undefined ? rest > f.inf : f.nan !== undefined && rest === f.nan)
    return Number.NaN;
  if (f.inf !== undefined && rest === f.inf) return sign * Number.POSITIVE_INFINITY;
  const e = rest >> f.mantissa;
  const m = rest & ((1 << f.mantissa) - 1);
  const value = e === 0 ? m * 2 ** (1 - f.bias - f.mantissa) : (m + 2 ** f.mantissa) * 2 ** (e - f.bias - f.mantissa);
  return sign * value;
}

const tables = new Map<NarrowFloat, Float32Array>();

/** Value by bits, for all bits of a format (256 kB for the 16-bit ones). Made at first use. */
function tableOf(dtype: NarrowFloat): Float32Array {
  let table = tables.get(dtype);
  if (!table) {
    table = new Float32Array(dtype === 'float8e8m0' ? 256 : 2 ** FORMATS[dtype].bits);
    for (let i = 0; i < table.length; i++) table[i] = floatOfBits(dtype, i);
    tables.set(dtype, table);
  }
  return table;
}

/** Decodes many: one entry of `bits` an element (higher bits than the format has are ignored). */
export function decodeFloats(
  dtype: NarrowFloat,
  bits: ArrayLike<number>,
  out: Float32Array = new Float32Array(bits.length),
): Float32Array {
  const table = tableOf(dtype);
  const mask = table.length - 1;
  for (let i = 0; i < bits.length; i++) out[i] = table[(bits[i] as number) & mask] as number;
  return out;
}

/**
 * The nearest number that this float type can hold: float64 as it is, float32 by Math.fround, narrower ones by `rounding`.
 */
export function roundTo(dtype: DType, x: number, rounding?: Rounding): number {
  if (dtype === 'float32') return Math.fround(x);
  return isNarrowFloat(dtype) ? floatOfBits(dtype, bitsOfFloat(dtype, x, rounding)) : x;
}
