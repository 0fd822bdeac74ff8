import { isBig, isFloat, isInteger, rangeOf, type DType } from '../tensor/dtype.js';
import { sizeOf, tensorOf, type Tensor } from '../tensor/tensor.js';

/** Why a JSON reference can't be read, as the end of a sentence. */
export class JsonReferenceError extends Error {}

const WORDS: Record<string, number> = { NaN: Number.NaN, Infinity, '-Infinity': -Infinity };

/**
 * A tensor from JSON: nested lists (`[[1, 2], [3, 4]]`, a bare number for a scalar), or `{"shape": [2, 2], "data": [1, 2, 3,
 * 4], "dtype": "float32"}` with the elements in row-major order, dtype if wanted. The words NaN, Infinity and -Infinity stand for what JSON
 * has no numbers for, and 64-bit integers may be given as strings. `dtype`: the model's. Throws JsonReferenceError.
 */
export function tensorOfJson(text: string, dtype: DType): Tensor {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (e) {
    throw new JsonReferenceError(`it is not JSON (${(e as Error).message})`);
  }
  if (dtype.startsWith('complex')) throw new JsonReferenceError('complex numbers can be given as .npy or .pb alone');
  const { shape, items } = isRecord(json) ? flat(json, dtype) : nested(json);
  return tensorOf(
    dtype,
    shape,
    items.map((item) => element(item, dtype)),
  );
}

const isRecord = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

function flat(json: Record<string, unknown>, dtype: DType): { shape: number[]; items: unknown[] } {
  const { shape, data } = json;
  if (!Array.isArray(shape) || !shape.every((d) => Number.isSafeInteger(d) && d >= 0) || !Array.isArray(data))
    throw new JsonReferenceError('an object needs "shape", a list of sizes, and "data", a list of elements');
  if (json.dtype !== undefined && json.dtype !== dtype)
    throw new JsonReferenceError(`it says dtype ${JSON.stringify(json.dtype)} where the model has ${dtype}`);
  if (data.length !== sizeOf(shape as number[]))
    throw new JsonReferenceError(
      `"data" has ${data.length} elements where the shape [${shape.join(', ')}] takes ${sizeOf(shape as number[])}`,
    );
  return { shape: shape as number[], items: data as unknown[] };
}

function nested(json: unknown): { shape: number[]; items: unknown[] } {
  const shape: number[] = [];
  for (let at: unknown = json; Array.isArray(at); at = at[0]) {
    if (shape.length === 64) throw new JsonReferenceError('its lists are nested more than 64 deep');
    shape.push(at.length);
    if (at.length === 0) break;
  }
  const items: unknown[] = [];
  const walk = (value: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (Array.isArray(value)) throw new JsonReferenceError('its lists are not all equally deep');
      items.push(value);
      return;
    }
    if (!Array.isArray(value) || value.length !== shape[depth])
      throw new JsonReferenceError('its lists are not all equally long and deep');
    for (const part of value) walk(part, depth + 1);
  };
  walk(json, 0);
  return { shape, items };
}

function element(value: unknown, dtype: DType): number | bigint | string | boolean {
  const refuse = (): never => {
    throw new JsonReferenceError(`the element ${JSON.stringify(value)} is no ${dtype}`);
  };
  if (dtype === 'string') return typeof value === 'string' ? value : refuse();
  if (dtype === 'bool') return value === true || value === 1 ? true : value === false || value === 0 ? false : refuse();
  if (isFloat(dtype)) {
    if (typeof value === 'number') return value;
    return typeof value === 'string' && Object.hasOwn(WORDS, value) ? (WORDS[value] as number) : refuse();
  }
  if (!isInteger(dtype)) return refuse();
  const digits = typeof value === 'string' && /^-?\d{1,20}$/.test(value);
  if (!digits && !Number.isSafeInteger(value)) return refuse();
  const whole = BigInt(value as string | number);
  const { min, max } = rangeOf(dtype);
  if (whole < min || whole > max) return refuse();
  return isBig(dtype) ? whole : Number(whole);
}
