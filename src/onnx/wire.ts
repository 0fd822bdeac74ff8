import protobuf from 'protobufjs/minimal.js';
import { LIMITS } from '../diag/limits.js';
import type { OpenSource, Source } from './source.js';

/**
 * Why bytes are no protobuf message. `truncated`: the file ends before what it announces; `at` is then the file's end,
 * `missing` the bytes that are known to lack.
 */
export class WireError extends Error {
  readonly kind: 'truncated' | 'malformed' | 'too-deep' | 'too-large' | 'text-too-long' | 'attribute-too-large';
  readonly at: number;
  readonly missing: number;
  constructor(kind: WireError['kind'], message: string, at: number, missing = 0) {
    super(message);
    this.name = 'WireError';
    this.kind = kind;
    this.at = at;
    this.missing = missing;
  }
}

const WINDOW = 64 * 1024;
/** Nested groups (a construct ONNX never uses) that are skipped; protobuf's own limit for messages. */
const MAX_DEPTH = 100;
/** What a message, and what a scalar, is taken to cost in memory. Measured generously on Node 24. */
const MESSAGE_COST = 256;
const FIELD_COST = 16;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 to text; where the bytes are no UTF-8, each odd one as `\xNN`, so that different bytes stay different names. */
export function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return escapeOdd(bytes);
  }
}

/** Whether the bytes are UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function escapeOdd(bytes: Uint8Array): string {
  let out = '';
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i] as number;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const piece = bytes.subarray(i, i + length);
    if (isUtf8(piece)) {
      out += decoder.decode(piece);
      i += length;
    } else {
      out += `\\x${lead.toString(16).padStart(2, '0')}`;
      i++;
    }
  }
  return out;
}

/** Signed or unsigned 64 bits, as a number where that is exact. */
export function intOf(lo: number, hi: number, unsigned: boolean): number | bigint {
  const top = unsigned ? hi >>> 0 : hi | 0;
  if (top >= -0x200000 && top < 0x200000) return top * 0x1_0000_0000 + (lo >>> 0);
  return (BigInt(top) << 32n) | BigInt(lo >>> 0);
}

/**
 * protobufjs's reader over a source that is never in memory as a whole: a window of 64 kB slides over it. `pos` and `len`
 * are positions in the source (exact beyond 2^31). What can go wrong is thrown as WireError and nothing else.
 *
 * Where the file is cut, the messages that surround the cut announce more bytes than there are. They are read all the
 * same as far as they go, so that the error can say in which innermost part the file ends.
 */
export class SourceReader extends protobuf.Reader {
  readonly source: Source;
  private readonly file: OpenSource;
  private readonly window: Uint8Array;
  private readonly floatView: DataView;
  private windowStart = 0;
  private windowEnd = 0;
  /** How far the file would have to reach by what its messages announce. */
  private announced = 0;
  private budget: number;
  /** Field number of the last tag. */
  field = 0;

  constructor(source: Source, start = 0, end = source.size, maxStructure: number = Number.POSITIVE_INFINITY) {
    super(new Uint8Array(0));
    this.source = source;
    this.file = source.open();
    this.window = new Uint8Array(Math.min(WINDOW, Math.max(16, end - start)));
    this.floatView = new DataView(new ArrayBuffer(8));
    this.pos = start;
    this.len = end;
    this.budget = maxStructure;
  }

  close(): void {
    this.file.close();
  }

  /** After a message was read to its end: complains where the file was cut exactly between two fields. */
  finish(): void {
    if (this.announced > this.source.size) throw this.truncated(this.announced);
  }

  private truncated(needed: number): WireError {
    const end = this.source.size;
    const missing = Math.max(needed, this.announced) - end;
    return new WireError(
      'truncated',
      `the file ends at byte ${end}; at least ${missing} more bytes belong to it`,
      end,
      missing,
    );
  }

  private outOfRange(needed: number): WireError {
    if (needed > this.source.size || (this.len === this.source.size && this.announced > this.len))
      return this.truncated(needed);
    return new WireError('malformed', `a field at byte ${this.pos} reaches beyond the message that holds it`, this.pos);
  }

  /** Accounts for memory that what follows will take. */
  spend(bytes: number): void {
    this.budget -= bytes;
    if (this.budget < 0)
      throw new WireError(
        'too-large',
        'its nodes, names and attributes (weights aside) need more memory than is allowed',
        this.pos,
      );
  }

  private fill(): void {
    this.windowStart = this.pos;
    const n = this.file.read(this.window, this.pos);
    this.windowEnd = this.pos + n;
    if (n === 0) throw this.truncated(this.pos + 1);
  }

  private byte(): number {
    if (this.pos >= this.len) throw this.outOfRange(this.pos + 1);
    if (this.pos < this.windowStart || this.pos >= this.windowEnd) this.fill();
    return this.window[this.pos++ - this.windowStart] as number;
  }

  private lo = 0;
  private hi = 0;

  /** A varint of up to ten bytes into lo and hi. */
  private varint(): void {
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const b = this.byte();
      const bits = b & 127;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else if (shift < 64) hi |= bits << (shift - 32);
      if (b < 128) {
        this.lo = lo >>> 0;
        this.hi = hi >>> 0;
        return;
      }
    }
    throw new WireError('malformed', `an integer at byte ${this.pos} has more than 64 bits`, this.pos);
  }

  override uint32(): number {
    this.varint();
    return this.lo;
  }

  override int32(): number {
    this.varint();
    return this.lo | 0;
  }

  override sint32(): number {
    const value = this.uint32();
    return ((value >>> 1) ^ -(value & 1)) | 0;
  }

  override bool(): boolean {
    this.varint();
    return (this.lo | this.hi) !== 0;
  }

  /** A number where exact, else a bigint. The base class's signature (Long) is not what this reader returns. */
  override int64(): never {
    this.varint();
    return intOf(this.lo, this.hi, false) as never;
  }

  override uint64(): never {
    this.varint();
    return intOf(this.lo, this.hi, true) as never;
  }

  override tag(): number {
    this.spend(FIELD_COST);
    this.varint();
    this.field = this.lo >>> 3;
    if (this.hi !== 0 || this.field === 0)
      throw new WireError('malformed', `there is no valid field at byte ${this.pos}`, this.pos);
    return this.lo;
  }

  private announcedSize(): number {
    this.varint();
    if (this.hi !== 0 || this.lo > 0x7fff_ffff)
      throw new WireError(
        'malformed',
        `a field at byte ${this.pos} claims more than the 2 GB that protobuf allows`,
        this.pos,
      );
    return this.lo;
  }

  /** The length of a sub-message. One that the file can't hold is cut to what there is; see the class. */
  override size(): number {
    this.spend(MESSAGE_COST);
    const size = this.announcedSize();
    const end = this.pos + size;
    if (end <= this.len) return size;
    if (this.len !== this.source.size) throw this.outOfRange(end);
    this.announced = Math.max(this.announced, end);
    return this.len - this.pos;
  }

  /** The length of a scalar, text or packed field, all of which must be there. */
  length(): number {
    const size = this.announcedSize();
    if (this.pos + size > this.len) {
      if (this.len === this.source.size) this.announced = Math.max(this.announced, this.pos + size);
      throw this.outOfRange(this.pos + size);
    }
    return size;
  }

  /** The next n bytes, copied. */
  take(n: number): Uint8Array {
    if (this.pos + n > this.len) throw this.outOfRange(this.pos + n);
    const out = new Uint8Array(n);
    const inWindow = this.pos >= this.windowStart && this.pos < this.windowEnd;
    const have = inWindow ? Math.min(n, this.windowEnd - this.pos) : 0;
    out.set(this.window.subarray(this.pos - this.windowStart, this.pos - this.windowStart + have));
    if (have < n) {
      const rest = out.subarray(have);
      if (this.file.read(rest, this.pos + have) !== rest.length) throw this.truncated(this.pos + n);
    }
    this.pos += n;
    return out;
  }

  override bytes(): Uint8Array {
    return this.bounded('attribute-too-large', LIMITS.attributeBytes);
  }

  override string(): string {
    return textOf(this.bounded('text-too-long', LIMITS.textBytes));
  }

  private bounded(kind: 'text-too-long' | 'attribute-too-large', most: number): Uint8Array {
    const n = this.length();
    if (n > most)
      throw new WireError(kind, `a text at byte ${this.pos} has ${n} bytes, and ${most} are allowed`, this.pos);
    this.spend(n);
    return this.take(n);
  }

  override stringVerify(): string {
    return this.string();
  }

  override raw(): Uint8Array {
    return new Uint8Array(0);
  }

  private fixed(n: 4 | 8): void {
    if (this.pos + n > this.len) throw this.outOfRange(this.pos + n);
    for (let i = 0; i < n; i++) this.floatView.setUint8(i, this.byte());
  }

  override fixed32(): number {
    this.fixed(4);
    return this.floatView.getUint32(0, true);
  }

  override sfixed32(): number {
    return this.fixed32() | 0;
  }

  override float(): number {
    this.fixed(4);
    return this.floatView.getFloat32(0, true);
  }

  override double(): number {
    this.fixed(8);
    return this.floatView.getFloat64(0, true);
  }

  private packed<T>(array: T[], bytesEach: number, next: () => T): T[] {
    const n = this.length();
    const end = this.pos + n;
    if (n % bytesEach !== 0)
      throw new WireError('malformed', `a list of numbers at byte ${this.pos} is cut within one of them`, this.pos);
    const outer = this.len;
    this.len = end;
    while (this.pos < end) {
      this.spend(FIELD_COST);
      array.push(next());
    }
    this.len = outer;
    return array;
  }

  override int64s(array: never[] = []): never {
    return this.packed<never>(array, 1, () => this.int64()) as never;
  }

  override uint64s(array: never[] = []): never {
    return this.packed<never>(array, 1, () => this.uint64()) as never;
  }

  override int32s(array: number[] = []): number[] {
    return this.packed(array, 1, () => this.int32());
  }

  override floats(array: number[] = []): number[] {
    return this.packed(array, 4, () => this.float());
  }

  override doubles(array: number[] = []): number[] {
    return this.packed(array, 8, () => this.double());
  }

  override skip(length?: number): this {
    if (length === undefined) this.varint();
    else {
      if (this.pos + length > this.len) throw this.outOfRange(this.pos + length);
      this.pos += length;
    }
    return this;
  }

  override skipType(wireType: number, depth = 0, field?: number): this {
    if (depth > MAX_DEPTH)
      throw new WireError('too-deep', `groups are nested more than ${MAX_DEPTH} deep at byte ${this.pos}`, this.pos);
    switch (wireType) {
      case 0:
        return this.skip();
      case 1:
        return this.skip(8);
      case 2:
        return this.skip(this.length());
      case 5:
        return this.skip(4);
      case 3:
        for (;;) {
          const tag = this.tag();
          if ((tag & 7) !== 4) this.skipType(tag & 7, depth + 1, tag >>> 3);
          else if (field === undefined || tag >>> 3 === field) return this;
          else break;
        }
    }
    throw new WireError('malformed', `there is no valid field at byte ${this.pos}`, this.pos);
  }

  /**
   * Passes over the next n bytes and counts the varints in them, without keeping any.
   */
  countVarints(n: number): number {
    const end = this.pos + n;
    let count = 0;
    let last = 0;
    while (this.pos < end) {
      if (this.pos < this.windowStart || this.pos >= this.windowEnd) this.fill();
      const stop = Math.min(end, this.windowEnd) - this.windowStart;
      for (let i = this.pos - this.windowStart; i < stop; i++) {
        last = this.window[i] as number;
        if (last < 128) count++;
      }
      this.pos = this.windowStart + stop;
    }
    if (last >= 128)
      throw new WireError('malformed', `a list of integers is cut within one of them at byte ${this.pos}`, this.pos);
    return count;
  }
}
