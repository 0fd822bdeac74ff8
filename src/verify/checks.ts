import type { Diagnostic } from '../diag/diagnostic.js';
import type { Divergence, Drawings } from '../report/types.js';
import type { Format } from './record.js';

/** A number that JSON can carry: NaN and the infinities as words. */
export type Figure = number | 'NaN' | 'Infinity' | '-Infinity';

/** A number as JSON can carry it; -0 as 0. */
export function figure(x: number): Figure {
  if (Number.isFinite(x)) return x === 0 ? 0 : x;
  return Number.isNaN(x) ? 'NaN' : x > 0 ? 'Infinity' : '-Infinity';
}

/** The best class, or the k best, along an axis: at which share of the places they have to be the same. */
export interface Agreement {
  readonly k: number;
  readonly axis: number;
  readonly share: number;
}

/** NaN or an infinity: has to meet its equal, may not be there at all, or is passed over where it is expected. */
export type NonFinitePolicy = 'equal' | 'forbid' | 'ignore';

/**
 * How far an output may be from its reference: abs(a-b) <= atol + rtol*abs(b) + rangeTol*(max(b)-min(b)), the range over
 * the finite expected values. Integers, bools and strings have to be equal, but for `integerAtol`.
 */
export interface ToleranceSettings {
  readonly rtol: number;
  readonly atol: number;
  readonly rangeTol: number;
  /** Absolute difference allowed in integer outputs; 0 unless someone asked for it. */
  readonly integerAtol: number;
  /** Elements within so many units in the last place of float32 agree as well. */
  readonly ulp?: number;
  /** Share of the elements that may be beyond all this; NaN and infinities are no outliers. */
  readonly outliers?: number;
  /** Smallest cosine of the angle between both, all elements as one vector. */
  readonly cosine?: number;
  readonly topK?: Agreement;
  readonly argMax?: Omit<Agreement, 'k'>;
  readonly nan?: NonFinitePolicy;
  readonly infinite?: NonFinitePolicy;
}

export const DEFAULT_TOLERANCE: ToleranceSettings = { rtol: 1e-3, atol: 1e-5, rangeTol: 1e-5, integerAtol: 0 };

/** What was effectively applied to one output; what nobody asked for is absent. */
export interface AppliedTolerance {
  rtol: number;
  atol: number;
  rangeTol: number;
  /** max(b)-min(b) over the finite expected values; absent for strings. */
  range?: number;
  ulp?: number;
  outliers?: number;
  cosine?: number;
  topK?: Agreement;
  argMax?: Omit<Agreement, 'k'>;
  nan?: NonFinitePolicy;
  infinite?: NonFinitePolicy;
}

/** What one output's comparison found. */
export interface Figures {
  dtype: { expected: string; actual: string };
  shape: { expected: number[]; actual: number[] };
  elements?: number;
  /** Largest |a-b| over the pairs in which both are finite. */
  maxAbs?: Figure;
  /** Largest |a-b| / |b| over the same pairs, b other than 0. */
  maxRel?: Figure;
  /**
   * Largest |a-b| / limit over all pairs; Infinity where NaN or Inf meets another value. At most 1 passes, unless outliers
   * are allowed.
   */
  used?: Figure;
  /** Number of elements beyond tolerance. */
  beyond?: number;
  /** The place of `used`, as an index in ONNX's order of axes. */
  worst?: { index: number[]; expected: Figure | string; actual: Figure | string };
  nonFinite?: { expected: { nan: number; inf: number }; actual: { nan: number; inf: number } };
  /** Where asked for: the cosine, and the share of places with the same k best classes, or the same best one. */
  agreement?: { cosine?: Figure; topK?: number; argMax?: number };
  /** Smallest and largest finite expected value. */
  expectedRange?: { min: number; max: number };
  tolerance?: AppliedTolerance;
}

/** One output of one written model, on one engine, against one reference: a row of report.json's `checks`, plain JSON. */
export interface Check extends Partial<Figures>, Drawings {
  engine: string;
  format: Format;
  reference: { kind: 'stored' | 'onnxruntime'; name: string };
  /** ONNX's name of the output. Absent where the run failed as a whole. */
  output?: string;
  /** error: the model couldn't be loaded or run; then `reason` says why and there are no figures. */
  status: 'pass' | 'mismatch' | 'error';
  /** Why it isn't a pass, in one sentence. */
  reason?: string;
  /** True for a run that only explains (CPU kernels in the place of suspect ones): it never counts in the verdict. */
  guarded?: boolean;
  /** For a guarded run: the kernels that were exchanged. */
  kernels?: string[];
}

/** pass: all outputs within tolerance on all engines. unverified: nothing to compare with. error: couldn't be judged. */
export type Verdict = 'pass' | 'mismatch' | 'unverified' | 'error';

/** What an engine was, for the provenance of a verdict. */
export interface EngineFacts {
  name: string;
  version: string;
  /** SIMD, threads, the browser … */
  details: Record<string, string>;
}

/** Milliseconds of one engine's work on one model. */
export interface EngineTimings {
  start: number;
  load: number;
  /** The first inference, weights being packed; and all the others together. */
  firstRun: number;
  otherRuns: number;
}

/** What the judge found about one model folder. Plain JSON; equal from run to run but for `timings`. */
export interface Judgement {
  verdict: Verdict;
  checks: Check[];
  diagnostics: Diagnostic[];
  engines: EngineFacts[];
  timings: Record<string, EngineTimings>;
  /** Where the written model parts from the source, if it was looked for and found. */
  divergence?: Divergence;
  /** The process has been left in a state that should not judge another model (a WASM trap, failed allocations). */
  restart: boolean;
}
