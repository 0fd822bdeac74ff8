import { derived, madeOnce } from '../../ir/weights.js';
import { sizeOf, type Weight } from '../../tensor/tensor.js';
import type { TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { outputsOf, rewrite } from '../rewrite.js';
import type { Target } from '../target.js';
import { Shapes } from '../shapes.js';
import { productOf } from './fold-affine.js';
import { MANY_PARTS } from './gather-parts.js';
import { readersOf } from './graph-readers.js';
import { partsOf, type Part } from './parts.js';

/**
 * A product whose channels are cut apart becomes a product for each part:
 *
 *     Conv2D(x, W) -> Split      becomes      Conv2D(x, W1), Conv2D(x, W2), …
 *
 * where nothing else reads it, and reading x once for each part costs less than cutting the result. Cutting costs a copy of
 * the whole for each part on WASM, or moving the result once where parts are gathered; weights are cut while converting.
 */
export function cutProducts(graph: TfGraph, target: Target): TfGraph {
  const cuts = cutsOf(graph, target);
  if (cuts.size === 0) return graph;
  return rewrite(graph, (node, r) =>
    cuts.get(graph.nodes[r.at])?.map(({ input, begin, size }) => {
      const product = node.inputs[input].node;
      const [x, ...weights] = product.inputs;
      r.over(node, product);
      return r.op(
        product.op,
        [x, ...weights.map((w) => r.constant(columns(w.node.weight as Weight, begin, size)))],
        product.attrs,
      );
    }),
  );
}

/** The nodes that cut the last axis of a product that nobody reads whole, and what each of their outputs takes. */
function cutsOf(graph: TfGraph, target: Target): Map<TfNode, readonly Part[]> {
  const readers = readersOf(graph);
  const shapes = new Shapes(graph);
  const outputs = new Set(graph.outputs.map((o) => o.ref.node));
  const cuts = new Map<TfNode, readonly Part[]>();
  for (const node of graph.nodes) {
    const product = productOf(node, true);
    const dims = product && shapes.of(outputsOf(node)[0]);
    if (!product || !dims || product.depthwise || outputs.has(node) || node.inputs.length > 3) continue;
    const reading = readers.get(node) ?? [];
    const parts = reading.map((reader) => partsOf(reader, dims));
    const taken = parts.flatMap((p) => p ?? []);
    const whole = taken.reduce((n, p) => n + p.size, 0);
    if (
      taken.length === 0 ||
      parts.some((p) => !p) ||
      taken.some((p) => p.axis !== dims.length - 1) ||
      whole > product.channels ||
      isDearer(taken.length, shapes.numbers(node.inputs[0]), shapes.numbers(outputsOf(node)[0]), target)
    )
      continue;
    reading.forEach((reader, i) => {
      cuts.set(reader, parts[i] as readonly Part[]);
    });
  }
  return cuts;
}

/** Nanoseconds on WASM for reading a number once more: from the nearer cache, and from beyond. */
const AGAIN = { near: 0.15, far: 1.2 };
/** What fits into the nearer cache beside weights and results, in bytes. */
const NEAR_BYTES = 2 ** 20;
/** Nanoseconds a number for moving a result and gathering its parts; for Split's copies, and for each row of a part. */
const CUT = { gathered: 0.9, copied: 1.1, row: 80 };
/** Whether `parts` products of x take longer than one and a cut of its result; sizes that aren't known are taken as small. */
function isDearer(
  parts: number,
  x: readonly number[] | undefined,
  result: readonly number[] | undefined,
  target: Target,
): boolean {
  if (!x || !result || target === 'webgl') return false;
  const read = sizeOf(x);
  const again = (parts - 1) * read * (4 * read > NEAR_BYTES ? AGAIN.far : AGAIN.near);
  const rows = sizeOf(result.slice(0, -1));
  return (
    again >
    (target === 'wasm' || parts >= MANY_PARTS
      ? CUT.gathered * sizeOf(result)
      : parts * (CUT.copied * sizeOf(result) + CUT.row * rows))
  );
}

/** Some columns (of the last axis) of a weight. */
export function columns(w: Weight, begin: number, size: number): Weight {
  const width = w.dims[w.dims.length - 1];
  const dims = [...w.dims.slice(0, -1), size];
  return madeOnce(`columns ${begin} ${size}`, [w], () => ({
    ...derived(dims, w, (t) => {
      const from = t.data as Float32Array;
      const out = new Float32Array(sizeOf(dims));
      for (let at = begin, to = 0; to < out.length; at += width, to += size) out.set(from.subarray(at, at + size), to);
      return out;
    }),
    dtype: 'float32',
  }));
}
