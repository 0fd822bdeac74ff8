import { invalid, refuse } from '../diag/diagnostic.js';
import { broadcastDims, showDims, type Dim } from '../ir/dim.js';
import type { TensorType } from '../ir/graph.js';
import { combine, combineStrings, mapElements } from '../ir/numeric.js';
import { defineOp, noAttributes, type Op } from '../ir/op.js';
import type { RawNode, View } from '../ir/view.js';
import type { Layer, KerasBuilder } from '../keras/builder.js';
import type { DType } from '../tensor/dtype.js';
import type { GraphBuilder, Ref } from '../tf/builder.js';
import { collapsed } from './collapse.js';

/** The type of an element-wise operator's output: numpy's broadcasting of all inputs. */
export function broadcastType(n: View, dtype: DType = n.dtype(0)): TensorType[] {
  let dims: readonly Dim[] = [];
  n.inputs.forEach((v, i) => {
    if (!v) return;
    const both = broadcastDims(dims, v.type.dims, () => n.fresh());
    dims = both ?? invalid(`the shapes ${showDims(dims)} and ${showDims(n.dims(i))} don't broadcast`);
  });
  return [{ dtype, dims }];
}

interface Unary<A> {
  readonly name: string;
  readonly summary: string;
  readonly domain?: string;
  readonly since?: number;
  readonly limits?: string;
  readonly read?: Op<A>['read'];
  /** For folding; without it constants are not folded. */
  readonly value?: (x: number, attrs: A) => number;
  readonly big?: (x: bigint, attrs: A) => bigint;
  readonly elems?: (x: Dim) => Dim | undefined;
  readonly graph: (x: Ref, b: GraphBuilder, n: View<A>) => Ref;
  readonly keras?: (n: View<A>, x: Layer, k: KerasBuilder) => Layer;
}

/** An operator that computes each element by itself, and keeps the type. */
export function unary<A = Record<string, never>>(spec: Unary<A>): Op {
  const { value, big, elems, keras } = spec;
  return defineOp<A>({
    name: spec.name,
    ...(spec.domain ? { domain: spec.domain } : {}),
    summary: spec.summary,
    ...(spec.limits ? { limits: spec.limits } : {}),
    read: spec.read ?? { [spec.since ?? 1]: noAttributes as unknown as (n: RawNode) => A },
    layout: 'any',
    infer: (n) => [n.type(0)],
    ...(value
      ? {
          fold: (n: View<A>, [x]) => {
            const out = mapElements(x, (v) => value(v, n.attrs), big && ((v) => big(v, n.attrs)));
            return out && [out];
          },
        }
      : {}),
    ...(elems ? { elems: (n: View<A>) => every(n.elems(0)?.map(elems)) } : {}),
    graph: (n, inputs, b) => collapsed(n, inputs, b, ([x]) => spec.graph(x, b, n)),
    ...(keras ? { keras: (n: View<A>, [x], k) => keras(n, x, k) } : {}),
  });
}

interface Binary {
  readonly name: string;
  readonly summary: string;
  readonly limits?: string;
  /** Element type of the result; the operands' where nothing is said. */
  readonly result?: DType;
  readonly since?: number;
  readonly value: (x: number, y: number, dtype: DType) => number;
  readonly big?: (x: bigint, y: bigint) => bigint | boolean;
  readonly strings?: (x: string, y: string) => boolean;
  readonly elems?: (x: Dim, y: Dim, dtype: DType) => Dim | undefined;
  readonly graph: (a: Ref, b: Ref, g: GraphBuilder, n: View) => Ref;
  /** The greatest rank that `graph` can do with, where that is below TensorFlow.js's. */
  readonly axes?: number;
  readonly keras?: Op['keras'];
}

/**
 * An operator of two operands, broadcast. Before version 7 it broadcasts only when told to (`broadcast`), and `axis` says
 * where the second operand's axes begin in the first's: the second is brought to numpy's form while reading.
 */
export function binary(spec: Binary): Op {
  const { value, big, strings, elems } = spec;
  const since = spec.since ?? 1;
  return defineOp({
    name: spec.name,
    summary: spec.summary,
    ...(spec.limits ? { limits: spec.limits } : {}),
    read: since < 7 ? { [since]: readOldBroadcast, 7: noAttributes } : { [since]: noAttributes },
    layout: 'any',
    infer: (n) => broadcastType(n, spec.result),
    ...(elems
      ? {
          elems: (n: View) => {
            const [x, y] = [n.elems(0), n.elems(1)];
            if (!x || !y) return undefined;
            const length = x.length === 1 ? y.length : x.length;
            const out: Dim[] = [];
            for (let i = 0; i < length; i++) {
              const v = elems(x[x.length === 1 ? 0 : i], y[y.length === 1 ? 0 : i], n.dtype(0));
              if (v === undefined) return undefined;
              out.push(v);
            }
            return out;
          },
        }
      : {}),
    fold: (_, [x, y]) => {
      const out =
        x.dtype === 'string'
          ? strings && combineStrings(x, y, strings)
          : combine(x, y, (p, q) => value(p, q, x.dtype), big, spec.result);
      return out && [out];
    },
    graph: (n, inputs, b) => collapsed(n, inputs, b, ([x, y]) => spec.graph(x, y, b, n), spec.axes),
    ...(spec.keras ? { keras: spec.keras, constantFirst: true } : {}),
  });
}

function every<T>(list: readonly (T | undefined)[] | undefined): T[] | undefined {
  return list?.every((v) => v !== undefined) ? (list as T[]) : undefined;
}

function readOldBroadcast(n: RawNode): Record<string, never> {
  const [x, y] = [n.input(0), n.input(1)];
  const axis = n.optInt('axis');
  if (!x || !y || !n.flag('broadcast') || axis === undefined) return {};
  const rank = x.type.dims.length;
  const after = rank - (axis < 0 ? axis + rank : axis) - y.type.dims.length;
  if (after < 0) return invalid(`axis ${axis} leaves no room for the second operand ${showDims(y.type.dims)}`);
  if (after > 0) n.setInputs([x, n.withTrailingAxes(y, after)]);
  return {};
}

/** Refuses a node whose elements TensorFlow.js can't hold exactly. */
export function refuseDtype(n: View, why: string): never {
  return refuse(`${n.opName} of ${n.dtype(0)}: ${why}`, 'cast to int32 or float32 before it');
}
