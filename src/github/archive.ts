/** Zip archives of what a run wrote: the same bytes for the same files, whenever and wherever they are packed. */
import { createWriteStream } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { isInside } from '../run/find.js';

export interface ArchiveEntry {
  /** Absolute. */
  file: string;
  /** In the archive, with `/`. */
  name: string;
}

/** The first date that a zip can hold, whatever the time zone. */
const NO_DATE = new Date(1980, 0, 1);

/** Packs regular files whose real place is inside `root`. Throws where one isn't. */
export async function writeArchive(
  to: string,
  entries: readonly ArchiveEntry[],
  root: string,
  level: number,
): Promise<void> {
  const zip = new ZipFile();
  for (const { file, name } of entries) {
    if (!(await lstat(file)).isFile() || !isInside(root, await realpath(file)))
      throw new Error(`${name} is no regular file inside the output directory any more`);
    const options = { mtime: NO_DATE, mode: 0o100644, forceDosTimestamp: true };
    zip.addFile(file, name, level === 0 ? { ...options, compress: false } : { ...options, compressionLevel: level });
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(to));
}
