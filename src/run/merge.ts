/** Joins the reports of shards into one, and takes over the converted models that lie beside them. */
import { constants } from 'node:fs';
import { copyFile, cp, lstat, mkdir, readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import * as say from '../diag/catalogue-run.js';
import type { Diagnostic } from '../diag/diagnostic.js';
import { visible } from '../diag/escape.js';
import { runFails } from './fail-on.js';
import { isInside } from './find.js';
import { sha256OfFile } from './hash.js';
import { ConfigurationError, type Settings } from './options.js';
import { scratchBelow, stage, sweep } from './place.js';
import { totalsOf } from '../report/totals.js';
import { type ModelReport, type Report, STATUSES, type Tool } from '../report/types.js';
import type { RunResult } from './run.js';
import { TOOL } from '../version.js';
import { pageFolder } from './page-places.js';
import { writeReports } from './write-reports.js';

export interface MergeRequest {
  /** Folders to search for `report/report.json`, or such files. */
  places: readonly string[];
  /** Absolute; what relative places start from. */
  base: string;
  /** Absolute. */
  output: string;
  settings: Settings;
  /** Where the program came from. */
  source?: Tool['source'];
}

/** A report, and the folder that its artefacts' paths are relative to. */
interface Part {
  report: Report;
  root: string;
}

/** A report isn't larger, and none of more shards is joined. */
const MOST_BYTES = 256 * 2 ** 20;
const MOST_REPORTS = 10_000;

/** Throws ConfigurationError where there is no report, or something that is none. */
export async function mergeReports(request: MergeRequest): Promise<RunResult> {
  const begun = performance.now();
  const files = [
    ...new Set((await Promise.all(request.places.map((p) => reportsAt(path.resolve(request.base, p))))).flat()),
  ];
  if (files.length === 0)
    throw new ConfigurationError(
      `there is no report.json in ${request.places.map((p) => JSON.stringify(visible(p))).join(', ')}`,
    );
  const parts: Part[] = [];
  for (const file of files.sort())
    parts.push({ report: await readReport(file), root: path.dirname(path.dirname(file)) });

  const diagnostics: Diagnostic[] = [...missingShards(parts), ...differences(parts), ...partsFindings(parts)];
  const models = new Map<string, ModelReport>();
  const scratch = await scratchBelow(request.output);
  try {
    for (const { report, root } of parts)
      for (const model of report.models) {
        if (models.has(model.path)) diagnostics.push(say.reportedTwice(model.path));
        else models.set(model.path, await takenOver(model, root, { output: request.output, scratch }));
      }
  } finally {
    await sweep(request.output);
  }
  const [first] = parts as [Part];
  const sorted = [...models.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const found = Math.max(...parts.map(({ report }) => report.selection?.found ?? report.models.length));
  const changedSince = first.report.selection?.changedSince;
  const report: Report = {
    schema: 1,
    tool: { ...TOOL, ...(request.source ? { source: request.source } : {}) },
    models: sorted,
    totals: totalsOf(sorted),
    diagnostics,
    ...(changedSince === undefined ? {} : { selection: { found, changedSince } }),
    ...(first.report.settings ? { settings: first.report.settings } : {}),
    versions: Object.assign({}, ...parts.map((p) => p.report.versions ?? {})) as Record<string, string>,
    timings: {
      total: Math.max(...parts.map((p) => p.report.timings?.total ?? 0)),
      merge: Math.round(performance.now() - begun),
    },
  };
  const failed = runFails(report, request.settings.failOn);
  return {
    result: found === 0 ? 'no-models' : failed ? 'failure' : 'success',
    failed,
    report,
    ...(await writeReports(report, request.output, request.settings.tryIt)),
  };
}

/** A file itself; of a folder every report/report.json in it, at any depth. */
async function reportsAt(place: string): Promise<string[]> {
  const stat = await lstat(place).catch(() => undefined);
  if (stat?.isFile()) return [place];
  if (!stat?.isDirectory())
    throw new ConfigurationError(`there is no file or folder ${JSON.stringify(visible(place))}`);
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const inner = path.join(folder, entry.name);
      if (entry.isDirectory()) await walk(inner);
      else if (entry.isFile() && entry.name === 'report.json' && path.basename(folder) === 'report') found.push(inner);
    }
  };
  await walk(place);
  if (found.length > MOST_REPORTS)
    throw new ConfigurationError(`there are more than ${MOST_REPORTS} reports in ${place}`);
  return found;
}

async function readReport(file: string): Promise<Report> {
  const none = (why: string) => new ConfigurationError(`${visible(file)} is no report of this action: ${why}`);
  if ((await lstat(file)).size > MOST_BYTES) throw none('it is too large');
  let report: Report;
  try {
    report = JSON.parse(await readFile(file, 'utf8')) as Report;
  } catch (e) {
    throw none((e as Error).message);
  }
  if (report?.schema !== 1) throw none(`its schema is ${JSON.stringify(report?.schema)} where 1 is known`);
  if (!Array.isArray(report.models) || !report.models.every(isModel)) throw none('its models are not such');
  return report;
}

/** Enough to hold on to; what is shown of it is escaped. */
function isModel(model: ModelReport): boolean {
  return (
    typeof model?.path === 'string' &&
    STATUSES.includes(model.status) &&
    [model.diagnostics, model.checks, model.artefacts].every(Array.isArray) &&
    typeof model.timings === 'object' &&
    model.artefacts.every((a) => typeof a.path === 'string' && typeof a.bytes === 'number')
  );
}

/** Shards of the largest count that nobody reports. */
function missingShards(parts: readonly Part[]): Diagnostic[] {
  const shards = parts.flatMap(({ report }) => report.selection?.shard ?? []);
  if (shards.length === 0) return [];
  const count = Math.max(...shards.map((shard) => Number(shard.split('/')[1])));
  const wanted = Array.from({ length: Math.min(count, MOST_REPORTS) }, (_, i) => `${i + 1}/${count}`);
  const missing = wanted.filter((shard) => !shards.includes(shard));
  const foreign = shards.filter((shard) => !wanted.includes(shard));
  return [
    ...(missing.length > 0 ? [say.shardsMissing(missing)] : []),
    ...(foreign.length > 0
      ? [say.reportsDiffer(`the number of shards (${[...new Set([...foreign, `1/${count}`])].join(', ')})`)]
      : []),
  ];
}

function differences(parts: readonly Part[]): Diagnostic[] {
  const [first, ...others] = parts as [Part, ...Part[]];
  const of = ({ report }: Part) => ({ version: report.tool?.version, ...report.settings }) as Record<string, unknown>;
  const names = new Set(parts.flatMap((part) => Object.keys(of(part))));
  const differing = [...names].filter((name) =>
    others.some((o) => JSON.stringify(of(o)[name]) !== JSON.stringify(of(first)[name])),
  );
  return differing.length > 0 ? [say.reportsDiffer(differing.join(', '))] : [];
}

/** What the parts say about their runs, once. */
function partsFindings(parts: readonly Part[]): Diagnostic[] {
  const all = parts.flatMap(
    ({ report }) => (Array.isArray(report.diagnostics) ? report.diagnostics : []) as Diagnostic[],
  );
  return [...new Map(all.map((d) => [JSON.stringify([d.code, d.message]), d])).values()];
}

/** Copies a model's folder where it lies beside its report; without it the report stands alone. */
async function takenOver(
  model: ModelReport,
  root: string,
  { output, scratch }: { output: string; scratch: string },
): Promise<ModelReport> {
  const { artefacts } = model;
  const there =
    artefacts.length > 0 &&
    (await lstat(path.join(root, ...(artefacts[0]?.path ?? '').split('/'))).catch(() => undefined));
  if (!there || path.resolve(root) === path.resolve(output)) return model;
  const folder = path.resolve(output, model.path);
  const spoilt = (why: string): ModelReport => ({
    ...model,
    status: 'error',
    diagnostics: [...model.diagnostics, say.notAsReported(model.path, why)],
  });
  if (!isInside(output, folder) || folder === path.resolve(output))
    return spoilt('its path leads out of the output directory');
  const staging = await stage(folder, { draft: path.join(scratch, 'model'), within: output });
  try {
    for (const { path: place, sha256 } of artefacts) {
      const inside = path.posix.relative(model.path, place);
      const to = path.join(staging.folder, inside);
      const from = path.join(root, ...place.split('/'));
      const isFile = (await lstat(from).catch(() => undefined))?.isFile();
      if (!isInside(staging.folder, to) || !isFile || !isInside(await realpath(root), await realpath(from)))
        throw new Error(`${place} is missing, or elsewhere`);
      await mkdir(path.dirname(to), { recursive: true });
      await copyFile(from, to, constants.COPYFILE_FICLONE);
      if (sha256 !== undefined && (await sha256OfFile(to)) !== sha256) throw new Error(`${place} has another hash`);
    }
    await staging.commit();
    // What its page shows; nothing rests on it.
    await cp(pageFolder(root, model.path), pageFolder(output, model.path), { recursive: true }).catch(() => {});
    return model;
  } catch (e) {
    await staging.discard();
    return spoilt((e as Error).message);
  }
}
