import { productOf, type Dim } from '../ir/dim.js';
import { arrange } from '../ir/layout.js';
import type { GraphBuilder, Ref } from './builder.js';
import { canReshape, reshapeSized, type Sized } from './sizes.js';

/** Up to this rank every backend transposes, and WASM without an allocation for each element. */
const PLAIN_RANK = 4;

/**
 * Transpose in the form that does least. Where only axes of size 1 change places nothing moves, and a Reshape says it;
 * axes that stay side by side move as one, so that the rank stays within what backends do well:
 *
 *     [N, H, W, 2, C] by (0, 1, 2, 4, 3)      as      [N*H*W, 2, C] by (0, 2, 1)
 */
export function transposeSized(b: GraphBuilder, x: Sized, perm: readonly number[]): Ref {
  if (perm.every((p, i) => p === i)) return x.ref;
  const to = arrange(x.dims, perm);
  const solid = perm.filter((p) => x.dims[p] !== 1);
  // Of nothing, too: WASM divides by zero there.
  if (x.dims.includes(0) || solid.every((p, i) => i === 0 || solid[i - 1] < p))
    return reshapeSized(b, x, to) ?? b.transpose(x.ref, perm);
  if (perm.length <= PLAIN_RANK) return b.transpose(x.ref, perm);

  // Runs of axes that follow one another before and after; axes of size 1 are in nobody's way.
  const order = x.dims.map((_, axis) => axis).filter((axis) => x.dims[axis] !== 1);
  const rank = new Map(order.map((axis, i) => [axis, i]));
  const groups: number[][] = [];
  for (const axis of solid) {
    const last = groups.at(-1);
    if (last && rank.get(axis) === (rank.get(last[last.length - 1]) as number) + 1) last.push(axis);
    else groups.push([axis]);
  }
  const before = [...groups].sort((g, h) => g[0] - h[0]);
  const merged: Dim[] = before.map((g) => productOf(g.map((axis) => x.dims[axis])));
  const moves = groups.map((g) => before.indexOf(g));
  if (!canReshape(x.dims, merged)) return b.transpose(x.ref, perm);
  const flat = reshapeSized(b, x, merged);
  if (!flat) return b.transpose(x.ref, perm);
  // Back to the full rank: sizes are those of x, so they can be read from x itself.
  const back = reshapeLike(b, b.transpose(flat, moves), to, x);
  return back ?? b.transpose(x.ref, perm);
}

/** Reshape to dims whose sizes are read from another tensor. */
function reshapeLike(b: GraphBuilder, y: Ref, to: readonly Dim[], sized: Sized): Ref | undefined {
  const unknown = to.filter((d) => typeof d !== 'number').length;
  if (unknown === 0 || (unknown === 1 && !to.includes(0))) return b.reshape(y, to);
  const parts = to.map((d) => {
    if (typeof d === 'number') return d;
    const axis = sized.dims.indexOf(d);
    return axis < 0 ? undefined : b.size(sized.ref, axis);
  });
  return parts.every((p) => p !== undefined) ? b.reshape(y, b.sizes(parts)) : undefined;
}
