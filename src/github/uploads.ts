/** Which artifacts a run becomes, and which of its files are in each. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileName } from '../diag/escape.js';
import type { Settings } from '../run/options.js';
import type { Report } from '../report/types.js';
import type { Upload } from './artifact.js';
import { filesBelow } from './files.js';

/** In a path, the service refuses these, and with them the whole artifact. */
const FORBIDDEN = /[":<>|*?\r\n]/;

export interface Uploads {
  uploads: Upload[];
  /** Paths of the models that can't be uploaded, because of their names. */
  leftOut: string[];
}

/** Only files that this run wrote: what else lies in the output directory is somebody else's. */
export async function uploadsOf(report: Report, output: string, settings: Settings): Promise<Uploads> {
  const { artifactName, artifactPerModel, upload, retentionDays, compressionLevel, overwrite } = settings;
  if (upload === 'none') return { uploads: [], leftOut: [] };
  const root = await realpath(output);
  const inRoot = (file: string) => path.join(root, ...file.split('/'));
  const common = { root, retentionDays, compressionLevel, overwrite };

  const reports =
    upload === 'models' ? [] : (await filesBelow(root, 'report')).filter((file) => !FORBIDDEN.test(file)).map(inRoot);
  const converted = upload === 'report' ? [] : report.models.filter((m) => m.artefacts.length > 0);
  const leftOut = converted.filter((m) => FORBIDDEN.test(m.path)).map((m) => m.path);
  const models = converted
    .filter((m) => !FORBIDDEN.test(m.path))
    .map((m) => ({ path: m.path, files: m.artefacts.map((a) => inRoot(a.path)) }));

  if (!artifactPerModel) {
    const files = [...reports, ...models.flatMap((m) => m.files)];
    return { uploads: files.length > 0 ? [{ ...common, name: artifactName, files }] : [], leftOut };
  }
  const taken = new Set<string>([artifactName.toLowerCase()]);
  const perModel = models.map((m) => {
    const wanted = `${artifactName}-${fileName(m.path.replaceAll('/', '-'), 150)}`;
    let name = wanted;
    for (let n = 1; taken.has(name.toLowerCase()); n += 1) name = `${wanted}-${n}`;
    taken.add(name.toLowerCase());
    return { ...common, name, files: m.files };
  });
  const forReports = reports.length > 0 ? [{ ...common, name: artifactName, files: reports }] : [];
  return { uploads: [...perModel, ...forReports], leftOut };
}
