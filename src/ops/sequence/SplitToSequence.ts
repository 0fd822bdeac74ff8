import { series } from '../../ir/weights.js';
import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { normalAxis } from '../../ir/view.js';
import { int64s } from '../../tensor/tensor.js';
import { resolved, sequence, tensorIn } from './sequences.js';

interface Attrs {
  readonly axis: number;
  readonly keep: boolean;
}

export default defineOp<Attrs>({
  name: 'SplitToSequence',
  summary: 'cuts a tensor into a sequence, resolved while converting',
  limits: 'the parts have to be known while converting',
  shapes: ['_ ...', '() | _'],
  read: {
    11: (n) => ({ axis: normalAxis(n.int('axis'), n.input(0)?.type.dims.length ?? 0), keep: n.int('keepdims') !== 0 }),
  },
  infer: resolved,
  expand: (n, [x], e) => {
    const { axis, keep } = n.attrs;
    const sizes = partsOf(n.has(1), n.ints(1), n.has(1) ? n.rank(1) : 0, n.dims(0)[axis]);
    if (sizes.length === 0) return [sequence(n, [], n.dtype(0))];
    const parts = sizes.length === 1 ? [x] : e.emit('Split', [x, e.constant(int64s(sizes))], { axis }, sizes.length);
    // keepdims counts only where no sizes are given.
    const squeezed = !n.has(1) && !keep ? parts.map((p) => e.one('Squeeze', [p, e.constant(int64s([axis]))])) : parts;
    return [
      sequence(
        n,
        squeezed.map((p) => tensorIn(p, n)),
        n.dtype(0),
      ),
    ];
  },
});

function partsOf(given: boolean, split: readonly number[] | undefined, rank: number, whole: unknown): number[] {
  if (given && !split)
    return refuse(
      'the sizes of the parts (input 1) have to be constant, since sequences are resolved while converting',
      'make them an initializer',
    );
  if (split && rank === 1) return [...split];
  if (typeof whole !== 'number' || !isKnown(whole))
    return refuse(
      'the size of the axis has to be known, since sequences are resolved while converting',
      'fix the sizes with input-shapes in the config',
    );
  const size = split?.[0] ?? 1;
  if (size <= 0) return invalid(`parts of the size ${size}`);
  return series(Math.ceil(whole / size), (i) => Math.min(size, whole - i * size));
}
