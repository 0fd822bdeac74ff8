import * as say from '../diag/catalogue-onnx.js';
import type { Diagnostic, Place } from '../diag/diagnostic.js';
import { DiagnosticError } from '../diag/diagnostic.js';
import type { Tensor } from '../tensor/tensor.js';
import type { TensorRecord } from './decode.js';
import { DecodeError, decodeTensorProto } from './decode.js';
import { ExternalFiles } from './external.js';
import type { Limits } from './model.js';
import { limitsOf } from './model.js';
import { decoded, openModelFile } from './read.js';
import type { Source } from './source.js';
import { memorySource } from './source.js';
import { weightOfRecord } from './weights.js';
import { SourceReader, WireError } from './wire.js';

/** What a file of test data holds (onnx.proto's TensorProto; onnx-data.proto's SequenceProto and OptionalProto). */
export type StoredValue =
  | { readonly kind: 'tensor'; readonly name: string; readonly tensor: Tensor }
  | { readonly kind: 'sequence'; readonly name: string; readonly values: readonly StoredValue[] }
  | { readonly kind: 'optional'; readonly name: string; readonly value: StoredValue | undefined };

export type StoredKind = StoredValue['kind'];

const MAX_DEPTH = 100;

function fail(diagnostic: Diagnostic): never {
  throw new DiagnosticError([diagnostic]);
}

/** Reads a `.pb` file that holds one tensor. Throws DiagnosticError. */
export function readTensorFile(
  path: string,
  limits: Partial<Limits> = {},
  file: string = path,
): { name: string; tensor: Tensor } {
  const value = readValueFile(path, 'tensor', limits, file);
  if (value.kind !== 'tensor') fail(say.badTensorFile({ file }, `it holds a ${value.kind}`));
  return { name: value.name, tensor: value.tensor };
}

/** As readTensorFile, from memory. */
export function readTensorBytes(
  bytes: Uint8Array,
  limits: Partial<Limits> = {},
  file = 'tensor.pb',
): { name: string; tensor: Tensor } {
  const source = memorySource(bytes, file);
  const value = decoded(source, { file }, () => tensorIn(source, whole(source), limitsOf(limits), { file }));
  return { name: value.name, tensor: value.tensor };
}

/**
 * Reads a `.pb` file of test data. The three messages can't be told apart for certain by their bytes, so `expected` should
 * say which it is, as the graph's input or output does; without it a file that is no consistent tensor is read as a
 * sequence. Sparse tensors and maps in them are refused. Throws DiagnosticError.
 */
export function readValueFile(
  path: string,
  expected?: StoredKind,
  limits: Partial<Limits> = {},
  file: string = path,
): StoredValue {
  const source = openModelFile(path, file);
  const place: Place = { file };
  const bounds = limitsOf(limits);
  if (source.size > bounds.maxBytes) fail(say.modelTooLarge(place, source.size, bounds.maxBytes));
  // An optional that holds nothing and has no name takes no bytes at all.
  if (source.size === 0 && expected === 'optional') return { kind: 'optional', name: '', value: undefined };
  return decoded(source, place, () => {
    if (expected !== undefined) return valueIn(expected, source, whole(source), bounds, place, 0);
    try {
      return tensorIn(source, whole(source), bounds, place);
    } catch (e) {
      try {
        return valueIn('sequence', source, whole(source), bounds, place, 0);
      } catch {
        throw e;
      }
    }
  });
}

interface Range {
  readonly offset: number;
  readonly length: number;
}
const whole = (source: Source): Range => ({ offset: 0, length: source.size });

function tensorIn(source: Source, range: Range, limits: Limits, place: Place): StoredValue & { kind: 'tensor' } {
  const record: TensorRecord = decodeTensorProto(source, range);
  const context = { limits, external: new ExternalFiles(undefined) };
  return { kind: 'tensor', name: record.name, tensor: weightOfRecord(record, context, place).load() };
}

/** Fields 3, 5 and 7 of both SequenceProto and OptionalProto hold tensors, sequences and optionals. */
const INNER: Readonly<Record<number, StoredKind>> = { 3: 'tensor', 5: 'sequence', 7: 'optional' };

function valueIn(
  kind: StoredKind,
  source: Source,
  range: Range,
  limits: Limits,
  place: Place,
  depth: number,
): StoredValue {
  if (kind === 'tensor') return tensorIn(source, range, limits, place);
  if (depth > MAX_DEPTH) fail(say.nestedTooDeep(place, `values are nested more than ${MAX_DEPTH} deep`, ''));
  const inner: { kind: StoredKind; range: Range }[] = [];
  let name = '';
  const reader = new SourceReader(source, range.offset, range.offset + range.length, limits.maxStructure);
  try {
    while (reader.pos < range.offset + range.length) {
      const tag = reader.tag();
      const field = tag >>> 3;
      const held = INNER[field];
      if (field === 1 && (tag & 7) === 2) name = reader.string();
      else if (held && (tag & 7) === 2) {
        const length = reader.length();
        inner.push({ kind: held, range: { offset: reader.pos, length } });
        reader.skip(length);
      } else if (field === 4 || field === 6)
        fail(
          say.badTensorFile(
            place,
            `it holds a ${kind} of ${field === 4 ? 'sparse tensors' : 'maps'}, which TensorFlow.js has not`,
          ),
        );
      else reader.skipType(tag & 7);
    }
  } catch (e) {
    if (e instanceof WireError) throw new DecodeError(e, '');
    throw e;
  } finally {
    reader.close();
  }
  const values = inner.map((v) => valueIn(v.kind, source, v.range, limits, place, depth + 1));
  if (kind === 'sequence') return { kind, name, values };
  if (values.length > 1) fail(say.badTensorFile(place, `an optional holds ${values.length} values`));
  return { kind, name, value: values[0] };
}
