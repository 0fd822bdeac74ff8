import { isFloat } from '../../tensor/dtype.js';
import type { RecordedTensor } from '../record.js';

/** Sizes for a model's open axes: by symbol, or by `input:axis` where an axis has no name. */
export type Sizes = ReadonlyMap<string, number>;

/** What an open axis most likely is, which decides the sizes that are tried. */
type Kind = 'batch' | 'height' | 'width' | 'length';

interface Axis {
  readonly key: string;
  readonly kind: Kind;
}

/**
 * Sizes to try, in order, until two of them run: small ones first, then those that networks with halving or fixed windows
 * need. Two in a row differ in every axis, and height and width do, so that an exchange of axes shows.
 */
const TRIED: Readonly<Record<Kind, readonly number[]>> = {
  batch: [2, 1, 2, 1, 2, 1, 1, 1, 1, 1],
  height: [64, 96, 128, 160, 224, 256, 32, 320, 512, 640],
  width: [96, 64, 160, 128, 224, 256, 64, 320, 512, 640],
  length: [7, 12, 8, 16, 32, 64, 128, 1, 2, 4],
};
/** How many sizes there are to try. */
export const TRIES = TRIED.batch.length;

/** Whether a model has open axes at all. */
export function isOpen(inputs: readonly RecordedTensor[]): boolean {
  return axesOf(inputs).length > 0;
}

/** The sizes of one try; `attempt` below TRIES. Symbols that are sums of others (`past + 1`) follow from those. */
export function sizesFor(inputs: readonly RecordedTensor[], attempt: number): Sizes {
  const sizes = new Map<string, number>();
  const axes = axesOf(inputs);
  for (const { key, kind } of axes) if (!/[+*\-/]/.test(key)) sizes.set(key, TRIED[kind][attempt] as number);
  for (const { key, kind } of axes)
    if (!sizes.has(key)) sizes.set(key, computed(key, sizes) ?? (TRIED[kind][attempt] as number));
  return sizes;
}

/** The sizes that given inputs (by ONNX's name) have in a model's open axes. */
export function sizesOf(inputs: readonly RecordedTensor[], shapes: ReadonlyMap<string, readonly number[]>): Sizes {
  const sizes = new Map<string, number>();
  for (const row of inputs)
    for (const [axis, dim] of openShape(row).entries()) {
      const size = shapes.get(row.onnx.name)?.[axis];
      if (typeof dim !== 'number' && size !== undefined) sizes.set(keyOf(row, axis), size);
    }
  return sizes;
}

/**
 * Sizes to try beside some that were had, likeliest first: those that differ in every axis, those that differ in some, and
 * at last the same but for the batch.
 */
export function otherSizes(inputs: readonly RecordedTensor[], had: Sizes): Sizes[] {
  const tried = Array.from({ length: TRIES }, (_, attempt) => sizesFor(inputs, attempt));
  const apart = (sizes: Sizes) => [...sizes].filter(([key, size]) => had.get(key) !== size).length;
  const batch = new Map(had);
  for (const { key, kind } of axesOf(inputs)) if (kind === 'batch') batch.set(key, (had.get(key) ?? 1) + 1);
  return [...tried.filter((s) => apart(s) === s.size), ...tried.filter((s) => apart(s) < s.size), batch].filter(
    (s) => apart(s) > 0,
  );
}

/** The shape of an input in ONNX's order, under the sizes of a try. */
export function shapeFor(row: RecordedTensor, sizes: Sizes): number[] {
  return openShape(row).map((dim, axis) => (typeof dim === 'number' ? dim : (sizes.get(keyOf(row, axis)) as number)));
}

/** `N=2, length=7` */
export function describeSizes(sizes: Sizes): string {
  return [...sizes].map(([key, size]) => `${key}=${size}`).join(', ');
}

/** In ONNX's order: the file's sizes, or those that the written model has fixed. */
function openShape(row: RecordedTensor): (number | string | null)[] {
  const dims: (number | string | null)[] = row.tfjs.shape.map(() => null);
  for (const [i, axis] of row.order.entries()) {
    const own = row.onnx.shape?.[axis] ?? null;
    dims[axis] = typeof own === 'number' ? own : (row.tfjs.shape[i] ?? own);
  }
  return dims;
}

function keyOf(row: RecordedTensor, axis: number): string {
  const dim = openShape(row)[axis];
  return typeof dim === 'string' ? dim : `${row.onnx.name}:${axis}`;
}

function axesOf(inputs: readonly RecordedTensor[]): Axis[] {
  const found = new Map<string, Axis>();
  for (const row of inputs) {
    const dims = openShape(row);
    for (const [axis, dim] of dims.entries()) {
      if (typeof dim === 'number') continue;
      const key = keyOf(row, axis);
      if (!found.has(key)) found.set(key, { key, kind: kindOf(typeof dim === 'string' ? dim : '', axis, row) });
    }
  }
  return [...found.values()];
}

function kindOf(symbol: string, axis: number, row: RecordedTensor): Kind {
  const rank = row.tfjs.shape.length;
  if (/batch|^(n|b|bs|bz)$/i.test(symbol)) return 'batch';
  if (/height|^(h|y|rows?)$|_h$/i.test(symbol)) return 'height';
  if (/width|^(w|x|cols?)$|_w$/i.test(symbol)) return 'width';
  if (/seq|len|time|tokens?|^(s|t|l)$/i.test(symbol)) return 'length';
  if (axis === 0) return 'batch';
  const image = isFloat(row.onnx.dtype) || row.onnx.dtype === 'uint8';
  if (image && rank === 4 && axis >= 1) return axis === rank - 1 ? 'width' : 'height';
  return 'length';
}

/** `a + b`, `past_length + 1`: what exporters write. Undefined where it can't be computed or is no size. */
function computed(text: string, sizes: Sizes): number | undefined {
  const parts = text.split('+').map((part) => part.trim());
  let sum = 0;
  for (const part of parts) {
    const value = /^\d+$/.test(part) ? Number(part) : sizes.get(part);
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}
