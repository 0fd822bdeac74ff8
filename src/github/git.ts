/** What Git knows of the checkout. Nothing is fetched and nothing is written. */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Changes } from '../run/changed.js';

const run = promisify(execFile);
const MOST_BYTES = 256 * 2 ** 20;

/** Another owner of the folder (a container) is no reason to refuse a question, and no hook has a say in it. */
const OPTIONS = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false'];

/** Runs git in a folder; undefined where it fails, or isn't there. */
async function git(folder: string, ...words: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', [...OPTIONS, ...words], {
      cwd: folder,
      maxBuffer: MOST_BYTES,
      timeout: 120_000,
    });
    return stdout;
  } catch {
    return undefined;
  }
}

/** The folder of the repository that a folder is in; undefined where it is in none. */
export async function repositoryOf(folder: string): Promise<string | undefined> {
  return (await git(folder, 'rev-parse', '--show-toplevel'))?.trim() || undefined;
}

/** All files that the repository holds. */
export async function trackedFiles(root: string): Promise<Set<string> | undefined> {
  const listed = await git(root, 'ls-files', '-z');
  return listed === undefined ? undefined : new Set(split(listed));
}

/**
 * What differs between the checkout, as it lies in the folder, and where its branch left the base. Undefined where the
 * checkout is too shallow to tell.
 *
 * @param head the commit that the pull request ends with
 */
export async function changesSince(root: string, base: string, head: string): Promise<Changes | undefined> {
  const from = await startOf(root, base, head);
  if (from === undefined) return undefined;
  const listed = await git(root, 'diff', '--name-only', '--no-renames', '--no-ext-diff', '-z', from, '--');
  if (listed === undefined) return undefined;
  return {
    files: new Set(split(listed)),
    tracked: await trackedFiles(root),
    root,
    base: from,
    earlier: (files, to) => filesAt(root, from, files, to),
  };
}

/** The commit to compare with. */
async function startOf(root: string, base: string, head: string): Promise<string | undefined> {
  // GitHub checks out a merge of the pull request into its base: then its first parent is what it is compared with.
  const parents = (await git(root, 'rev-list', '--parents', '-n', '1', 'HEAD'))?.trim().split(' ').slice(1) ?? [];
  if (parents.length === 2 && parents[1] === head && (await has(root, parents[0] as string))) return parents[0];
  if (!(await has(root, base))) return undefined;
  return (await git(root, 'merge-base', base, 'HEAD'))?.trim() || base;
}

async function has(root: string, commit: string): Promise<boolean> {
  return (await git(root, 'cat-file', '-e', `${commit}^{tree}`)) !== undefined;
}

const split = (listed: string): string[] => listed.split('\0').filter((name) => name !== '');

/** As many files of a model's folder are taken from an earlier commit at most. */
const MOST_FILES = 2000;

/**
 * Puts files as they were in a commit below a folder, at their own places. Whether the first is there, and whole: a Git LFS
 * pointer, where nobody fetched the earlier version, is no model.
 */
export async function filesAt(root: string, commit: string, files: readonly string[], to: string): Promise<boolean> {
  // An index of its own, so that the checkout's stays as it is; the filters of the repository apply.
  const index = `${to}.index`;
  const env = { ...process.env, GIT_INDEX_FILE: index };
  try {
    await run('git', [...OPTIONS, 'read-tree', commit], { cwd: root, env, timeout: 120_000 });
    const { stdout } = await run('git', [...OPTIONS, 'ls-files', '-z', '--', ...files.map((f) => `:(literal)${f}`)], {
      cwd: root,
      env,
      maxBuffer: MOST_BYTES,
    });
    const there = split(stdout).slice(0, MOST_FILES);
    if (!there.includes(files[0] as string)) return false;
    const words = [...OPTIONS, 'checkout-index', '--force', `--prefix=${to}/`, '--', ...there];
    await run('git', words, { cwd: root, env, timeout: 600_000 });
    return true;
  } catch {
    return false;
  } finally {
    await rm(index, { force: true });
  }
}
