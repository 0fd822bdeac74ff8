import { areKnown, isKnown, type Dim } from '../ir/dim.js';
import { elementIndices } from '../ir/scatter.js';
import { series, stridesOf } from '../ir/weights.js';
import { tensorOf } from '../tensor/tensor.js';
import type { GraphBuilder, Ref } from './builder.js';
import { nonNegative } from './take.js';

/**
 * For GatherElements and ScatterElements: rows of one number each, the index into the flattened data of what each index
 * names. int32 [number of indices, 1]. Dims are in memory order.
 */
export function flatElements(
  b: GraphBuilder,
  data: Ref,
  dataDims: readonly Dim[],
  indices: Ref,
  dims: readonly Dim[],
  axis: number,
): Ref {
  const known = indices.node.weight?.load();
  if (known && areKnown(dataDims)) {
    const rows = elementIndices(dataDims, known, axis);
    return b.tensor({ dtype: 'int32', dims: [rows.length, 1], data: rows });
  }
  const at = nonNegative(b, indices, isKnown(dataDims[axis]) ? dataDims[axis] : b.size(data, axis));
  if (areKnown(dataDims) && areKnown(dims)) {
    const strides = stridesOf(dataDims);
    const scaled = strides[axis] === 1 ? at : b.mul(at, b.scalar(strides[axis], 'int32'));
    // What the other axes add, before and behind the axis; the axes are brought to three, since more broadcast slowly.
    const offsets = (from: number, to: number): number[] => {
      let out = [0];
      for (let a = from; a < to; a++) out = out.flatMap((o) => series(dims[a], (i) => o + i * strides[a]));
      return out;
    };
    const [before, behind] = [offsets(0, axis), offsets(axis + 1, dims.length)];
    const base = before.flatMap((p) => behind.map((q) => p + q));
    const cube = b.reshape(scaled, [before.length, dims[axis], behind.length]);
    const flat = base.every((v) => v === 0)
      ? cube
      : b.add2(cube, b.tensor(tensorOf('int32', [before.length, 1, behind.length], base)));
    return b.reshape(flat, [-1, 1]);
  }
  let stride: number | Ref = 1;
  let sum: Ref | undefined;
  const int = (v: number | Ref): Ref => (typeof v === 'number' ? b.scalar(v, 'int32') : v);
  for (let a = dims.length - 1; a >= 0; a--) {
    const shape = dims.map((_, i) => (i === a ? -1 : 1));
    const size = dims[a];
    const own: Ref = a === axis ? at : b.reshape(b.count(isKnown(size) ? size : b.size(indices, a)), shape);
    const scaled: Ref = stride === 1 ? own : b.mul(own, int(stride));
    sum = sum ? b.add2(sum, scaled) : scaled;
    const whole = dataDims[a];
    stride =
      typeof stride === 'number' && isKnown(whole)
        ? stride * whole
        : b.mul(int(stride), int(isKnown(whole) ? whole : b.size(data, a)));
  }
  return b.reshape(sum ?? at, [-1, 1]);
}
