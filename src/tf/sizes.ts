import { exactDiv, isKnown, sameDim, Sym, type Dim } from '../ir/dim.js';
import type { GraphBuilder, Ref } from './builder.js';

/** A tensor whose sizes can be read when the model runs, with its dims in memory order. */
export interface Sized {
  readonly ref: Ref;
  readonly dims: readonly Dim[];
}

type Plan = (b: GraphBuilder, refs: readonly Ref[]) => number | Ref;

/** How a size is computed from the sizes of these tensors; undefined where it can't be. */
function planOf(d: Dim, from: readonly (readonly Dim[])[]): Plan | undefined {
  if (isKnown(d)) return () => d;
  for (const [i, dims] of from.entries()) {
    const axis = dims.findIndex((x) => sameDim(x, d));
    if (axis >= 0) return (b, refs) => b.size(refs[i], axis);
  }
  if (d.terms.length > 1) {
    const parts = d.terms.map((t) => planOf(t.factors.length === 0 ? t.coefficient : new Sym([t]), from));
    if (parts.every((p) => p !== undefined))
      return (b, refs) => parts.map((p) => p(b, refs)).reduce((x, y) => b.add2(scalar(b, x), scalar(b, y)));
  }
  // One of the sizes may be a factor of what is looked for.
  for (const [i, dims] of from.entries())
    for (const [axis, x] of dims.entries()) {
      const rest = isKnown(x) ? undefined : exactDiv(d, x);
      const plan = rest === undefined ? undefined : planOf(rest, from);
      if (plan) return (b, refs) => b.mul(b.size(refs[i], axis), scalar(b, plan(b, refs)));
    }
  return undefined;
}

const scalar = (b: GraphBuilder, x: number | Ref): Ref => (typeof x === 'number' ? b.scalar(x, 'int32') : x);

/** Whether a size can be computed, when the model runs, from tensors of these dims. */
export function canSize(d: Dim, from: readonly (readonly Dim[])[]): boolean {
  return planOf(d, from) !== undefined;
}

/** A size as a number, or as an int32 scalar that is computed when the model runs; undefined where it can't be. */
export function sizeFrom(b: GraphBuilder, d: Dim, from: readonly Sized[]): number | Ref | undefined {
  return planOf(
    d,
    from.map((s) => s.dims),
  )?.(
    b,
    from.map((s) => s.ref),
  );
}

/** Sizes as an int32 vector, each computed from the tensors in `from`; undefined where one can't be. */
export function sizesFrom(b: GraphBuilder, dims: readonly Dim[], from: readonly Sized[]): Ref | undefined {
  const parts = dims.map((d) => sizeFrom(b, d, from));
  return parts.every((p) => p !== undefined) ? b.sizes(parts) : undefined;
}

/** Whether x, of dims `from`, can be brought to the dims `to` without asking anything but its own sizes. */
export function canReshape(from: readonly Dim[], to: readonly Dim[]): boolean {
  return to.filter((d) => !canSize(d, [from])).length <= (to.includes(0) ? 0 : 1);
}

/** Reshape to sizes of which several may be unknown; see {@link canReshape}. Undefined where it can't be said. */
export function reshapeSized(b: GraphBuilder, x: Sized, to: readonly Dim[]): Ref | undefined {
  const unknown = to.filter((d) => !isKnown(d)).length;
  if (unknown === 0 || (unknown === 1 && !to.includes(0))) return b.reshape(x.ref, to);
  const parts = to.map((d) => sizeFrom(b, d, [x]));
  const free = parts.filter((p) => p === undefined).length;
  if (free > (to.includes(0) ? 0 : 1)) return undefined;
  return b.reshape(x.ref, b.sizes(parts.map((p) => p ?? -1)));
}
