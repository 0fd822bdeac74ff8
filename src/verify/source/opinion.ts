import { noSecondSize } from '../../diag/catalogue-source.js';
import { type Diagnostic, DiagnosticError } from '../../diag/diagnostic.js';
import type { EngineFacts, EngineTimings } from '../checks.js';
import type { ConversionRecord } from '../record.js';
import type { ReadResult } from '../reference-set.js';
import type { ReferenceSource } from '../verify.js';
import { anotherSize, type MadeSets, outputsOf, type Ranges, seededSets } from './seeded.js';
import type { Sizes } from './sizes.js';
import { SourceModel, SourceRunError, whyNotRun } from './source.js';

/** Seeded inputs are those of this seed unless a reference was recorded with another. */
export const SEED = '0';

interface Made {
  references: ReferenceSource[];
  diagnostics: Diagnostic[];
}

/**
 * What onnxruntime says about a model where no outputs are stored. The source is read when it is first needed, and run in
 * a process of its own; the same inputs serve all formats of a model folder.
 */
export class SecondOpinion {
  readonly #path: string;
  readonly #file: string;
  readonly #ranges: Ranges;
  readonly #progress: ((step: string) => void) | undefined;
  #source: SourceModel | undefined;
  #made: { key: string; sets: MadeSets } | undefined;
  #milliseconds = 0;

  /** `file`: what diagnostics name as the model. */
  constructor(path: string, file: string, ranges: Ranges = {}, progress?: (step: string) => void) {
    this.#path = path;
    this.#file = file;
    this.#ranges = ranges;
    this.#progress = progress;
  }

  /** Data sets made from seeded inputs; none, and why, where the source can't be run. */
  references(record: ConversionRecord): Promise<Made> {
    return this.#making(record, (source) => seededSets(source, record, SEED, this.#ranges));
  }

  /** A data set of other sizes than the stored ones, `shown`, have; a note where there is none. */
  async ofAnotherSize(record: ConversionRecord, stored: { sizes: Sizes; shown: string }): Promise<Made> {
    const made = await this.#making(record, (source) => anotherSize(source, record, SEED, this.#ranges, stored));
    const [why] = made.diagnostics;
    if (why === undefined || why.severity === 'note') return made;
    return { references: [], diagnostics: [noSecondSize(this.#file, stored.shown, why.message)] };
  }

  async #making(record: ConversionRecord, make: (source: SourceModel) => Promise<MadeSets>): Promise<Made> {
    // Another format may have fixed other sizes.
    const key = JSON.stringify(record.inputs.map((row) => [row.onnx, [...row.tfjs.shape].sort()]));
    try {
      if (this.#made?.key !== key) this.#made = { key, sets: await this.#timed(() => make(this.source(record))) };
    } catch (e) {
      if (e instanceof DiagnosticError) return { references: [], diagnostics: [...e.diagnostics] };
      throw e;
    }
    const { sets, diagnostics } = this.#made.sets;
    return {
      references: sets.map(({ name, set }) => ({ kind: 'onnxruntime', name, load: () => ({ set, diagnostics: [] }) })),
      diagnostics: [...diagnostics],
    };
  }

  /** A stored set that lacks its outputs, with those that the source computes; others as they are. */
  async completed(read: ReadResult, record: ConversionRecord): Promise<ReadResult> {
    const { inputs } = read;
    if (!inputs) return read;
    try {
      const outputs = await this.#timed(() => outputsOf(this.source(record), record, inputs));
      const diagnostics = read.diagnostics.filter((d) => d.code !== 'reference-without-outputs');
      return { set: { inputs, outputs }, computed: true, diagnostics };
    } catch (e) {
      const { diagnostics } = e instanceof SourceRunError ? whyNotRun(this.#file, e) : (e as DiagnosticError);
      if (!(e instanceof SourceRunError || e instanceof DiagnosticError)) throw e;
      return { diagnostics: [...read.diagnostics, ...diagnostics] };
    }
  }

  /** What ran the source, where it was run. */
  facts(): EngineFacts[] {
    const facts = this.#source?.facts();
    return facts && facts.version !== '' ? [facts] : [];
  }

  timings(): Record<string, EngineTimings> {
    if (this.#milliseconds === 0) return {};
    return { onnxruntime: { start: 0, load: 0, firstRun: 0, otherRuns: this.#milliseconds } };
  }

  async close(): Promise<void> {
    await this.#source?.close();
  }

  /** Throws DiagnosticError where it isn't there, can't be read, or is another one than was converted. */
  source(record: ConversionRecord): SourceModel {
    this.#source ??= new SourceModel(this.#path, this.#file, record.source.sha256);
    return this.#source;
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    this.#progress?.('running the source in onnxruntime');
    const begun = performance.now();
    try {
      return await work();
    } finally {
      this.#milliseconds += performance.now() - begun;
    }
  }
}
