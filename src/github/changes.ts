/** What a pull request changes, by Git where the checkout has the history, else by GitHub's API. */
import type { Changes } from '../run/changed.js';
import { type Api, ApiError } from './api.js';
import type { GitHubEvent } from './event.js';
import { changesSince, repositoryOf, trackedFiles } from './git.js';

/** As many as GitHub lists of a pull request; one that has more isn't known as a whole. */
const MOST_FILES = 3000;

/** The changes, or why they aren't known. */
export async function changesOf(
  event: GitHubEvent,
  workspace: string,
  api: Api | undefined,
): Promise<Changes | { why: string }> {
  const root = await repositoryOf(workspace);
  if (root === undefined) return { why: 'the workspace is no Git checkout' };
  if (event.baseSha === undefined) return { why: `the event ${event.name} names nothing to compare with` };
  const known = await changesSince(root, event.baseSha, event.headSha);
  if (known) return known;
  const shallow = 'the checkout is too shallow to compare with its base (`fetch-depth: 2` or `0` on actions/checkout)';
  if (!api || event.pullRequest === undefined) return { why: shallow };
  try {
    const files = await api.list<{ filename: string; previous_filename?: string }>(
      `${api.repository}/pulls/${event.pullRequest}/files`,
      MOST_FILES,
    );
    if (files.length >= MOST_FILES) return { why: `${shallow}, and GitHub lists only ${MOST_FILES} changed files` };
    const names = files.flatMap((f) => [
      f.filename,
      ...(f.previous_filename === undefined ? [] : [f.previous_filename]),
    ]);
    return { files: new Set(names), tracked: await trackedFiles(root), root, base: event.baseSha };
  } catch (e) {
    if (!(e instanceof ApiError)) throw e;
    return { why: `${shallow}, and GitHub does not list its files: ${e.message}` };
  }
}
