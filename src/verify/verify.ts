import {
  deviceFailed,
  engineInstead,
  modelDoesntLoad,
  nameNotInModel,
  nameNotInRecord,
  runFailed,
  tooLargeForEngine,
  xnnpackFailed,
} from '../diag/catalogue-verify.js';
import { type Diagnostic, DiagnosticError } from '../diag/diagnostic.js';
import {
  type Check,
  DEFAULT_TOLERANCE,
  type EngineFacts,
  type EngineTimings,
  type Judgement,
  type ToleranceSettings,
  type Verdict,
} from './checks.js';
import { type Comparison, compare } from './compare.js';
import { findingOf, sentenceOf } from './describe.js';
import { drawingsOf } from './drawings.js';
import { engineOf, type EnginePlaces, isOwn } from './engines/index.js';
import type { Engine, Loaded } from './engines/engine.js';
import { explain } from './explain.js';
import { feedOf } from './feed.js';
import { hintFor } from './hints.js';
import type { Located, Mismatch } from './locate/locate.js';
import type { RecordedTensor } from './record.js';
import type { ReadResult, ReferenceSet } from './reference-set.js';
import type { Tensor } from '../tensor/tensor.js';
import type { TfTensor } from './tftensor.js';
import type { WrittenModel } from './written.js';

/** A data set that is read when its turn comes, and let go afterwards. */
export interface ReferenceSource {
  readonly kind: 'stored' | 'onnxruntime';
  /** Shown in the checks. */
  readonly name: string;
  load(): ReadResult | Promise<ReadResult>;
}

/** How to judge. */
export interface VerifySettings {
  readonly engines: readonly string[];
  readonly enginePlaces?: EnginePlaces;
  readonly tolerance: Partial<ToleranceSettings>;
  /** By ONNX's name of the output: what differs from `tolerance` there. */
  readonly outputs?: Readonly<Record<string, Partial<ToleranceSettings>>>;
  /** Whether a mismatch is looked into by a guarded run; yes unless said otherwise. */
  readonly explain?: boolean;
  /** Finds the first diverging node of a mismatch; it isn't looked for where this is absent. */
  readonly locate?: (mismatch: Mismatch) => Promise<Located>;
  /** Says in a word or two what is being done now. */
  readonly progress?: (step: string) => void;
  /** Sees each data set before it is used, once per engine. */
  readonly sees?: (name: string, set: ReferenceSet) => void;
}

/**
 * Judges a written model with stock TensorFlow.js: loads it on each engine, feeds each data set's inputs, and compares
 * every output with what the set expects. Nothing is thrown for what is wrong with the model or a reference: it is in the
 * checks (a row for each engine, set and output) and in the diagnostics.
 */
export async function verifyModel(
  model: WrittenModel,
  references: readonly ReferenceSource[],
  settings: VerifySettings,
): Promise<Judgement> {
  const trial = new Trial(model, references, settings);
  let available = 0;
  for (const name of settings.engines) if (await trial.on(name)) available++;
  // Better judged on what the program brings along than not at all.
  if (available === 0 && settings.engines.length > 0 && !settings.engines.some(isOwn)) await trial.insteadOn('wasm');
  return trial.judgement();
}

/** The worst of what was found. Guarded rows explain and don't count. */
export function verdictOf(checks: readonly Check[], diagnostics: readonly Diagnostic[]): Verdict {
  const counted = checks.filter((c) => !c.guarded);
  if (counted.some((c) => c.status === 'error') || diagnostics.some((d) => d.severity === 'error')) return 'error';
  if (counted.some((c) => c.status === 'mismatch')) return 'mismatch';
  return counted.length > 0 ? 'pass' : 'unverified';
}

/** Of a model's comparisons with the same outcome. */
const MOST_DRAWN = 4;

const STALE = 'the reference was recorded from another version of the model, which is the likeliest reason';
const LOSSY = 'an input is a JPEG, which libraries decode differently; PNG holds it as it is';

/** One model on its way through the engines. */
class Trial {
  readonly #model: WrittenModel;
  readonly #references: readonly ReferenceSource[];
  readonly #settings: VerifySettings;
  readonly #checks: Check[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  readonly #engines: EngineFacts[] = [];
  readonly #timings: Record<string, EngineTimings> = {};
  /** What was said already: one message per engine, output and kind is enough, the checks have every set. */
  readonly #said = new Set<string>();
  #located: Located | undefined;
  #damaged = false;

  constructor(model: WrittenModel, references: readonly ReferenceSource[], settings: VerifySettings) {
    this.#model = model;
    this.#references = references;
    this.#settings = settings;
  }

  judgement(): Judgement {
    return {
      verdict: verdictOf(this.#checks, this.#diagnostics),
      checks: this.#checks,
      diagnostics: this.#diagnostics,
      engines: this.#engines,
      timings: this.#timings,
      ...(this.#located?.divergence ? { divergence: this.#located.divergence } : {}),
      restart: this.#damaged,
    };
  }

  /** Where none of the engines that were asked for is there. */
  async insteadOn(name: string): Promise<void> {
    this.#diagnostics.push(engineInstead(this.#model.file, this.#settings.engines, name));
    await this.on(name);
  }

  /** False where the engine isn't available. */
  async on(name: string): Promise<boolean> {
    const { file, weightBytes } = this.#model;
    this.#settings.progress?.(`judging on ${name}`);
    const timings: EngineTimings = { start: 0, load: 0, firstRun: 0, otherRuns: 0 };
    const begun = performance.now();
    let engine: Engine;
    try {
      engine = await engineOf(name, this.#settings.enginePlaces);
      this.#engines.push(await engine.describe());
    } catch (e) {
      this.#diagnostics.push(...diagnosticsOf(e));
      return false;
    }
    timings.start = performance.now() - begun;
    this.#timings[name] = timings;
    if (engine.maxWeightBytes !== undefined && weightBytes > engine.maxWeightBytes) {
      this.#diagnostics.push(tooLargeForEngine(file, name, weightBytes, engine.maxWeightBytes));
      return true;
    }
    const loaded = await this.#load(engine, timings);
    if (!loaded) return true;
    let failure: Failure | undefined;
    try {
      for (const reference of this.#references) {
        const failed = await this.#against(reference, engine, loaded, timings);
        failure ??= failed;
      }
      if (failure?.wrong) await this.#locate(engine, loaded, failure, failure.wrong);
    } finally {
      await loaded.dispose();
    }
    // Only now, since it may need the engine for itself.
    if (failure) await this.#lookInto(engine, failure);
    this.#damaged ||= engine.damaged;
    return true;
  }

  async #load(engine: Engine, timings: EngineTimings): Promise<Loaded | undefined> {
    const { file, format } = this.#model;
    const begun = performance.now();
    const failed = (found: readonly Diagnostic[]) => {
      this.#diagnostics.push(...found);
      const reason = found[0]?.message ?? '';
      for (const { kind, name } of this.#references)
        this.#checks.push({ engine: engine.name, format, reference: { kind, name }, status: 'error', reason });
      this.#damaged ||= engine.damaged;
    };
    let loaded: Loaded;
    try {
      loaded = await engine.load(this.#model);
    } catch (e) {
      failed(e instanceof DiagnosticError ? e.diagnostics : [modelDoesntLoad(file, engine.name, messageOf(e))]);
      return undefined;
    }
    timings.load = performance.now() - begun;
    const wrong = namesOf(this.#model, loaded);
    const printed = loaded.printed.failures[0];
    if (printed !== undefined) wrong.push(failedSilently(file, engine.name, printed));
    if (wrong.length === 0) return loaded;
    failed(wrong);
    await loaded.dispose();
    return undefined;
  }

  async #against(
    reference: ReferenceSource,
    engine: Engine,
    loaded: Loaded,
    timings: EngineTimings,
  ): Promise<Failure | undefined> {
    const { file, format, record } = this.#model;
    const { set, diagnostics, computed } = await reference.load();
    for (const d of diagnostics) this.#say(`${d.code} ${d.place.file} ${d.place.tensor} ${d.message}`, d);
    if (!set) return undefined;
    this.#settings.sees?.(reference.name, set);
    const kind = computed ? 'onnxruntime' : reference.kind;
    const base = { engine: engine.name, format, reference: { kind, name: reference.name } } as const;
    const failed = (d: Diagnostic, key: string) => {
      this.#checks.push({ ...base, status: 'error', reason: d.message });
      this.#say(key, d);
    };
    let inputs: Map<string, TfTensor>;
    try {
      inputs = new Map(
        record.inputs.map((row) => [row.tfjs.name, feedOf(valueFor(set.inputs, row), row, reference.name)]),
      );
    } catch (e) {
      for (const d of diagnosticsOf(e)) failed(d, `${reference.name} ${d.message}`);
      return undefined;
    }
    const begun = performance.now();
    let outputs: ReadonlyMap<string, TfTensor>;
    try {
      const outcome = await loaded.run(inputs);
      const line = outcome.printed.failures[0];
      if (line !== undefined) {
        failed(failedSilently(file, engine.name, line), `silent ${engine.name}`);
        return { set, inputs, base };
      }
      outputs = outcome.outputs;
    } catch (e) {
      failed(runFailed(file, engine.name, reference.name, messageOf(e)), `run ${engine.name}`);
      return { set, inputs, base };
    } finally {
      const took = performance.now() - begun;
      if (timings.firstRun === 0) timings.firstRun = took;
      else timings.otherRuns += took;
    }
    const differing: RecordedTensor[] = [];
    for (const row of record.outputs) {
      const tolerance = this.#toleranceOf(row);
      const comparison = comparisonOf(set, row, outputs, tolerance);
      const check = checkOf(base, row, comparison);
      this.#checks.push(check);
      this.#draw(check, set, row, outputs);
      if (comparison.kind === 'pass') continue;
      differing.push(row);
      const known = (code: string, hint: string) => (diagnostics.some((d) => d.code === code) ? hint : undefined);
      const stale = known('reference-stale', STALE);
      const lossy = known('picture-jpeg', LOSSY);
      const hint = stale ?? hintFor(valueFor(set.outputs, row), row, record.outputs, outputs, tolerance) ?? lossy;
      const against = { file, engine: engine.name, reference: reference.name, output: row.onnx.name };
      this.#say(`${engine.name} ${row.tfjs.name} ${comparison.kind}`, findingOf(comparison, against, hint));
    }
    return differing.length === 0 ? undefined : { set, inputs, base, wrong: { outputs, differing } };
  }

  /** Adds what the report draws, to the first few that agree and the first few that don't. */
  #draw(check: Check, set: ReferenceSet, row: RecordedTensor, outputs: ReadonlyMap<string, TfTensor>): void {
    const actual = outputs.get(row.tfjs.name);
    const drawn = this.#checks.filter((c) => c.histogram !== undefined && c.status === check.status).length;
    if (!actual || drawn >= MOST_DRAWN) return;
    // What was made up for the occasion is no picture.
    const inputs = check.reference.kind === 'stored' ? set.inputs : new Map<string, never>();
    Object.assign(check, drawingsOf(valueFor(set.outputs, row), actual, row.order, check.tolerance, inputs));
  }

  /** Once for a model: what is wrong on several engines is most likely the same. */
  async #locate(engine: Engine, loaded: Loaded, { set, inputs: feeds }: Failure, wrong: Wrong): Promise<void> {
    if (!this.#settings.locate || this.#located) return;
    this.#settings.progress?.('looking for the first diverging node');
    const agrees = (row: RecordedTensor, computed: Tensor): boolean => {
      const actual = wrong.outputs.get(row.tfjs.name);
      return actual !== undefined && compare(computed, actual, row, this.#toleranceOf(row)).kind === 'pass';
    };
    const { inputs } = set;
    this.#located = await this.#settings.locate({
      model: this.#model,
      engine: engine.name,
      loaded,
      inputs,
      feeds,
      ...wrong,
      agrees,
    });
    this.#diagnostics.push(this.#located.finding);
  }

  /** Another run with right kernels in the place of suspect ones, on the first set that failed. */
  async #lookInto(engine: Engine, { set, inputs, base }: Failure): Promise<void> {
    if (this.#settings.explain === false || !engine.explain) return;
    this.#settings.progress?.(`looking for the fault on ${engine.name}`);
    const { record } = this.#model;
    const explanation = await explain(engine, this.#model, inputs, (outputs) =>
      record.outputs.map((row) => ({ row, comparison: comparisonOf(set, row, outputs, this.#toleranceOf(row)) })),
    );
    if (!explanation) return;
    this.#diagnostics.push(explanation.finding);
    for (const { row, comparison } of explanation.results)
      this.#checks.push({ ...checkOf(base, row, comparison), guarded: true, kernels: explanation.kernels });
  }

  #toleranceOf(row: RecordedTensor): ToleranceSettings {
    const { tolerance, outputs } = this.#settings;
    const own = outputs && Object.hasOwn(outputs, row.onnx.name) ? outputs[row.onnx.name] : undefined;
    return { ...DEFAULT_TOLERANCE, ...tolerance, ...own };
  }

  #say(key: string, diagnostic: Diagnostic): void {
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.#diagnostics.push(diagnostic);
  }
}

type CheckBase = Pick<Check, 'engine' | 'format' | 'reference'>;

/** A set that an engine failed on. */
interface Failure {
  readonly set: ReferenceSet;
  readonly inputs: ReadonlyMap<string, TfTensor>;
  readonly base: CheckBase;
  /** Where the run itself went well. */
  readonly wrong?: Wrong;
}

interface Wrong {
  readonly outputs: ReadonlyMap<string, TfTensor>;
  readonly differing: readonly RecordedTensor[];
}

function checkOf(base: CheckBase, row: RecordedTensor, comparison: Comparison): Check {
  const reason = sentenceOf(comparison);
  return {
    ...base,
    output: row.onnx.name,
    status: comparison.kind === 'pass' ? 'pass' : 'mismatch',
    ...(reason === undefined ? {} : { reason }),
    ...comparison.figures,
  };
}

function comparisonOf(
  set: ReferenceSet,
  row: RecordedTensor,
  outputs: ReadonlyMap<string, TfTensor>,
  tolerance: ToleranceSettings,
): Comparison {
  const actual = outputs.get(row.tfjs.name);
  if (!actual) throw new Error(`the engine gave no ${row.tfjs.name}`);
  return compare(valueFor(set.outputs, row), actual, row, tolerance);
}

function valueFor<T>(values: ReadonlyMap<string, T>, row: RecordedTensor): T {
  const value = values.get(row.onnx.name);
  if (value === undefined) throw new Error(`the reference was read without ${row.onnx.name}`);
  return value;
}

/** conversion.json and the loaded model have to name the same inputs and outputs. */
function namesOf({ file, record }: WrittenModel, loaded: Loaded): Diagnostic[] {
  const compareNames = (
    what: 'input' | 'output',
    rows: readonly RecordedTensor[],
    names: readonly string[],
  ): Diagnostic[] => [
    ...rows.filter((r) => !names.includes(r.tfjs.name)).map((r) => nameNotInModel(file, what, r.tfjs.name, names)),
    ...names.filter((n) => !rows.some((r) => r.tfjs.name === n)).map((n) => nameNotInRecord(file, what, n)),
  ];
  return [
    ...compareNames('input', record.inputs, loaded.inputNames),
    ...compareNames('output', record.outputs, loaded.outputNames),
  ];
}

/** What a library said of a failure that it didn't throw. */
function failedSilently(file: string, engine: string, line: string): Diagnostic {
  return line.startsWith('WebGPU') ? deviceFailed(file, engine, line) : xnnpackFailed(file, engine, line);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What a DiagnosticError carries; anything else is a fault of ours and goes on. */
function diagnosticsOf(thrown: unknown): readonly Diagnostic[] {
  if (thrown instanceof DiagnosticError) return thrown.diagnostics;
  throw thrown;
}
