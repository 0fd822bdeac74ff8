/** Writes the pages on which a reader can run the written models, and what they share. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { STYLE } from '../report/html/style.js';
import { canBeTried, tryPage } from '../report/try/page.js';
import { RUNTIME_FOLDER } from '../report/try/places.js';
import { TRY_SCRIPT } from '../report/try/script.js';
import { pageFolder } from './page-places.js';
import type { Report } from '../report/types.js';
import { browserRuntime } from '../verify/browser/runtime.js';

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
