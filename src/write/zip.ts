import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { refuse } from '../diag/diagnostic.js';

/** A file of an archive: how long it is, and its bytes in order. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: number;
  write(to: (bytes: Uint8Array) => void): void;
}

/** ZIP without its 64-bit extension. */
const MOST_BYTES = 0xffffffff - 2 ** 20;

/** 1980-01-01 00:00:00, the first date that ZIP has: archives of the same contents are the same. */
const DATE = 0x21;

/** Permissions rw-r--r-- of a plain file, as Unix has them. */
const MODE = 0o100644;

export const textEntry = (name: string, text: string): ZipEntry => {
  const bytes = Buffer.from(text, 'utf8');
  return { name, bytes: bytes.length, write: (to) => to(bytes) };
};

/**
 * Writes an archive of uncompressed files, each front to back. Source: PKWARE, APPNOTE.TXT 6.3.10, 4.3 to 4.5.
 * @returns size and SHA-256 of what was written
 */
export function writeZip(path: string, entries: readonly ZipEntry[]): { bytes: number; sha256: string } {
  const total = entries.reduce((n, e) => n + e.bytes, 0);
  if (total > MOST_BYTES)
    refuse(
      `the archive would have ${total} bytes, and 4 GiB is the most that one holds`,
      'convert to a layers-model or a graph-model',
    );
  const fd = openSync(path, 'w+');
  try {
    let at = 0;
    const append = (bytes: Uint8Array) => {
      for (let done = 0; done < bytes.byteLength; )
        done += writeSync(fd, bytes, done, bytes.byteLength - done, at + done);
      at += bytes.byteLength;
    };
    const written = entries.map((entry) => {
      const start = at;
      append(local(entry, 0));
      let sum = 0;
      entry.write((bytes) => {
        sum = crc32(bytes, sum);
        append(bytes);
      });
      const head = local(entry, sum);
      writeSync(fd, head, 0, head.byteLength, start);
      return { entry, sum, start };
    });
    const directory = at;
    for (const w of written) append(central(w));
    append(end(entries.length, at - directory, directory));
    return { bytes: at, sha256: sha256Of(fd, at) };
  } finally {
    closeSync(fd);
  }
}

/** Fields that a local header and one of the directory share, from "version needed" on. */
function common({ name, bytes }: ZipEntry, sum: number): Buffer {
  const out = Buffer.alloc(26);
  out.writeUInt16LE(20, 0);
  out.writeUInt16LE(0, 6 + 2);
  out.writeUInt16LE(DATE, 8);
  out.writeUInt32LE(sum, 10);
  out.writeUInt32LE(bytes, 14);
  out.writeUInt32LE(bytes, 18);
  out.writeUInt16LE(Buffer.byteLength(name), 22);
  return out;
}

function local(entry: ZipEntry, sum: number): Buffer {
  return Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common(entry, sum), Buffer.from(entry.name)]);
}

function central({ entry, sum, start }: { entry: ZipEntry; sum: number; start: number }): Buffer {
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(MODE * 0x10000, 6);
  rest.writeUInt32LE(start, 10);
  // Made by Unix, version 2.0.
  return Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x03', 'latin1'),
    common(entry, sum),
    rest,
    Buffer.from(entry.name),
  ]);
}

function end(count: number, size: number, directory: number): Buffer {
  const out = Buffer.alloc(22);
  out.write('PK\x05\x06', 0, 'latin1');
  out.writeUInt16LE(count, 8);
  out.writeUInt16LE(count, 10);
  out.writeUInt32LE(size, 12);
  out.writeUInt32LE(directory, 16);
  return out;
}

function sha256Of(fd: number, bytes: number): string {
  const hash = createHash('sha256');
  const part = Buffer.alloc(1 << 20);
  for (let at = 0; at < bytes; ) {
    const n = readSync(fd, part, 0, Math.min(part.length, bytes - at), at);
    if (n === 0) throw new Error('the archive is shorter than what was written');
    hash.update(part.subarray(0, n));
    at += n;
  }
  return hash.digest('hex');
}
