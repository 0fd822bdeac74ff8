/** Which files of a run are attached to a release: a zip for each converted model, and one with the report. */
import { mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { filesBelow } from './files.js';
import type { Report } from '../report/types.js';
import { writeArchive } from './archive.js';
import type { Asset } from './release.js';

/** Packs them into `folder`. `name`: what the report's zip begins with. */
export async function releaseFiles(
  report: Report,
  output: string,
  folder: string,
  { name, level }: { name: string; level: number },
): Promise<Asset[]> {
  const root = await realpath(output);
  await mkdir(folder, { recursive: true });
  const taken = new Set<string>();
  const assets: Asset[] = [];
  const pack = async (wanted: string, files: readonly string[], below: string) => {
    let asset = `${wanted}.zip`;
    for (let n = 1; taken.has(asset.toLowerCase()); n += 1) asset = `${wanted}-${n}.zip`;
    taken.add(asset.toLowerCase());
    const to = path.join(folder, asset);
    const entries = files.map((file) => ({
      file: path.join(root, ...file.split('/')),
      name: path.posix.relative(below, file),
    }));
    await writeArchive(to, entries, root, level);
    assets.push({ name: asset, file: to });
  };
  for (const { path: place, artefacts } of report.models)
    if (artefacts.length > 0)
      await pack(
        legal(place),
        artefacts.map((a) => a.path),
        place,
      );
  await pack(`${legal(name)}-report`, await filesBelow(root, 'report'), 'report');
  return assets;
}

/** As GitHub would make it, so that a name is what we say. */
function legal(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+/, '') || 'model';
}
