import { invalid, refuse } from '../../diag/diagnostic.js';
import { areKnown, isKnown, mayBeNothing, type Dim } from '../../ir/dim.js';
import { arrange, identity, relabel, type Layout } from '../../ir/layout.js';
import { defineOp, type LayoutChoice, type Op } from '../../ir/op.js';
import { normalAxis, type RawNode, type View } from '../../ir/view.js';
import type { KerasBuilder, Layer } from '../../keras/builder.js';
import { isFloat, type DType } from '../../tensor/dtype.js';
import { sizeOf, tensorOf, type Tensor } from '../../tensor/tensor.js';
import { narrow, type GraphBuilder, type Ref } from '../../tf/builder.js';
import { padFilled } from '../shape/padding.js';
import { reduceElements, type BigReducer, type Reducer } from './fold.js';

/** Attributes of the reductions, in the form of their newest version. */
export interface ReduceAttrs {
  /** Sorted, not negative; undefined where input 1 gives them when the model runs. */
  readonly axes: readonly number[] | undefined;
  readonly keepdims: boolean;
}

/** One reducing TensorFlow op over the axes of this node; the value itself where there are none. */
export type Over = (op: 'Sum' | 'Mean' | 'Max' | 'Min' | 'Prod' | 'Any' | 'All', x: Ref, keep?: boolean) => Ref;

interface Reduction {
  readonly name: string;
  readonly summary: string;
  readonly limits?: string;
  /** The version that made the axes an input. */
  readonly axesInput: 13 | 18;
  /** What the reduction of nothing is. */
  readonly empty: (dtype: DType) => number;
  readonly graph: (x: Ref, over: Over, b: GraphBuilder, n: View<ReduceAttrs>) => Ref;
  readonly value?: Reducer;
  readonly big?: BigReducer;
  readonly elems?: (x: Dim, y: Dim) => Dim;
  readonly keras?: (n: View<ReduceAttrs>, x: Layer, k: KerasBuilder) => Layer;
}

/** An operator that makes axes disappear (or 1). */
export function reduction(spec: Reduction): Op {
  const { value, elems, keras } = spec;
  return defineOp<ReduceAttrs>({
    name: spec.name,
    summary: spec.summary,
    ...(spec.limits ? { limits: spec.limits } : {}),
    shapes: ['', '_'],
    read: {
      1: (n) => ({ axes: normalAxes(n.optInts('axes'), n, false), keepdims: n.int('keepdims') !== 0 }),
      [spec.axesInput]: readInput,
    },
    layout: reducedLayout,
    infer: (n) => [{ dtype: n.dtype(0), dims: reducedDims(n) }],
    ...(elems
      ? {
          elems: (n: View<ReduceAttrs>) => {
            const x = n.elems(0);
            return x && x.length > 0 && n.attrs.axes?.length === n.rank(0)
              ? [x.slice(1).reduce(elems, x[0])]
              : undefined;
          },
        }
      : {}),
    ...(value
      ? {
          fold: (n: View<ReduceAttrs>, [x]: Tensor[]) => {
            const out = n.attrs.axes && reduceElements(x, n.attrs.axes, n.attrs.keepdims, value, spec.big);
            return out && [out];
          },
        }
      : {}),
    graph: (n, inputs, b) => {
      const [x, given] = inputs;
      const { axes, keepdims } = n.attrs;
      if (axes ? axes.some((a) => n.dims(0)[a] === 0) : n.dims(0).includes(0))
        return filled(n, inputs, spec.empty(n.dtype(0)), b);
      if (axes && axes.length === 0) return b.op('Identity', [spec.graph(x, (_, v) => v, b, n)]);
      const at = axes ? b.ints(axes.map((a) => n.position(0, a)).sort((p, q) => p - q)) : given;
      const over: Over = (op, v, keep = keepdims) => b.op(op, [v, at], { keep_dims: keep });
      return spec.graph(x, axes?.some((a) => mayBeNothing(n.dims(0)[a])) ? ofSome(n, axes, over, b) : over, b, n);
    },
    ...(keras ? { keras: (n: View<ReduceAttrs>, [x]: Layer[], k: KerasBuilder) => keras(n, x, k) } : {}),
  });
}

function readInput(n: RawNode): ReduceAttrs {
  const keepdims = n.int('keepdims') !== 0;
  const noop = n.flag('noop_with_empty_axes');
  const given = n.input(1);
  const axes = given?.type.dims[0] === 0 ? [] : n.constantInts(1);
  if (given && !axes) return { axes: undefined, keepdims };
  n.setInputs([n.input(0)]);
  return { axes: normalAxes(axes, n, noop), keepdims };
}

/** No axes are all axes, or none where the node says so. */
function normalAxes(axes: readonly number[] | undefined, n: RawNode, noop: boolean): number[] {
  const rank = n.input(0)?.type.dims.length ?? 0;
  if (!axes || axes.length === 0) return noop ? [] : identity(rank).slice();
  return [...new Set(axes.map((a) => normalAxis(a, rank)))].filter((a) => a < rank).sort((p, q) => p - q);
}

function reducedDims(n: View<ReduceAttrs>): Dim[] {
  const { axes, keepdims } = n.attrs;
  const dims = n.dims(0);
  if (axes) return keepdims ? dims.map((d, i) => (axes.includes(i) ? 1 : d)) : dims.filter((_, i) => !axes.includes(i));
  if (keepdims) return dims.map(() => n.fresh());
  const count = n.dims(1)[0];
  if (!isKnown(count))
    return refuse(
      'how many axes are reduced is known only when the model runs',
      'make the axes (input 1) an initializer',
    );
  if (count > dims.length) return invalid(`${count} axes of a tensor of rank ${dims.length}`);
  return Array.from({ length: dims.length - count }, () => n.fresh());
}

/** The order at hand, less what disappears. */
export function reducedLayout(n: View<ReduceAttrs>, [given]: readonly Layout[]): LayoutChoice {
  const { axes, keepdims } = n.attrs;
  if (!axes)
    return { inputs: [identity(given.length), identity(1)], outputs: [identity(n.outputs[0]?.type.dims.length ?? 0)] };
  return { inputs: [given], outputs: [keepdims ? given : without(given, axes)] };
}

/** A layout after axes have disappeared. */
export function without(layout: Layout, axes: readonly number[]): Layout {
  const kept = layout.filter((a) => !axes.includes(a));
  const order = [...kept].sort((p, q) => p - q);
  return relabel(kept, order);
}

/** The reduction of an axis without elements: WASM would leave it unwritten. */
function filled(n: View<ReduceAttrs>, [x, axes]: readonly Ref[], value: number, b: GraphBuilder): Ref {
  const out = n.outputs[0];
  const dtype = narrow(n.dtype(0)) as 'float32' | 'int32' | 'bool';
  if (out && areKnown(out.type.dims)) {
    const shape = arrange(out.type.dims, out.layout) as number[];
    return b.op('Identity', [b.tensor(tensorOf(dtype, shape, new Array<number>(sizeOf(shape)).fill(value)))]);
  }
  const at = n.attrs.axes ? b.ints(n.attrs.axes.map((a) => n.position(0, a))) : axes;
  const shape = b.shape(b.op('Sum', [b.cast(x, 'int32'), at], { keep_dims: n.attrs.keepdims }));
  return b.op('Fill', [shape, b.scalar(value, dtype)], { T: dtype });
}

/**
 * Reductions that are right where the axes turn out to have no elements, which WASM would leave unwritten: each of these axes
 * gets an element more, which changes nothing.
 */
function ofSome(n: View<ReduceAttrs>, axes: readonly number[], over: Over, b: GraphBuilder): Over {
  const { least, greatest } = extremes(n.dtype(0));
  const neutral = { Sum: 0, Prod: 1, Max: least, Min: greatest, Any: 0, All: 1 };
  const pads = n.dims(0).map((): [number, number] => [0, 0]);
  for (const a of axes) if (mayBeNothing(n.dims(0)[a])) pads[n.position(0, a)] = [0, 1];
  const paddings = b.tensor(tensorOf('int32', [pads.length, 2], pads.flat()));
  const some: Over = (op, v, keep) => {
    if (op !== 'Mean') return over(op, padFilled(b, v, paddings, neutral[op]), keep);
    return b.op('RealDiv', [some('Sum', v, keep), some('Sum', b.op('OnesLike', [v]), keep)]);
  };
  return some;
}

/** The least and the greatest value of a type, as TensorFlow.js holds it: what Max and Min of nothing are. */
export function extremes(dtype: DType): { least: number; greatest: number } {
  if (dtype === 'bool') return { least: 0, greatest: 1 };
  if (isFloat(dtype)) return { least: Number.NEGATIVE_INFINITY, greatest: Number.POSITIVE_INFINITY };
  const span: Partial<Record<DType, [number, number]>> = {
    int8: [-128, 127],
    uint8: [0, 255],
    int16: [-32768, 32767],
    uint16: [0, 65535],
  };
  const [least, greatest] = span[dtype] ?? [-(2 ** 31), 2 ** 31 - 1];
  return { least, greatest };
}
