import type { Graph, Node, Value } from '../ir/graph.js';
import { orderOf } from '../ir/layout.js';
import { groupsOf } from '../ops/shape/regroup.js';

/**
 * Where the batch went, for a target that can only see tensors with their batch first (Keras): axis 0 of every input is
 * the batch, whatever its size, and each operator moves it or leaves it. `axis` is undefined for what doesn't depend on
 * the batch; `lost` says why there is no batch any more.
 */
export interface Batch {
  readonly axis: number | undefined;
  readonly lost?: string;
}

const NONE: Batch = { axis: undefined };
const lost = (why: string): Batch => ({ axis: undefined, lost: why });

/**
 * The batch of every value that is computed from the inputs.
 * @param orders in which inputs are fed, by name, where the user decides: what comes first is the batch
 */
export function batchAxes(graph: Graph, orders: Readonly<Record<string, readonly number[]>> = {}): Map<Value, Batch> {
  const batches = new Map<Value, Batch>();
  for (const v of graph.inputs) batches.set(v, { axis: orderOf(orders, v.name)?.[0] ?? 0 });
  for (const node of graph.nodes) {
    const given = node.inputs.map((v) => (v ? (batches.get(v) ?? NONE) : NONE));
    const before = given.find((b) => b.lost !== undefined);
    const results = before
      ? node.outputs.map(() => before)
      : batchOf(
          node,
          given.map((b) => b.axis),
        );
    node.outputs.forEach((v, i) => {
      if (v) batches.set(v, Array.isArray(results) ? (results[i] ?? NONE) : results);
    });
  }
  return batches;
}

type Given = readonly (number | undefined)[];
type Rule = (node: Node, given: Given) => Batch | Batch[];

/** Where the batch of its inputs went, for each output of a node. */
export function batchOfNode(node: Node, given: Given): Batch[] {
  const found = batchOf(node, given);
  return node.outputs.map((_, i) => (Array.isArray(found) ? (found[i] ?? NONE) : found));
}

function batchOf(node: Node, given: Given): Batch | Batch[] {
  if (given.every((b) => b === undefined)) return NONE;
  const rule = RULES[node.op.domain ? `${node.op.domain}.${node.op.name}` : node.op.name];
  if (rule) return rule(node, given);
  if (node.op.layout === 'any' || node.op.layout === 'axes') return aligned(node, given);
  // Every other operator has its batch on axis 0, and sees to it itself.
  return given.every((b) => b === undefined || b === 0)
    ? { axis: 0 }
    : lost(`the batch lies on axis ${given.find((b) => b)} of its input, where ${node.op.name} has no layer`);
}

const rankOf = (v: Value | undefined): number => v?.type.dims.length ?? 0;

/** Operands that broadcast: their batches have to be the same axis of the result. */
function aligned(node: Node, given: Given): Batch {
  const rank = Math.max(...node.outputs.map(rankOf));
  const axes = new Set(given.flatMap((b, i) => (b === undefined ? [] : [b + rank - rankOf(node.inputs[i])])));
  if (axes.size > 1) return lost('its operands have their batch on different axes');
  const [axis] = axes;
  const uneven = node.inputs.find((v, i) => {
    const size = v && given[i] === undefined ? v.type.dims[axis - rank + rankOf(v)] : undefined;
    return size !== undefined && size !== 1;
  });
  if (uneven && node.op.layout === 'any')
    return lost(`the constant ${uneven.name} has a value of its own for each item of the batch (axis ${axis})`);
  return { axis };
}

/** The batch has to stay alone when axes are merged or split. */
function reshaped(node: Node, [batch]: Given): Batch {
  const [x] = node.inputs;
  const [y] = node.outputs;
  if (!x || !y || batch === undefined) return NONE;
  const group = groupsOf(x.type.dims, y.type.dims).find((g) => g.from.includes(batch));
  if (group?.from.length === 1 && group.to.length === 1) return { axis: group.to[0] };
  // Axes of size 1 beside the batch stay where they are, or go.
  if (
    group &&
    group.from[0] === batch &&
    group.to.length > 0 &&
    group.from.slice(1).every((a) => x.type.dims[a] === 1) &&
    group.to.slice(1).every((a) => y.type.dims[a] === 1)
  )
    return { axis: group.to[0] };
  return lost(`the batch (axis ${batch}) is merged with other axes or split, and a Keras layer never touches it`);
}

function reduced(node: Node, [batch]: Given): Batch {
  const { axes, keepdims } = node.attrs as { axes?: readonly number[]; keepdims: boolean };
  const rank = rankOf(node.inputs[0]);
  const gone = axes ? axes.map((a) => (a < 0 ? a + rank : a)) : Array.from({ length: rank }, (_, i) => i);
  if (batch === undefined) return NONE;
  if (gone.includes(batch)) return lost(`it reduces over the batch (axis ${batch}), which a Keras layer never touches`);
  return { axis: keepdims ? batch : batch - gone.filter((a) => a < batch).length };
}

/** numpy.matmul: of operands that are matrices in the last two axes, or one a vector, whose own axis the result has not. */
function product(node: Node, [a, b]: Given): Batch {
  const [left, right] = [0, 1].map((i) => rankOf(node.inputs[i]));
  const full = Math.max(2, left, right);
  const gone = [...(left === 1 ? [full - 2] : []), ...(right === 1 ? [full - 1] : [])];
  const place = (batch: number | undefined, i: number) => {
    if (batch === undefined) return undefined;
    const own = i === 0 ? left : right;
    const contracted = i === 0 ? own - 1 : Math.max(0, own - 2);
    if (batch === contracted)
      return lost(`it sums over the batch (axis ${batch} of input ${i}), which a Keras layer never touches`);
    const axis = batch + full - own;
    return axis - gone.filter((g) => g < axis).length;
  };
  const [p, q] = [place(a, 0), place(b, 1)];
  if (typeof p === 'object') return p;
  if (typeof q === 'object') return q;
  if (p !== undefined && q !== undefined && p !== q) return lost('its operands have their batch on different axes');
  return { axis: p ?? q };
}

/** X [T, B, I] and states [dirs, B, H], or the batch first. */
function recurrent(node: Node, given: Given): Batch[] {
  const { batchFirst, linearBeforeReset } = node.attrs as { batchFirst: boolean; linearBeforeReset?: boolean };
  const at = batchFirst ? 0 : 1;
  const wrong = given.some((b, i) => b !== undefined && i !== 4 && b !== at);
  const why = lost(
    `axis ${at} of its input is the batch for ${node.op.name}, and the inputs have theirs on axis 0; export the model with batch_first, or say the order of the input's axes in the config${
      linearBeforeReset ? ' (with formats: keras, since the GRU of TensorFlow.js has no linear_before_reset)' : ''
    }`,
  );
  return wrong ? [why, why, why] : [{ axis: batchFirst ? 0 : 2 }, { axis: at }, { axis: at }];
}

/** Operators along an axis that can't be the batch. */
function along(node: Node, given: Given): Batch {
  const { axis } = node.attrs as { axis: number };
  const at = axis < 0 ? axis + rankOf(node.inputs[0]) : axis;
  const batch = aligned(node, given);
  return batch.axis === at ? lost(`it goes along the batch (axis ${at}), which a Keras layer never touches`) : batch;
}

const RULES: Readonly<Record<string, Rule>> = {
  Softmax: along,
  LogSoftmax: along,
  Hardmax: along,
  LpNormalization: along,
  Concat: along,
  Transpose: (node, [batch]) => ({ axis: (node.attrs as { perm: readonly number[] }).perm.indexOf(batch ?? 0) }),
  Squeeze: (node, [batch]) => {
    const { axes } = node.attrs as { axes: readonly number[] };
    if (axes.includes(batch ?? 0)) return lost(`it takes the batch (axis ${batch}) away`);
    return { axis: (batch ?? 0) - axes.filter((a) => a < (batch ?? 0)).length };
  },
  Unsqueeze: (node, [batch]) => {
    const { axes } = node.attrs as { axes: readonly number[] };
    let axis = batch ?? 0;
    for (const a of [...axes].sort((p, q) => p - q)) if (a <= axis) axis++;
    return { axis };
  },
  Reshape: reshaped,
  Flatten: reshaped,
  Gather: (node, [data, indices]) => {
    const { axis } = node.attrs as { axis: number };
    if (data === undefined) return { axis: axis + (indices ?? 0) };
    if (data === axis) return lost(`it picks items of the batch (axis ${data}), which a Keras layer never touches`);
    return { axis: data < axis ? data : data - 1 + rankOf(node.inputs[1]) };
  },
  Slice: aligned,
  Split: aligned,
  Pad: aligned,
  Tile: aligned,
  Expand: aligned,
  MatMul: product,
  'internal.Dense': product,
  Gemm: (_, [a, b]) =>
    b !== undefined
      ? lost('it multiplies by a tensor of the batch, where Dense has weights')
      : a === 0
        ? { axis: 0 }
        : lost('it sums over the batch, which a Keras layer never touches'),
  ReduceMean: reduced,
  ReduceSum: reduced,
  ReduceMax: reduced,
  ReduceMin: reduced,
  ReduceL1: reduced,
  ReduceL2: reduced,
  ReduceProd: reduced,
  ReduceLogSum: reduced,
  ReduceLogSumExp: reduced,
  ReduceSumSquare: reduced,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  Shape: () => NONE,
  Size: () => NONE,
};
