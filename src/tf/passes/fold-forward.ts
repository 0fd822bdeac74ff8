import { derived, madeOnce } from '../../ir/weights.js';
import { tensorOf, type Weight } from '../../tensor/tensor.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite, type Rewriting } from '../rewrite.js';
import { channelVector, PRODUCTS, productOf } from './fold-affine.js';
import { readersOf } from './graph-readers.js';
import { VIEWS, viewSizes } from './merge-views.js';

/**
 * A scale and a shift per channel before products with constant weights become part of these:
 *
 *     Mul(s) -> AddV2(c) -> MatMul(W, b)      becomes      MatMul(s W, b + c W)
 *
 * where every reader is such a product, as behind a LayerNormalization. A shift goes into a convolution only where nothing is
 * padded, since the padding isn't shifted.
 */
export function foldForward(graph: TfGraph): TfGraph {
  const readers = readersOf(graph);
  const outputs = new Set(graph.outputs.map((o) => o.ref.node));
  const taken = new Set<TfNode>();
  const affine = (node: TfNode, op: string) =>
    node.op === op && !outputs.has(node) && node.inputs.filter((ref) => ref.node.weight).length === 1;
  // Changes of sizes between are looked through.
  const reading = (node: TfNode): TfNode[] =>
    (readers.get(node) ?? []).flatMap((n) => (VIEWS.has(n.op) && !outputs.has(n) ? reading(n) : [n]));
  const products = (node: TfNode, shift: boolean) => {
    const all = reading(node);
    return all.length > 0 && all.every((p) => takes(p, node, shift));
  };
  for (const node of graph.nodes)
    if ((affine(node, 'Mul') && products(node, false)) || (affine(node, 'AddV2') && products(node, true)))
      taken.add(node);
  // A scale before a shift that goes: the products read it then.
  for (const node of graph.nodes)
    if (
      affine(node, 'Mul') &&
      reading(node).length === 1 &&
      taken.has(reading(node)[0]) &&
      readers.get(node)?.[0].op === 'AddV2'
    )
      taken.add(node);
  if (taken.size === 0) return graph;
  return rewrite(graph, (node, r) => {
    if (!PRODUCTS.has(node.op)) return undefined;
    let now = node;
    const over: TfNode[] = [];
    for (;;) {
      const { x, views } = behindViews(now.inputs[0]);
      const folded = r.isOutput(x.node) ? undefined : once(now, x.node, views, taken, r.over(node, ...over));
      if (!folded) break;
      over.push(x.node);
      now = folded.node;
    }
    return now === node ? undefined : [{ node: now, index: 0, dtype: now.dtypes[0] }];
  });
}

/** Whether a product can take in a scale, or a shift, of its first operand. */
function takes(p: TfNode, node: TfNode, shift: boolean): boolean {
  const known = productOf(p, true);
  if (
    !known ||
    known.depthwise ||
    behindViews(p.inputs[0]).x.node !== node ||
    p.inputs.slice(1).some((ref) => behindViews(ref).x.node === node) ||
    p.attrs.transpose_a ||
    p.inputs.length > 3
  )
    return false;
  return !shift || known.rank === 2 || p.attrs.padding === 'VALID';
}

function behindViews(ref: Ref): { x: Ref; views: readonly TfNode[] } {
  const views: TfNode[] = [];
  let x = ref;
  for (; VIEWS.has(x.node.op); x = x.node.inputs[0]) views.unshift(x.node);
  return { x, views };
}

/** The product without what stands before it. */
function once(
  product: TfNode,
  before: TfNode,
  views: readonly TfNode[],
  taken: ReadonlySet<TfNode>,
  r: Rewriting,
): Ref | undefined {
  const [a, b] = before.inputs;
  if (!['Mul', 'AddV2'].includes(before.op) || before.inputs.length !== 2) return undefined;
  const [x, constant] = b.node.weight ? [a, b] : [b, a];
  const weight = constant.node.weight;
  const kernel = product.inputs[1].node.weight as Weight;
  const width = kernel.dims[kernel.dims.length - 2];
  const vector = weight && channelVector(weight, width);
  if (!vector || !(taken.has(before) || taken.has(r.before(before)))) return undefined;
  const dims = r.dims(x);
  if (!dims || dims.at(-1) !== width || (weight as Weight).dims.length > dims.length) return undefined;
  const [, , bias] = product.inputs;
  const inputs = bias ? [bias] : [];
  const to = views.length > 0 ? viewSizes(r.dims(product.inputs[0])) : undefined;
  if (views.length > 0 && !to) return undefined;
  const first = to ? r.reshape(x, to) : x;
  if (before.op === 'Mul')
    return r.op(product.op, [first, r.constant(rowsTimes(kernel, vector)), ...inputs], product.attrs);
  const known = productOf(product, true) as NonNullable<ReturnType<typeof productOf>>;
  const shift = shifted(kernel, vector, known.bias, known.channels);
  const attrs = bias ? product.attrs : { ...product.attrs, num_args: 1, fused_ops: ['BiasAdd'] };
  return r.op(PRODUCTS.get(product.op) as string, [first, product.inputs[1], r.constant(shift)], attrs);
}

/** Weights times a factor per input channel: the last axis but one. */
function rowsTimes(kernel: Weight, factor: Weight): Weight {
  const [rows, columns] = kernel.dims.slice(-2);
  return madeOnce('rows times', [kernel, factor], () => ({
    ...derived(kernel.dims, kernel, (t) => {
      const f = factor.load().data as Float32Array;
      const from = t.data as ArrayLike<number>;
      const out = new Float32Array(from.length);
      for (let i = 0; i < out.length; i++) out[i] = Number(from[i]) * f[Math.floor(i / columns) % rows];
      return out;
    }),
    dtype: 'float32',
  }));
}

/** The bias with which the product of x is that of x + c before: b + c W, summed over all taps. */
function shifted(kernel: Weight, shift: Weight, bias: Weight | undefined, channels: number): Weight {
  const [rows, columns] = kernel.dims.slice(-2);
  return madeOnce(`shifted ${channels}`, bias ? [kernel, shift, bias] : [kernel, shift], () => ({
    dtype: 'float32',
    dims: [channels],
    load: () => {
      const c = shift.load().data as Float32Array;
      const from = kernel.load().data as ArrayLike<number>;
      const given = bias?.load().data as ArrayLike<number> | undefined;
      const sums = Float64Array.from({ length: channels }, (_, i) => Number(given?.[given.length === 1 ? 0 : i] ?? 0));
      for (let i = 0, row = 0; i < from.length; row = (row + 1) % rows)
        for (let k = 0; k < columns; k++, i++) sums[k] += c[row] * Number(from[i]);
      return tensorOf('float32', [channels], sums);
    },
  }));
}
