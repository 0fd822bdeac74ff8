/**
 * A model folder is complete or absent: it is written beside its place and renamed into it. Whatever moment a run is cut
 * off at, what stands under the final name is whole, and the next run clears away what was left beside it.
 */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

export interface Staging {
  /** The empty folder to write into. */
  readonly folder: string;
  /** Puts it in its place, in the stead of what stands there. */
  commit(): Promise<void>;
  /** Removes it; the place stays empty. */
  discard(): Promise<void>;
}

/**
 * Removes what stands at `place` and what an earlier run left beside it, and makes a folder to write into. The old
 * folder goes first: after a run, a folder stands there only if this run wrote it.
 */
export async function stage(place: string): Promise<Staging> {
  const parent = path.dirname(place);
  const prefix = `.${path.basename(place)}.partial-`;
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent))
    if (name.startsWith(prefix)) await remove(path.join(parent, name));
  await setAside(place, path.join(parent, `${prefix}old`));
  const folder = await mkdtemp(path.join(parent, prefix));
  return {
    folder,
    commit: () => patiently(() => rename(folder, place)),
    discard: () => remove(folder),
  };
}

/** One rename takes the folder from its name, so that it is never there in part; then it is removed at leisure. */
async function setAside(place: string, aside: string): Promise<void> {
  try {
    await patiently(() => rename(place, aside));
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw e;
  }
  await remove(aside);
}

const remove = (place: string): Promise<void> => rm(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });

/** On Windows a scanner or an indexer may hold a file for a moment. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await work();
    } catch (e) {
      const code = (e as NodeJS.ErrnoException).code ?? '';
      if (attempt === 5 || !['EPERM', 'EBUSY', 'EACCES'].includes(code) || process.platform !== 'win32') throw e;
      await new Promise((resolve) => setTimeout(resolve, 100 * attempt));
    }
}
