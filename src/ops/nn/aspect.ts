import { areKnown } from '../../ir/dim.js';
import type { View } from '../../ir/view.js';
import type { ResizeAttrs } from './Resize.js';

/** Sizes and the one scale with keep_aspect_ratio_policy, where all sizes are known. */
export function keptAspect(n: View<ResizeAttrs>): { sizes: number[]; scale: number } | undefined {
  const { axes, sizes, policy } = n.attrs;
  const from = axes.map((axis) => n.dims(0)[axis]);
  if (!sizes || !areKnown(sizes) || !areKnown(from)) return undefined;
  const ratios = sizes.map((size, i) => size / (from[i] as number));
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return { scale, sizes: from.map((size) => Math.floor(scale * (size as number) + 0.5)) };
}
