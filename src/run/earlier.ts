/** What a changed model was before: its earlier version is converted and judged, too, and both reports are held together. */
import { lstat, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Changes } from './changed.js';
import type { FoundModel } from './find.js';
import { changesBetween } from '../report/changes.js';
import type { ModelReport } from '../report/types.js';

/**
 * The report with what has changed in it; as it was where there is no earlier version, or nobody can tell.
 *
 * @param temporary absolute: a folder for it, which isn't there yet
 * @param work converts and judges a model that lies elsewhere: in `workspace`, into `output`
 */
export async function withChanges(
  report: ModelReport,
  model: FoundModel,
  { root, base, earlier }: Changes,
  temporary: string,
  work: (model: FoundModel, workspace: string, output: string) => Promise<ModelReport>,
): Promise<ModelReport> {
  if (!earlier || report.layers === undefined) return report;
  const place = path.relative(root, model.file).split(path.sep).join('/');
  if (place.startsWith('../')) return report;
  try {
    const workspace = path.join(temporary, 'tree');
    await mkdir(temporary, { recursive: true });
    if (!(await earlier([place, ...besides(place, report)], workspace))) return report;
    const file = path.join(workspace, ...place.split('/'));
    const stat = await lstat(file).catch(() => undefined);
    if (!stat?.isFile()) return report;
    const before = await work(
      { ...model, file, root: path.dirname(file), bytes: stat.size },
      workspace,
      path.join(temporary, 'out'),
    );
    if (before.layers === undefined && before.status === 'error') return report;
    return { ...report, changes: changesBetween(before, report, base) };
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Where a model's external data and references may be. */
function besides(place: string, { source }: ModelReport): string[] {
  const folder = path.posix.dirname(place);
  const name = path.posix.basename(place).replace(/\.onnx$/i, '');
  const sets = Array.from({ length: 10 }, (_, i) => `test_data_set_${i}`);
  const names = [...(source?.external ?? []), name, `${name}.reference`, `${name}.reference.npz`, ...sets];
  return names.map((n) => path.posix.join(folder, n)).filter((n) => !n.startsWith('../'));
}
