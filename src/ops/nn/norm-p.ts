import type { GraphBuilder, Ref } from '../../tf/builder.js';

/** |x| ** p, by the cheapest op that says it. */
export function powered(x: Ref, p: number, b: GraphBuilder): Ref {
  if (p === 1) return b.op('Abs', [x]);
  if (p === 2) return b.op('Square', [x]);
  return b.op('Pow', [b.op('Abs', [x]), b.scalar(p)]);
}

/** x ** (1 / p) for x >= 0. */
export function rooted(x: Ref, p: number, b: GraphBuilder): Ref {
  if (p === 1) return x;
  return p === 2 ? b.op('Sqrt', [x]) : b.op('Pow', [x, b.scalar(1 / p)]);
}
