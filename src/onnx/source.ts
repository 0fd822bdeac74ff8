import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes that can be read by range: a file, opened for each use, or a buffer. */
export interface Source {
  /** For messages: the file as the caller named it. */
  readonly name: string;
  readonly size: number;
  /** Where it is a file. */
  readonly path?: string;
  /** Opens for reading; the caller closes. Throws SourceError where the file has gone or changed. */
  open(): OpenSource;
}

export interface OpenSource {
  /** Fills `into` with the bytes from `offset` on; returns how many there were. */
  read(into: Uint8Array, offset: number): number;
  close(): void;
}

/** The file under a handle can't be read any more, or isn't the one that was parsed. */
export class SourceError extends Error {
  readonly source: string;
  constructor(source: string, message: string) {
    super(message);
    this.name = 'SourceError';
    this.source = source;
  }
}

/** A readSync that goes on where the system returns less than asked for. */
function readFully(fd: number, into: Uint8Array, offset: number): number {
  let done = 0;
  while (done < into.length) {
    const n = readSync(fd, into, done, Math.min(into.length - done, 2 ** 30), offset + done);
    if (n === 0) break;
    done += n;
  }
  return done;
}

/** A regular file. Size and time of change are kept, so that a later read of another content is noticed. */
export function fileSource(path: string, name: string = path): Source {
  const look = (fd: number) => {
    const { size, mtimeMs } = fstatSync(fd);
    return { size, mtimeMs };
  };
  const first = openSync(path, 'r');
  let seen: { size: number; mtimeMs: number };
  try {
    seen = look(first);
  } finally {
    closeSync(first);
  }
  return {
    name,
    size: seen.size,
    path,
    open() {
      let fd: number;
      try {
        fd = openSync(path, 'r');
      } catch (e) {
        throw new SourceError(name, (e as NodeJS.ErrnoException).code ?? String(e));
      }
      const now = look(fd);
      if (now.size !== seen.size || now.mtimeMs !== seen.mtimeMs) {
        closeSync(fd);
        throw new SourceError(name, 'the file was changed while it was being converted');
      }
      return {
        read: (into, offset) => {
          try {
            return readFully(fd, into, offset);
          } catch (e) {
            throw new SourceError(name, (e as NodeJS.ErrnoException).code ?? String(e));
          }
        },
        close: () => closeSync(fd),
      };
    },
  };
}

/** Bytes in memory. They must not be changed afterwards. */
export function memorySource(bytes: Uint8Array, name: string): Source {
  return {
    name,
    size: bytes.length,
    open: () => ({
      read(into, offset) {
        const part = bytes.subarray(offset, offset + into.length);
        into.set(part);
        return part.length;
      },
      close() {},
    }),
  };
}

/** Reads exactly `into.length` bytes from `offset`; throws SourceError where there are fewer. */
export function readRange(source: Source, into: Uint8Array, offset: number): void {
  const file = source.open();
  try {
    if (file.read(into, offset) !== into.length)
      throw new SourceError(source.name, `the file ends before byte ${offset + into.length}`);
  } finally {
    file.close();
  }
}
