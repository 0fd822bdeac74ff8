import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Every regular file below a folder of `root`, relative to `root`, with `/`, in order. */
export async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}
