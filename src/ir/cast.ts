import { isBig, isComplex, isFloat, type DType } from '../tensor/dtype.js';
import { roundTo, type Rounding } from '../tensor/floats.js';
import { allocate, type Tensor } from '../tensor/tensor.js';
import { invalid } from '../diag/diagnostic.js';
import { wrapBig, wrapNumber } from './numeric.js';

/**
 * ONNX's Cast of a constant: integers wrap to their width, floats are cut towards zero on their way to integers and
 * rounded on their way to narrower floats. Undefined for complex numbers.
 */
export function castTensor(t: Tensor, to: DType, rounding?: Rounding): Tensor | undefined {
  if (isComplex(t.dtype) || isComplex(to)) return undefined;
  if (t.dtype === to) return t;
  if (to === 'string')
    return {
      dtype: to,
      dims: t.dims,
      data: Array.from(t.data as ArrayLike<number | bigint>, (v) => showNumber(t.dtype, v)),
    };
  const from: ArrayLike<number | bigint> =
    t.dtype === 'string'
      ? (t.data as readonly string[]).map((s) => parseNumber(s, to))
      : (t.data as ArrayLike<number | bigint>);
  const out = allocate(to, from.length);
  for (let i = 0; i < from.length; i++) (out as unknown as (number | bigint)[])[i] = castNumber(from[i], to, rounding);
  return { dtype: to, dims: t.dims, data: out };
}

function castNumber(v: number | bigint, to: DType, rounding: Rounding | undefined): number | bigint {
  if (to === 'bool') return v ? 1 : 0;
  if (isFloat(to)) return roundTo(to, Number(v), rounding);
  const whole = typeof v === 'bigint' ? v : Number.isFinite(v) ? Math.trunc(v) : 0;
  if (isBig(to)) return wrapBig(to, BigInt(whole));
  if (typeof whole === 'bigint') return wrapNumber(to, Number(BigInt.asIntN(32, whole)));
  return wrapNumber(to, Number.isSafeInteger(whole) ? Number(BigInt.asIntN(32, BigInt(whole))) : 0);
}

/** ONNX: plain or scientific notation, and NaN, INF, +INF, -INF in any case. */
function parseNumber(text: string, to: DType): number | bigint {
  const word = text.trim().toLowerCase();
  const special = /^([+-]?)(inf|infinity|nan)$/.exec(word);
  if (special)
    return special[2] === 'nan' ? Number.NaN : special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (isBig(to) && /^[+-]?\d+$/.test(word)) return word.startsWith('+') ? BigInt(word.slice(1)) : BigInt(word);
  const value = word === '' ? Number.NaN : Number(word);
  return Number.isNaN(value) ? invalid(`${JSON.stringify(text.slice(0, 40))} is no number`) : value;
}

/** The shortest text that reads back as the same number of its type, as NumPy writes it. */
function showNumber(dtype: DType, v: number | bigint): string {
  if (typeof v === 'bigint' || !isFloat(dtype)) return dtype === 'bool' ? (v ? '1' : '0') : String(v);
  if (Number.isNaN(v)) return 'NaN';
  if (!Number.isFinite(v)) return v < 0 ? '-INF' : 'INF';
  if (dtype === 'float64') return withPoint(v);
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(v.toPrecision(digits));
    if (roundTo(dtype, short) === v) return withPoint(short);
  }
  return withPoint(v);
}

/** Scientific below 1e-4 and from 1e16 on, and never without a point or an exponent, as NumPy. */
function withPoint(v: number): string {
  const size = Math.abs(v);
  if (v !== 0 && (size < 1e-4 || size >= 1e16)) return v.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return Number.isInteger(v) ? `${v}.0` : String(v);
}
