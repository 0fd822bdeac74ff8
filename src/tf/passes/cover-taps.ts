import { derived, madeOnce } from '../../ir/weights.js';
import { sizeOf, type Tensor, type TensorData, type Weight } from '../../tensor/tensor.js';
import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite } from '../rewrite.js';
import type { Target } from '../target.js';

/** Depthwise filters of 3, 4, 9 and 25 taps: what XNNPACK has kernels for, [height, width]. */
const WINDOWS: readonly (readonly [number, number])[] = [
  [1, 3],
  [3, 1],
  [2, 2],
  [1, 4],
  [4, 1],
  [3, 3],
  [1, 9],
  [9, 1],
  [5, 5],
  [1, 25],
  [25, 1],
];
const FAST = new Set([1, 3, 4, 9, 25]);
/** Taps of all windows together for one of the filter, at most: one of another size takes 7 to 15 times as long (measured). */
const MOST_COVER = 6;

const OPS = new Set(['DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative']);

/**
 * A depthwise convolution of a size that is slow becomes one of a size that is fast, with zeros, or the sum of several:
 *
 *     DepthwiseConv2dNative(1x5)      becomes      DepthwiseConv2dNative(1x9)
 *     DepthwiseConv2dNative(7x7)      becomes      the sum of four of 5x5, one for each corner
 *
 * For WASM: there only filters of 3, 4, 9 and 25 taps have a kernel of their own (7x7 over [56, 56, 96]: 12 ms, as four of
 * 5x5 2.5). On a GPU more taps cost more, so that for `any` target only a single larger one is taken.
 */
export function coverTaps(graph: TfGraph, target: Target): TfGraph {
  if (target === 'webgl') return graph;
  return rewrite(graph, (node, r) => {
    const kernel = OPS.has(node.op) ? node.inputs[1].node.weight : undefined;
    const pads = kernel && kernel.dims[3] === 1 ? padsOf(node) : undefined;
    if (!kernel || !pads || kernel.dtype !== 'float32' || FAST.has(kernel.dims[0] * kernel.dims[1])) return undefined;
    const cover = coverOf(kernel.dims[0], kernel.dims[1], pads);
    if (!cover || (target === 'any' && cover.length > 1)) return undefined;
    const { fused_ops, num_args, ...bare } = node.attrs;
    const activation = (fused_ops as readonly string[] | undefined)?.[1];
    const bias = num_args === 1 ? node.inputs[2] : undefined;
    if (node.inputs.length > 3 || (node.op !== 'DepthwiseConv2dNative' && !bias)) return undefined;
    const terms = cover.map((part, i): Ref => {
      const filter = r.constant(cut(kernel, part));
      const attrs = { ...bare, padding: 'EXPLICIT', explicit_paddings: [0, 0, ...part.pads, 0, 0] };
      if (i > 0 || !bias) return r.op('DepthwiseConv2dNative', [node.inputs[0], filter], attrs);
      const fused = cover.length === 1 && activation ? ['BiasAdd', activation] : ['BiasAdd'];
      return r.op('FusedDepthwiseConv2dNative', [node.inputs[0], filter, bias], {
        ...attrs,
        num_args: 1,
        fused_ops: fused,
      });
    });
    const sum = terms.reduce((a, b) => r.add2(a, b));
    return [activation && cover.length > 1 ? r.op(activation, [sum]) : sum];
  });
}

interface Pads {
  /** Top, bottom, left, right. */
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
}

function padsOf({ attrs }: TfNode): Pads | undefined {
  const dilations = (attrs.dilations as readonly number[] | undefined)?.slice(1, 3) ?? [1, 1];
  if (attrs.padding === 'VALID') return { pads: [0, 0, 0, 0], dilations };
  if (attrs.padding !== 'EXPLICIT') return undefined;
  return { pads: (attrs.explicit_paddings as readonly number[]).slice(2, 6), dilations };
}

/** A window over the filter: its place and size, the taps that are its own, and the padding that goes with it. */
interface Part {
  readonly at: readonly [number, number];
  readonly size: readonly [number, number];
  /** Taps before these belong to the window before. */
  readonly from: readonly [number, number];
  readonly pads: readonly number[];
}

/** The windows, of one size, that cover a filter with the fewest taps; undefined where none may or it isn't worth it. */
function coverOf(height: number, width: number, { pads, dilations }: Pads): readonly Part[] | undefined {
  let best: { parts: readonly Part[]; cost: number } | undefined;
  for (const size of WINDOWS) {
    const rows = places(height, size[0]);
    const columns = places(width, size[1]);
    const parts = rows.flatMap((row) =>
      columns.map((column): Part => {
        const ends = [height - row.at - size[0], width - column.at - size[1]];
        return {
          at: [row.at, column.at],
          size,
          from: [row.from, column.from],
          pads: [
            pads[0] - row.at * dilations[0],
            pads[1] - ends[0] * dilations[0],
            pads[2] - column.at * dilations[1],
            pads[3] - ends[1] * dilations[1],
          ],
        };
      }),
    );
    // A sum costs about as much as ten taps.
    const cost = parts.length * (size[0] * size[1] + 10);
    const allowed = parts.every((p) => p.pads.every((n) => n >= 0));
    if (allowed && cost <= MOST_COVER * height * width + 10 && (!best || cost < best.cost)) best = { parts, cost };
  }
  return best?.parts;
}

/** Where windows of this size stand so that they cover a length: the last ends with it. */
function places(length: number, size: number): { at: number; from: number }[] {
  const count = Math.ceil(length / size);
  return Array.from({ length: count }, (_, i) => ({
    at: count === 1 ? 0 : Math.min(i * size, length - size),
    from: i * size,
  }));
}

/** The taps of one window; zero where they are beyond the filter or another window's. */
function cut(kernel: Weight, { at, size, from }: Part): Weight {
  const [height, width, channels] = kernel.dims;
  const dims = [size[0], size[1], channels, 1];
  const compute = (t: Tensor): TensorData => {
    const taps = t.data as Float32Array;
    const out = new Float32Array(sizeOf(dims));
    for (let y = 0; y < size[0]; y++)
      for (let x = 0; x < size[1]; x++) {
        const [row, column] = [at[0] + y, at[1] + x];
        if (row < from[0] || column < from[1] || row >= height || column >= width) continue;
        const begin = (row * width + column) * channels;
        out.set(taps.subarray(begin, begin + channels), (y * size[1] + x) * channels);
      }
    return out;
  };
  return madeOnce(`cut ${[at, size, from].join(' ')}`, [kernel], () => derived(dims, kernel, compute));
}
