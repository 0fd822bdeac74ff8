import type { GraphBuilder, Ref } from '../../tf/builder.js';

/** (x - mean) / sqrt(variance + epsilon), with mean and variance over these axes in memory. */
export function standardized(
  x: Ref,
  axes: readonly number[],
  epsilon: number,
  b: GraphBuilder,
): { y: Ref; mean: Ref; inverse: Ref } {
  const mean = b.op('Mean', [x, b.ints(axes)], { keep_dims: true });
  const centered = b.sub(x, mean);
  const variance = b.op('Mean', [b.op('Square', [centered]), b.ints(axes)], { keep_dims: true });
  const inverse = b.op('Rsqrt', [b.add2(variance, b.scalar(epsilon))]);
  return { y: b.mul(centered, inverse), mean, inverse };
}
