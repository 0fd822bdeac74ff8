import { series } from '../../ir/weights.js';
import type { Dim } from '../../ir/dim.js';
import { combine, mapElements } from '../../ir/numeric.js';
import { defineOp, type Op } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { collapsed } from '../collapse.js';
import { broadcastType } from '../elementwise.js';
import { withinInt32 } from './integers.js';

interface Variadic {
  readonly name: string;
  readonly summary: string;
  readonly value: (x: number, y: number) => number;
  readonly big?: (x: bigint, y: bigint) => bigint;
  /** What is done with the result of all. */
  readonly last?: (total: number, count: number) => number;
  readonly elems?: (x: Dim, y: Dim) => Dim;
  readonly graph: (x: Ref, y: Ref, b: GraphBuilder) => Ref;
  readonly graphLast?: (total: Ref, count: number, b: GraphBuilder) => Ref;
  /** The side of int32 on which constants may lie, where another operand is always chosen before them. */
  readonly far?: -1 | 1;
  readonly keras: NonNullable<Op['keras']>;
}

/** An operator of one or more operands, broadcast (before version 8 of one shape). */
export function variadic(spec: Variadic): Op {
  const { elems, last, far } = spec;
  return defineOp({
    name: spec.name,
    summary: spec.summary,
    read: {
      1: (n) => {
        const fits = n.inputs.some((v) => v?.kind === 'tensor' && !v.constant);
        if (far && fits) n.setInputs(n.inputs.map((v) => withinInt32(n, v, far)));
        return {};
      },
    },
    layout: 'any',
    infer: (n) => broadcastType(n),
    ...(elems
      ? {
          elems: (n: View) => {
            const lists = n.inputs.map((_, i) => n.elems(i));
            const length = lists.find((l) => l?.length !== 1)?.length ?? 1;
            if (lists.some((l) => !l || (l.length !== 1 && l.length !== length))) return undefined;
            return series(length, (i) => (lists as Dim[][]).map((l) => l[l.length === 1 ? 0 : i]).reduce(elems));
          },
        }
      : {}),
    fold: (_, inputs) => {
      let out: Tensor | undefined = inputs[0];
      for (const t of inputs.slice(1)) out = out && combine(out, t, spec.value, spec.big);
      if (out && last) out = mapElements(out, (v) => last(v, inputs.length));
      return out && [out];
    },
    graph: (n, inputs, b) => {
      if (inputs.length === 1) return b.op('Identity', [inputs[0]]);
      return collapsed(n, inputs, b, (parts) => {
        const total = parts.reduce((x, y) => spec.graph(x, y, b));
        return spec.graphLast ? spec.graphLast(total, inputs.length, b) : total;
      });
    },
    keras: spec.keras,
    constantFirst: true,
  });
}
