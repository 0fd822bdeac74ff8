import { sizeOf } from '../tensor/tensor.js';

/**
 * An HDF5 file of groups and arrays of floats, written from front to back: all metadata first, since every size is known,
 * then the arrays one after another, so that no more than one is in memory. The same tree gives the same bytes: there are
 * no dates in it. Source: HDF5 File Format Specification, version 3.0: superblock 0, groups as B-trees of symbol tables
 * (version 1), object headers version 1, contiguous data. libhdf5 of any age reads that.
 */

/** An array: its elements are asked for when they are written, float32 or, where it is `half`, float16 as their bits. */
export interface H5Array {
  readonly dims: readonly number[];
  readonly half?: boolean;
  readonly load: () => Float32Array | Uint16Array;
}

/** A group: other groups and arrays by name. */
export interface H5Group {
  readonly [name: string]: H5Group | H5Array;
}

export interface H5File {
  readonly bytes: number;
  /** Hands the file's bytes over in order. */
  write(to: (bytes: Uint8Array) => void): void;
}

const isArray = (v: H5Group | H5Array): v is H5Array => typeof (v as H5Array).load === 'function';

/** Symbols of a leaf and children of a node are at most twice this: the library's defaults. */
const LEAF_K = 4;
const NODE_K = 16;

const SUPERBLOCK = 96;
const LEAF = 8 + 2 * LEAF_K * 40;
const NODE = 24 + (2 * NODE_K + 1) * 8 + 2 * NODE_K * 8;
const HEAP = 32;
const GROUP_HEADER = 16 + 8 + 16;
const NOWHERE = 0xffffffffffffffffn;
/** What a heap without free space has in the place of a list of it. */
const NO_FREE_SPACE = 1n;

const aligned = (n: number): number => Math.ceil(n / 8) * 8;

/** Bytes that grow; positions are addresses in the file. */
class Metadata {
  private readonly parts: { at: number; bytes: Buffer }[] = [];
  private end = SUPERBLOCK;
  /** Reserves room and gives its address. */
  take(size: number): number {
    const at = this.end;
    this.end += aligned(size);
    return at;
  }
  put(at: number, bytes: Buffer): void {
    this.parts.push({ at, bytes });
  }
  get size(): number {
    return this.end;
  }
  join(): Buffer {
    const out = Buffer.alloc(this.end);
    for (const { at, bytes } of this.parts) bytes.copy(out, at);
    return out;
  }
}

interface Placed {
  readonly array: H5Array;
  readonly at: number;
}

/** Lays a tree out as a file. */
export function hdf5(root: H5Group): H5File {
  const metadata = new Metadata();
  const arrays: { readonly array: H5Array; readonly header: number }[] = [];
  const top = group(root, metadata, arrays);
  let end = metadata.size;
  const placed = arrays.map(({ array, header }): Placed => {
    const at = end;
    metadata.put(header, arrayHeader(array, at));
    end += aligned(sizeInFile(array));
    return { array, at };
  });
  metadata.put(0, superblock(top, end));
  return {
    bytes: end,
    write: (to) => {
      to(metadata.join());
      for (const { array } of placed) {
        const size = sizeInFile(array);
        const data = array.load();
        if (data.byteLength !== size) throw new Error(`an array of ${size} bytes has ${data.byteLength}`);
        to(littleEndian(data));
        if (aligned(size) > size) to(new Uint8Array(aligned(size) - size));
      }
    },
  };
}

const sizeInFile = ({ dims, half }: H5Array): number => sizeOf(dims) * (half ? 2 : 4);

/** Arrays are little-endian wherever Node runs; the bytes are only looked at in another way. */
function littleEndian(data: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

interface GroupPlace {
  readonly header: number;
  readonly tree: number;
  readonly heap: number;
}

/** Writes a group with all that is in it. */
function group(content: H5Group, metadata: Metadata, arrays: { array: H5Array; header: number }[]): GroupPlace {
  const names = Object.keys(content).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const place: GroupPlace = { header: metadata.take(GROUP_HEADER), tree: -1, heap: metadata.take(HEAP) };
  // The heap holds the names; its first 8 bytes are the empty name that stands before all others.
  const offsets: number[] = [];
  let length = 8;
  for (const name of names) {
    offsets.push(length);
    length += aligned(Buffer.byteLength(name) + 1);
  }
  const segment = metadata.take(length);
  const strings = Buffer.alloc(length);
  names.forEach((name, i) => strings.write(name, offsets[i], 'utf8'));
  metadata.put(segment, strings);
  metadata.put(
    place.heap,
    record(HEAP, (w) => w.text('HEAP').u8(0).skip(3).u64(length).u64(NO_FREE_SPACE).u64(segment)),
  );

  const symbols = names.map((name, i) => {
    const item = content[name];
    if (isArray(item)) {
      const header = metadata.take(arrayHeaderSize(item));
      arrays.push({ array: item, header });
      return { name: offsets[i], header };
    }
    return { name: offsets[i], header: group(item, metadata, arrays).header };
  });
  // Leaves of symbols, then nodes upon nodes until one is left. A key is the greatest name of what stands before it.
  let level: { address: number; last: number }[] = [];
  for (let i = 0; i < Math.max(symbols.length, 1); i += 2 * LEAF_K) {
    const part = symbols.slice(i, i + 2 * LEAF_K);
    const address = metadata.take(LEAF);
    metadata.put(
      address,
      record(LEAF, (w) => {
        w.text('SNOD').u8(1).skip(1).u16(part.length);
        for (const s of part) w.u64(s.name).u64(s.header).u32(0).skip(20);
      }),
    );
    level.push({ address, last: part.at(-1)?.name ?? 0 });
  }
  for (let height = 0; ; height++) {
    const children = level;
    level = [];
    const count = Math.ceil(children.length / (2 * NODE_K));
    const addresses = Array.from({ length: count }, () => metadata.take(NODE));
    for (let i = 0; i < count; i++) {
      const part = children.slice(i * 2 * NODE_K, (i + 1) * 2 * NODE_K);
      metadata.put(
        addresses[i],
        record(NODE, (w) => {
          w.text('TREE')
            .u8(0)
            .u8(height)
            .u16(symbols.length === 0 ? 0 : part.length)
            .u64(i > 0 ? addresses[i - 1] : NOWHERE)
            .u64(i + 1 < count ? addresses[i + 1] : NOWHERE);
          w.u64(i > 0 ? children[i * 2 * NODE_K - 1].last : 0);
          for (const c of part) w.u64(c.address).u64(c.last);
        }),
      );
      level.push({ address: addresses[i], last: part[part.length - 1].last });
    }
    if (count === 1) break;
  }
  const tree = level[0].address;
  metadata.put(
    place.header,
    record(GROUP_HEADER, (w) => {
      header(w, 1, 8 + 16);
      w.u16(0x11).u16(16).u8(0).skip(3).u64(tree).u64(place.heap);
    }),
  );
  return { ...place, tree };
}

/** The prefix of an object header, version 1. */
function header(w: Writer, messages: number, size: number): void {
  w.u8(1).skip(1).u16(messages).u32(1).u32(size).skip(4);
}

const messagesSize = ({ dims }: H5Array): number => 8 + 8 + 8 * dims.length + (8 + 24) + (8 + 8) + (8 + 24);
const arrayHeaderSize = (array: H5Array): number => 16 + messagesSize(array);

/** Dataspace, datatype, fill value and layout of an array. */
function arrayHeader(array: H5Array, at: number): Buffer {
  const { dims, half } = array;
  return record(arrayHeaderSize(array), (w) => {
    header(w, 4, messagesSize(array));
    w.u16(0x1)
      .u16(8 + 8 * dims.length)
      .u8(0)
      .skip(3);
    w.u8(1).u8(dims.length).u8(0).skip(5);
    for (const d of dims) w.u64(d);
    // IEEE floats, little-endian. 32 bits: sign at 31, exponent 8 bits at 23 with bias 127, mantissa 23 bits at 0; 16 bits:
    // sign at 15, exponent 5 bits at 10 with bias 15, mantissa 10 bits at 0.
    w.u16(0x3).u16(24).u8(1).skip(3);
    if (half) w.u8(0x11).u8(0x20).u8(0x0f).u8(0).u32(2).u16(0).u16(16).u8(10).u8(5).u8(0).u8(10).u32(15).skip(4);
    else w.u8(0x11).u8(0x20).u8(0x1f).u8(0).u32(4).u16(0).u16(32).u8(23).u8(8).u8(0).u8(23).u32(127).skip(4);
    // No fill value is defined.
    w.u16(0x5).u16(8).u8(1).skip(3);
    w.u8(2).u8(2).u8(2).u8(0).skip(4);
    w.u16(0x8).u16(24).u8(0).skip(3);
    w.u8(3).u8(1).u64(at).u64(sizeInFile(array)).skip(6);
  });
}

function superblock(root: GroupPlace, end: number): Buffer {
  return record(SUPERBLOCK, (w) => {
    w.u8(0x89).text('HDF\r\n\x1a\n');
    w.u8(0).u8(0).u8(0).skip(1).u8(0).u8(8).u8(8).skip(1).u16(LEAF_K).u16(NODE_K).u32(0);
    w.u64(0).u64(NOWHERE).u64(end).u64(NOWHERE);
    w.u64(0).u64(root.header).u32(1).skip(4).u64(root.tree).u64(root.heap);
  });
}

class Writer {
  private at = 0;
  private readonly buffer: Buffer;
  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }
  u8(v: number): this {
    this.at = this.buffer.writeUInt8(v, this.at);
    return this;
  }
  u16(v: number): this {
    this.at = this.buffer.writeUInt16LE(v, this.at);
    return this;
  }
  u32(v: number): this {
    this.at = this.buffer.writeUInt32LE(v, this.at);
    return this;
  }
  u64(v: number | bigint): this {
    this.at = this.buffer.writeBigUInt64LE(BigInt(v), this.at);
    return this;
  }
  text(s: string): this {
    this.at += this.buffer.write(s, this.at, 'latin1');
    return this;
  }
  skip(n: number): this {
    this.at += n;
    return this;
  }
}

function record(size: number, fill: (w: Writer) => void): Buffer {
  const buffer = Buffer.alloc(size);
  fill(new Writer(buffer));
  return buffer;
}
