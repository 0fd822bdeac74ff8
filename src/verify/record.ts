import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { conversionRecordInvalid, notAModelFolder } from '../diag/catalogue-verify.js';
import { DiagnosticError } from '../diag/diagnostic.js';
import { DTYPES, type DType } from '../tensor/dtype.js';
import { TF_DTYPES, type TfDType } from './tftensor.js';

/** The formats of the contract. Only the first two can be loaded by TensorFlow.js. */
export const FORMATS = ['layers-model', 'graph-model', 'keras'] as const;
export type Format = (typeof FORMATS)[number];

/** One input or output as conversion.json has it: ONNX's view, the written model's, and the way between them. */
export interface RecordedTensor {
  readonly onnx: {
    readonly name: string;
    readonly dtype: DType;
    readonly shape: readonly (number | string | null)[] | null;
  };
  readonly tfjs: { readonly name: string; readonly dtype: TfDType; readonly shape: readonly (number | null)[] };
  /** order[i] is the ONNX axis at position i of the TensorFlow.js tensor. */
  readonly order: readonly number[];
}

/** One ONNX node, and where its values are in the written model. */
export interface RecordedNode {
  readonly name: string;
  readonly op: string;
  /** layer, op, fused, folded, relabelled or unused. */
  readonly became: string;
  /** Layers, or nodes of the graph, that do its work. */
  readonly tfjs: readonly string[];
  /** By place among the node's outputs; `tensor` is what to fetch, null where it was fused away. */
  readonly outputs: readonly {
    readonly onnx: string;
    readonly tensor: string | null;
    readonly order: readonly number[];
  }[];
}

/** What the judge needs of a conversion.json. */
export interface ConversionRecord {
  readonly source: { readonly path: string; readonly sha256?: string };
  readonly format: Format;
  /** executeAsync must be used. */
  readonly async: boolean;
  readonly inputs: readonly RecordedTensor[];
  readonly outputs: readonly RecordedTensor[];
  /** In file order. Only looked at to find where values part, and empty where they can't be made out. */
  readonly nodes: readonly RecordedNode[];
}

type Json = Record<string, unknown>;
const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v);
const isSize = (v: unknown): v is number => Number.isSafeInteger(v) && (v as number) >= 0;

/**
 * Reads and checks `conversion.json` of a model folder. Throws DiagnosticError with everything that is wrong in it, since
 * it may have been edited or cut off after it was written. `file`: what the diagnostics name as the file.
 */
export function readRecord(folder: string, file: string): ConversionRecord {
  let text: string;
  try {
    text = readFileSync(join(folder, 'conversion.json'), 'utf8');
  } catch (e) {
    throw new DiagnosticError([
      notAModelFolder(file, 'conversion.json', (e as NodeJS.ErrnoException).code ?? String(e)),
    ]);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (e) {
    throw new DiagnosticError([conversionRecordInvalid(file, [`it is not JSON (${(e as Error).message})`])]);
  }
  const wrong: string[] = [];
  const record = recordOf(json, wrong);
  if (wrong.length > 0) throw new DiagnosticError([conversionRecordInvalid(file, wrong)]);
  return record;
}

function recordOf(json: unknown, wrong: string[]): ConversionRecord {
  const top = isObject(json) ? json : {};
  if (top.schema !== 1) wrong.push(`schema is ${JSON.stringify(top.schema)} where 1 is known`);
  const format = FORMATS.find((f) => f === top.format);
  if (!format) wrong.push(`format is ${JSON.stringify(top.format)}`);
  if (top.async !== undefined && typeof top.async !== 'boolean') wrong.push('async is neither true nor false');
  const source = isObject(top.source) ? top.source : {};
  const rows = (key: 'inputs' | 'outputs') => {
    const list = top[key];
    if (!Array.isArray(list)) {
      wrong.push(`${key} is no list`);
      return [];
    }
    return list.map((row, i) => rowOf(row, `${key}[${i}]`, wrong));
  };
  const inputs = rows('inputs');
  const outputs = rows('outputs');
  for (const [key, list] of [
    ['inputs', inputs],
    ['outputs', outputs],
  ] as const) {
    const seen = new Set<string>();
    for (const row of list) {
      if (seen.has(row.tfjs.name)) wrong.push(`${key} names ${JSON.stringify(row.tfjs.name)} twice`);
      seen.add(row.tfjs.name);
    }
  }
  return {
    source: {
      path: typeof source.path === 'string' ? source.path : '',
      ...(typeof source.sha256 === 'string' ? { sha256: source.sha256 } : {}),
    },
    format: format ?? 'graph-model',
    async: top.async === true,
    inputs,
    outputs,
    nodes: Array.isArray(top.nodes) ? top.nodes.map(nodeOf) : [],
  };
}

/** Not a judge's business: whatever is odd here can't be fetched, and that is all. */
function nodeOf(value: unknown): RecordedNode {
  const node = isObject(value) ? value : {};
  const onnx = isObject(node.onnx) ? node.onnx : {};
  const text = (v: unknown): string => (typeof v === 'string' ? v : '');
  return {
    name: text(onnx.name),
    op: text(onnx.op),
    became: text(node.became),
    tfjs: Array.isArray(node.tfjs) ? node.tfjs.map(text) : [],
    outputs: (Array.isArray(node.outputs) ? node.outputs : []).map((value: unknown) => {
      const output = isObject(value) ? value : {};
      const order = Array.isArray(output.order) && output.order.every(isSize) ? (output.order as number[]) : [];
      return { onnx: text(output.onnx), tensor: typeof output.tensor === 'string' ? output.tensor : null, order };
    }),
  };
}

function rowOf(value: unknown, where: string, wrong: string[]): RecordedTensor {
  const row = isObject(value) ? value : {};
  const onnx = isObject(row.onnx) ? row.onnx : {};
  const tfjs = isObject(row.tfjs) ? row.tfjs : {};
  const bad = (what: string, given: unknown) => wrong.push(`${where}.${what} is ${JSON.stringify(given)}`);

  if (typeof onnx.name !== 'string') bad('onnx.name', onnx.name);
  if (typeof tfjs.name !== 'string' || tfjs.name === '') bad('tfjs.name', tfjs.name);
  const dtype = DTYPES.find((d) => d === onnx.dtype);
  if (!dtype) bad('onnx.dtype', onnx.dtype);
  const tfDtype = TF_DTYPES.find((d) => d === tfjs.dtype);
  if (!tfDtype) bad('tfjs.dtype', tfjs.dtype);

  const shape =
    Array.isArray(tfjs.shape) && tfjs.shape.every((d) => d === null || isSize(d))
      ? (tfjs.shape as (number | null)[])
      : undefined;
  if (!shape) bad('tfjs.shape', tfjs.shape);
  const rank = shape?.length ?? 0;
  // A missing shape is ONNX's way to say that not even the rank is known.
  const known = onnx.shape !== null && onnx.shape !== undefined;
  const onnxShape = known ? onnx.shape : null;
  if (onnxShape !== null) {
    // Its rank may be another than the output really has: it is the file's word.
    const legal = Array.isArray(onnxShape) && onnxShape.every((d) => d === null || typeof d === 'string' || isSize(d));
    if (!legal) bad('onnx.shape', onnxShape);
  }
  const order = row.order;
  const axes = Array.isArray(order) ? order : [];
  const isPermutation =
    axes.length === rank && Array.from({ length: rank }, (_, k) => k).every((k) => axes.includes(k));
  if (!isPermutation) bad('order', order);
  return {
    onnx: {
      name: String(onnx.name),
      dtype: dtype ?? 'float32',
      shape: onnxShape as readonly (number | string | null)[] | null,
    },
    tfjs: { name: String(tfjs.name), dtype: tfDtype ?? 'float32', shape: shape ?? [] },
    order: axes as number[],
  };
}

/** `sizes` in the order of the TensorFlow.js tensor, from ONNX's order. */
export function permute<T>(sizes: readonly T[], order: readonly number[]): T[] {
  return order.map((axis) => sizes[axis] as T);
}

/** Where no ONNX axis has moved. */
export function isIdentity(order: readonly number[]): boolean {
  return order.every((axis, i) => axis === i);
}

/**
 * Why a tensor of ONNX's shape `dims` can't be this input or output; undefined where it can. A size must be the file's,
 * except on an axis that the written model leaves open (a layers-model's batch).
 */
export function misfit(dims: readonly number[], row: RecordedTensor): string | undefined {
  const { shape } = row.tfjs;
  if (dims.length !== shape.length)
    return `has rank ${dims.length} (${describeShape(dims)}) where the model has rank ${shape.length} (${describeShape(expectedShape(row))})`;
  const fits = shape.every((size, i) => size === null || dims[row.order[i] as number] === size);
  return fits
    ? undefined
    : `has the shape ${describeShape(dims)} where the model has ${describeShape(expectedShape(row))}`;
}

/** The sizes that `misfit` holds a tensor against, in ONNX's order; open axes by ONNX's symbol, or null. */
export function expectedShape(row: RecordedTensor): (number | string | null)[] {
  const sizes: (number | string | null)[] = row.tfjs.shape.map(() => null);
  for (const [i, axis] of row.order.entries()) {
    const open = row.onnx.shape?.[axis];
    sizes[axis] = row.tfjs.shape[i] ?? (typeof open === 'string' ? open : null);
  }
  return sizes;
}

/** `[1, 3, N, ?]` */
export function describeShape(dims: readonly (number | string | null)[]): string {
  return `[${dims.map((d) => d ?? '?').join(', ')}]`;
}
