/** `verify`: judges folders that were converted earlier, and writes nothing. */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { readConfig, shownConfig } from './config.js';
import { visible } from '../diag/escape.js';
import { runFails } from './fail-on.js';
import { type FoundModel, isInside } from './find.js';
import { judge, permissionsFor } from './judge.js';
import { applyLabels } from './labels.js';
import { ConfigurationError, effectiveSettings, type Settings } from './options.js';
import { createPool, WORKER } from './pool.js';
import { totalsOf } from '../report/totals.js';
import type { ModelReport, Report } from '../report/types.js';
import type { Listener } from './run.js';
import { TOOL } from '../version.js';
import { applyWaiver } from './waiver.js';

export interface VerifyFoldersRequest {
  /** Absolute: model folders, or folders that hold such. */
  folders: readonly string[];
  /** Absolute: the root that the sources' paths in conversion.json are relative to. */
  models: string;
  settings: Settings;
  worker?: string;
}

interface Converted {
  model: FoundModel;
  folder: string;
}

/** Throws ConfigurationError where a folder isn't there or holds nothing that was converted. */
export async function verifyFolders(
  { folders, models, settings, worker = WORKER }: VerifyFoldersRequest,
  listener: Listener,
  signal?: AbortSignal,
): Promise<{ report: Report; failed: boolean }> {
  const begun = performance.now();
  const converted = (await Promise.all(folders.map((folder) => convertedIn(folder, models)))).flat();
  listener.found(converted.map((c) => c.model));
  const config = await readConfig(settings.config, models);
  const pool = createPool({
    size: settings.concurrency,
    program: worker,
    signal,
    permissions: permissionsFor(converted.map(({ model }) => config.for(model.file, settings).settings)),
  });
  let reports: ModelReport[];
  try {
    reports = await Promise.all(
      converted.map((one) =>
        pool.use(async (lease) => {
          const { model } = one;
          const start = performance.now();
          const report: ModelReport = {
            path: model.path,
            status: 'error',
            diagnostics: [],
            checks: [],
            artefacts: [],
            timings: {},
          };
          listener.started(model);
          const own = config.for(model.file, settings);
          await judge(
            {
              lease,
              settings: own.settings,
              own,
              place: { file: model.path },
              deadline: start + own.settings.timeoutPerModel * 1000,
              doing: (step) => listener.doing(model, step),
            },
            one.folder,
            { model: model.file, relativePath: model.path, workspace: models },
            report,
          );
          const configFile = shownConfig(config, process.cwd());
          applyLabels(report, own.labels?.file, models, { file: configFile, line: own.labels?.line });
          applyWaiver(report, own.waiver, new Date().toJSON().slice(0, 10), configFile);
          report.timings.total = Math.round(performance.now() - start);
          listener.finished(model, report);
          return report;
        }),
      ),
    );
  } finally {
    pool.close();
  }
  const report: Report = {
    schema: 1,
    tool: TOOL,
    models: reports,
    totals: totalsOf(reports),
    settings: effectiveSettings(settings, 'verify'),
    timings: { total: Math.round(performance.now() - begun) },
  };
  return { report, failed: runFails(report, settings.failOn) };
}

/** The model folders at or below a folder, by path. What is below one is its other formats. */
async function convertedIn(folder: string, models: string): Promise<Converted[]> {
  const found: Converted[] = [];
  const walk = async (place: string): Promise<void> => {
    const entries = await readdir(place, { withFileTypes: true });
    if (entries.some((e) => e.isFile() && e.name === 'conversion.json')) {
      found.push({ model: await sourceOf(place, models), folder: place });
      return;
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
      if (entry.isDirectory() && !entry.name.startsWith('.')) await walk(path.join(place, entry.name));
  };
  try {
    await walk(folder);
  } catch (e) {
    if (e instanceof ConfigurationError) throw e;
    if ((e as NodeJS.ErrnoException).code === 'ENOENT')
      throw new ConfigurationError(`there is no folder ${JSON.stringify(visible(folder))}`);
    throw new ConfigurationError(
      `${visible(folder)} can't be read: ${(e as NodeJS.ErrnoException).code ?? visible(String(e))}`,
    );
  }
  if (found.length === 0)
    throw new ConfigurationError(
      `there is no conversion.json in or below ${visible(folder)}: it is no folder that convert wrote`,
    );
  return found;
}

/** The source that conversion.json names; a name that leads out of the root is no name. */
async function sourceOf(folder: string, models: string): Promise<FoundModel> {
  let named: unknown;
  try {
    named = JSON.parse(await readFile(path.join(folder, 'conversion.json'), 'utf8'))?.source?.path;
  } catch {
    // What is wrong with the file is the judge's to say.
  }
  const relative = typeof named === 'string' && !named.includes('\0') ? named : path.basename(folder);
  const file = path.resolve(models, relative);
  if (!isInside(models, file))
    throw new ConfigurationError(
      `${visible(path.join(folder, 'conversion.json'))} names a source outside the models' folder: ${visible(relative)}`,
    );
  return { file, root: models, path: relative, shown: relative, bytes: 0 };
}
