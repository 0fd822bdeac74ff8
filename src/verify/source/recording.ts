import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import * as say from '../../diag/catalogue-source.js';
import { type Diagnostic, DiagnosticError } from '../../diag/diagnostic.js';
import { encodeTensor } from '../../onnx/encode.js';
import type { OnnxModel, ValueInfo } from '../../onnx/model.js';
import type { DType } from '../../tensor/dtype.js';
import { writeNpz } from '../../tensor/npz.js';
import type { Tensor } from '../../tensor/tensor.js';
import { npzProvenance, PROVENANCE, type Provenance, sha256OfFile } from '../provenance.js';
import type { ConversionRecord, RecordedTensor } from '../record.js';
import { type Pictures, readReference, type ReferenceSet } from '../reference-set.js';
import { DATA_SET } from '../references.js';
import type { TfDType } from '../tftensor.js';
import { type MadeSet, outputsOf, seededSets } from './seeded.js';
import { SourceModel, SourceRunError, whyNotRun } from './source.js';

/** What `record` is asked: plain JSON, so that it can go to another process. Paths are absolute. */
export interface RecordingRequest {
  /** The .onnx file. */
  path: string;
  /** What diagnostics name as the file. */
  relativePath: string;
  form: 'test_data_set' | 'npz';
  /** Any text; the same seed gives the same values. */
  seed: string;
  /** Files with the user's own inputs (.npy, .npz, .pb, .json, .png, .jpg), named as the model's; none for seeded ones. */
  inputs: string[];
  /** By ONNX's name of the input: how a picture becomes it. */
  preprocess?: Pictures;
  /** The folder that `inputs` may not be outside of. */
  workspace: string;
  /** A reference that is there already is removed first. */
  replace: boolean;
  tool: { name: string; version: string };
}

export interface RecordingResult {
  /** The sets written, with the files of each, relative to the model's folder, with `/`. */
  sets: { name: string; files: string[] }[];
  diagnostics: Diagnostic[];
}

/**
 * Runs a model in onnxruntime and writes its inputs and outputs beside it, where later runs find them: as
 * `<name>.reference/test_data_set_N/` or `<name>.reference.npz`. Nothing is thrown for what is wrong with the model or the
 * inputs; then nothing is written either.
 */
export async function recordReference(request: RecordingRequest): Promise<RecordingResult> {
  let source: SourceModel | undefined;
  try {
    const target = targetOf(request);
    source = new SourceModel(request.path, request.relativePath);
    const record = faceOf(source.model);
    const { sets, diagnostics } = await setsFor(source, record, request);
    if (sets.length === 0) return { sets: [], diagnostics: [...diagnostics] };
    const kept = request.form === 'npz' ? sets.slice(0, 1) : sets;
    const notes = kept.length < sets.length ? [say.npzHoldsOne(request.relativePath)] : [];
    if (request.replace) clear(target);
    return { sets: write(kept, source, record, target, request), diagnostics: [...diagnostics, ...notes] };
  } catch (e) {
    if (e instanceof DiagnosticError) return { sets: [], diagnostics: [...e.diagnostics] };
    if (e instanceof SourceRunError)
      return { sets: [], diagnostics: [...whyNotRun(request.relativePath, e).diagnostics] };
    throw e;
  } finally {
    await source?.close();
  }
}

/** What will be written; refused where something is there already that nobody asked to replace. */
function targetOf({ path, form, replace, relativePath }: RecordingRequest): string {
  const base = path.slice(0, path.length - extname(path).length);
  const target = form === 'npz' ? `${base}.reference.npz` : `${base}.reference`;
  const there = existsSync(target) && (form === 'npz' || readdirSync(target).length > 0);
  if (there && !replace) throw new DiagnosticError([say.referenceThere(relativePath, basename(target))]);
  return target;
}

/** Data sets in the folder go, and whatever else is in it stays. */
function clear(target: string): void {
  if (!existsSync(target)) return;
  const sets = statSync(target).isDirectory() ? readdirSync(target).filter((name) => DATA_SET.test(name)) : [''];
  for (const name of sets) rmSync(join(target, name), { recursive: true, force: true });
}

async function setsFor(
  source: SourceModel,
  record: ConversionRecord,
  request: RecordingRequest,
): Promise<{ sets: readonly MadeSet[]; diagnostics: readonly Diagnostic[] }> {
  if (request.inputs.length === 0) return seededSets(source, record, request.seed);
  const files = { name: 'inputs', shown: request.relativePath, files: request.inputs };
  // What else the files hold isn't asked for: only the source's own outputs count.
  const read = readReference(files, record, request.workspace, request.preprocess);
  const inputs = read.set?.inputs ?? read.inputs;
  if (!inputs) return { sets: [], diagnostics: read.diagnostics };
  const outputs = await outputsOf(source, record, inputs);
  return { sets: [{ name: 'inputs', set: { inputs, outputs }, sizes: new Map() }], diagnostics: [] };
}

function write(
  sets: readonly MadeSet[],
  source: SourceModel,
  record: ConversionRecord,
  target: string,
  request: RecordingRequest,
): RecordingResult['sets'] {
  const home = dirname(request.path);
  return sets.map((made, i) => {
    const files = new Map<string, Uint8Array>();
    const folder = request.form === 'npz' ? home : join(target, `test_data_set_${i}`);
    if (request.form === 'npz') files.set(basename(target), writeNpz(byName(made.set, record)));
    else
      for (const [kind, rows, values] of [
        ['input', record.inputs, made.set.inputs],
        ['output', record.outputs, made.set.outputs],
      ] as const)
        for (const [n, row] of rows.entries())
          files.set(`${kind}_${n}.pb`, encodeTensor(values.get(row.onnx.name) as Tensor, row.onnx.name));
    mkdirSync(folder, { recursive: true });
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
    const provenance = provenanceOf(made, source, files, request);
    const beside = request.form === 'npz' ? npzProvenance(target) : join(folder, PROVENANCE);
    writeFileSync(beside, `${JSON.stringify(provenance, null, 2)}\n`);
    const written = [...files.keys()].map((name) => join(folder, name));
    return { name: made.name, files: [...written, beside].map((f) => relative(home, f).replaceAll('\\', '/')) };
  });
}

/** An input that is an output as well has one value, and so one entry. */
function byName({ inputs, outputs }: ReferenceSet, record: ConversionRecord): Map<string, Tensor> {
  const all = new Map<string, Tensor>();
  for (const row of record.inputs) all.set(row.onnx.name, inputs.get(row.onnx.name) as Tensor);
  for (const row of record.outputs) all.set(row.onnx.name, outputs.get(row.onnx.name) as Tensor);
  return all;
}

function provenanceOf(
  { sizes }: MadeSet,
  source: SourceModel,
  files: ReadonlyMap<string, Uint8Array>,
  { seed, inputs, tool }: RecordingRequest,
): Provenance {
  const { model } = source;
  const { version } = source.facts();
  return {
    schema: 1,
    tool,
    model: {
      sha256: model.sha256,
      external: model.externalFiles.map(({ location, path }) => ({ location, sha256: sha256OfFile(path) })),
    },
    engine: { name: 'onnxruntime-web', version },
    inputs: inputs.length > 0 ? { kind: 'own' } : { kind: 'seeded', seed, sizes: Object.fromEntries(sizes) },
    files: Object.fromEntries(
      [...files].map(([name, bytes]) => [name, { sha256: createHash('sha256').update(bytes).digest('hex') }]),
    ),
  };
}

/** The model's own inputs and outputs as conversion.json would list them, with nothing moved. */
function faceOf(model: OnnxModel): ConversionRecord {
  const problems: Diagnostic[] = [];
  const rowOf = (value: ValueInfo, isInput: boolean): RecordedTensor => {
    const type = value.type?.kind === 'tensor' ? value.type : undefined;
    const strange = value.type !== undefined && !type;
    if (strange || (isInput && (!type?.dims || !type.dtype)))
      problems.push(say.notRecordable(model.file, value.name, isInput ? 'input' : 'output'));
    const dims = type?.dims ?? [];
    return {
      onnx: { name: value.name, dtype: type?.dtype ?? 'float32', shape: type?.dims ? [...dims] : null },
      tfjs: {
        name: value.name.replace(/^\/+/, '').replace(/[^A-Za-z0-9._-]/g, '_'),
        dtype: tfTypeOf(type?.dtype ?? 'float32'),
        shape: dims.map((d) => (typeof d === 'number' ? d : null)),
      },
      order: dims.map((_, i) => i),
    };
  };
  const fed = model.graph.inputs.filter((value) => !model.graph.initializers.has(value.name));
  const record: ConversionRecord = {
    source: { path: model.file, sha256: model.sha256 },
    format: 'graph-model',
    async: false,
    inputs: fed.map((value) => rowOf(value, true)),
    outputs: model.graph.outputs.map((value) => rowOf(value, false)),
    nodes: [],
  };
  if (problems.length > 0) throw new DiagnosticError(problems);
  return record;
}

function tfTypeOf(dtype: DType): TfDType {
  if (dtype === 'string' || dtype === 'bool') return dtype;
  return dtype.includes('float') ? 'float32' : 'int32';
}
