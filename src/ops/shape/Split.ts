import { series } from '../../ir/weights.js';
import { invalid, refuse } from '../../diag/diagnostic.js';
import { areKnown, exactDiv, floorDiv, isKnown, sameDim, type Dim } from '../../ir/dim.js';
import { arrange } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { takeAxis } from '../../ir/pieces.js';
import { realAxis, type RawNode, type View } from '../../ir/view.js';
import { sizesFrom } from '../../tf/sizes.js';
import { splitLayers } from './slice-keras.js';

interface Attrs {
  readonly axis: number;
  /** Size of each part; 'computed' where input 1 tells, undefined where the parts are equal (but for a smaller last one). */
  readonly sizes: readonly Dim[] | 'computed' | undefined;
}

export default defineOp<Attrs>({
  name: 'Split',
  summary: 'cuts an axis into parts',
  shapes: ['_ ...', '_'],
  read: {
    // Version 1 takes the sizes as an input or as an attribute; either may be left out.
    1: (n) => (n.input(1) ? fromInput(n) : { axis: axisOf(n), sizes: n.optInts('split') }),
    2: (n) => ({ axis: axisOf(n), sizes: n.optInts('split') }),
    13: fromInput,
  },
  layout: (n, [given]) => ({ inputs: [given, [0]], outputs: Array.from({ length: n.outputCount }, () => given) }),
  infer: (n) =>
    partsOf(n).map((size) => ({ dtype: n.dtype(0), dims: n.dims(0).map((d, i) => (i === n.attrs.axis ? size : d)) })),
  fold: (n, [x]) => {
    if (n.attrs.sizes === 'computed') return undefined;
    let start = 0;
    return partsOf(n).map((size) => {
      if (!isKnown(size)) return invalid('the size of a part is not known');
      const at = series(size, (i) => start + i);
      start += size;
      return takeAxis(x, n.attrs.axis, at);
    });
  },
  graph: (n, [x, given], b) => {
    const axis = n.position(0, n.attrs.axis);
    const parts = partsOf(n);
    const dims = arrange(n.dims(0), n.layout(0));
    if (parts.length === 1 && n.attrs.sizes !== 'computed' && sameDim(parts[0], dims[axis])) return [x];
    const types = parts.map(() => x.dtype);
    // Equal parts of a size that isn't known: TensorFlow.js complains where they can't be equal.
    if (!n.attrs.sizes && !isKnown(dims[axis]))
      return b.many('Split', [b.scalar(axis, 'int32'), x], { num_split: parts.length }, types);
    const sizes =
      n.attrs.sizes === 'computed' ? given : areKnown(parts) ? b.ints(parts) : sizesFrom(b, parts, [{ ref: x, dims }]);
    if (!sizes)
      return refuse(
        "the sizes of the parts can't be told from those of the input",
        'fix the sizes with input-shapes in the config',
      );
    return b.many('SplitV', [x, sizes, b.scalar(axis, 'int32')], {}, types);
  },
  keras: splitLayers,
});

const axisOf = (n: RawNode): number => realAxis(n.optInt('axis') ?? 0, n.input(0)?.type.dims.length ?? 0);

function fromInput(n: RawNode): Attrs {
  const sizes = n.input(1) ? (n.elems(1) ?? 'computed') : undefined;
  if (sizes !== 'computed') n.setInputs([n.input(0)]);
  return { axis: axisOf(n), sizes };
}

function partsOf(n: View<Attrs>): readonly Dim[] {
  const { axis, sizes } = n.attrs;
  const whole = n.dims(0)[axis];
  if (sizes === 'computed') return Array.from({ length: n.outputCount }, () => n.fresh());
  if (sizes) {
    if (sizes.length !== n.outputCount) return invalid(`${sizes.length} sizes are given for ${n.outputCount} outputs`);
    if (isKnown(whole) && areKnown(sizes) && sizes.reduce((p, q) => p + q, 0) !== whole)
      return invalid(`the parts [${sizes}] don't make up ${whole}`);
    return sizes;
  }
  const count = n.outputCount;
  if (!isKnown(whole)) return new Array<Dim>(count).fill(exactDiv(whole, count) ?? floorDiv(whole, count));
  const size = Math.ceil(whole / count);
  return series(count, (i) => Math.max(Math.min(size, whole - i * size), 0));
}
