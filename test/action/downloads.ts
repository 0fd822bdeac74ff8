/** What was uploaded, as a workflow gets it back. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { folder } from '../run/folders.js';
import type { ResultsService } from './results-service.js';

/** Every file below a folder, with its hash. */
export function tree(root: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [
        path.relative(root, file).replaceAll('\\', '/'),
        createHash('sha256').update(readFileSync(file)).digest('hex'),
      ]),
  );
}

/** Downloads an artifact into a folder, which has to be there. */
export async function download(
  service: ResultsService,
  id: string,
  workspace: string,
  place = folder(),
): Promise<Record<string, string>> {
  const env = { PATH: process.env.PATH, GITHUB_WORKSPACE: workspace, ...service.env };
  await promisify(execFile)(process.execPath, [path.join(import.meta.dirname, 'download.js'), id, place], { env });
  return tree(place);
}
