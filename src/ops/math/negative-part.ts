import type { GraphBuilder, Ref } from '../../tf/builder.js';

/** min(x, 0), fast. */
export function negativePart(x: Ref, b: GraphBuilder): Ref {
  return b.op('ClipByValue', [x, b.scalar(Number.NEGATIVE_INFINITY), b.scalar(0)]);
}

/** max(x, 0) + factor * (exp(min(x, 0) * inner) - 1): Elu and its kin, right for every factor. */
export function exponentialUnit(x: Ref, factor: number, inner: number, b: GraphBuilder): Ref {
  const below = negativePart(x, b);
  const bent = b.op('Elu', [inner === 1 ? below : b.mul(below, b.scalar(inner))]);
  return b.add2(b.op('Relu', [x]), factor === 1 ? bent : b.mul(bent, b.scalar(factor)));
}
