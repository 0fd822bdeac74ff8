/** Has written folders judged in a child of the pool, and enters what it says into the model's report. */
import path from 'node:path';
import * as say from './diag/catalogue-run.js';
import type { Diagnostic, Place } from './diag/diagnostic.js';
import type { Settings } from './options.js';
import type { Failure, Lease } from './pool.js';
import { type ModelReport, STATUSES, type Status } from './report/types.js';
import type { Judgement } from './verify/checks.js';
import type { VerifyRequest } from './verify/verify.js';

/** One model's turn with a child. */
export interface Turn {
  lease: Lease;
  settings: Settings;
  /** For diagnostics. */
  place: Place;
  /** In the time of `performance.now()`. */
  deadline: number;
  doing(step: string): void;
}

export interface Source {
  /** The .onnx file, absolute, beside which references are looked for; it need not be there. */
  model: string;
  /** As conversion.json names it. */
  relativePath: string;
  /** The folder that references may not lead out of. */
  workspace: string;
}

/** Judges the model in the folder itself and those in its sub-folders; the worst verdict is the model's. */
export async function judge(turn: Turn, folders: readonly string[], source: Source, report: ModelReport): Promise<void> {
  report.status = 'pass';
  for (const folder of folders) {
    const status = await judgeFolder(turn, folder, source, report);
    if (STATUSES.indexOf(status) > STATUSES.indexOf(report.status)) report.status = status;
  }
  if (folders.length === 0) report.status = 'unverified';
  const known = report.diagnostics.some((d) => d.severity === 'unverified' || d.code === 'no-reference');
  if (report.status === 'unverified' && turn.settings.whenNoReference === 'fail')
    report.diagnostics.push(say.noReference(turn.place, 'error'));
  else if (report.status === 'unverified' && !known) report.diagnostics.push(say.noReference(turn.place, 'unverified'));
}

async function judgeFolder(turn: Turn, folder: string, source: Source, report: ModelReport): Promise<Status> {
  const { settings } = turn;
  turn.doing('judging');
  const outcome = await turn.lease.call<Judgement>('verify', {
    folder,
    ...source,
    ...(settings.references === '' ? {} : { references: settings.references }),
    tolerance: { rtol: settings.rtol, atol: settings.atol, rangeTol: settings.rangeTol },
    engines: settings.engines,
  } satisfies VerifyRequest, turn.deadline, turn.doing);
  if (!outcome.ok) {
    report.diagnostics.push(failure(turn, outcome, 'judging'));
    return 'error';
  }
  const { verdict, checks, diagnostics, engines, timings, restart } = outcome.value;
  if (restart) turn.lease.retire();
  report.checks.push(...checks);
  report.diagnostics.push(...diagnostics);
  report.engines = [...(report.engines ?? []), ...engines.filter((e) => !report.engines?.some((known) => known.name === e.name))];
  for (const [engine, stages] of Object.entries(timings))
    for (const [stage, ms] of Object.entries(stages)) {
      const name = `verify.${engine}.${stage}`;
      report.timings[name] = (report.timings[name] ?? 0) + Math.round(ms);
    }
  return verdict;
}

/** What a call that gave no value says about the model. */
export function failure({ place, settings }: Turn, outcome: Failure, step: string): Diagnostic {
  switch (outcome.reason) {
    case 'timed-out':
      return say.timedOut(place, step, settings.timeoutPerModel);
    case 'out-of-memory':
      return say.outOfMemory(place, step, outcome.message);
    case 'cancelled':
      return say.cancelled(place);
    case 'crashed':
    case 'thrown':
      return say.processCrashed(place, step, outcome.message, outcome.detail);
  }
}

/** The folders of a model that hold something TensorFlow.js can load, by the files that were written. */
export function foldersOf(root: string, artefacts: ModelReport['artefacts']): string[] {
  return artefacts.filter((a) => path.posix.basename(a.path) === 'model.json').map((a) => path.join(root, path.posix.dirname(a.path)));
}
