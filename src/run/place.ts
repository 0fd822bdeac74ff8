/**
 * A model folder is complete or absent: it is written elsewhere below the output directory, synced to the disk, and renamed
 * into its place. Whatever moment a run is cut off at, what stands under the final name is whole. All that a run writes on
 * the way lies in one scratch folder of its own, which goes with it, or else with the next run.
 */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isInside } from './find.js';

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

/** What has just been done on a folder's way to its place. */
export type Moment = 'staged' | 'written' | 'synced' | 'set aside' | 'renamed' | 'removed';

export interface Way {
  /** Absolute: the folder to write into; on the file system of its place, and nobody else's. */
  draft: string;
  /** Absolute: the folder that the place may not lead out of, links resolved. */
  within: string;
  /** Hears of each moment; a test ends the process at one of them. */
  passed?: (moment: Moment) => void;
}

/** Makes an empty folder to write into, on the way to `place`. */
export async function stage(place: string, { draft, within, passed = () => {} }: Way): Promise<Staging> {
  const old = `${draft}.old`;
  await mkdirInside(path.dirname(place), within);
  await remove(draft);
  await mkdirAll(draft);
  passed('staged');

  /** One rename takes the old folder from its name, so that it is never there in part. */
  const setOldAside = async (): Promise<boolean> => {
    await remove(old);
    try {
      await patiently(() => rename(place, old));
      return true;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e;
      return false;
    }
  };
  // What can't be removed here lies in the scratch folder, and says nothing against what has been done.
  const clear = (folder: string) => remove(folder).catch(() => {});
  return {
    folder: draft,
    async commit() {
      passed('written');
      await syncBelow(draft);
      passed('synced');
      const replaces = await setOldAside();
      passed('set aside');
      try {
        await patiently(() => rename(draft, place));
      } catch (e) {
        if (replaces) await rename(old, place);
        throw e;
      }
      await sync(path.dirname(place));
      passed('renamed');
      await clear(old);
      passed('removed');
    },
    async discard() {
      await setOldAside();
      passed('set aside');
      await clear(old);
      await clear(draft);
      passed('removed');
    },
    abandon: () => clear(draft),
  };
}

const SCRATCH = /^\.partial-(\d+)-[0-9a-f]{8}$/;

/** A name for this run's scratch folder below the output directory; and what runs that were cut off left there goes. */
export async function scratchBelow(output: string): Promise<string> {
  await sweep(output);
  return scratchName(output);
}

/** Removes the scratch folders of this process and of those that are dead. */
export async function sweep(output: string): Promise<void> {
  for (const name of await readdir(output).catch(() => [] as string[])) {
    const pid = Number(SCRATCH.exec(name)?.[1] ?? process.ppid);
    if (pid === process.pid || !isAlive(pid)) await removeScratch(path.join(output, name)).catch(() => {});
  }
}

/**
 * Removes a scratch folder for good. A child whose parent was killed writes until it notices; under another name its
 * folder is out of its reach, since children make no folder above those that they write into.
 */
export async function removeScratch(scratch: string): Promise<void> {
  const aside = scratchName(path.dirname(scratch));
  // What can't be renamed, as where Windows has a file in it open, is removed where it is.
  const gone = await rename(scratch, aside).then(
    () => aside,
    () => scratch,
  );
  await remove(gone);
}

const scratchName = (output: string): string =>
  path.join(output, `.partial-${process.pid}-${randomBytes(4).toString('hex')}`);

/** Whether a process is there; one of another user is. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Writes a file that is whole or as it was, whatever moment the process ends at. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const draft = path.join(path.dirname(file), `.partial-${path.basename(file)}`);
  await rm(draft, { recursive: true, force: true });
  try {
    await writeFile(draft, text, { flag: 'wx', flush: true });
    await patiently(() => rename(draft, file));
  } catch (e) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    throw e;
  }
}

/**
 * Makes a folder, and those above it. A link on the way that was there before, as one in a repository's own output
 * directory may be, must not lead elsewhere.
 */
export async function mkdirInside(folder: string, within: string): Promise<void> {
  await mkdirAll(within);
  const home = await realpath(within);
  let at = within;
  for (const step of path.relative(within, folder).split(path.sep)) {
    at = path.join(at, step);
    const there = await lstat(at).catch(() => undefined);
    if (!there) await mkdir(at).catch(unlessThere);
    else if (there.isSymbolicLink() && !isInside(home, await realpath(at)))
      throw new Error(`${at} is a symbolic link that leads out of ${within}`);
    else if (!there.isDirectory() && !there.isSymbolicLink())
      throw Object.assign(new Error(`EEXIST: ${at} is no folder`), { code: 'EEXIST' });
  }
}

/**
 * Makes a folder and those above it that aren't there. Node's own `recursive` never comes back where the folder above is
 * there and yet none can be made in it, as in /proc.
 */
async function mkdirAll(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    const above = path.dirname(folder);
    if (code === 'ENOENT' && above !== folder) {
      await mkdirAll(above);
      await mkdir(folder).catch(unlessThere);
    } else if (!(await stat(folder).catch(() => undefined))?.isDirectory()) throw e;
  }
}

function unlessThere(e: NodeJS.ErrnoException): void {
  if (e.code !== 'EEXIST') throw e;
}

const remove = (place: string): Promise<void> =>
  rm(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });

/** Files that are synced at a time. */
const SYNCS = 4;

/** Has every file and folder below reach the disk, so that a rename can't come before what it names. */
async function syncBelow(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  // Side by side, so that a file system can write several in one go; as many as there are threads for it.
  const waiting = entries.values();
  const next = async () => {
    for (const entry of waiting) {
      const at = path.join(folder, entry.name);
      if (entry.isDirectory()) await syncBelow(at);
      else if (entry.isFile()) await sync(at);
      else throw new Error(`${entry.name} is neither a file nor a folder`);
    }
  };
  await Promise.all(Array.from({ length: SYNCS }, next));
  await sync(folder);
}

/** Windows syncs no folders, and files only where they are open for writing. */
async function sync(place: string): Promise<void> {
  const windows = process.platform === 'win32';
  if (windows && (await lstat(place)).isDirectory()) return;
  const handle = await open(place, windows ? 'r+' : 'r');
  try {
    await handle.sync();
  } catch (e) {
    // Some file systems can't sync a folder, and say so.
    if (!['EINVAL', 'ENOTSUP', 'EISDIR'].includes((e as NodeJS.ErrnoException).code ?? '')) throw e;
  } finally {
    await handle.close();
  }
}

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
