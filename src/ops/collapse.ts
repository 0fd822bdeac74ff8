import { refuse } from '../diag/diagnostic.js';
import { areKnown, isKnown, mulDim, productOf, sameDim, type Dim } from '../ir/dim.js';
import { arrange } from '../ir/layout.js';
import type { View } from '../ir/view.js';
import type { GraphBuilder, Ref } from '../tf/builder.js';

/** The largest rank at which TensorFlow.js broadcasts right on every backend: WASM is wrong in silence above it. */
const MOST_AXES = 6;

/**
 * Computes an element-wise result of any rank. Above rank 6 neighbouring axes that broadcast alike become one, and the
 * result gets its shape back.
 * @param most rank that `compute` can do with
 */
export function collapsed<A>(
  n: View<A>,
  inputs: readonly Ref[],
  b: GraphBuilder,
  compute: (inputs: readonly Ref[]) => Ref,
  most = MOST_AXES,
): Ref {
  const shapes = n.inputs.map((v) => (v ? arrange(v.type.dims, v.layout) : []));
  const rank = Math.max(...shapes.map((s) => s.length));
  if (rank <= most) return compute(inputs);
  const padded = shapes.map((s): readonly Dim[] => [...new Array<Dim>(rank - s.length).fill(1), ...s]);
  const groups: number[][] = [];
  for (let axis = 0; axis < rank; axis++) {
    const last = groups.at(-1);
    if (last && padded.every((s) => alike(padded, s, last[0], axis))) last.push(axis);
    else groups.push([axis]);
  }
  const merged = padded.map((s) => groups.map((g) => g.map((axis) => s[axis]).reduce<Dim>(mulDim, 1)));
  if (groups.length > most || merged.some((s) => s.filter((d) => !isKnown(d)).length > 1))
    return refuse(
      `${n.opName} broadcasts over ${rank} axes, and TensorFlow.js is right up to ${most} only`,
      'merge axes before it',
    );
  const out = padded[0].map((_, axis): Dim => padded.map((s) => s[axis]).find((d) => d !== 1) ?? 1);
  if (out.filter((d) => !isKnown(d)).length > 1)
    return refuse(
      `${n.opName} of rank ${rank} with more than one unknown size`,
      'fix the sizes with input-shapes in the config',
    );
  const parts = inputs.map((x, i) => (areKnown(shapes[i]) && shapes[i].length === 0 ? x : b.reshape(x, merged[i])));
  return b.reshape(compute(parts), out);
}

/** Whether axis i can be merged with axis first: each operand has there what the result has, or is 1 at both. */
function alike(all: readonly (readonly Dim[])[], s: readonly Dim[], first: number, i: number): boolean {
  const full = (axis: number) => all.every((o) => o[axis] === 1 || sameDim(o[axis], s[axis]));
  const ones = (axis: number) => s[axis] === 1 && all.some((o) => o[axis] !== 1);
  return ones(first) ? ones(i) : full(first) && full(i) && !ones(i);
}

/**
 * Computes along one axis of a value of any rank: above rank 6 what lies before the axis is one, and what lies behind it.
 * @param position of the axis in memory
 * @param compute gets the value and the axis' place in it, and gives a result of the same shape
 */
export function alongAxis<A>(
  n: View<A>,
  x: Ref,
  position: number,
  b: GraphBuilder,
  compute: (x: Ref, position: number) => Ref,
): Ref {
  const dims = arrange(n.dims(0), n.layout(0));
  if (dims.length <= MOST_AXES) return compute(x, position);
  if (!areKnown(dims))
    return refuse(
      `${n.opName} of rank ${dims.length} with unknown sizes`,
      'fix the sizes with input-shapes in the config',
    );
  const size = (part: readonly Dim[]) => productOf(part);
  const three = b.reshape(x, [size(dims.slice(0, position)), dims[position], size(dims.slice(position + 1))]);
  return b.reshape(compute(three, 1), dims);
}

/** Refuses a node whose arithmetic would run at a rank where WASM is wrong. */
export function needFewAxes<A>(n: View<A>): void {
  if (n.rank(0) > MOST_AXES)
    refuse(`${n.opName} of rank ${n.rank(0)}: TensorFlow.js is right up to ${MOST_AXES} only`, 'merge axes before it');
}
