import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { notLocated } from '../diag/catalogue-locate.js';
import { noSecondSize } from '../diag/catalogue-source.js';
import { noSuchInput, noSuchOutput } from '../diag/catalogue-shapes.js';
import { type Diagnostic, DiagnosticError } from '../diag/diagnostic.js';
import { nearestWord } from '../diag/nearest.js';
import type { Judgement, ToleranceSettings } from './checks.js';
import type { EnginePlaces } from './engines/index.js';
import { layoutFindings } from './lint/layout.js';
import { halfFindings, integerFindings, weightFindings } from './lint/precision.js';
import { locate, type Located, type Mismatch } from './locate/locate.js';
import { writePageData } from './page-data.js';
import { provenanceFindings } from './provenance.js';
import type { RecordedTensor } from './record.js';
import { type Pictures, readReference, type ReferenceFiles, type ReferenceSet } from './reference-set.js';
import { findReferences } from './references.js';
import { SecondOpinion } from './source/opinion.js';
import { describeSizes, isOpen, type Sizes, sizesOf } from './source/sizes.js';
import { type ReferenceSource, verdictOf, verifyModel, type VerifySettings } from './verify.js';
import { openModel, type WrittenModel } from './written.js';

/** What the judge is asked: plain JSON, so that it can go to another process. Paths are absolute. */
export interface VerifyRequest {
  /** One converted model: model.json, its shards, conversion.json; perhaps another format in a sub-folder. */
  folder: string;
  /** The .onnx file, beside which references are looked for. It is read where there are none and the source is to be run. */
  model: string;
  /** What diagnostics name as the file, with `/`. */
  relativePath: string;
  /** No reference may be outside of it; templates are relative to it. */
  workspace: string;
  /** A glob template of references, or several, one a line. */
  references?: string;
  tolerance: Partial<ToleranceSettings>;
  /** By ONNX's name of the output. */
  outputs?: Record<string, Partial<ToleranceSettings>>;
  /** By ONNX's name of the input: smallest and largest of seeded values. */
  ranges?: Record<string, [number, number]>;
  /** By ONNX's name of the input: how a picture becomes it. */
  preprocess?: Pictures;
  engines: string[];
  /** Where engines that are no part of this program are looked for. */
  enginePlaces?: EnginePlaces;
  /** Where the first data set is written as a page can take it; only what the folder itself holds is shown there. */
  page?: string;
  /** Where outputs to compare with aren't stored, what onnxruntime computes takes their place. */
  runSource?: boolean;
  /**
   * On a mismatch the first diverging node is looked for, for so many milliseconds at most, and a model of it alone is
   * written into `folder`.
   */
  locate?: { folder?: string; milliseconds: number };
}

/** The sub-folders of a model folder that hold the same model in another format. */
const SUBFOLDERS = ['graph-model', 'layers-model'];

/** A model folder, and those in it that hold the same model in another format. */
export function foldersOf(folder: string): string[] {
  return [
    folder,
    ...SUBFOLDERS.map((name) => join(folder, name)).filter((f) => existsSync(join(f, 'conversion.json'))),
  ];
}

/**
 * Judges what stands in a model folder, in all its formats, against the references found for it. Runs in a process of its
 * own, which a hung kernel or a trap may cost; where `restart` is set, it should not be used for another model.
 */
export async function judge(request: VerifyRequest, progress?: (step: string) => void): Promise<Judgement> {
  const folders = foldersOf(request.folder);
  const all: Judgement = {
    verdict: 'unverified',
    checks: [],
    diagnostics: [],
    engines: [],
    timings: {},
    restart: false,
  };
  const opinion = new SecondOpinion(request.model, request.relativePath, request.ranges ?? {}, progress);
  for (const folder of folders) {
    const one = await judgeFolder(folder, request, opinion, progress);
    all.checks.push(...one.checks);
    all.diagnostics.push(...one.diagnostics.filter((d) => !all.diagnostics.some((known) => same(known, d))));
    all.engines.push(...one.engines.filter((e) => !all.engines.some((known) => known.name === e.name)));
    for (const [engine, timings] of Object.entries(one.timings)) {
      const sum = all.timings[engine];
      all.timings[engine] = sum
        ? {
            start: sum.start + timings.start,
            load: sum.load + timings.load,
            firstRun: sum.firstRun + timings.firstRun,
            otherRuns: sum.otherRuns + timings.otherRuns,
          }
        : timings;
    }
    all.divergence ??= one.divergence;
    all.restart ||= one.restart;
  }
  all.engines.push(...opinion.facts());
  Object.assign(all.timings, opinion.timings());
  await opinion.close();
  all.verdict = verdictOf(all.checks, all.diagnostics);
  return all;
}

async function judgeFolder(
  folder: string,
  request: VerifyRequest,
  opinion: SecondOpinion,
  progress?: (step: string) => void,
): Promise<Judgement> {
  const { relativePath, tolerance, engines, outputs } = request;
  let model: WrittenModel;
  try {
    model = openModel(folder, relativePath);
  } catch (e) {
    if (!(e instanceof DiagnosticError)) throw e;
    const diagnostics = [...e.diagnostics];
    return { verdict: verdictOf([], diagnostics), checks: [], diagnostics, engines: [], timings: {}, restart: false };
  }
  const { sources, diagnostics: own } = await referencesFor(model, request, opinion);
  own.push(...layoutFindings(model));
  let first: ReferenceSet | undefined;
  let _seen = request.page === undefined || folder !== request.folder;
  const judgement = await verifyModel(model, sources, {
    engines,
    enginePlaces: request.enginePlaces,
    tolerance,
    outputs,
    progress,
    sees: (name, set) => {
      first ??= set;
      const toleranceOf = (row: RecordedTensor) => ({ ...tolerance, ...outputs?.[row.onnx.name] });
      _seen ||= writePageData(request.page as string, model.record, { name, set }, toleranceOf);
    },
    ...(request.locate ? { locate: locator(request.locate, opinion) } : {}),
  } satisfies VerifySettings);
  let { restart } = judgement;
  if (judgement.verdict !== 'error') {
    own.push(...weightFindings(model));
    if (first) {
      own.push(...integerFindings(model, first));
      const half = await halfFindings(model, first, { engines, tolerance, outputs });
      own.push(...half.diagnostics);
      restart ||= half.restart;
    }
  }
  const diagnostics: Diagnostic[] = [...own, ...judgement.diagnostics];
  return { ...judgement, restart, diagnostics, verdict: verdictOf(judgement.checks, diagnostics) };
}

/** The data sets that a model is held against: stored ones, else what the source computes; and what is wrong with them. */
export async function referencesFor(
  model: WrittenModel,
  request: VerifyRequest,
  opinion: SecondOpinion,
): Promise<{ sources: ReferenceSource[]; diagnostics: Diagnostic[] }> {
  const { model: onnx, workspace, runSource, preprocess: pictures } = request;
  const templates = (request.references ?? '')
    .split('\n')
    .map((t) => t.trim())
    .filter((t) => t !== '');
  const found = findReferences({ model: onnx, workspace, templates, pictures }, model.record);
  const sources: ReferenceSource[] = found.sets.map((files) => ({
    kind: 'stored',
    name: files.name,
    load: () => {
      const read = readReference(files, model.record, workspace, pictures);
      const history = provenanceFindings(files.files, files.shown, onnx, model.record.source.sha256);
      const known = { ...read, diagnostics: [...history, ...read.diagnostics] };
      return runSource ? opinion.completed(known, model.record) : known;
    },
  }));
  const own: Diagnostic[] = [...found.diagnostics, ...unknownNames(model, request)];
  if (sources.length === 0 && runSource && !own.some((d) => d.severity === 'error')) {
    const { references, diagnostics } = await opinion.references(model.record);
    sources.push(...references);
    own.push(...diagnostics);
  } else if (sources.length > 0 && isOpen(model.record.inputs)) {
    const { references, diagnostics } = await otherSize(found.sets, model, request, opinion);
    sources.push(...references);
    own.push(...diagnostics);
  }
  return { sources, diagnostics: own };
}

/** What is judged beside stored sets that all have the same sizes where the model leaves sizes open. */
async function otherSize(
  sets: readonly ReferenceFiles[],
  { file, record }: WrittenModel,
  { workspace, preprocess, runSource }: VerifyRequest,
  opinion: SecondOpinion,
): Promise<Awaited<ReturnType<SecondOpinion['references']>>> {
  const none = { references: [], diagnostics: [] };
  let first: Sizes | undefined;
  for (const files of sets) {
    const read = readReference(files, record, workspace, preprocess);
    const inputs = read.set?.inputs ?? (runSource ? read.inputs : undefined);
    // What can't be read is reported when its turn comes.
    if (!inputs) return none;
    const sizes = sizesOf(record.inputs, new Map([...inputs].map(([name, { dims }]) => [name, dims])));
    first ??= sizes;
    if (describeSizes(sizes) !== describeSizes(first)) return none;
  }
  if (!first) return none;
  const shown = `${sets[0]?.name} (${describeSizes(first)})`;
  if (!runSource)
    return {
      references: [],
      diagnostics: [noSecondSize(file, shown, 'the source is not run, as when-no-reference says')],
    };
  return opinion.ofAnotherSize(record, { sizes: first, shown });
}

/** Names in the settings that the model hasn't got. */
function unknownNames(
  { file, record }: WrittenModel,
  { outputs = {}, ranges = {}, preprocess = {} }: VerifyRequest,
): Diagnostic[] {
  const names = (rows: readonly RecordedTensor[]) => rows.map((row) => row.onnx.name);
  const [ins, outs] = [names(record.inputs), names(record.outputs)];
  return [
    ...Object.keys(outputs)
      .filter((name) => !outs.includes(name))
      .map((name) => noSuchOutput(file, name, outs, nearestWord(name, outs))),
    ...[...new Set([...Object.keys(ranges), ...Object.keys(preprocess)])]
      .filter((name) => !ins.includes(name))
      .map((name) => noSuchInput(file, name, ins, nearestWord(name, ins))),
  ];
}

/** Reads the source only now: most models agree. */
function locator({ folder, milliseconds }: NonNullable<VerifyRequest['locate']>, opinion: SecondOpinion) {
  return async (mismatch: Mismatch): Promise<Located> => {
    const { file, record } = mismatch.model;
    try {
      const source = opinion.source(record);
      return await locate(mismatch, source, { folder, until: performance.now() + milliseconds });
    } catch (e) {
      if (!(e instanceof DiagnosticError)) throw e;
      return { finding: notLocated(file, e.diagnostics[0]?.message ?? ''), files: [] };
    }
  };
}

const same = (a: Diagnostic, b: Diagnostic): boolean =>
  a.code === b.code && a.message === b.message && a.place.file === b.place.file;
