import type { Stats } from 'node:fs';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import * as say from '../diag/catalogue-onnx.js';
import type { Diagnostic, Place } from '../diag/diagnostic.js';
import { DiagnosticError } from '../diag/diagnostic.js';
import { digestOf } from './digest.js';
import { isLfsPointer } from './lfs.js';
import type { ExternalFile } from './model.js';
import type { Source } from './source.js';
import { fileSource } from './source.js';
import type { StringStringEntryProto } from './proto-types.generated.js';

/** Where a tensor's bytes are: `length` undefined where the file leaves it to the shape. */
export interface ExternalRange {
  readonly source: Source;
  readonly location: string;
  readonly offset: number;
  readonly length: number | undefined;
}

/** Why a location may not be used, or undefined. Looks at the text alone. */
function unsafeName(location: string): string | undefined {
  if (location === '') return 'no file is named';
  if (location.includes('\0')) return 'the name holds a NUL character';
  if (location.includes('\\')) return 'the path is written with backslashes';
  if (/^[A-Za-z]:/.test(location)) return 'the path names a Windows drive';
  if (location.startsWith('/')) return 'the path is absolute';
  const parts = location.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return "the path leads out of the model's folder";
  if (parts.length === 0) return 'no file is named';
  // Windows opens devices by these names, in any folder and with any extension, and drops trailing dots and blanks.
  if (parts.some((part) => /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i.test(part)))
    return 'the name is that of a Windows device';
  if (parts.some((part) => part.includes(':') || /[. ]$/.test(part))) return 'the name is not portable to Windows';
  return undefined;
}

/** The external files of one model: each is looked at once. `folder` is the model's; undefined where it has none. */
export class ExternalFiles {
  readonly warnings: Diagnostic[] = [];
  private readonly folder: string | undefined;
  private readonly files = new Map<string, { source: Source; path: string }>();
  private readonly checked = new Set<string>();

  constructor(folder: string | undefined) {
    this.folder = folder;
  }

  list(): ExternalFile[] {
    return [...this.files].map(([location, { source, path }]) => ({ location, path, bytes: source.size }));
  }

  /** Finds the bytes that TensorProto.external_data names. Throws DiagnosticError. */
  find(entries: readonly StringStringEntryProto[], place: Place): ExternalRange {
    const values = new Map(entries.map((e) => [e.key ?? '', e.value ?? '']));
    const location = values.get('location');
    if (location === undefined) fail(say.externalMalformed(place, 'no location is given'));
    const number = (key: string): number | undefined => {
      const text = values.get(key);
      if (text === undefined || text === '') return undefined;
      const n = Number(text);
      if (!/^\d+$/.test(text) || !Number.isSafeInteger(n))
        fail(say.externalMalformed(place, `${key} is ${say.quoted(text)}, no number of bytes`));
      return n;
    };
    const offset = number('offset') ?? 0;
    const length = number('length');
    const { source } = this.open(location, place);
    if (offset + (length ?? 0) > source.size)
      fail(say.externalTooShort(place, location, offset + (length ?? 0), source.size));
    const checksum = values.get('checksum');
    if (checksum) this.verify(location, source, checksum, place);
    return { source, location, offset, length };
  }

  private open(location: string, place: Place): { source: Source } {
    const unsafe = unsafeName(location);
    if (unsafe) fail(say.externalUnsafe(place, location, unsafe));
    const parts = location.split('/').filter((part) => part !== '' && part !== '.');
    const key = parts.join('/');
    const known = this.files.get(key);
    if (known) return known;
    if (this.folder === undefined)
      fail(say.externalUnsafe(place, location, 'the model is in memory and has no folder'));
    let path = this.folder;
    for (const [i, part] of parts.entries()) {
      path = join(path, part);
      const stat = look(path, location, place);
      if (stat.isSymbolicLink()) fail(say.externalUnsafe(place, location, 'a symbolic link is not followed'));
      if (i < parts.length - 1) {
        if (!stat.isDirectory()) fail(say.externalMissing(place, location));
      } else if (!stat.isFile()) fail(say.externalUnsafe(place, location, 'it is no regular file'));
      else if (stat.nlink > 1)
        fail(say.externalUnsafe(place, location, 'it is a hard link to a file that may lie elsewhere'));
    }
    if (isLfsPointer(path)) fail(say.lfsPointer({ ...place, file: join(place.file ?? '', '..', key) }));
    const file = { path, source: opened(path, key, place) };
    this.files.set(key, file);
    return file;
  }

  /** Compares the SHA-1 of a whole file, once a file. A difference is a warning, as other readers ignore it altogether. */
  private verify(location: string, source: Source, checksum: string, place: Place): void {
    const key = `${location}\0${checksum}`;
    if (this.checked.has(key)) return;
    this.checked.add(key);
    if (digestOf(source, 'sha1') !== checksum.toLowerCase()) this.warnings.push(say.externalChecksum(place, location));
  }
}

function fail(diagnostic: Diagnostic): never {
  throw new DiagnosticError([diagnostic]);
}

function look(path: string, location: string, place: Place): Stats {
  try {
    return lstatSync(path);
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') fail(say.externalMissing(place, location));
    fail(say.externalUnsafe(place, location, `it can't be looked at (${code ?? 'unknown reason'})`));
  }
}

function opened(path: string, name: string, place: Place): Source {
  try {
    return fileSource(path, name);
  } catch (e) {
    fail(say.unreadableFile(place, (e as NodeJS.ErrnoException).code ?? String(e)));
  }
}
