import type { Amount, Amounts } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

/** Regions of interest along one axis: vectors of one element a region. */
export interface Extent {
  readonly start: Ref;
  readonly length: Ref;
}

/** Sample positions of the bins of all regions along one axis. */
export interface Samples {
  /** [regions, bins, samples] */
  readonly at: Ref;
  /** Whether the sample is one of its region's, and how many it has: [regions, 1, samples] and [regions, 1, 1]. */
  readonly counted: Ref;
  readonly count: Ref;
  /** The most samples that a bin of any region has. */
  readonly most: Amount;
}

const column = (v: Ref, b: GraphBuilder): Ref => b.reshape(v, [-1, 1, 1]);

/** @param ratio samples per bin and axis; 0 for as many as the bin has elements */
export function samplesOf(
  { start, length }: Extent,
  bins: number,
  ratio: number,
  b: GraphBuilder,
  a: Amounts,
): Samples {
  const bin = b.op('RealDiv', [length, b.scalar(bins)]);
  const adaptive = b.op('Maximum', [b.op('Ceil', [bin]), b.scalar(0)]);
  const most: Amount = ratio > 0 ? ratio : b.cast(b.op('Max', [adaptive, b.ints([0])], { keep_dims: false }), 'int32');
  const count = ratio > 0 ? b.scalar(ratio) : column(adaptive, b);
  const line = b.cast(
    b.op('Range', [b.scalar(0, 'int32'), a.ref(most), b.scalar(1, 'int32')], { Tidx: 'int32' }),
    'float32',
  );
  const within = b.op('RealDiv', [b.add2(line, b.scalar(0.5)), b.op('Maximum', [count, b.scalar(1)])]);
  const index = b.reshape(
    b.tensor({ dtype: 'float32', dims: [bins], data: Float32Array.from({ length: bins }, (_, i) => i) }),
    [bins, 1],
  );
  const counted = b.op('Less', [b.reshape(line, [1, 1, -1]), count]);
  return { at: b.add2(column(start, b), b.mul(column(bin, b), b.add2(index, within))), counted, count, most };
}

/** Whether a position is answered: as far as one element outside, where the edge is seen. */
export function answered(at: Ref, size: Ref, b: GraphBuilder): Ref {
  return b.op('LogicalAnd', [b.op('GreaterEqual', [at, b.scalar(-1)]), b.op('LessEqual', [at, size])]);
}

export function clamped(at: Ref, size: Ref, b: GraphBuilder): Ref {
  return b.op('Minimum', [b.op('Maximum', [at, b.scalar(0)]), b.sub(size, b.scalar(1))]);
}

/** What each element of the axis counts in the mean of each bin: [regions, bins, size]. */
export function binWeights(s: Samples, size: Amount, b: GraphBuilder, a: Amounts): Ref {
  const length = b.cast(a.ref(size), 'float32');
  const elements = b.cast(
    b.op('Range', [b.scalar(0, 'int32'), a.ref(size), b.scalar(1, 'int32')], { Tidx: 'int32' }),
    'float32',
  );
  const valid = b.cast(b.op('LogicalAnd', [answered(s.at, length, b), s.counted]), 'float32');
  const share = b.op('RealDiv', [valid, b.op('Maximum', [s.count, b.scalar(1)])]);
  const distance = b.op('Abs', [b.sub(b.op('ExpandDims', [clamped(s.at, length, b), b.scalar(3, 'int32')]), elements)]);
  const hat = b.op('Relu', [b.sub(b.scalar(1), distance)]);
  return b.op('Sum', [b.mul(hat, b.op('ExpandDims', [share, b.scalar(3, 'int32')])), b.ints([2])], {
    keep_dims: false,
  });
}
