/** Writes the pages on which a reader can run the written models, and what they share. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { STYLE } from '../report/html/style.js';
import { canBeTried, PAGES_FOLDER, RUNTIME_FOLDER, tryPage } from '../report/try/page.js';
import { TRY_SCRIPT } from '../report/try/script.js';
import type { Report } from '../report/types.js';
import { browserRuntime } from '../verify/browser/runtime.js';

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

/** A page for each model that TensorFlow.js can load. */
export async function writePages(report: Report, output: string): Promise<void> {
  const models = report.models.filter(canBeTried);
  if (models.length === 0) return;
  const runtime = path.join(output, 'report', RUNTIME_FOLDER);
  await mkdir(runtime, { recursive: true });
  for (const [name, bytes] of browserRuntime()) await writeFile(path.join(runtime, name), bytes);
  await writeFile(path.join(runtime, 'page.js'), TRY_SCRIPT);
  await writeFile(path.join(runtime, 'page.css'), STYLE);
  for (const model of models) {
    const folder = pageFolder(output, model.path);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'index.html'), tryPage(report, model));
  }
}
