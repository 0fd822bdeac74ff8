import { invalid } from '../../diag/diagnostic.js';
import { isKnown, type Dim } from '../../ir/dim.js';
import type { TensorType } from '../../ir/graph.js';
import type { RawNode, View } from '../../ir/view.js';
import { padsOf, reach, readWindow, windowDims, type Window } from './window.js';

/** Attributes of a pool; `kernel` is always there. */
export interface PoolAttrs {
  readonly window: Window;
  readonly kernel: readonly number[];
}

export function readPool(n: RawNode): PoolAttrs {
  const kernel = n.ints('kernel_shape');
  const rank = (n.input(0)?.type.dims.length ?? 0) - 2;
  if (kernel.length !== rank) return invalid(`kernel_shape has ${kernel.length} entries for ${rank} spatial axes`);
  return { window: readWindow(n, rank), kernel };
}

export function poolType(n: View<PoolAttrs>): TensorType {
  const [batch, channels, ...spatial] = n.dims(0);
  return { dtype: n.dtype(0), dims: [batch, channels, ...windowDims(n.attrs.window, n.attrs.kernel, spatial)] };
}

/**
 * Pads per spatial axis with which a plain (floor) pool gives the output's sizes: with ceil_mode the last window may
 * reach beyond the padding, by what is added here behind.
 */
export function poolPads(n: View<PoolAttrs>): [number, number][] {
  const { window, kernel } = n.attrs;
  const spatial = n.dims(0).slice(2);
  const pads = padsOf(window, kernel, spatial).map(([a, b]): [number, number] => [a, b]);
  const out = windowDims(window, kernel, spatial);
  pads.forEach((pad, i) => {
    const extra = beyond(out[i], spatial[i], pad, window.strides[i], reach(kernel[i], window.dilations[i]));
    pad[1] += Math.max(0, extra);
  });
  return pads;
}

function beyond(out: Dim, size: Dim, [begin, end]: readonly [number, number], stride: number, span: number): number {
  // Of an unknown size only the most is known: one stride less one.
  if (!isKnown(out) || !isKnown(size)) return 0;
  return (out - 1) * stride + span - (size + begin + end);
}
