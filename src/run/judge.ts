/** Has written folders judged in a child of the pool, and enters what it says into the model's report. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ModelSettings } from './config.js';
import * as say from '../diag/catalogue-run.js';
import type { Diagnostic, Place } from '../diag/diagnostic.js';
import type { Settings } from './options.js';
import type { Failure, Lease } from './pool.js';
import type { ModelReport } from '../report/types.js';
import type { Judgement } from '../verify/checks.js';
import type { VerifyRequest } from '../verify/judge.js';
import type { Permissions } from '../verify/process/permissions.js';

/** One model's turn with a child. */
export interface Turn {
  lease: Lease;
  settings: Settings;
  /** What the settings file says of the model beside these, where it is to be judged. */
  own?: ModelSettings;
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
  /** Where the model's page finds its inputs and outputs; nowhere where absent. */
  page?: string;
  /** Where a model of the first diverging node alone is written; nowhere where absent. */
  divergence?: string;
  /** A mismatch isn't looked into, since another model takes this one's place then. */
  provisional?: boolean;
}

/** What children that judge may beside writing into their own folder. */
export function permissionsFor(settings: readonly Settings[]): Permissions {
  const engines = settings.flatMap((one) => one.engines);
  const chrome = engines.some((name) => name.startsWith('chrome-'));
  // A browser's profile lies in the system's temporary folder: the path of its socket has to be short.
  return { addons: engines.includes('tensorflow'), loopback: chrome, writable: chrome ? [os.tmpdir()] : [] };
}

/** Judges a model folder, with all formats in it. Afterwards the report's status is the verdict. */
export async function judge(turn: Turn, folder: string, given: Source, report: ModelReport): Promise<void> {
  const { settings } = turn;
  const { divergence, provisional } = given;
  turn.doing('judging');
  if (divergence !== undefined) await rm(divergence, { recursive: true, force: true });
  const outcome = await turn.lease.call<Judgement>(
    'verify',
    {
      ...verifyRequest(turn, folder, given),
      ...(provisional ? {} : { locate: { folder: divergence, milliseconds: (turn.deadline - performance.now()) / 2 } }),
    } satisfies VerifyRequest,
    turn.deadline,
    turn.doing,
  );
  if (!outcome.ok) {
    report.status = 'error';
    report.diagnostics.push(failure(turn, outcome, 'judging'));
    return;
  }
  const { verdict, checks, diagnostics, engines, timings, restart } = outcome.value;
  if (restart) turn.lease.retire();
  report.status = verdict;
  if (outcome.value.divergence) {
    const found = outcome.value.divergence;
    const row = report.layers?.rows.find((r) => r.name === found.node && r.op === found.op);
    const written = divergence !== undefined && existsSync(divergence);
    report.divergence = {
      ...found,
      ...(row ? { source: row.number } : {}),
      ...(written ? { artefact: `report/divergence/${report.path}` } : {}),
    };
  }
  report.checks = checks;
  report.engines = engines;
  report.diagnostics.push(...diagnostics);
  for (const [engine, stages] of Object.entries(timings))
    for (const [stage, ms] of Object.entries(stages)) report.timings[`verify.${engine}.${stage}`] = Math.round(ms);

  if (verdict !== 'unverified') return;
  if (settings.whenNoReference === 'fail') report.diagnostics.push(say.noReference(turn.place, 'error'));
  else if (!diagnostics.some((d) => d.severity === 'unverified'))
    report.diagnostics.push(say.noReference(turn.place, 'unverified'));
}

/** What a model folder is held against, and how. */
export function verifyRequest(
  { settings, own }: Pick<Turn, 'settings' | 'own'>,
  folder: string,
  { model, relativePath, workspace, page }: Source,
): VerifyRequest {
  return {
    folder,
    model,
    relativePath,
    workspace,
    ...(page === undefined ? {} : { page }),
    ...(settings.references === '' ? {} : { references: settings.references }),
    tolerance: own?.tolerance ?? {},
    outputs: own?.outputs ?? {},
    ranges: own?.ranges ?? {},
    preprocess: own?.preprocess ?? {},
    engines: settings.engines,
    enginePlaces: {
      tfjsNode: settings.tfjsNode === '' ? [workspace, process.cwd()] : [path.resolve(settings.tfjsNode)],
      ...(settings.chrome === '' ? {} : { chrome: path.resolve(settings.chrome) }),
    },
    runSource: settings.whenNoReference === 'onnxruntime',
  };
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
