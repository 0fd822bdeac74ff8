import { derived, madeOnce } from '../../ir/weights.js';
import type { Weight } from '../../tensor/tensor.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite, type Rewriting } from '../rewrite.js';
import { columns } from './cut-products.js';
import { channelVector, productOf } from './fold-affine.js';
import { POINTWISE } from './lift-views.js';

/** Weights of so many elements don't stay in a core's cache while the rows go by (measured: 0.6 million still do, 2.4 don't). */
const LARGE = 2 ** 20;
/** Up to so many of them a part does, beside what it computes. */
const PART = 2 ** 19;
const MOST_PARTS = 64;
/** Rows below which the weights are read once or twice anyway. */
const FEW_ROWS = 16;
/** Ops between the two products, at most: they are written for each part. */
const MOST_BETWEEN = 24;

/**
 * Two products with element-wise ops between them, as in a transformer's feed-forward layer, run part by part of what is
 * between them:
 *
 *     MatMul(W1) -> Relu -> MatMul(W2)      becomes      the sum of MatMul(W1i) -> Relu -> MatMul(W2i)
 *
 * where the weights are large: W1i are columns of W1, W2i rows of W2. For WASM: XNNPACK reads all weights for every four rows,
 * and a part of them stays in the cache meanwhile. On a GPU each op more costs.
 */
export function splitHidden(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    const second = matrixProduct(node);
    if (!second) return undefined;
    const region = between(node.inputs[0], r);
    if (!region) return undefined;
    const first = region.first.inputs[1].node.weight as Weight;
    const [depth, width] = first.dims;
    const rows = r.knownDims(node.inputs[0])?.[0];
    const count = partsOf(depth, width);
    if (!count || rows === undefined || rows < FEW_ROWS) return undefined;
    const size = width / count;
    r.over(node, region.first, ...region.nodes);
    const terms = Array.from({ length: count }, (_, i) => part(node, region, i * size, size, i === 0, r));
    const sum = terms.reduce((a, b) => r.add2(a, b));
    const activation = (node.attrs.fused_ops as readonly string[] | undefined)?.[1];
    return [activation ? r.op(activation, [sum]) : sum];
  });
}

interface Region {
  readonly first: TfNode;
  /** Element-wise ops, each after what it reads. */
  readonly nodes: readonly TfNode[];
}

/** In how many equal parts the hidden elements are computed; undefined where as a whole. */
function partsOf(depth: number, width: number): number | undefined {
  if (depth * width < LARGE) return undefined;
  for (let n = 2; n <= MOST_PARTS; n++) if (width % n === 0 && (depth * width) / n <= PART) return n;
  return undefined;
}

function matrixProduct(node: TfNode): boolean {
  const known = productOf(node, true);
  return known !== undefined && known.rank === 2 && node.inputs.length <= 3 && !node.attrs.transpose_a;
}

function between(result: Ref, r: Rewriting): Region | undefined {
  const order: TfNode[] = [];
  const seen = new Set<TfNode>();
  let first: TfNode | undefined;
  const width = r.knownDims(result)?.[1];
  const belongs = (ref: Ref): boolean => {
    const { node } = ref;
    if (node.weight) return ref.dtype === 'float32' && channelVector(node.weight, width ?? 0) !== undefined;
    if (seen.has(node)) return true;
    seen.add(node);
    if (matrixProduct(node)) {
      first ??= node;
      return first === node;
    }
    if (!POINTWISE.has(node.op) || node.dtypes[0] !== 'float32' || seen.size > MOST_BETWEEN) return false;
    if (!node.inputs.every(belongs)) return false;
    order.push(node);
    return true;
  };
  if (width === undefined || !belongs(result) || !first) return undefined;
  // Nobody else may read what is inside.
  for (const node of [first, ...order]) {
    const inside = order.reduce(
      (n, m) => n + m.inputs.filter((ref) => ref.node === node).length,
      node === result.node ? 1 : 0,
    );
    if (r.isOutput(node) || r.uses({ node, index: 0, dtype: node.dtypes[0] }) !== inside) return undefined;
  }
  return { first, nodes: order };
}

/** The share of the result that some of the hidden elements have. */
function part(node: TfNode, region: Region, begin: number, size: number, withBias: boolean, r: Rewriting): Ref {
  const [x, kernel, bias] = region.first.inputs;
  const cut = (ref: Ref): Ref => {
    const weight = ref.node.weight as Weight;
    return (weight.dims.at(-1) ?? 1) === 1 ? ref : r.constant(columns(weight, begin, size));
  };
  const made = new Map<TfNode, Ref>([
    [region.first, r.op(region.first.op, [x, cut(kernel), ...(bias ? [cut(bias)] : [])], region.first.attrs)],
  ]);
  for (const inner of region.nodes)
    made.set(
      inner,
      r.op(
        inner.op,
        inner.inputs.map((ref) => made.get(ref.node) ?? cut(ref)),
        inner.attrs,
      ),
    );
  const hidden = made.get(node.inputs[0].node) as Ref;
  const weights = r.constant(rowsOf(node.inputs[1].node.weight as Weight, begin, size));
  const plain = { transpose_a: false, transpose_b: false };
  if (!withBias || !node.inputs[2]) return r.op('MatMul', [hidden, weights], plain);
  return r.op('_FusedMatMul', [hidden, weights, node.inputs[2]], { ...plain, num_args: 1, fused_ops: ['BiasAdd'] });
}

/** Some rows of a matrix. */
function rowsOf(w: Weight, begin: number, size: number): Weight {
  const width = w.dims[1];
  return madeOnce(`rows of a matrix ${begin} ${size}`, [w], () => ({
    ...derived([size, width], w, (t) => (t.data as Float32Array).slice(begin * width, (begin + size) * width)),
    dtype: 'float32',
  }));
}
