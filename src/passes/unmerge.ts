import { exactDiv, productOf, sameDims, type Dim } from '../ir/dim.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import { identity, orderOf } from '../ir/layout.js';
import { permuted, reshaped } from '../ir/weights.js';
import { dense } from '../ops/layer-ops.js';
import { opFor } from '../ops/registry.js';
import { groupsOf } from '../ops/shape/regroup.js';
import { batchOfNode, type Batch } from './batch.js';
import { pruneGraph } from './prune.js';

/**
 * Keeps the batch apart where a model merges it with another axis and takes them apart later, as torch's attention does
 * with its heads ([T, N, E] to [T, N * heads, E / heads]) and with its positions ([T, N, E] to [T * N, E]). For targets
 * that can see only tensors with a batch of their own (Keras): between the two, everything is said with one axis more.
 *
 * All or nothing: where one node between them can't be said so, the graph stays as it is, and batch.ts says what stands
 * in the way.
 * @param orders in which inputs are fed, by name, where the user decides: what comes first is the batch
 */
export function unmergeBatch(graph: Graph, orders: Readonly<Record<string, readonly number[]>> = {}): Graph {
  return new Unmerger(orders).run(graph);
}

/** A tensor with the batch apart. */
interface Apart {
  readonly value: Value;
  /** For each axis that the model has, those of `value` that it is merged of. */
  readonly groups: readonly (readonly number[])[];
  /** Where the batch is in `value`. */
  readonly batch: number;
}

class Unmerger {
  private readonly orders: Readonly<Record<string, readonly number[]>>;
  private readonly batches = new Map<Value, Batch>();
  private readonly apart = new Map<Value, Apart>();
  private nodes: Node[] = [];

  constructor(orders: Readonly<Record<string, readonly number[]>>) {
    this.orders = orders;
  }

  run(graph: Graph): Graph {
    for (const v of graph.inputs) this.batches.set(v, { axis: orderOf(this.orders, v.name)?.[0] ?? 0 });
    for (const node of graph.nodes) if (!this.node(node)) return graph;
    if (this.apart.size === 0 || graph.outputs.some((o) => this.apart.has(o.value))) return graph;
    return pruneGraph({ ...graph, nodes: this.nodes });
  }

  /** @returns false where it can't be said with the batch apart */
  private node(node: Node): boolean {
    if (node.inputs.some((v) => v && this.apart.has(v))) return this.rewritten(node);
    const given = node.inputs.map((v) => (v ? this.batches.get(v) : undefined));
    const before = given.find((b) => b?.lost !== undefined);
    const found = before
      ? node.outputs.map(() => before)
      : batchOfNode(
          node,
          given.map((b) => b?.axis),
        );
    const [x] = node.inputs;
    const axis = given[0]?.axis;
    if (x && axis !== undefined && !before && isReshape(node) && found[0]?.lost !== undefined)
      if (this.reshape(node, { value: x, groups: [], batch: axis })) return true;
    node.outputs.forEach((v, i) => {
      if (v) this.batches.set(v, found[i]);
    });
    this.nodes.push(node);
    return true;
  }

  /** A node that reads tensors with the batch apart. */
  private rewritten(node: Node): boolean {
    const [x] = node.inputs.map((v) => v && this.apart.get(v));
    if (isReshape(node)) return x !== undefined && this.reshape(node, x);
    if (node.outputs.length !== 1 || node.bodies) return false;
    if (node.op.layout === 'any') return this.elementwise(node);
    if (!x || node.op.domain) return false;
    switch (node.op.name) {
      case 'Transpose': {
        const { perm } = node.attrs as { perm: readonly number[] };
        const order = perm.flatMap((axis) => x.groups[axis]);
        let at = 0;
        const groups = perm.map((axis) => x.groups[axis].map(() => at++));
        return this.emit(
          node,
          [x.value],
          { perm: order },
          order.map((a) => x.value.type.dims[a]),
          groups,
          order.indexOf(x.batch),
        );
      }
      case 'Softmax':
      case 'LogSoftmax': {
        const { axis } = node.attrs as { axis: number };
        const own = x.groups.at(axis);
        if (own?.length !== 1) return false;
        return this.emit(
          node,
          [x.value],
          { ...(node.attrs as object), axis: own[0] },
          x.value.type.dims,
          x.groups,
          x.batch,
        );
      }
      case 'MatMul':
        return this.product(node, x);
      case 'Gemm':
        return this.rows(node, x);
      default:
        return false;
    }
  }

  /** Merged further, or the batch alone again. */
  private reshape(node: Node, x: Apart): boolean {
    const [out] = node.outputs;
    const { target } = node.attrs as { target?: readonly Dim[] };
    // Sizes that only the model's run tells.
    if (!out || (node.inputs[1] !== undefined && !target)) return false;
    const from = x.value.type.dims;
    const parts = partsOf(from, out.type.dims, x.batch);
    if (!parts) return false;
    const op = opFor('', 'Reshape');
    if (!op) return false;
    const { dims, groups, batch } = parts;
    if (groups.every((g) => g.length === 1)) {
      this.nodes.push({ ...node, op, attrs: { target: dims, allowZero: false }, inputs: [x.value] });
      this.batches.set(out, { axis: batch });
      return true;
    }
    if (sameDims(from, dims)) {
      this.apart.set(out, { value: x.value, groups, batch });
      return true;
    }
    return this.emit({ ...node, op }, [x.value], { target: dims, allowZero: false }, dims, groups, batch);
  }

  /** With others that have the same axes merged, or constants that can be given those axes. */
  private elementwise(node: Node): boolean {
    const first = node.inputs.map((v) => v && this.apart.get(v)).find((a) => a !== undefined);
    const [out] = node.outputs;
    if (!first || !out || out.type.dims.length !== first.groups.length) return false;
    const inputs: (Value | undefined)[] = [];
    for (const v of node.inputs) {
      const own = v && this.apart.get(v);
      const put = own ? (sameGroups(own, first) ? own.value : undefined) : v && constantLike(v, first);
      if (v && !put) return false;
      inputs.push(put);
    }
    return this.emit(node, inputs, node.attrs, first.value.type.dims, first.groups, first.batch);
  }

  /** Of two with the same axes merged in front, or of one with a constant matrix. */
  private product(node: Node, x: Apart): boolean {
    const [, right] = node.inputs;
    const rank = x.groups.length;
    const last = x.groups[rank - 1];
    if (!right || last.length !== 1) return false;
    const { dims } = x.value.type;
    const y = this.apart.get(right);
    if (!y) {
      if (!right.constant || right.type.dims.length !== 2 || last[0] === x.batch) return false;
      return this.emit(
        node,
        [x.value, right],
        node.attrs,
        [...dims.slice(0, -1), right.type.dims[1]],
        x.groups,
        x.batch,
      );
    }
    const front = (a: Apart): number[] => a.groups.slice(0, -2).flat();
    const plain = (a: Apart): boolean => a.groups.slice(-2).every((g) => g.length === 1 && g[0] !== a.batch);
    const fits =
      y.groups.length === rank &&
      rank > 2 &&
      plain(x) &&
      plain(y) &&
      x.batch === y.batch &&
      sameDims(
        front(x).map((a) => dims[a]),
        front(y).map((a) => y.value.type.dims[a]),
      ) &&
      x.groups.slice(0, -2).every((g, i) => g.length === y.groups[i].length);
    if (!fits) return false;
    return this.emit(
      node,
      [x.value, y.value],
      node.attrs,
      [...dims.slice(0, -1), y.value.type.dims.at(-1) as Dim],
      x.groups,
      x.batch,
    );
  }

  /** A Gemm of rows with constant weights: a product, of as many axes as the rows are merged of. */
  private rows(node: Node, x: Apart): boolean {
    const { alpha, beta, transA, transB } = node.attrs as Record<string, number | boolean>;
    const [, w, bias] = node.inputs;
    const last = x.groups[1];
    if (!w?.constant || transA || alpha !== 1 || last?.length !== 1 || last[0] === x.batch) return false;
    if (bias && (beta !== 1 || !bias.constant || bias.type.dims.length !== 1)) return false;
    const matrix = transB ? permuted(w.constant, [1, 0]) : w.constant;
    const weights: Value = { ...w, constant: matrix, type: { ...w.type, dims: matrix.dims } };
    const op = bias ? dense : opFor('', 'MatMul');
    if (!op) return false;
    const dims = [...x.value.type.dims.slice(0, -1), matrix.dims[1]];
    return this.emit({ ...node, op }, [x.value, weights, ...(bias ? [bias] : [])], {}, dims, x.groups, x.batch);
  }

  /** The node with the batch apart, under the name of what it gives. */
  private emit(
    node: Node,
    inputs: readonly (Value | undefined)[],
    attrs: unknown,
    dims: readonly Dim[],
    groups: readonly (readonly number[])[],
    batch: number,
  ): boolean {
    const [out] = node.outputs;
    if (!out) return false;
    const value: Value = {
      ...out,
      name: `${out.name}/apart`,
      type: { ...out.type, dims },
      layout: identity(dims.length),
      label: { tensor: out.name, suffix: '' },
    };
    this.nodes.push({ ...node, attrs, inputs, outputs: [value] });
    this.batches.set(value, { axis: batch });
    this.apart.set(out, { value, groups, batch });
    return true;
  }
}

const isReshape = (node: Node): boolean =>
  !node.op.domain && (node.op.name === 'Reshape' || node.op.name === 'Flatten');

const sameGroups = (a: Apart, b: Apart): boolean =>
  a.batch === b.batch &&
  sameDims(a.value.type.dims, b.value.type.dims) &&
  a.groups.length === b.groups.length &&
  a.groups.every((g, i) => g.length === b.groups[i].length);

/** A constant whose axes are one for each of the merged ones: only where it doesn't vary along those, or they are known. */
function constantLike(v: Value, like: Apart): Value | undefined {
  if (!v.constant || v.type.dims.length > like.groups.length) return undefined;
  if (v.type.dims.length === 0) return v;
  const shift = like.groups.length - v.type.dims.length;
  const dims: number[] = [];
  for (const [i, d] of (v.type.dims as readonly number[]).entries()) {
    const axes = like.groups[i + shift];
    if (axes.length === 1 || d === 1) dims.push(...axes.map((_, j) => (j === 0 ? d : 1)));
    else return undefined;
  }
  const constant = reshaped(v.constant, dims);
  return { ...v, constant, type: { ...v.type, dims }, layout: identity(dims.length) };
}

interface Parts {
  readonly dims: readonly Dim[];
  readonly groups: readonly (readonly number[])[];
  readonly batch: number;
}

/** The sizes of a reshape's result, with the batch apart in the axis that it ends up in. */
function partsOf(from: readonly Dim[], to: readonly Dim[], batch: number): Parts | undefined {
  const group = groupsOf(from, to).find((g) => g.from.includes(batch));
  if (!group || group.to.length === 0) return undefined;
  const before = productOf(group.from.filter((a) => a < batch).map((a) => from[a]));
  const size = from[batch];
  const candidates = group.to.flatMap((axis) => {
    const outer = exactDiv(before, productOf(group.to.filter((a) => a < axis).map((a) => to[a])));
    const rest = outer === undefined ? undefined : exactDiv(to[axis], outer);
    const inner = rest === undefined ? undefined : exactDiv(rest, size);
    return outer === undefined || inner === undefined ? [] : [{ axis, outer, inner }];
  });
  // A batch of 1 fits before and behind every axis: of a matrix it is one of the rows', else the first that it can be.
  const chosen = candidates.find((c) => c.outer === 1 && c.inner === 1) ?? candidates[0];
  if (!chosen) return undefined;
  const { axis, outer, inner } = chosen;
  const rows = size === 1 && to.length === 2 && axis === 1 && outer === 1;
  const split = rows
    ? [[to[0], size], [to[1]]]
    : to.map((d, i) => (i === axis ? [...(outer === 1 ? [] : [outer]), size, ...(inner === 1 ? [] : [inner])] : [d]));
  let at = 0;
  const groups = split.map((sizes) => sizes.map(() => at++));
  return {
    dims: split.flat(),
    groups,
    batch: rows ? 1 : groups[axis][outer === 1 ? 0 : 1],
  };
}
