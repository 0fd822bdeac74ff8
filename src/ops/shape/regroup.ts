import { exactDiv, isKnown, mulDim, sameDim, type Dim } from '../../ir/dim.js';
import { arrange, identity, sameLayout, type Layout } from '../../ir/layout.js';
import type { LayoutChoice } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import { refuse } from '../../diag/diagnostic.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { reshapeSized } from '../../tf/sizes.js';

/** Axes before and after a reshape that hold the same elements in the same order. */
export interface Group {
  readonly from: number[];
  readonly to: number[];
}

/**
 * Cuts a reshape into the smallest parts that are reshapes of their own: [N, C, H, W] to [N, C, HW] is N to N, C to C
 * and HW to HW. What can't be told apart (symbols) is one part.
 */
export function groupsOf(from: readonly Dim[], to: readonly Dim[]): Group[] {
  const groups: Group[] = [];
  let [i, j] = [0, 0];
  const rest = (): Group[] => {
    const last = { from: identity(from.length).slice(i), to: identity(to.length).slice(j) };
    return last.from.length + last.to.length > 0 ? [...groups, last] : groups;
  };
  if (from.includes(0) || to.includes(0)) return rest();
  while (i < from.length && j < to.length) {
    const group: Group = { from: [i], to: [j] };
    let [p, q] = [from[i], to[j]];
    let [a, b] = [i + 1, j + 1];
    while (!sameDim(p, q)) {
      if (b < to.length && isPart(q, p)) {
        q = mulDim(q, to[b]);
        group.to.push(b++);
      } else if (a < from.length && isPart(p, q)) {
        p = mulDim(p, from[a]);
        group.from.push(a++);
      } else return rest();
    }
    groups.push(group);
    [i, j] = [a, b];
  }
  // Only axes of size 1 can be left.
  const last = groups.at(-1);
  if (!last) return rest();
  last.from.push(...identity(from.length).slice(i));
  last.to.push(...identity(to.length).slice(j));
  return groups;
}

/** Whether p has to take in another axis to become q. */
function isPart(p: Dim, q: Dim): boolean {
  return isKnown(p) && isKnown(q) ? p < q : exactDiv(q, p) !== undefined;
}

/**
 * The layouts in which a reshape is one in memory too. Groups keep the order in which they lie; within a group ONNX's
 * order is needed. Axes of size 1 lie anywhere.
 */
export function regroup(from: readonly Dim[], to: readonly Dim[], given: Layout): { input: Layout; output: Layout } {
  const groups = groupsOf(from, to);
  const firstOf = (g: Group): number => Math.min(...g.from.filter((a) => from[a] !== 1).map((a) => given.indexOf(a)));
  const placed: Group[] = groups
    .filter((g) => firstOf(g) !== Number.POSITIVE_INFINITY)
    .sort((a, b) => firstOf(a) - firstOf(b));
  groups.forEach((g, k) => {
    if (!placed.includes(g)) placed.splice(k === 0 ? 0 : placed.indexOf(groups[k - 1]) + 1, 0, g);
  });
  const wanted = placed.flatMap((g) => g.from);
  const solid = (layout: Layout): Layout => layout.filter((a) => from[a] !== 1);
  return { input: sameLayout(solid(given), solid(wanted)) ? given : wanted, output: placed.flatMap((g) => g.to) };
}

/** The layout rule of what is a reshape of input 0; the other inputs lie as in ONNX. */
export function regroupRule(n: View, given: readonly Layout[]): LayoutChoice {
  const out = n.outputs[0];
  if (!out) return { inputs: [], outputs: [] };
  const { input, output } = regroup(n.dims(0), out.type.dims, given[0]);
  return { inputs: [input], outputs: [output] };
}

/**
 * Lowers what is a reshape of input 0, in the layouts that {@link regroupRule} gave.
 * @param shape ONNX's dims as an int32 vector, for what can't be told from the input's sizes
 */
export function reshapeInMemory(n: View, x: Ref, b: GraphBuilder, shape?: Ref): Ref {
  const out = n.outputs[0];
  if (!out) return x;
  const from = arrange(n.dims(0), n.layout(0));
  const to = arrange(out.type.dims, out.layout);
  if (from.length === to.length && from.every((d, i) => sameDim(d, to[i]))) return x;
  const plain = reshapeSized(b, { ref: x, dims: from }, to);
  if (plain) return plain;
  if (!shape) return refuse('the sizes of the result are not known', 'fix the sizes with input-shapes in the config');
  const inOrder = out.layout.every((axis, i) => axis === i)
    ? shape
    : b.op('GatherV2', [shape, b.ints(out.layout), b.scalar(0, 'int32')]);
  return b.reshape(x, inOrder);
}

/** A stock Reshape (or Flatten, which onnx2keras gives where all is merged): the batch has to stay as it is. */
export function reshapeLayer(n: View, x: Layer, k: KerasBuilder, flat: boolean): Layer {
  const out = n.outputs[0];
  if (!out) return x;
  // That the batch stays alone was seen to before (passes/batch.ts).
  if (flat && x.shape.length > 2 && out.type.dims.length === 2 && x.shape.slice(1).every((d) => d !== null))
    return k.layer('Flatten', [x], { data_format: 'channels_last' });
  const target = k.outputShape().slice(1);
  if (target.filter((d) => d === null).length > 1)
    return refuse(
      'a Reshape layer can leave one size open, and here are more',
      'convert to a graph-model, or fix the sizes with input-shapes in the config',
    );
  return k.layer('Reshape', [x], { target_shape: target.map((d) => d ?? -1) });
}
