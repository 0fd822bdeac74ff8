/** Where the pages stand on which a reader can run the written models. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { PAGES_FOLDER, RUNTIME_FOLDER } from '../report/try/places.js';

/** Where the judge leaves a model's inputs and outputs for its page. */
export function pageFolder(output: string, modelPath: string): string {
  return path.join(output, 'report', PAGES_FOLDER, modelPath);
}

/** Takes away what an earlier run left. */
export async function removePages(output: string): Promise<void> {
  for (const folder of [PAGES_FOLDER, RUNTIME_FOLDER])
    try {
      await rm(path.join(output, 'report', folder), { recursive: true, force: true });
    } catch (e) {
      // A file where `report/` should be holds no pages; who writes the reports says that it is in the way.
      if ((e as NodeJS.ErrnoException).code !== 'ENOTDIR') throw e;
    }
}
