/** Uploads what a run wrote, by the toolkit's client: with a retry of our own and a look at each file before. */
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { ArtifactClient } from '@actions/artifact';
import { isInside } from '../run/find.js';
import { runUrl } from './event.js';
import { withSafeOutput } from './library-output.js';

export interface Upload {
  name: string;
  /** Absolute, links resolved; names in the artifact are relative to it. */
  root: string;
  /** Absolute. */
  files: readonly string[];
  retentionDays: number;
  compressionLevel: number;
  overwrite: boolean;
}

export interface Uploaded {
  id: number;
  url: string;
  digest: string;
  bytes: number;
}

/** The service said no, or wasn't there: one sentence. Everything is still on disk. */
export class UploadError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UploadError';
  }
}

/** Waits between attempts, in milliseconds; their number is that of the retries. */
const DELAYS = [1000, 5000, 15000];

/** Whether there is an artifact service at all: not on a machine of one's own, and not on GitHub Enterprise Server. */
export function artifactService(env: NodeJS.ProcessEnv = process.env): { available: boolean; why: string } {
  if (!env.ACTIONS_RUNTIME_TOKEN || !env.ACTIONS_RESULTS_URL)
    return { available: false, why: 'there is no artifact service here (ACTIONS_RUNTIME_TOKEN, ACTIONS_RESULTS_URL)' };
  const host = new URL(env.GITHUB_SERVER_URL || 'https://github.com').hostname.toLowerCase();
  if (host === 'github.com' || host.endsWith('.ghe.com') || host.endsWith('.localhost'))
    return { available: true, why: '' };
  return { available: false, why: 'GitHub Enterprise Server does not take artifacts of this kind' };
}

/** Throws UploadError. */
export async function upload(request: Upload): Promise<Uploaded> {
  const files = await regularFilesInside(request.files, request.root);
  // The client brings the Azure SDK along: read only where something is uploaded.
  const { DefaultArtifactClient } = await import('@actions/artifact');
  const client = new DefaultArtifactClient();
  return withSafeOutput(async () => {
    if (request.overwrite) await removed(client, request.name);
    for (let attempt = 0; ; attempt += 1)
      try {
        const { id, digest, size } = await client.uploadArtifact(request.name, [...files], request.root, {
          compressionLevel: request.compressionLevel,
          ...(request.retentionDays > 0 ? { retentionDays: request.retentionDays } : {}),
        });
        if (id === undefined) throw new Error('the service gave no id');
        return { id, digest: digest ?? '', bytes: size ?? 0, url: urlOf(id) };
      } catch (e) {
        const error = e as Error;
        const delay = DELAYS[attempt];
        if (delay === undefined || !isPassing(error)) throw new UploadError(inWords(error, request.name));
        await new Promise((resolve) => setTimeout(resolve, delay));
        // Where the name had been taken by this attempt, it has to be free for the next. Where it isn't known whether it
        // had been, another job's artifact could stand there, which is not ours to remove.
        if (!/^Failed to CreateArtifact/.test(error.message)) await removed(client, request.name);
      }
  });
}

/** Regular files whose real place is inside the root: the client would follow a link out of it. Throws UploadError. */
async function regularFilesInside(files: readonly string[], root: string): Promise<string[]> {
  const checked: string[] = [];
  for (const file of files) {
    const stat = await lstat(file).catch(() => undefined);
    if (!stat?.isFile() || !isInside(root, await realpath(file)))
      throw new UploadError(`${path.relative(root, file)} is no regular file inside the output directory any more`);
    checked.push(file);
  }
  return checked;
}

async function removed(client: ArtifactClient, name: string): Promise<void> {
  // Most often there is none. If removing failed for another reason, creating it will say so.
  await client.deleteArtifact(name).catch(() => {});
}

/** A fault that may be gone the next time. The client itself repeats 5xx and 429, but no broken connection. */
function isPassing(error: Error): boolean {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (typeof statusCode === 'number') return statusCode >= 500 || statusCode === 408 || statusCode === 429;
  if (/non-retryable|quota|not currently supported|\(4\d\d\)/i.test(error.message)) return false;
  return (
    ['ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'].includes(
      String(code),
    ) ||
    /ECONNRESET|ECONNREFUSED|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|socket hang up|stalled/i.test(
      error.message,
    )
  );
}

function inWords(error: Error, name: string): string {
  if (/\(409\)|already exists/.test(error.message))
    return `there is an artifact named ${name} in this workflow run already: give artifact-name another value in each job, for example by a matrix variable, or set overwrite`;
  return `the artifact ${name} could not be uploaded: ${(error.message.split('\n')[0] as string).slice(0, 500)}`;
}

const urlOf = (id: number): string => `${runUrl()}/artifacts/${id}`;
