import { invalid } from '../diag/diagnostic.js';
import { LIMITS } from '../diag/limits.js';
import { areKnown, type Dim } from '../ir/dim.js';
import type { Value } from '../ir/graph.js';
import type { Op } from '../ir/op.js';
import type { View } from '../ir/view.js';
import type { OnnxModel } from '../onnx/model.js';
import { sizeOf, weightOf, type Tensor, type Weight } from '../tensor/tensor.js';

/** Folded at once and kept; larger results are computed again at each use, so that they are not held. */
const KEEP_ELEMENTS = 1 << 14;

/** Work on constants, in elements read and computed, beyond what the file itself holds. */
const FOLDING_WORK = 2 ** 28;

/** How many times its own elements a folded constant may take to be loaded. */
const MOST_AGAIN = 32;

/** Computes constants while a model is read, within bounds of work and of size. */
export class Folding {
  /** Elements that may still be read and computed. */
  private workLeft: number;
  private readonly mostFolded: number;
  /** What loading a folded constant takes, in elements, where that is more than its own. */
  private readonly costs = new WeakMap<Weight, number>();

  constructor(model: OnnxModel) {
    const held = 8 * model.externalFiles.reduce((sum, f) => sum + f.bytes, model.bytes);
    this.mostFolded = LIMITS.foldedElements + held;
    this.workLeft = FOLDING_WORK + 8 * held;
  }

  /**
   * The outputs of a node whose inputs are all constant: computed now, or at each use where they are large; undefined where
   * they are left to the written model.
   */
  fold(
    op: Op,
    view: View,
    inputs: (Value | undefined)[],
    types: readonly { dtype: Weight['dtype']; dims: readonly Dim[] }[],
  ): Weight[] | undefined {
    const { fold } = op;
    if (!fold) return undefined;
    const weights: (Weight | undefined)[] = [];
    for (const v of inputs) {
      if (v && !v.constant) return undefined;
      weights.push(v?.constant);
    }
    const compute = () =>
      fold.call(
        op,
        view,
        weights.map((w) => w?.load() as Tensor),
      );
    const sizes = types.map((t) => (areKnown(t.dims) ? sizeOf(t.dims) : -1));
    const read = weights.map((w) => (w ? sizeOf(w.dims) : 0));
    const own = sizes.concat(read).reduce((sum, n) => sum + Math.max(0, n), 0);
    // What would be large is left to the written model, which is the smaller for it.
    if (sizes.some((n) => n > this.mostFolded)) return undefined;
    const cost = weights.reduce((sum, w) => sum + ((w && this.costs.get(w)) ?? 0), own);
    const now = (): Weight[] | undefined => {
      if ((this.workLeft -= cost) < 0) return undefined;
      return compute()?.map(weightOf);
    };
    if (sizes.some((n) => n < 0) || sizes.concat(read).every((n) => n <= KEEP_ELEMENTS)) return now();
    // Computed again at each use, a chain of constants would take time that doubles with each link: this one is held.
    if (cost > MOST_AGAIN * own) return now();
    return types.map((t, i) => {
      const weight: Weight = {
        dtype: t.dtype,
        dims: t.dims as readonly number[],
        load: () => compute()?.[i] ?? invalid(`${op.name} can't be computed while converting`),
      };
      this.costs.set(weight, cost);
      return weight;
    });
  }
}
