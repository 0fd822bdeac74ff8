import { kernelAtFault, kernelNotAtFault } from '../diag/catalogue-verify.js';
import type { Diagnostic } from '../diag/diagnostic.js';
import type { Comparison } from './compare.js';
import type { Engine } from './engines/engine.js';
import type { RecordedTensor } from './record.js';
import type { TfTensor } from './tftensor.js';
import type { WrittenModel } from './written.js';

export interface Explanation {
  readonly finding: Diagnostic;
  /** The kernels that were exchanged in the run of `results`: where it agrees, the least of them that will do. */
  readonly kernels: string[];
  readonly results: readonly Result[];
}

/** Runs of one kernel each, at most: a model has few that are suspect. */
const MAX_ALONE = 8;

export interface Result {
  readonly row: RecordedTensor;
  readonly comparison: Comparison;
}

/**
 * Why an engine's outputs differ: a run with all kernels exchanged that are known to be wrong in some cases, and then with
 * each of them alone. Undefined where the guarded run itself can't be done.
 */
export async function explain(
  engine: Engine,
  model: WrittenModel,
  inputs: ReadonlyMap<string, TfTensor>,
  judge: (outputs: ReadonlyMap<string, TfTensor>) => Result[],
): Promise<Explanation | undefined> {
  const attempt = async (allow: (kernel: string) => boolean) => {
    try {
      const outcome = await engine.explain?.(model, inputs, allow);
      if (!outcome || outcome.printed.failures.length > 0) return undefined;
      const results = judge(outcome.outputs);
      return { results, kernels: [...outcome.exchanged], agrees: results.every((r) => r.comparison.kind === 'pass') };
    } catch {
      // A kernel that is neither known to be wrong nor there at all: the stock run has said so already.
      return undefined;
    }
  };
  const all = await attempt(() => true);
  if (!all) return undefined;
  // Each alone, even where all together don't agree: the other backend has its own differences.
  if (all.kernels.length > 1)
    for (const kernel of all.kernels.slice(0, MAX_ALONE)) {
      const alone = await attempt((k) => k === kernel);
      if (alone?.agrees) return { ...alone, finding: kernelAtFault(model.file, engine.name, alone.kernels) };
    }
  const { kernels, results } = all;
  const found = all.agrees && kernels.length > 0 ? kernelAtFault : kernelNotAtFault;
  return { finding: found(model.file, engine.name, kernels), kernels, results };
}
