import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import * as say from '../diag/catalogue-onnx.js';
import type { Diagnostic, Place } from '../diag/diagnostic.js';
import { DiagnosticError } from '../diag/diagnostic.js';
import { Findings, functionOf, graphOf, opsetsOf } from './convert-proto.js';
import type { ConvertContext } from './convert-proto.js';
import { DecodeError, decodeFunctionProto, decodeModel } from './decode.js';
import { digestOf, sha256Beside } from './digest.js';
import { ExternalFiles } from './external.js';
import { looksLikeLfsPointer } from './lfs.js';
import type { FunctionDef, Limits, OnnxModel } from './model.js';
import { DEFAULT_LIMITS, limitsOf } from './model.js';
import { identify } from './identify.js';
import type * as P from './proto-types.generated.js';
import type { Source } from './source.js';
import { fileSource, memorySource, readRange, SourceError } from './source.js';

/** The newest IR version of onnx.proto. */
const NEWEST_IR = 14;

function fail(diagnostic: Diagnostic): never {
  throw new DiagnosticError([diagnostic]);
}

/**
 * Reads an ONNX file. Weights stay in it (and in its external files) until they are asked for, so that this takes a few
 * megabytes for a model of any size; the files must stay as they are meanwhile. `file` is how messages name the model.
 * Throws DiagnosticError with all problems found, and nothing else.
 */
export function readModel(path: string, limits: Partial<Limits> = {}, file: string = path): OnnxModel {
  return read(openModelFile(path, file), dirname(path), limitsOf(limits), file);
}

/**
 * As {@link readModel}, but the model's hash is waited for when it is first read, and computed meanwhile: that may then
 * throw DiagnosticError, where the file was changed.
 */
export function readModelHashing(path: string, limits: Partial<Limits>, file: string): OnnxModel {
  return read(openModelFile(path, file), dirname(path), limitsOf(limits), file, sha256Beside);
}

/**
 * Reads an ONNX model from memory; the bytes must not change while it is used. External data is looked for in `folder`, and
 * refused without one. Throws DiagnosticError.
 */
export function readModelBytes(
  bytes: Uint8Array,
  limits: Partial<Limits> = {},
  file = 'model.onnx',
  folder?: string,
): OnnxModel {
  return read(memorySource(bytes, file), folder, limitsOf(limits), file);
}

/** A FunctionProto from memory, as operator schemas have it. Throws DiagnosticError. */
export function readFunction(bytes: Uint8Array, name: string): FunctionDef {
  const place: Place = { file: name };
  const context = contextFor(undefined, DEFAULT_LIMITS, name);
  const definition = functionOf(
    decoded(memorySource(bytes, name), place, () => decodeFunctionProto(bytes, name)),
    context,
  );
  context.findings.settle(place);
  return definition;
}

/** A file to be parsed: regular and readable. Throws DiagnosticError. */
export function openModelFile(path: string, file: string): Source {
  try {
    if (!statSync(path).isFile()) fail(say.notAFile({ file }));
    return fileSource(path, file);
  } catch (e) {
    if (e instanceof DiagnosticError) throw e;
    fail(say.unreadableFile({ file }, (e as NodeJS.ErrnoException).code ?? String(e)));
  }
}

function contextFor(folder: string | undefined, limits: Limits, file: string): ConvertContext {
  return { findings: new Findings(), file, limits, external: new ExternalFiles(folder) };
}

function read(
  source: Source,
  folder: string | undefined,
  limits: Limits,
  file: string,
  hashing?: (source: Source) => (() => string) | undefined,
): OnnxModel {
  const place: Place = { file };
  if (source.size > limits.maxBytes) fail(say.modelTooLarge(place, source.size, limits.maxBytes));
  const proto = decoded(source, place, () => decodeModel(source, limits.maxStructure));
  if (!proto.graph) fail(say.notOnnx(place, identify(headOf(source, place)) ?? 'a file without a graph'));
  const hash = hashing?.(source);
  const digest = () => guarded(place, hash ?? (() => digestOf(source, 'sha256')));
  const context = contextFor(folder, limits, file);
  const { findings, external } = context;
  const opsets = opsetsOf(proto.opsetImport, context);
  const irVersion = Object.hasOwn(proto, 'irVersion') ? Number(proto.irVersion) : 0;
  if (!proto.opsetImport?.length) {
    // Before IR version 3 there was one opset, and no way to name it.
    if (irVersion >= 3) findings.add(say.noOpset(place));
    else opsets.set('', 1);
  }
  if (irVersion > NEWEST_IR) findings.add(say.newerIr(place, String(proto.irVersion), NEWEST_IR));
  const graph = graphOf(proto.graph, context);
  const functions = (proto.functions ?? []).map((f) => functionOf(f, context));
  const externalFiles = external.list();
  const total = externalFiles.reduce((sum, f) => sum + f.bytes, source.size);
  if (total > limits.maxBytes) findings.add(say.modelTooLarge(place, total, limits.maxBytes));
  for (const warning of external.warnings) findings.add(warning);
  const now = hash ? undefined : digest();
  return {
    file,
    get sha256() {
      return now ?? digest();
    },
    bytes: source.size,
    irVersion,
    opsets,
    producer: [proto.producerName, proto.producerVersion].filter(Boolean).join(' '),
    domain: proto.domain ?? '',
    modelVersion: Object.hasOwn(proto, 'modelVersion') ? (proto.modelVersion ?? 0) : 0,
    graph,
    functions,
    metadata: new Map((proto.metadataProps ?? []).map((e: P.StringStringEntryProto) => [e.key ?? '', e.value ?? ''])),
    externalFiles,
    diagnostics: findings.settle(place),
  };
}

function guarded<T>(place: Place, part: () => T): T {
  try {
    return part();
  } catch (e) {
    if (e instanceof SourceError) fail(say.unreadableFile(place, e.message));
    throw e;
  }
}

function headOf(source: Source, place: Place): Uint8Array {
  const head = new Uint8Array(Math.min(512, source.size));
  guarded(place, () => readRange(source, head, 0));
  return head;
}

/**
 * Runs a decoder over a source; says what is wrong where it fails. A pointer of Git LFS is never parsed. `what` the file
 * should have been follows from the caller; here it is a protobuf message.
 */
export function decoded<T>(source: Source, place: Place, decode: () => T): T {
  if (source.size === 0) fail(say.emptyFile(place));
  const head = headOf(source, place);
  if (looksLikeLfsPointer(head)) fail(say.lfsPointer(place));
  try {
    return decode();
  } catch (e) {
    if (e instanceof SourceError) fail(say.unreadableFile(place, e.message));
    if (!(e instanceof DecodeError)) throw e;
    const other = identify(head);
    if (other) fail(say.notOnnx(place, other));
    const { wire, where } = e;
    switch (wire.kind) {
      case 'truncated':
        fail(say.truncatedFile(place, wire.at, wire.missing, where));
        break;
      case 'too-deep':
        fail(say.nestedTooDeep(place, wire.message, where));
        break;
      case 'too-large':
        fail(say.structureTooLarge(place, wire.message, where));
        break;
      case 'text-too-long':
        fail(say.textTooLong(place, wire.message, where));
        break;
      case 'attribute-too-large':
        fail(say.attributeTooLarge(place, wire.message, where));
        break;
      default:
        fail(say.malformedFile(place, wire.message, where));
    }
  }
}
