import { onnx } from './proto.generated.js';
import type * as P from './proto-types.generated.js';
import { MESSAGE_FIELDS } from './proto-types.generated.js';
import type { Source } from './source.js';
import { memorySource } from './source.js';
import { SourceReader, textOf, WireError } from './wire.js';

/** Bytes of a source: whole fields, tags included, where they hold typed data; a payload alone for raw_data. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** The typed fields of TensorProto by number: name, and the wire type of one element. */
export const DATA_FIELDS: Readonly<Record<number, { name: DataField; wire: 0 | 1 | 2 | 5 }>> = {
  4: { name: 'float_data', wire: 5 },
  5: { name: 'int32_data', wire: 0 },
  6: { name: 'string_data', wire: 2 },
  7: { name: 'int64_data', wire: 0 },
  10: { name: 'double_data', wire: 1 },
  11: { name: 'uint64_data', wire: 0 },
};
export type DataField = 'float_data' | 'int32_data' | 'string_data' | 'int64_data' | 'double_data' | 'uint64_data';

/** A typed field of a tensor: how many elements, and the runs of consecutive fields that hold them. */
export interface TypedData {
  count: number;
  readonly runs: { offset: number; length: number }[];
}

/** TensorProto as decoded here: the elements stay in the source. */
export interface TensorRecord {
  name: string;
  dims: (number | bigint)[];
  dataType: number;
  segmented: boolean;
  external: boolean;
  /** data_location where it is neither DEFAULT nor EXTERNAL. */
  oddLocation: number | undefined;
  externalData: P.StringStringEntryProto[];
  raw: Range | undefined;
  typed: Map<number, TypedData>;
  source: Source;
}

type Decode = (reader: SourceReader, length?: number, end?: number, depth?: number, target?: unknown) => unknown;
interface MessageType {
  new (): object;
  decode: Decode;
  encode(message: object, writer: object): { finish(): Uint8Array };
}

const MAX_DEPTH = 100;

interface Frame {
  type: string;
  message: { name?: string };
  /** By field number: sub-messages begun. */
  seen: Map<number, number>;
}

/** The messages being decoded, outermost first. Decoding is synchronous, so that one list is enough. */
let frames: Frame[] = [];

function typeNamed(name: string): MessageType {
  let at: unknown = onnx;
  for (const part of name.split('.')) at = (at as Record<string, unknown>)[part];
  return at as MessageType;
}

/** Lets each message's decoder keep `frames`, so that an error can say where it happened. */
function track(type: string): void {
  const message = typeNamed(type);
  const decode = type === 'TensorProto' ? decodeTensor : message.decode;
  message.decode = (reader, length, end, depth = 0, target) => {
    if (depth > MAX_DEPTH)
      throw new WireError(
        'too-deep',
        `messages are nested more than ${MAX_DEPTH} deep at byte ${reader.pos}`,
        reader.pos,
      );
    const outer = frames.at(-1);
    if (outer) outer.seen.set(reader.field, (outer.seen.get(reader.field) ?? 0) + 1);
    const into = (target ?? (type === 'TensorProto' ? emptyTensor(reader.source) : new message())) as Frame['message'];
    frames.push({ type, message: into, seen: new Map() });
    const result = decode(reader, length, end, depth, into);
    frames.pop();
    return result;
  };
}
for (const type of Object.keys(MESSAGE_FIELDS)) track(type);

/** Where decoding stands, like `graph.initializer[12] "conv1.weight"`; '' for the outermost message. */
function where(): string {
  const parts: string[] = [];
  for (const [i, frame] of frames.entries()) {
    const next = frames[i + 1];
    if (!next) break;
    const field = [...frame.seen.keys()].at(-1) as number;
    const known = MESSAGE_FIELDS[frame.type]?.[field];
    const index = (frame.seen.get(field) as number) - 1;
    const single =
      ['graph', 't', 'g', 'tp', 'type', 'shape', 'values', 'indices'].includes(known ?? '') || known?.endsWith('_type');
    const name = Object.hasOwn(next.message, 'name') && next.message.name ? ` "${next.message.name}"` : '';
    parts.push(`${known ?? `field ${field}`}${single ? '' : `[${index}]`}${name}`);
  }
  return parts.join('.');
}

function emptyTensor(source: Source): TensorRecord {
  return {
    name: '',
    dims: [],
    dataType: 0,
    segmented: false,
    external: false,
    oddLocation: undefined,
    externalData: [],
    raw: undefined,
    typed: new Map(),
    source,
  };
}

/**
 * Replaces the generated TensorProto.decode: notes where the elements are instead of reading them. Varints are passed over
 * to be counted, since a count of elements has to be checked before anyone allocates by it.
 */
function decodeTensor(
  reader: SourceReader,
  length: number | undefined,
  _end: unknown,
  depth = 0,
  target?: unknown,
): TensorRecord {
  const t = target as TensorRecord;
  const outer = reader.len;
  const end = length === undefined ? outer : reader.pos + length;
  reader.len = end;
  while (reader.pos < end) {
    const start = reader.pos;
    const tag = reader.tag();
    const wire = tag & 7;
    const field = tag >>> 3;
    const data = DATA_FIELDS[field];
    if (data && (wire === data.wire || wire === 2)) readElements(reader, t, field, wire, start);
    else if (field === 1 && wire === 2) reader.int64s(t.dims as never[]);
    else if (field === 1 && wire === 0) t.dims.push(reader.int64());
    else if (field === 2 && wire === 0) t.dataType = reader.int32();
    else if (field === 8 && wire === 2) t.name = reader.string();
    else if (field === 9 && wire === 2) {
      const n = reader.length();
      t.raw = { offset: reader.pos, length: n };
      reader.skip(n);
    } else if (field === 13 && wire === 2)
      t.externalData.push(
        onnx.StringStringEntryProto.decode(reader, reader.size(), undefined, depth + 1) as P.StringStringEntryProto,
      );
    else if (field === 14 && wire === 0) {
      const location = reader.int32();
      t.external = location === 1;
      t.oddLocation = location === 0 || location === 1 ? undefined : location;
    } else {
      if (field === 3) t.segmented = true;
      reader.skipType(wire, depth, field);
    }
  }
  reader.len = outer;
  return t;
}

function readElements(reader: SourceReader, t: TensorRecord, field: number, wire: number, start: number): void {
  const data = DATA_FIELDS[field] as { wire: number };
  let typed = t.typed.get(field);
  if (!typed) {
    typed = { count: 0, runs: [] };
    t.typed.set(field, typed);
  }
  if (wire !== data.wire) {
    const n = reader.length();
    if (data.wire === 0) typed.count += reader.countVarints(n);
    else {
      const each = data.wire === 5 ? 4 : 8;
      if (n % each !== 0)
        throw new WireError(
          'malformed',
          `a list of numbers at byte ${reader.pos} is cut within one of them`,
          reader.pos,
        );
      typed.count += n / each;
      reader.skip(n);
    }
  } else {
    reader.skipType(wire);
    typed.count++;
  }
  const last = typed.runs.at(-1);
  if (last && last.offset + last.length === start) last.length = reader.pos - last.offset;
  else {
    reader.spend(64);
    typed.runs.push({ offset: start, length: reader.pos - start });
  }
}

/** Decoding failed: the WireError, and where in the message it happened ('' where that says nothing). */
export class DecodeError extends Error {
  readonly wire: WireError;
  readonly where: string;
  constructor(wire: WireError, place: string) {
    super(place ? `${wire.message} (in ${place})` : wire.message);
    this.name = 'DecodeError';
    this.wire = wire;
    this.where = place;
  }
}

function decode(type: 'ModelProto' | 'FunctionProto' | 'TensorProto', source: Source, maxStructure?: number): unknown {
  const reader = new SourceReader(source, 0, source.size, maxStructure);
  frames = [];
  try {
    const message = typeNamed(type).decode(reader);
    reader.finish();
    return message;
  } catch (e) {
    if (e instanceof WireError) throw new DecodeError(e, where());
    // The generated code complains by Error and RangeError where a sub-message and its parts disagree about its length.
    if (e instanceof Error && /index out of range|end group|max depth/.test(e.message))
      throw new DecodeError(
        new WireError(
          'malformed',
          `a field at byte ${reader.pos} reaches beyond the message that holds it`,
          reader.pos,
        ),
        where(),
      );
    throw e;
  } finally {
    frames = [];
    reader.close();
  }
}

/** ModelProto with its weights left in the source: each tensor is a TensorRecord. Throws DecodeError, SourceError. */
export function decodeModel(source: Source, maxStructure?: number): P.ModelProto {
  return decode('ModelProto', source, maxStructure) as P.ModelProto;
}

/** FunctionProto, from memory. Throws DecodeError. */
export function decodeFunctionProto(bytes: Uint8Array, name: string): P.FunctionProto {
  return decode('FunctionProto', memorySource(bytes, name)) as P.FunctionProto;
}

/** One TensorProto that fills a source, or a part of it. Throws DecodeError, SourceError. */
export function decodeTensorProto(source: Source, range: Range = { offset: 0, length: source.size }): TensorRecord {
  const reader = new SourceReader(source, range.offset, range.offset + range.length);
  frames = [];
  try {
    const t = decodeTensor(reader, undefined, undefined, 0, emptyTensor(source));
    reader.finish();
    return t;
  } catch (e) {
    if (e instanceof WireError) throw new DecodeError(e, '');
    throw e;
  } finally {
    frames = [];
    reader.close();
  }
}

/**
 * Reads the elements of one typed field, one at a time and in order. `each` gets a number (float_data, int32_data,
 * double_data), a number or bigint (int64_data, uint64_data) or text (string_data).
 */
export function readTyped(
  t: TensorRecord,
  field: number,
  each: (value: number | bigint | string, i: number) => void,
): void {
  const typed = t.typed.get(field);
  if (!typed) return;
  const { name, wire: own } = DATA_FIELDS[field] as { name: DataField; wire: number };
  let i = 0;
  for (const run of typed.runs) {
    const reader = new SourceReader(t.source, run.offset, run.offset + run.length);
    const next = (): number | bigint | string => {
      switch (name) {
        case 'float_data':
          return reader.float();
        case 'double_data':
          return reader.double();
        case 'int32_data':
          return reader.int32();
        case 'int64_data':
          return reader.int64();
        case 'uint64_data':
          return reader.uint64();
        default:
          return textOf(reader.bytes());
      }
    };
    try {
      while (reader.pos < run.offset + run.length) {
        const wire = reader.tag() & 7;
        if (wire === own) each(next(), i++);
        else {
          const end = reader.length() + reader.pos;
          while (reader.pos < end) each(next(), i++);
        }
      }
    } finally {
      reader.close();
    }
  }
}
