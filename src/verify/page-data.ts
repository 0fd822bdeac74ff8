/** The stored inputs and outputs of a model as a page can take them: raw bytes in the written model's own order and types. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiagnosticError } from '../diag/diagnostic.js';
import type { Tensor } from '../tensor/tensor.js';
import { DEFAULT_TOLERANCE, type ToleranceSettings } from './checks.js';
import { feedOf } from './feed.js';
import { makeFolder } from './make-folder.js';
import type { ConversionRecord, RecordedTensor } from './record.js';
import type { ReferenceSet } from './reference-set.js';

/** More isn't carried along: a page can make up inputs of its own. */
const MOST_BYTES = 64 * 2 ** 20;

/** What data.json holds for one tensor. */
interface PageTensor {
  /** tfjs.name of conversion.json. */
  name: string;
  dtype: string;
  shape: number[];
  /** Beside data.json: float32 and int32 little-endian, bool a byte each. */
  file?: string;
  /** Strings stand here. */
  values?: readonly string[];
}

/**
 * Writes `data.json` and a file per tensor into `folder`, which it makes in one that is there. Whether it did: not for data sets that are too large, or that
 * TensorFlow.js can't take (their check says why).
 */
export function writePageData(
  folder: string,
  record: ConversionRecord,
  reference: { name: string; set: ReferenceSet },
  toleranceOf: (row: RecordedTensor) => Partial<ToleranceSettings>,
): boolean {
  const { set, name } = reference;
  const files = new Map<string, Uint8Array>();
  const tensor = (row: RecordedTensor, value: Tensor | undefined, file: string): PageTensor | undefined => {
    if (value === undefined || row.tfjs.dtype === 'complex64') return undefined;
    const { dtype, shape, data } = feedOf(value, row, name);
    const described = { name: row.tfjs.name, dtype, shape: [...shape] };
    if (!ArrayBuffer.isView(data)) return { ...described, values: data };
    files.set(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return { ...described, file };
  };
  let inputs: (PageTensor | undefined)[];
  let outputs: (PageTensor | undefined)[];
  try {
    inputs = record.inputs.map((row, i) => tensor(row, set.inputs.get(row.onnx.name), `input_${i}.bin`));
    outputs = record.outputs.map((row, i) => tensor(row, set.outputs.get(row.onnx.name), `output_${i}.bin`));
  } catch (e) {
    if (e instanceof DiagnosticError) return false;
    throw e;
  }
  const bytes = [...files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (inputs.includes(undefined) || bytes > MOST_BYTES) return false;
  const expected = outputs.flatMap((output, i) => {
    const row = record.outputs[i] as RecordedTensor;
    const isExact = !row.onnx.dtype.startsWith('float') && row.onnx.dtype !== 'bfloat16';
    const { rtol, atol, rangeTol, integerAtol } = { ...DEFAULT_TOLERANCE, ...toleranceOf(row) };
    return output
      ? [{ ...output, tolerance: isExact ? { rtol: 0, atol: integerAtol, rangeTol: 0 } : { rtol, atol, rangeTol } }]
      : [];
  });
  try {
    makeFolder(folder);
    for (const [file, content] of files) writeFileSync(join(folder, file), content);
    const data = { reference: name, inputs, outputs: expected };
    writeFileSync(join(folder, 'data.json'), `${JSON.stringify(data, null, 1)}\n`);
    return true;
  } catch {
    // A full disk costs the page its inputs, and no verdict.
    return false;
  }
}
