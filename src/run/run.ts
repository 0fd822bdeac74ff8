/**
 * The whole program: find the models, convert and judge each in a process of its own, and write down what was found.
 * Both edges (cli.ts, action.ts) read their settings, call `run`, and show what comes back.
 */
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Cache } from './cache.js';
import { type ModelSettings, readConfig, shownConfig } from './config.js';
import { withSmallestWeights } from './auto-quantize.js';
import type { ConvertRequest, ConvertResult, QuantizationPlan } from '../convert/convert-types.js';
import * as say from '../diag/catalogue-run.js';
import { withChanges } from './earlier.js';
import { runFails } from './fail-on.js';
import { type FoundModel, isInside } from './find.js';
import { failure, judge, permissionsFor, type Turn } from './judge.js';
import { applyLabels } from './labels.js';
import { planMemory } from './memory-plan.js';
import { ConfigurationError, effectiveSettings } from './options.js';
import { type Moment, mkdirInside, type Staging, scratchBelow, stage, sweep } from './place.js';
import { createPool, type Lease, WORKER } from './pool.js';
import { totalsOf } from '../report/totals.js';
import type { ModelReport, Report, Status, Tool } from '../report/types.js';
import { type SelectRequest, select } from './select.js';
import { TOOL } from '../version.js';
import { pageFolder, removePages } from './page-places.js';
import { applyWaiver } from './waiver.js';
import type { WrittenReports } from './write-reports.js';

export interface RunRequest extends SelectRequest {
  /** Where the program came from. */
  source?: Tool['source'];
  /** The child's program, where it isn't this project's own. */
  worker?: string;
  /** Hears of each moment on a model folder's way to its place. */
  passed?: (moment: Moment, draft: string) => void;
}

/** Hears of a run's progress. All names that it is given are foreign text. */
export interface Listener {
  found(models: readonly FoundModel[]): void;
  started(model: FoundModel): void;
  /** What is being done with a model now: `converting`, `judging` … */
  doing(model: FoundModel, step: string): void;
  finished(model: FoundModel, report: ModelReport): void;
}

export interface RunResult extends WrittenReports {
  result: 'success' | 'failure' | 'no-models';
  /** Whether the run is to end in failure; `no-models` may or may not. */
  failed: boolean;
  report: Report;
}

/** Throws ConfigurationError; everything about a model is in the report. */
export async function run(request: RunRequest, listener: Listener, signal?: AbortSignal): Promise<RunResult> {
  const { settings } = request;
  const begun = performance.now();
  const { models, facts, diagnostics } = await select(request);
  listener.found(models);

  const config = await readConfig(settings.config, request.base);
  const configFile = shownConfig(config, request.workspace ?? request.base);
  for (const { glob, line } of config.idle(models.map((model) => model.file)))
    diagnostics.push(say.configIdle(glob, { file: configFile, line }));
  await mkdirInside(path.join(request.output, 'report'), request.output).catch(unwritable);
  await removePages(request.output);
  const scratch = await scratchBelow(request.output);
  const pool = createPool({
    size: settings.concurrency,
    program: request.worker ?? WORKER,
    signal,
    scratch,
    permissions: permissionsFor(models.map((model) => config.for(model.file, settings).settings)),
  });
  let reports: ModelReport[];
  let writing: Promise<typeof import('./write-reports.js')>;
  try {
    const cacheOf = await caches(request, scratch);
    // What the cache has needs no child.
    if (!cacheOf) pool.prepare(models.length, 'convert');
    // Loaded while the children start.
    writing = import('./write-reports.js');
    const memory = await planMemory(models, settings.verify);
    reports = await Promise.all(
      models.map((model) =>
        pool.use((lease) => {
          const own = config.for(model.file, settings);
          const task = { model, request: { ...request, settings: own.settings }, own, lease, listener, configFile };
          return convertAndJudge({ ...task, cache: cacheOf?.(model, own) });
        }, memory.get(model)),
      ),
    );
  } finally {
    pool.close();
    await sweep(request.output);
  }

  const report: Report = {
    schema: 1,
    tool: { ...TOOL, ...(request.source ? { source: request.source } : {}) },
    models: reports,
    totals: totalsOf(reports),
    diagnostics,
    ...(facts.shard === undefined && facts.changedSince === undefined ? {} : { selection: facts }),
    settings: {
      ...effectiveSettings(settings, 'convert'),
      ...(config.file === undefined || path.isAbsolute(configFile) ? {} : { config: configFile }),
    },
    versions: versionsOf(reports),
    timings: { total: since(begun) },
  };
  const failed = runFails(report, settings.failOn);
  const { writeReports } = await writing;
  return {
    result: facts.found === 0 ? 'no-models' : failed ? 'failure' : 'success',
    failed,
    report,
    ...(await writeReports(report, request.output, settings.tryIt)),
  };
}

/** An output directory that can't be written is the user's to mend. */
function unwritable(e: unknown): never {
  throw new ConfigurationError(`the output directory can't be written: ${(e as Error).message}`);
}

interface Task {
  model: FoundModel;
  /** With the settings that hold for the model. */
  request: RunRequest;
  own: ModelSettings;
  /** As people name it. */
  configFile: string;
  lease: Lease;
  listener: Listener;
  cache?: Cache;
}

/** One model, from its file to its report. Never rejects: what goes wrong is in the report. */
async function convertAndJudge(task: Task): Promise<ModelReport> {
  const { model, listener, cache } = task;
  const begun = performance.now();
  listener.started(model);
  const kept = await cache?.restore(model);
  const found = kept ?? (await afresh(task, begun));
  found.timings.total = since(begun);
  if (!kept) await cache?.keep(model, found);
  const { labels } = task.own;
  applyLabels(found, labels?.file, workspaceOf(task.request, model), { file: task.configFile, line: labels?.line });
  applyWaiver(found, task.own.waiver, new Date().toJSON().slice(0, 10), task.configFile);
  const report = await comparedWithEarlier(found, task);
  listener.finished(model, report);
  return report;
}

/** With what is another than in the version that the change goes out from, where that can be had. */
async function comparedWithEarlier(report: ModelReport, task: Task): Promise<ModelReport> {
  const { changes, settings } = task.request;
  if (!changes || 'why' in changes) return report;
  const beside = `${task.lease.folder}-earlier`;
  return withChanges(report, task.model, changes, beside, async (model, workspace, output) => {
    task.listener.doing(task.model, 'converting the earlier version');
    const request = { ...task.request, workspace, output, settings: { ...settings, tryIt: false } };
    const quiet: Listener = { found() {}, started() {}, doing() {}, finished() {} };
    return afresh({ ...task, model, request, listener: quiet }, performance.now());
  });
}

/** For each model the cache that keeps it, where a folder is given; models of several roots have workspaces of their own. */
async function caches(
  request: RunRequest,
  scratch: string,
): Promise<((model: FoundModel, own: ModelSettings) => Cache) | undefined> {
  const { settings, output } = request;
  if (settings.cacheDir === '') return undefined;
  const folder = path.resolve(request.workspace ?? request.base, settings.cacheDir);
  const { openCache } = await import('./cache.js');
  const open = await openCache({ folder, output, scratch });
  return (model, own) => open(workspaceOf(request, model), own);
}

/** The folder that a model's references may not lead out of. */
function workspaceOf({ workspace, base }: RunRequest, model: FoundModel): string {
  return workspace ?? (isInside(base, model.file) ? base : model.root);
}

async function afresh({ model, request, own, lease, listener }: Task, begun: number): Promise<ModelReport> {
  const { settings, output } = request;
  const turn: Turn = {
    lease,
    settings,
    own,
    place: { file: model.path },
    deadline: begun + settings.timeoutPerModel * 1000,
    doing: (step) => listener.doing(model, step),
  };
  const folder = path.join(output, model.path);
  const target = { model, folder, output, passed: request.passed, workspace: workspaceOf(request, model) };
  const converted = async (plan: QuantizationPlan): Promise<ModelReport> => {
    const report = blank(model);
    const from = performance.now();
    await convert(turn, target, plan, report);
    report.timings.convert = since(from);
    return report;
  };
  const judged = async (report: ModelReport, provisional: boolean): Promise<Status> => {
    const from = performance.now();
    await judgeIn(turn, target, provisional, report);
    report.timings.verify = since(from);
    return report.status;
  };
  const report = await converted(settings.quantize === 'auto' ? 'none' : settings.quantize);
  if (report.status !== 'unverified') return report;
  if (settings.quantize === 'auto') return withSmallestWeights(turn, target, report, { converted, judged });
  if (settings.verify) await judged(report, false);
  return report;
}

const blank = (model: FoundModel): ModelReport => ({
  path: model.path,
  ...(model.shown === model.path ? {} : { file: model.shown }),
  status: 'error',
  diagnostics: [],
  checks: [],
  artefacts: [],
  timings: {},
});

interface Target {
  model: FoundModel;
  /** Absolute: where the model folder stands in the end, below `output`. */
  folder: string;
  output: string;
}

/** Judges the model folder; what the judge writes goes to its place where the verdict is there. */
async function judgeIn(
  turn: Turn,
  target: Target & { workspace: string },
  provisional: boolean,
  report: ModelReport,
): Promise<void> {
  const { model, folder, output, workspace } = target;
  const drafts = { divergence: path.join(turn.lease.folder, 'divergence'), page: path.join(turn.lease.folder, 'page') };
  const places = {
    divergence: path.join(output, 'report', 'divergence', model.path),
    page: pageFolder(output, model.path),
  };
  for (const place of [...Object.values(drafts), places.divergence]) await remove(place).catch(() => {});
  const source = {
    model: model.file,
    relativePath: model.path,
    workspace,
    divergence: drafts.divergence,
    provisional,
  };
  await judge(turn, folder, turn.settings.tryIt ? { ...source, page: drafts.page } : source, report);
  if (report.status === 'error') return;
  const put = async (name: keyof typeof drafts) => {
    await mkdirInside(path.dirname(places[name]), output);
    await remove(places[name]);
    await rename(drafts[name], places[name]);
  };
  // What isn't there, or can't be written, costs the reader a page or a small model, and no verdict.
  if (turn.settings.tryIt) await put('page').catch(() => {});
  if (report.divergence?.artefact !== undefined)
    await put('divergence').catch(() => {
      delete report.divergence?.artefact;
    });
}

/** Converts into the child's folder and renames that into its place. Afterwards: unverified, unsupported or error. */
async function convert(
  turn: Turn,
  { model, folder, output, passed }: Target & Pick<RunRequest, 'passed'>,
  plan: QuantizationPlan,
  report: ModelReport,
): Promise<void> {
  const { settings } = turn;
  turn.doing('converting');
  let staging: Staging | undefined;
  try {
    const draft = path.join(turn.lease.folder, 'model');
    staging = await stage(folder, { draft, within: output, passed: (moment) => passed?.(moment, draft) });
    const outcome = await turn.lease.call<ConvertResult>(
      'convert',
      {
        path: model.file,
        relativePath: model.path,
        formats: settings.formats,
        changeOrdering: settings.changeOrdering,
        namePolicy: settings.namePolicy,
        target: settings.target,
        inputShapes: turn.own?.inputShapes,
        inputOrders: turn.own?.inputOrders,
        inputRanges: turn.own?.ranges,
        quantize: plan,
        shardBytes: Math.round(settings.shardSize * 2 ** 20),
        outputFolder: staging.folder,
        limits: { maxModelBytes: settings.maxModelSize * 2 ** 20 },
      } satisfies ConvertRequest,
      turn.deadline,
      turn.doing,
    );

    if (!outcome.ok) {
      report.diagnostics.push(failure(turn, outcome, 'converting'));
      await (outcome.reason === 'cancelled' ? staging.abandon() : staging.discard());
      return;
    }
    const { status, artefacts, diagnostics, format, ...facts } = outcome.value;
    report.diagnostics.push(...diagnostics);
    Object.assign(report, facts);
    if (status === 'converted') {
      await staging.commit();
      report.format = format;
      report.artefacts = artefacts.map((a) => ({ ...a, path: `${model.path}/${a.path}` }));
      report.status = 'unverified';
    } else {
      await staging.discard();
      report.status = status;
    }
  } catch (e) {
    // Only the file system throws here: the disk is full, the folder is read-only …
    report.diagnostics.push(say.cannotWrite(turn.place, (e as Error).message));
    await staging?.abandon().catch(() => {});
  }
}

function versionsOf(reports: readonly ModelReport[]): Record<string, string> {
  const engines = reports.flatMap((r) => r.engines ?? []).map((e) => [e.name, e.version] as const);
  return { node: process.versions.node, ...Object.fromEntries(engines.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

const remove = (place: string): Promise<void> =>
  rm(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });

const since = (begun: number): number => Math.round(performance.now() - begun);
