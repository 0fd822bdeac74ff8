import { defineOp, noAttributes, type Op } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

interface GlobalPool<A> {
  readonly name: string;
  readonly summary: string;
  readonly read?: Op<A>['read'];
  /** @param axes the spatial ones, in memory; they stay, with size 1 */
  readonly graph: (x: Ref, axes: number[], n: View<A>, b: GraphBuilder) => Ref;
  readonly keras?: (n: View<A>, x: Layer, k: KerasBuilder) => Layer;
}

/** A pool over everything but batch and channels. */
export function globalPool<A = Record<string, never>>(spec: GlobalPool<A>): Op {
  const { keras } = spec;
  return defineOp<A>({
    name: spec.name,
    summary: spec.summary,
    shapes: ['_ _ ...'],
    read: spec.read ?? { 1: noAttributes as unknown as Op<A>['read'][number] },
    layout: 'channels-last',
    infer: (n) => [{ dtype: n.dtype(0), dims: n.dims(0).map((d, axis) => (axis < 2 ? d : 1)) }],
    graph: (n, [x], b) => {
      const axes = Array.from({ length: n.rank(0) - 2 }, (_, i) => n.position(0, i + 2)).sort((p, q) => p - q);
      return axes.length === 0 ? b.op('Identity', [x]) : spec.graph(x, axes, n, b);
    },
    ...(keras ? { keras: (n: View<A>, [x]: Layer[], k: KerasBuilder) => keras(n, x, k) } : {}),
  });
}
