import { invalid } from '../../diag/diagnostic.js';
import type { Dim } from '../../ir/dim.js';
import type { TensorType } from '../../ir/graph.js';
import type { RawNode, View } from '../../ir/view.js';
import { arrange } from '../../ir/layout.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { slide } from './slide.js';
import { padsOf, readWindow, spatialRank, windowDims, type Window } from './window.js';

/** Attributes of a pool; `kernel` is always there. */
export interface PoolAttrs {
  readonly window: Window;
  readonly kernel: readonly number[];
}

export function readPool(n: RawNode): PoolAttrs {
  const kernel = n.ints('kernel_shape');
  const rank = spatialRank(n);
  if (kernel.length !== rank) return invalid(`kernel_shape has ${kernel.length} entries for ${rank} spatial axes`);
  if (kernel.some((k) => k < 1)) return invalid(`kernel_shape is ${JSON.stringify(kernel)}`);
  return { window: readWindow(n, rank), kernel };
}

export function poolType(n: View<PoolAttrs>): TensorType {
  const [batch, channels, ...spatial] = n.dims(0);
  return { dtype: n.dtype(0), dims: [batch, channels, ...windowDims(n.attrs.window, n.attrs.kernel, spatial)] };
}

/** The input of a pool as it lies in memory, padded. */
export interface Padded {
  readonly x: Ref;
  /** Of the input, in memory order. */
  readonly sizes: readonly Amount[];
  /** Per spatial axis. */
  readonly pads: readonly (readonly [Amount, Amount])[];
  /** Of the padded input, in memory order. */
  readonly padded: readonly Amount[];
}

/** Pads the input (channels last) so that a window that rounds down gives ONNX's output. */
export function padded(n: View<PoolAttrs>, x: Ref, fill: number, _b: GraphBuilder, a: Amounts): Padded {
  const { window, kernel } = n.attrs;
  const dims: readonly Dim[] = arrange(n.dims(0), n.layout(0));
  const sizes = a.sizes(x, dims);
  const pads = padsOf(window, kernel, dims.slice(1, -1), sizes.slice(1, -1), a);
  const all = [[0, 0], ...pads, [0, 0]] as const;
  return { x: a.pad(x, all, fill), sizes, pads, padded: sizes.map((s, i) => a.add(s, a.add(all[i][0], all[i][1]))) };
}

/** The pool of an input that is padded with `fill`. */
export function pooled(kind: 'MaxPool' | 'AvgPool', n: View<PoolAttrs>, x: Ref, fill: number, b: GraphBuilder): Ref {
  const a = new Amounts(b);
  const p = padded(n, x, fill, b, a);
  return slide(kind, p.x, p.padded, { ...n.attrs.window, kernel: n.attrs.kernel }, b, a);
}
