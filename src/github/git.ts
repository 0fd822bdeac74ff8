/** What Git knows of the checkout. Nothing is fetched and nothing is written. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Changes } from '../changed.js';

const run = promisify(execFile);
const MOST_BYTES = 256 * 2 ** 20;

/** Runs git in a folder; undefined where it fails, or isn't there. */
async function git(folder: string, ...words: string[]): Promise<string | undefined> {
  try {
    // Another owner of the folder (a container) is no reason to refuse a question; hooks and pagers have no say in it.
    const options = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false'];
    const { stdout } = await run('git', [...options, ...words], {
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
  return { files: new Set(split(listed)), tracked: await trackedFiles(root), root, base: from };
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
