/**
 * The program that tests start: the bundle in dist/, as users start it, where that was built from the sources as they are;
 * else lib/, which takes twice as long to start. PROGRAM_FROM=dist or lib chooses.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SOURCES_FILE, sourcesDigest } from '../../src/tools/sources.js';

const ROOT = path.join(import.meta.dirname, '../..');

function isFresh(): boolean {
  try {
    return readFileSync(path.join(ROOT, 'dist', SOURCES_FILE), 'utf8').trim() === sourcesDigest(ROOT);
  } catch {
    return false;
  }
}

const PLACE = path.join(ROOT, process.env.PROGRAM_FROM ?? (isFresh() ? 'dist' : 'lib'));

export const ACTION = path.join(PLACE, 'action.js');
export const CLI = path.join(PLACE, 'cli.js');
export const WORKER = path.join(PLACE, 'worker.js');
