import { crc32, inflateRawSync } from 'node:zlib';
import { NumpyError, readNpy, writeNpy } from './npy.js';
import type { Tensor } from './tensor.js';

/** Unpacked bytes of all arrays together, above which a file is refused. */
const MAX_BYTES = 2 ** 31;

/** Unpacked bytes above which a file may not be more than so many times smaller: else it is made to fill the memory. */
const MOST_PACKED = 2 ** 28;
const MOST_RATIO = 100;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly header: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

/** A view that complains in its own words where a ZIP file is cut. */
class Zip {
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private inside(at: number, n: number): void {
    if (!(at >= 0 && at + n <= this.bytes.length)) throw new NumpyError('its ZIP directory points outside the file');
  }

  u16(at: number): number {
    this.inside(at, 2);
    return this.view.getUint16(at, true);
  }

  u32(at: number): number {
    this.inside(at, 4);
    return this.view.getUint32(at, true);
  }

  u64(at: number): number {
    this.inside(at, 8);
    return this.view.getUint32(at + 4, true) * 2 ** 32 + this.view.getUint32(at, true);
  }

  part(at: number, n: number): Uint8Array {
    this.inside(at, n);
    return this.bytes.subarray(at, at + n);
  }
}

/** The central directory, by the end record (with its 64-bit form, which NumPy uses above 4 GB). */
function entriesOf(zip: Zip): Entry[] {
  const last = zip.bytes.length - 22;
  let end = last;
  while (end >= 0 && end > last - 65536 && zip.u32(end) !== END) end--;
  if (end < 0 || zip.u32(end) !== END) throw new NumpyError('it is no ZIP archive, or cut at its end');
  let count = zip.u16(end + 10);
  let at = zip.u32(end + 16);
  if (end >= 20 && zip.u32(end - 20) === LOCATOR_64) {
    const end64 = zip.u64(end - 12);
    if (zip.u32(end64) !== END_64) throw new NumpyError('its ZIP directory is malformed');
    count = zip.u64(end64 + 32);
    at = zip.u64(end64 + 48);
  }
  if (count * 46 > zip.bytes.length) throw new NumpyError('its ZIP directory claims more entries than it can hold');
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    if (zip.u32(at) !== CENTRAL) throw new NumpyError('its ZIP directory is malformed');
    const flags = zip.u16(at + 8);
    const [nameLength, extraLength, commentLength] = [zip.u16(at + 28), zip.u16(at + 30), zip.u16(at + 32)];
    const name = new TextDecoder(flags & 0x800 ? 'utf-8' : 'latin1').decode(zip.part(at + 46, nameLength));
    if (flags & 1) throw new NumpyError('it is encrypted');
    let size = zip.u32(at + 24);
    let packed = zip.u32(at + 20);
    let header = zip.u32(at + 42);
    for (let x = at + 46 + nameLength, stop = x + extraLength; x + 4 <= stop; x += 4 + zip.u16(x + 2)) {
      if (zip.u16(x) !== 1) continue;
      let field = x + 4;
      if (size === 0xffffffff) {
        size = zip.u64(field);
        field += 8;
      }
      if (packed === 0xffffffff) {
        packed = zip.u64(field);
        field += 8;
      }
      if (header === 0xffffffff) header = zip.u64(field);
    }
    entries.push({ name, method: zip.u16(at + 10), crc: zip.u32(at + 16), packed, size, header });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}

function unpack(zip: Zip, e: Entry): Uint8Array {
  if (zip.u32(e.header) !== LOCAL) throw new NumpyError('its ZIP directory is malformed');
  const body = zip.part(e.header + 30 + zip.u16(e.header + 26) + zip.u16(e.header + 28), e.packed);
  let bytes: Uint8Array;
  if (e.method === 0) bytes = body;
  else if (e.method === 8) {
    try {
      bytes = inflateRawSync(body, { maxOutputLength: Math.max(1, e.size) });
    } catch {
      throw new NumpyError(`the array ${JSON.stringify(e.name)} in it is damaged, or larger than it claims`);
    }
  } else
    throw new NumpyError(
      `the array ${JSON.stringify(e.name)} in it is compressed by method ${e.method}; 0 and 8 are known`,
    );
  if (bytes.length !== e.size || crc32(bytes) !== e.crc)
    throw new NumpyError(`the array ${JSON.stringify(e.name)} in it is damaged`);
  return bytes;
}

/**
 * Reads a .npz file from memory: array name (without .npy) to tensor, in file order. Nothing is unpacked where the arrays
 * together claim more than `maxBytes`, and none beyond what it claims. Throws NumpyError.
 */
export function readNpz(bytes: Uint8Array, maxBytes: number = MAX_BYTES): Map<string, Tensor> {
  const zip = new Zip(bytes);
  const entries = entriesOf(zip).filter((e) => e.name.endsWith('.npy'));
  const total = entries.reduce((sum, e) => sum + e.size, 0);
  if (total > maxBytes) throw new NumpyError(`its arrays take ${total} bytes, and ${maxBytes} are allowed`, true);
  if (total > MOST_PACKED && total > MOST_RATIO * bytes.length)
    throw new NumpyError(
      `its arrays take ${total} bytes, more than ${MOST_RATIO} times those of the file; write it by numpy.savez, which doesn't compress`,
      true,
    );
  const arrays = new Map<string, Tensor>();
  for (const e of entries) {
    const name = e.name.slice(0, -4);
    if (arrays.has(name)) throw new NumpyError(`it holds two arrays named ${JSON.stringify(name)}`);
    try {
      arrays.set(name, readNpy(unpack(zip, e)));
    } catch (error) {
      if (error instanceof NumpyError)
        throw new NumpyError(`${JSON.stringify(name)}: ${error.message}`, error.tooLarge);
      throw error;
    }
  }
  return arrays;
}

/** Writes a .npz file, uncompressed and with fixed dates: equal tensors give equal bytes. For less than 4 GB. */
export function writeNpz(arrays: ReadonlyMap<string, Tensor>): Uint8Array {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, tensor] of arrays) {
    const title = encoder.encode(`${name}.npy`);
    const body = writeNpy(tensor);
    // From the second field on, the local header and the directory entry agree: version, flags (UTF-8 name), method, date.
    const shared = new DataView(new ArrayBuffer(26));
    shared.setUint16(0, 20, true);
    shared.setUint16(2, 0x800, true);
    shared.setUint16(8, 0x21, true); // 1 January 1980, the oldest date there is
    shared.setUint32(10, crc32(body), true);
    shared.setUint32(14, body.length, true);
    shared.setUint32(18, body.length, true);
    shared.setUint16(22, title.length, true);
    const fields = new Uint8Array(shared.buffer);
    parts.push(tag(LOCAL), fields, title, body);
    const rest = new DataView(new ArrayBuffer(14));
    rest.setUint32(10, at, true);
    directory.push(tag(CENTRAL), fields.slice(0, 2), fields, new Uint8Array(rest.buffer), title);
    at += 4 + fields.length + title.length + body.length;
  }
  const length = directory.reduce((sum, p) => sum + p.length, 0);
  if (at + length > 0xffff_fffe || arrays.size > 0xfffe) throw new NumpyError('the arrays are too large for one file');
  const end = new DataView(new ArrayBuffer(18));
  end.setUint16(4, arrays.size, true);
  end.setUint16(6, arrays.size, true);
  end.setUint32(8, length, true);
  end.setUint32(12, at, true);
  return Buffer.concat([...parts, ...directory, tag(END), new Uint8Array(end.buffer)]);
}

function tag(code: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, code, true);
  return bytes;
}
