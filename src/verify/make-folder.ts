import { mkdirSync } from 'node:fs';

/**
 * Makes one folder, if it isn't there, and none above it: a run that was ended has its scratch folder taken away from under
 * its children, and they must not bring it back.
 *
 * @throws an Error of the file system, ENOENT where the folder above isn't there
 */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e;
  }
}
