import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, extname, isAbsolute, relative, sep } from 'node:path';
import { pictureLossy, pictureOfOutput, pictureWithoutPreprocess } from '../diag/catalogue-pictures.js';
import * as say from '../diag/catalogue-verify.js';
import { type Diagnostic, DiagnosticError } from '../diag/diagnostic.js';
import { nearestWord } from '../diag/nearest.js';
import { looksLikeLfsPointer } from '../onnx/lfs.js';
import { readValueFile } from '../onnx/tensorfile.js';
import type { DType } from '../tensor/dtype.js';
import { NumpyError, readNpy } from '../tensor/npy.js';
import { readNpz } from '../tensor/npz.js';
import type { Tensor } from '../tensor/tensor.js';
import { decodePicture } from './pictures/decode.js';
import { PictureError } from './pictures/pixels.js';
import { inputOfPicture, type PictureSettings } from './pictures/preprocess.js';
import { type ConversionRecord, describeShape, expectedShape, misfit, type RecordedTensor } from './record.js';
import { JsonReferenceError, tensorOfJson } from './reference-json.js';

/** Values for a model's inputs and what its outputs should then be, all in ONNX's order and type, by ONNX's names. */
export interface ReferenceSet {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/** Files that make up one set, not yet read. */
export interface ReferenceFiles {
  /** Shown: relative to the model's folder, else to the workspace, with `/`. */
  readonly name: string;
  /** The folder or the .npz file, relative to the workspace: what diagnostics name as the file. */
  readonly shown: string;
  /** Absolute. */
  readonly files: readonly string[];
}

/** A set, or why there is none. `diagnostics` may hold notes beside a set. */
export interface ReadResult {
  readonly set?: ReferenceSet;
  /** Where there is no set for want of outputs alone: what was stored. */
  readonly inputs?: ReadonlyMap<string, Tensor>;
  /** The set's outputs aren't stored: the source was run. */
  readonly computed?: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/** A reference file is read whole, and V8 has no buffers beyond 2 GiB on all versions. */
const MAX_BYTES = 2 ** 31 - 1;

/** How pictures become inputs, by ONNX's name of the input. */
export type Pictures = Readonly<Record<string, PictureSettings>>;

/** What a set is held against, and what happens on the way. */
interface Reading {
  readonly record: ConversionRecord;
  readonly pictures: Pictures;
  readonly diagnostics: Diagnostic[];
}

/** One value as found: under a name (.npy, .npz, .json), or under a number (`input_0.pb`). */
interface Found {
  readonly file: string;
  readonly what: 'input' | 'output' | 'either';
  readonly row: RecordedTensor;
  readonly tensor: Tensor;
}

/**
 * Reads a set and holds it against the model's inputs and outputs: each has to be there once, with the model's type and, an
 * input, a shape that it can take, and nothing else may be. `workspace`: the folder that no file may be outside of.
 */
export function readReference(
  files: ReferenceFiles,
  record: ConversionRecord,
  workspace: string,
  pictures: Pictures = {},
): ReadResult {
  const diagnostics: Diagnostic[] = [];
  const reading: Reading = { record, pictures, diagnostics };
  const found: Found[] = [];
  for (const path of files.files) {
    const shown = shownPath(path, workspace);
    try {
      checkPlace(path, workspace, shown);
      found.push(...valuesIn(path, shown, reading));
    } catch (e) {
      if (e instanceof DiagnosticError) diagnostics.push(...e.diagnostics);
      else if (e instanceof NumpyError && e.tooLarge) diagnostics.push(say.referenceTooLarge(shown, e.message));
      else if (e instanceof NumpyError || e instanceof JsonReferenceError || e instanceof PictureError)
        diagnostics.push(say.referenceUnreadable(shown, e.message));
      else if ((e as NodeJS.ErrnoException).code !== undefined)
        diagnostics.push(say.referenceUnreadable(shown, String((e as NodeJS.ErrnoException).code)));
      else throw e;
    }
  }
  const inputs = new Map<string, Tensor>();
  const outputs = new Map<string, Tensor>();
  for (const value of found) {
    if (value.what !== 'output' && record.inputs.includes(value.row)) place(value, 'input', inputs, diagnostics);
    if (value.what !== 'input' && record.outputs.includes(value.row)) place(value, 'output', outputs, diagnostics);
    // One name for an input and an output is one tensor in ONNX, so one file is the value of both.
    if (value.what !== 'either') continue;
    const twin = record.outputs.find((o) => o !== value.row && o.onnx.name === value.row.onnx.name);
    if (twin) place({ ...value, row: twin }, 'output', outputs, diagnostics);
  }
  const faulty = () => diagnostics.some((d) => d.severity === 'error');
  // What a file that can't be read stands for isn't known, and would be reported as missing once more.
  if (faulty()) return { diagnostics };
  diagnostics.push(...missing(record.inputs, inputs, 'input', files.shown));
  if (outputs.size === 0 && record.outputs.length > 0) {
    if (faulty()) return { diagnostics };
    diagnostics.push(say.referenceWithoutOutputs(files.shown));
    return { inputs, diagnostics };
  }
  diagnostics.push(...missing(record.outputs, outputs, 'output', files.shown));
  return faulty() ? { diagnostics } : { set: { inputs, outputs }, diagnostics };
}

/** Relative to the workspace, with `/`; as it is where that leads out. */
export function shownPath(path: string, workspace: string): string {
  const way = relative(workspace, path);
  return way === '' || way.startsWith('..') || isAbsolute(way) ? path : way.split(sep).join('/');
}

function checkPlace(path: string, workspace: string, shown: string): void {
  const way = relative(realpathSync(workspace), realpathSync(path));
  const stat = statSync(path);
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) || !stat.isFile())
    throw new DiagnosticError([say.referenceOutside(shown)]);
  if (stat.size > MAX_BYTES)
    throw new DiagnosticError([
      say.referenceTooLarge(shown, `it has ${stat.size} bytes, and ${MAX_BYTES} are allowed`),
    ]);
}

function valuesIn(path: string, shown: string, reading: Reading): Found[] {
  const one = (value: Found | undefined): Found[] => (value ? [value] : []);
  switch (extname(path).toLowerCase()) {
    case '.pb':
      return one(numbered(path, shown, reading));
    case '.npz':
      return [...readNpz(bytesOf(path))].flatMap(([name, tensor]) => one(named(name, shown, reading, () => tensor)));
    case '.npy':
      return one(named(stem(path), shown, reading, () => readNpy(bytesOf(path))));
    case '.json':
      return one(
        named(stem(path), shown, reading, (row) =>
          tensorOfJson(new TextDecoder().decode(bytesOf(path)), row.onnx.dtype),
        ),
      );
    case '.png':
    case '.jpg':
    case '.jpeg':
      return one(picture(path, shown, reading));
    default:
      reading.diagnostics.push(
        say.referenceUnreadable(shown, 'its name ends in none of .pb, .npz, .npy, .json, .png, .jpg and .jpeg'),
      );
      return [];
  }
}

const stem = (path: string): string => basename(path).slice(0, -extname(path).length);

function bytesOf(path: string): Uint8Array {
  const bytes = readFileSync(path);
  if (looksLikeLfsPointer(bytes)) throw new NumpyError('it is a Git LFS pointer; check it out with lfs: true');
  return bytes;
}

/** `input_3.pb`: the fourth of the graph's inputs that aren't initializers, as conversion.json lists them. */
function numbered(path: string, shown: string, reading: Reading): Found | undefined {
  const number = numberIn(path);
  const value = readValueFile(path, undefined, {}, shown);
  if (value.kind !== 'tensor')
    throw new DiagnosticError([
      say.referenceNotATensor(shown, value.kind === 'sequence' ? 'a sequence' : 'an optional'),
    ]);
  const { name, tensor } = value;
  if (!number) return named(name === '' ? stem(path) : name, shown, reading, () => tensor);
  const { what, index } = number;
  const { record, diagnostics } = reading;
  const rows = what === 'input' ? record.inputs : record.outputs;
  const row = rows[index];
  if (!row) {
    diagnostics.push(superfluous(shown, stem(path), record));
    return undefined;
  }
  if (name !== row.onnx.name && rows.some((r) => r.onnx.name === name))
    diagnostics.push(say.referenceOrder(shown, index, name, row.onnx.name));
  return { file: shown, what, row, tensor };
}

function numberIn(path: string): { what: 'input' | 'output'; index: number } | undefined {
  const match = /^(input|output)_(\d+)$/i.exec(stem(path));
  return match
    ? { what: match[1]?.toLowerCase() === 'input' ? 'input' : 'output', index: Number(match[2]) }
    : undefined;
}

/** By ONNX's name, or by the legal name that it got in the written model, since a `/` can't be in a file's name. */
function named(
  name: string,
  shown: string,
  { record, diagnostics }: Reading,
  read: (row: RecordedTensor) => Tensor,
): Found | undefined {
  const rows = [...record.inputs, ...record.outputs];
  const row = rows.find((r) => r.onnx.name === name) ?? rows.find((r) => r.tfjs.name === name);
  if (!row) {
    diagnostics.push(superfluous(shown, name, record));
    return undefined;
  }
  return { file: shown, what: 'either', row, tensor: read(row) };
}

/** A picture: under the name of an input, or under its number as ONNX's own files are. */
function picture(path: string, shown: string, { record, pictures, diagnostics }: Reading): Found | undefined {
  const name = stem(path);
  const number = numberIn(path);
  const row =
    record.inputs.find((r) => r.onnx.name === name) ??
    record.inputs.find((r) => r.tfjs.name === name) ??
    (number?.what === 'input' ? record.inputs[number.index] : undefined);
  if (!row) {
    const output = record.outputs.find((r) => r.onnx.name === name || r.tfjs.name === name);
    diagnostics.push(output ? pictureOfOutput(shown, output.onnx.name) : superfluous(shown, name, record));
    return undefined;
  }
  const settings = Object.hasOwn(pictures, row.onnx.name) ? pictures[row.onnx.name] : undefined;
  if (!settings) throw new DiagnosticError([pictureWithoutPreprocess(shown, row.onnx.name, Object.keys(pictures))]);
  const tensor = inputOfPicture(decodePicture(bytesOf(path)), row, settings, shown);
  if (/\.jpe?g$/i.test(path)) diagnostics.push(pictureLossy(shown, row.onnx.name));
  return { file: shown, what: 'input', row, tensor };
}

function superfluous(shown: string, name: string, record: ConversionRecord): Diagnostic {
  const inputs = record.inputs.map((r) => r.onnx.name);
  const outputs = record.outputs.map((r) => r.onnx.name);
  return say.referenceSuperfluous(shown, name, inputs, outputs, nearestWord(name, [...inputs, ...outputs]));
}

function place(value: Found, what: 'input' | 'output', into: Map<string, Tensor>, diagnostics: Diagnostic[]): void {
  const { row, tensor, file } = value;
  const { name, dtype } = row.onnx;
  if (into.has(name)) {
    diagnostics.push(say.referenceTwice(file, name));
    return;
  }
  // What a file says of its outputs' shapes is often wrong, so those are held against what the model really gives.
  const wrong = what === 'input' ? misfit(tensor.dims, row) : undefined;
  if (!sameType(tensor.dtype, dtype)) diagnostics.push(say.referenceDType(file, what, name, tensor.dtype, dtype));
  else if (wrong !== undefined) diagnostics.push(say.referenceShape(file, name, wrong));
  into.set(name, { ...tensor, dtype });
}

/** NumPy lacks some of ONNX's types; their values are then stored in the next that holds them all, as writeNpy does. */
function sameType(given: DType, wanted: DType): boolean {
  if (given === wanted) return true;
  if (/^bfloat|^float[864]/.test(wanted) && wanted !== 'float64') return given === 'float32';
  if (/^u?int[42]$/.test(wanted)) return given === (wanted.startsWith('u') ? 'uint8' : 'int8');
  return false;
}

function missing(
  rows: readonly RecordedTensor[],
  has: ReadonlyMap<string, Tensor>,
  what: 'input' | 'output',
  shown: string,
): Diagnostic[] {
  return rows
    .filter((row) => !has.has(row.onnx.name))
    .map((row) =>
      say.referenceMissing(shown, what, row.onnx.name, `${row.onnx.dtype} ${describeShape(expectedShape(row))}`, [
        ...has.keys(),
      ]),
    );
}
