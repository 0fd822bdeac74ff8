import { derived, madeOnce } from '../../ir/weights.js';
import { sizeOf, type Weight } from '../../tensor/tensor.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite, Rewriting } from '../rewrite.js';
import type { Target } from '../target.js';
import { POINTWISE } from './lift-views.js';

/** Rows below which the batched product is no slower (measured: 10). */
const FEW_ROWS = 10;
/** Multiplications of one matrix below which its ops cost more than they save. */
const FEW_PRODUCTS = 40_000;
/** For every target only above this: there the scalar loop costs milliseconds a matrix, an op on a GPU some 50 microseconds. */
const MANY_PRODUCTS = 500_000;
/** Matrices of one batch that are written one by one, at most. */
const MOST_MATRICES = { wasm: 64, any: 16 };
/** Ops between the two products of attention, at most. */
const MOST_BETWEEN = 12;

/**
 * A product of batches becomes one for each matrix, and attention's two products run matrix by matrix with what stands
 * between them:
 *
 *     BatchMatMulV2(q, k) -> AddV2(mask) -> Softmax -> BatchMatMulV2(v)
 *
 *     becomes, for each head,      MatMul(q_i, k_i) -> AddV2(mask) -> Softmax -> MatMul(v_i)      and one ConcatV2 of them
 *
 * For WASM: there a product of more than one matrix is a scalar loop, a tenth as fast. On a GPU each op more costs, so that
 * for `any` target only large matrices are taken apart: there it is seconds on WASM against milliseconds on a GPU.
 */
export function loopProducts(graph: TfGraph, target: Target): TfGraph {
  if (target === 'webgl') return graph;
  // The first products of pairs are written with the second ones.
  const before = new Rewriting(graph);
  const firsts = new Set<TfNode>();
  for (const node of graph.nodes)
    if (worthwhile(node, before, target)) firsts.add(between(node.inputs[0], before)?.first as TfNode);
  return rewrite(graph, (node, r) => {
    const dims = firsts.has(graph.nodes[r.at]) ? undefined : worthwhile(node, r, target);
    const b = dims && matrices(node.inputs[1], r);
    if (!dims || !b) return undefined;
    const batch = dims.slice(0, -2);
    const region = between(node.inputs[0], r);
    const a = region ? undefined : matrices(node.inputs[0], r);
    const results: Ref[] = [];
    for (let i = 0; i < sizeOf(batch); i++) {
      const left = region ? one(region, node.inputs[0], i, batch, r) : a && part(a, i, batch, r);
      if (!left) return undefined;
      results.push(product(node, left, part(b, i, batch, r.over(node)), r));
    }
    return [r.over(node, ...(region?.nodes ?? [])).reshape(r.concat(results, 0), dims)];
  });
}

/** The sizes of a product of batches that is better written matrix by matrix; undefined for any other node. */
function worthwhile(node: TfNode, r: Rewriting, target: 'any' | 'wasm'): readonly number[] | undefined {
  if (node.op !== 'BatchMatMulV2' || node.dtypes[0] !== 'float32') return undefined;
  const [a, dims] = [r.knownDims(node.inputs[0]), r.knownDims({ node, index: 0, dtype: 'float32' })];
  if (!a || !dims || !r.knownDims(node.inputs[1])) return undefined;
  const count = sizeOf(dims.slice(0, -2));
  const [rows, columns] = dims.slice(-2);
  const inner = a[a.length - (node.attrs.adj_x ? 2 : 1)];
  const fewest = target === 'wasm' ? FEW_PRODUCTS : MANY_PRODUCTS;
  return count >= 2 && count <= MOST_MATRICES[target] && rows >= FEW_ROWS && rows * inner * columns >= fewest
    ? dims
    : undefined;
}

function product(node: TfNode, a: Ref, b: Ref, r: Rewriting): Ref {
  const x = node.attrs.adj_x ? r.transpose(a, [1, 0]) : a;
  return r.op('MatMul', [x, node.attrs.adj_y ? r.transpose(b, [1, 0]) : b], PLAIN);
}

const PLAIN = { transpose_a: false, transpose_b: false };

/** A tensor as matrices one behind the other. */
interface Matrices {
  readonly ref: Ref;
  readonly dims: readonly number[];
}

function matrices(ref: Ref, r: Rewriting): Matrices | undefined {
  const dims = r.knownDims(ref);
  return dims && dims.length >= 2 && ref.dtype === 'float32' ? { ref, dims } : undefined;
}

/** Which matrix of an operand belongs to matrix i of the result: its batch axes broadcast. */
function place(dims: readonly number[], i: number, batch: readonly number[]): number {
  const own = [...batch.map(() => 1), ...dims.slice(0, -2)].slice(-batch.length);
  let [rest, at, step] = [i, 0, 1];
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    if (own[axis] !== 1) at += (rest % batch[axis]) * step;
    rest = Math.floor(rest / batch[axis]);
    step *= own[axis];
  }
  return at;
}

/** Matrix i of an operand, of rank 2. */
function part({ ref, dims }: Matrices, i: number, batch: readonly number[], r: Rewriting): Ref {
  const count = sizeOf(dims.slice(0, -2));
  const [rows, columns] = dims.slice(-2);
  const at = place(dims, i, batch);
  const weight = ref.node.weight;
  if (weight) return r.constant(block(weight, at, [rows, columns]));
  if (count === 1) return r.reshape(ref, [rows, columns]);
  const stack = dims.length === 3 ? ref : r.reshape(ref, [count, rows, columns]);
  return r.op('GatherNd', [stack, r.ints([at])]);
}

function block(w: Weight, at: number, dims: readonly number[]): Weight {
  const n = sizeOf(dims);
  return madeOnce(`block ${at} ${dims}`, [w], () =>
    derived(dims, w, (t) => (t.data as Float32Array).slice(at * n, (at + 1) * n)),
  );
}

/** What is computed between two products of batches, for the second alone. */
interface Between {
  readonly first: TfNode;
  /** Element-wise ops and Softmax, each after what it reads. */
  readonly nodes: readonly TfNode[];
}

function between(result: Ref, r: Rewriting): Between | undefined {
  const full = String(r.knownDims(result));
  const order: TfNode[] = [];
  const leading = new Map<TfNode, boolean>();
  let first: TfNode | undefined;
  const leads = ({ node, index, dtype }: Ref): boolean => {
    const known = leading.get(node);
    if (known !== undefined) return known;
    let found = false;
    if (!node.weight && String(r.knownDims({ node, index, dtype })) === full) {
      if (node.op === 'BatchMatMulV2') {
        first ??= node;
        found = first === node;
      } else if (
        order.length < MOST_BETWEEN &&
        node.dtypes.length === 1 &&
        (POINTWISE.has(node.op) || node.op === 'Softmax' || node.op === 'IsNan')
      ) {
        found = node.inputs.filter(leads).length > 0;
        if (found) order.push(node);
      }
    }
    leading.set(node, found);
    return found;
  };
  if (!leads(result) || !first) return undefined;
  // Nobody else may read what is inside, or it would be computed twice.
  for (const node of [first, ...order]) {
    const own = { node, index: 0, dtype: node.dtypes[0] };
    const inside = order.reduce(
      (sum, m) => sum + m.inputs.filter((ref) => ref.node === node).length,
      node === result.node ? 1 : 0,
    );
    if (r.isOutput(node) || r.uses(own) !== inside) return undefined;
  }
  return { first, nodes: order };
}

/** Matrix i of what the region computes. */
function one(region: Between, result: Ref, i: number, batch: readonly number[], r: Rewriting): Ref | undefined {
  const made = new Map<TfNode, Ref>();
  const { first } = region;
  const [a, b] = [matrices(first.inputs[0], r), matrices(first.inputs[1], r)];
  if (!a || !b) return undefined;
  r.over(first);
  made.set(first, product(first, part(a, i, batch, r), part(b, i, batch, r), r));
  for (const node of region.nodes) {
    r.over(node);
    const inputs = node.inputs.map((ref) => made.get(ref.node) ?? operand(ref, i, batch, r));
    if (!inputs.every((ref) => ref !== undefined)) return undefined;
    made.set(node, r.op(node.op, inputs, node.attrs, node.dtypes));
  }
  return made.get(result.node);
}

/** The part of another operand that stands beside matrix i: a mask, a number. */
function operand(ref: Ref, i: number, batch: readonly number[], r: Rewriting): Ref | undefined {
  const dims = r.knownDims(ref);
  if (!dims) return undefined;
  if (dims.length <= 2) return ref;
  const [rows, columns] = dims.slice(-2);
  const count = sizeOf(dims.slice(0, -2));
  const at = place(dims, i, batch);
  if (ref.node.weight) return r.constant(block(ref.node.weight, at, [rows, columns]));
  if (count === 1) return r.reshape(ref, [rows, columns]);
  if (ref.dtype === 'bool') return undefined;
  return r.op('GatherNd', [r.reshape(ref, [count, rows, columns]), r.ints([at])]);
}
