/**
 * A model folder is complete or absent: it is written beside its place and renamed into it. Whatever moment a run is cut
 * off at, what stands under the final name is whole, and the next run clears away what was left beside it.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

export interface Staging {
  /** The empty folder to write into. */
  readonly folder: string;
  /** Puts it in its place, in the stead of what an earlier run left there. */
  commit(): Promise<void>;
  /** Removes it, and what an earlier run left in its place: it isn't this model's conversion any more. */
  discard(): Promise<void>;
  /** Removes it alone; for a run that was cancelled and says nothing about the model. */
  abandon(): Promise<void>;
}

/** Makes a folder beside `place` to write into, and removes what a run that was cut off left there. */
export async function stage(place: string): Promise<Staging> {
  const parent = path.dirname(place);
  // Of fixed length, since the name itself may be as long as the file system takes.
  const prefix = `.partial-${createHash('sha256').update(path.basename(place)).digest('hex').slice(0, 12)}-`;
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) if (name.startsWith(prefix)) await remove(path.join(parent, name));
  const folder = path.join(parent, `${prefix}${process.pid}`);
  const old = path.join(parent, `${prefix}old`);
  await mkdir(folder);

  /** One rename takes the old folder from its name, so that it is never there in part. */
  const setOldAside = async () => {
    try {
      await patiently(() => rename(place, old));
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e;
    }
  };
  return {
    folder,
    async commit() {
      await setOldAside();
      await patiently(() => rename(folder, place));
      await remove(old);
    },
    async discard() {
      await setOldAside();
      await remove(old);
      await remove(folder);
    },
    abandon: () => remove(folder),
  };
}

const remove = (place: string): Promise<void> =>
  rm(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });

/** On Windows a scanner or an indexer may hold a file for a moment. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await work();
    } catch (e) {
      const code = (e as NodeJS.ErrnoException).code ?? '';
      if (attempt === 5 || process.platform !== 'win32' || !['EPERM', 'EBUSY', 'EACCES'].includes(code)) throw e;
      await new Promise((resolve) => setTimeout(resolve, 100 * attempt));
    }
}
