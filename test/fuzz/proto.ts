/**
 * Protobuf messages as trees that can be bent: by a schema read off onnx.proto, and by nothing of the reader that is under
 * test. What doesn't decode stays bytes.
 */
import { readFileSync } from 'node:fs';

/** One field as it stands in a file. */
export interface Field {
  no: number;
  /** 0 varint, 1 fixed 64, 2 length-delimited, 3 and 4 a group's ends, 5 fixed 32. */
  wire: number;
  value: bigint | Uint8Array | Message;
  /** Instead of the true length. */
  length?: bigint;
  /** Bytes that a varint is stretched to. */
  stretch?: number;
}

export interface Message {
  /** Of onnx.proto; '' where it isn't known. */
  type: string;
  fields: Field[];
}

export interface FieldType {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
  /** The message's full name where it is one. */
  readonly message?: string;
}

export type Schema = ReadonlyMap<string, ReadonlyMap<number, FieldType>>;

/** Message name (nested ones with a dot) to its fields by number. */
export function readSchema(file: string): Schema {
  const schema = new Map<string, Map<number, FieldType>>();
  const open: string[] = [];
  const blocks: ('message' | 'other')[] = [];
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, kind, name] = /^\s*(message|enum|oneof)\s+(\w+)/.exec(line) ?? [];
    if (kind === 'message') {
      open.push(name as string);
      blocks.push('message');
      schema.set(open.join('.'), new Map());
      continue;
    }
    if (kind) {
      blocks.push('other');
      continue;
    }
    if (/^\s*\}/.test(line)) {
      if (blocks.pop() === 'message') open.pop();
      continue;
    }
    const field = /^\s*(optional|repeated)?\s*([\w.]+)\s+(\w+)\s*=\s*(\d+)/.exec(line);
    if (field && open.length > 0)
      schema.get(open.join('.'))?.set(Number(field[4]), {
        name: field[3] as string,
        type: field[2] as string,
        repeated: field[1] === 'repeated',
      });
  }
  for (const [owner, fields] of schema)
    for (const [no, field] of fields) {
      const message = [`${owner}.${field.type}`, field.type].find((name) => schema.has(name));
      if (message) fields.set(no, { ...field, message });
    }
  return schema;
}

class Cut extends Error {}

function varintAt(bytes: Uint8Array, at: number): [value: bigint, end: number] {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const b = bytes[at + i];
    if (b === undefined) throw new Cut();
    value |= BigInt(b & 127) << BigInt(7 * i);
    if (b < 128) return [value, at + i + 1];
  }
  throw new Cut();
}

/** A message's fields; undefined where the bytes are none. */
export function decode(schema: Schema, type: string, bytes: Uint8Array, depth = 0): Message | undefined {
  const fields: Field[] = [];
  try {
    for (let at = 0; at < bytes.length; ) {
      const [tag, begin] = varintAt(bytes, at);
      const no = Number(tag >> 3n);
      const wire = Number(tag & 7n);
      if (no === 0) return undefined;
      if (wire === 0) {
        const [value, end] = varintAt(bytes, begin);
        fields.push({ no, wire, value });
        at = end;
      } else if (wire === 1 || wire === 5) {
        const end = begin + (wire === 1 ? 8 : 4);
        if (end > bytes.length) return undefined;
        fields.push({ no, wire, value: bytes.slice(begin, end) });
        at = end;
      } else if (wire === 2) {
        const [n, start] = varintAt(bytes, begin);
        const end = start + Number(n);
        if (end > bytes.length) return undefined;
        const body = bytes.slice(start, end);
        const message = schema.get(type)?.get(no)?.message;
        const inner = message && depth < 60 ? decode(schema, message, body, depth + 1) : undefined;
        fields.push({ no, wire, value: inner ?? body });
        at = end;
      } else return undefined;
    }
  } catch (e) {
    if (e instanceof Cut) return undefined;
    throw e;
  }
  return { type, fields };
}

export function varint(value: bigint, stretch = 0): Uint8Array {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  } while (rest > 0n);
  while (out.length < stretch) out.push(128);
  out[out.length - 1] = (out.at(-1) as number) & 127;
  return Uint8Array.from(out);
}

/** A message's bytes, lies included. */
export function encode(message: Message): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { no, wire, value, length, stretch } of message.fields) {
    parts.push(varint(BigInt(no * 8 + wire)));
    if (typeof value === 'bigint') parts.push(varint(value, stretch));
    else {
      const body = value instanceof Uint8Array ? value : encode(value);
      if (wire === 2) parts.push(varint(length ?? BigInt(body.length), stretch));
      parts.push(body);
    }
  }
  return Buffer.concat(parts);
}

export const isMessage = (value: Field['value']): value is Message =>
  typeof value === 'object' && !(value instanceof Uint8Array);

/** The message and all within it, outermost first. */
export function* messages(root: Message): Generator<Message> {
  yield root;
  for (const { value } of root.fields) if (isMessage(value)) yield* messages(value);
}

/** A copy that shares nothing. */
export function copy(message: Message): Message {
  return {
    type: message.type,
    fields: message.fields.map((f) => ({
      ...f,
      value: isMessage(f.value) ? copy(f.value) : f.value instanceof Uint8Array ? f.value.slice() : f.value,
    })),
  };
}

/** For writing messages down: `{ 1: 'text', 2: 5n, 3: [message, message] }` by field numbers. */
export type Plain = bigint | string | Uint8Array | Message;
export function message(type: string, fields: Readonly<Record<number, Plain | readonly Plain[] | undefined>>): Message {
  const out: Field[] = [];
  for (const [no, given] of Object.entries(fields))
    for (const value of given === undefined
      ? []
      : Array.isArray(given)
        ? (given as readonly Plain[])
        : [given as Plain])
      out.push(
        typeof value === 'bigint'
          ? { no: Number(no), wire: 0, value }
          : { no: Number(no), wire: 2, value: typeof value === 'string' ? Buffer.from(value) : value },
      );
  return { type, fields: out };
}
