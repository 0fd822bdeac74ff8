import type { EngineFacts } from '../checks.js';
import type { TfTensor } from '../tftensor.js';
import type { WrittenModel } from '../written.js';

/** What TensorFlow.js and what it rests on printed meanwhile; nothing of it reaches the console. */
export interface LibraryOutput {
  /** XNNPACK's failures: what was computed after them is garbage, though nothing was thrown. */
  readonly failures: readonly string[];
  readonly other: readonly string[];
}

/** What one inference gave. */
export interface Outcome {
  /** By tfjs.name of conversion.json, in the order and type of axes of the written model. */
  readonly outputs: ReadonlyMap<string, TfTensor>;
  readonly printed: LibraryOutput;
}

/** A written model in an engine's memory. */
export interface Loaded {
  /** What the loaded model itself says that it takes and gives. */
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** What was printed while loading. */
  readonly printed: LibraryOutput;
  /**
   * One inference. `inputs` by tfjs.name; all outputs of conversion.json are fetched, or what `fetch` names: nodes of a
   * graph-model (`name` or `name:1`), layers of a layers-model. Throws what the engine throws; the feeds stay untouched.
   */
  run(inputs: ReadonlyMap<string, TfTensor>, fetch?: readonly string[]): Promise<Outcome>;
  /** Frees the model; the engine goes on. */
  dispose(): Promise<void>;
}

/** An inference in which kernels known to be wrong were exchanged for right ones. */
export interface GuardedOutcome extends Outcome {
  /** The kernels that were exchanged, with what made them suspect: `Cast (to bool)`. */
  readonly exchanged: readonly string[];
}

/** An inference in which tensors were held in float16, and what they couldn't hold. */
export interface HalfOutcome extends Outcome {
  /** The kernel that gave the first finite value beyond float16's range, and the value. */
  readonly beyond?: { readonly kernel: string; readonly value: number };
}

/** A way to run written models: a TensorFlow.js backend, in this process or elsewhere. */
export interface Engine {
  readonly name: string;
  /** Weights beyond this many bytes fail, silently or not; undefined where memory is the only limit. */
  readonly maxWeightBytes?: number;
  describe(): Promise<EngineFacts>;
  /** Throws what TensorFlow.js throws, or DiagnosticError where the files are at fault. */
  load(model: WrittenModel): Promise<Loaded>;
  /**
   * For an engine with kernels that are known to be wrong: the same inference with those that `allow` lets through taken
   * from another backend. It explains a mismatch and is no verdict. The stock engine isn't touched.
   */
  explain?(
    model: WrittenModel,
    inputs: ReadonlyMap<string, TfTensor>,
    allow?: (kernel: string) => boolean,
  ): Promise<GuardedOutcome>;
  /** The same inference with every float tensor held in float16. */
  half?(model: WrittenModel, inputs: ReadonlyMap<string, TfTensor>): Promise<HalfOutcome>;
  /** True after a trap or a failed allocation: the process should not judge another model. */
  readonly damaged: boolean;
  dispose(): Promise<void>;
}
