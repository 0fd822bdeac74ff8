import { derived, madeOnce } from '../../ir/weights.js';
import { tensorOf, type Weight } from '../../tensor/tensor.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite } from '../rewrite.js';
import { numbersIn } from '../shapes.js';
import { PRODUCTS } from './fold-affine.js';
import { readersOf } from './graph-readers.js';

/** Ops that let a positive scale of their first operand through, unchanged. */
const HOMOGENEOUS = new Set([
  'AvgPool',
  'MaxPool',
  'Mean',
  'Sum',
  'Max',
  'Reshape',
  'Squeeze',
  'ExpandDims',
  'Transpose',
  'Slice',
  'Relu',
  'ResizeBilinear',
  'ResizeNearestNeighbor',
  'GatherNd',
]);

/**
 * A multiplication by a number goes into the weights of the products behind it:
 *
 *     x * Relu6(x + 3) -> Mul(1/6) -> Mul(gate) -> Conv2D(W)      becomes      x * Relu6(x + 3) -> Mul(gate) -> Conv2D(W / 6)
 *
 * through pools, sums and changes of sizes, on every way on which the value is read; and a HardSigmoid behind a product is
 * its Relu6, with the sixth sunk in the same way:
 *
 *     Conv2D(W, b) -> ClipByValue(0, 1)      becomes      Conv2D(6 W, 6 b, Relu6) -> Mul(1/6)
 */
export function sinkScales(graph: TfGraph): TfGraph {
  const readers = readersOf(graph);
  const outputs = new Set(graph.outputs.map((o) => o.ref.node));
  const scales = new Map<TfNode, number>();
  const through = new Set<TfNode>();
  const gone = new Map<TfNode, number>();
  for (const node of graph.nodes) {
    const factor = scaleOf(node, readers);
    if (factor === undefined || outputs.has(node)) continue;
    const plan = absorbers(node, readers, outputs, scales);
    if (!plan) continue;
    gone.set(node, factor);
    for (const n of plan.through) through.add(n);
    for (const n of plan.products) scales.set(n, (scales.get(n) ?? 1) * factor);
  }
  if (gone.size === 0) return graph;
  // What lies between has other values now than ONNX's.
  const lost = new Set([...through, ...gone.keys()]);
  const kept = { ...graph, values: graph.values.filter((v) => !lost.has(v.ref.node)) };
  return rewrite(kept, (node, r) => {
    const before = graph.nodes[r.at];
    if (gone.has(before))
      return before.op === 'ClipByValue' ? [clamped(node, r)] : [node.inputs[isScalar(node.inputs[1]) ? 0 : 1]];
    const scale = scales.get(before);
    if (scale === undefined) return undefined;
    const kernel = node.inputs[1].node.weight as Weight;
    return [r.op(node.op, [node.inputs[0], r.constant(times(kernel, scale)), ...node.inputs.slice(2)], node.attrs)];
  });
}

const isScalar = (ref: Ref): boolean => numbersIn(ref)?.length === 1 && ref.dtype === 'float32';

/** The number by which a node multiplies what comes after it has moved on: undefined where it doesn't. */
function scaleOf(node: TfNode, readers: ReadonlyMap<TfNode, readonly TfNode[]>): number | undefined {
  if (node.op === 'ClipByValue') {
    const [low, high] = [numbersIn(node.inputs[1])?.[0], numbersIn(node.inputs[2])?.[0]];
    const { op, attrs, inputs } = node.inputs[0].node;
    const bare =
      PRODUCTS.has(op) &&
      inputs[1].node.weight &&
      (inputs.length === 2 || inputs[2].node.weight) &&
      ((attrs.fused_ops as string[] | undefined) ?? []).length <= 1;
    return low === 0 && high === 1 && bare && readers.get(node.inputs[0].node)?.length === 1 ? 1 / 6 : undefined;
  }
  if (node.op !== 'Mul') return undefined;
  const constant = node.inputs.find((ref) => isScalar(ref) && (ref.node.weight as Weight).dims.length <= 1);
  const factor = constant && numbersIn(constant)?.[0];
  return factor !== undefined && factor > 0 && Number.isFinite(factor) ? factor : undefined;
}

/** Everything that a value reaches before products take its scale; undefined where one way leads elsewhere. */
function absorbers(
  start: TfNode,
  readers: ReadonlyMap<TfNode, readonly TfNode[]>,
  outputs: ReadonlySet<TfNode>,
  scales: ReadonlyMap<TfNode, number>,
): { through: TfNode[]; products: TfNode[] } | undefined {
  const through: TfNode[] = [];
  const products: TfNode[] = [];
  const seen = new Set<TfNode>([start]);
  const stack = [start];
  for (let node = stack.pop(); node; node = stack.pop())
    for (const reader of readers.get(node) ?? []) {
      const places = reader.inputs.flatMap((ref, i) => (ref.node === node ? [i] : []));
      if (places.length !== 1) return undefined;
      const [place] = places;
      if (
        place === 0 &&
        PRODUCTS.has(reader.op) &&
        reader.inputs[1].node.weight &&
        !reader.attrs.transpose_a &&
        !reader.attrs.transpose_b
      ) {
        products.push(reader);
        continue;
      }
      const passes =
        place === 0
          ? HOMOGENEOUS.has(reader.op) || (reader.op === 'PadV2' && numbersIn(reader.inputs[2])?.[0] === 0)
          : false;
      const other = reader.op === 'Mul' ? reader.inputs[1 - place].node : undefined;
      // Two scaled factors would be scaled twice; a way that comes back is followed once.
      if (
        (!passes && !other) ||
        outputs.has(reader) ||
        seen.has(reader) ||
        scales.has(reader) ||
        (other && (seen.has(other) || through.includes(other)))
      )
        return undefined;
      seen.add(reader);
      through.push(reader);
      stack.push(reader);
    }
  return products.length > 0 ? { through, products } : undefined;
}

function clamped(
  node: TfNode,
  r: { op(name: string, inputs: readonly Ref[], attrs: TfNode['attrs']): Ref; constant(w: Weight): Ref },
): Ref {
  const product = node.inputs[0].node;
  const [x, kernel, bias] = product.inputs;
  const weight = kernel.node.weight as Weight;
  const channels = product.op.includes('epthwise')
    ? weight.dims[2] * weight.dims[3]
    : weight.dims[weight.dims.length - 1];
  const shift = bias
    ? times(bias.node.weight as Weight, 6)
    : {
        dtype: 'float32' as const,
        dims: [channels],
        load: () => tensorOf('float32', [channels], new Float32Array(channels)),
      };
  return r.op(PRODUCTS.get(product.op) as string, [x, r.constant(times(weight, 6)), r.constant(shift)], {
    ...product.attrs,
    num_args: 1,
    fused_ops: ['BiasAdd', 'Relu6'],
  });
}

function times(w: Weight, factor: number): Weight {
  return madeOnce(`times ${factor}`, [w], () => ({
    ...derived(w.dims, w, (t) => Float32Array.from(t.data as ArrayLike<number>, (v) => Number(v) * factor)),
    dtype: 'float32',
  }));
}
