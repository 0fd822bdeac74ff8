import { invalid, refuse } from '../../diag/diagnostic.js';
import { exactDiv, isKnown, productOf, showDims, symbol, type Dim } from '../../ir/dim.js';
import { identity } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode, View } from '../../ir/view.js';
import { int64s } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { canReshape } from '../../tf/sizes.js';
import { regroup, reshapeInMemory, reshapeLayer } from './regroup.js';

interface Attrs {
  /** The sizes asked for, of which one may be -1; undefined where only the model's run tells them. */
  readonly target: readonly Dim[] | undefined;
  /** A 0 that only the model's run tells is a size of 0, and doesn't copy the input's. */
  readonly allowZero: boolean;
}

export default defineOp<Attrs>({
  name: 'Reshape',
  summary: 'the same elements under other dims',
  shapes: ['', '_'],
  read: {
    1: (n) => {
      n.setInputs([n.input(0), n.constantValue(int64s(n.optInts('shape') ?? invalid('Reshape has no shape')))]);
      return read(n);
    },
    5: read,
  },
  layout: (n, given) => {
    const out = n.outputs[0];
    if (!out || !n.attrs.target)
      return {
        inputs: n.inputs.map((v) => v && identity(v.type.dims.length)),
        outputs: [identity(out?.type.dims.length ?? 0)],
      };
    const { input, output } = regroup(n.dims(0), out.type.dims, given[0]);
    return { inputs: [input], outputs: [output] };
  },
  infer: (n) => [{ dtype: n.dtype(0), dims: dimsOf(n) }],
  elems: (n) => (dimsOf(n).length <= 1 ? n.elems(0) : undefined),
  fold: (n, [x]) => {
    const dims = dimsOf(n);
    return dims.every(isKnown) ? [{ ...x, dims }] : undefined;
  },
  graph: (n, [x, shape], b) =>
    reshapeInMemory(n, x, b, shape && !n.attrs.target && !n.attrs.allowZero ? copied(n, x, shape, b) : shape),
  keras: (n, [x], k) => {
    if (n.has(1)) return refuse('the sizes are computed by the model', 'convert to a graph-model');
    return reshapeLayer(n, x, k, n.outputs[0]?.type.dims.length === 2);
  },
});

function read(n: RawNode): Attrs {
  const [x, shape] = [n.input(0), n.input(1)];
  if (!x || !shape) return invalid('Reshape needs data and a shape');
  const wanted = n.elems(1);
  const allowZero = n.flag('allowzero');
  if (!wanted) return { target: undefined, allowZero };
  const target = wanted.map((d, i) =>
    d === 0 && !allowZero
      ? (x.type.dims[i] ??
        invalid(`element ${i} of the shape copies a size that the input ${showDims(x.type.dims)} hasn't`))
      : d,
  );
  if (target.filter((d) => d === -1).length > 1)
    return invalid(`the shape ${showDims(target)} leaves more than one size open`);
  // The chain that computes the shape is needed no more where the input's own sizes tell it.
  if (
    canReshape(
      x.type.dims,
      target.map((d) => (d === -1 ? OPEN : d)),
    )
  )
    n.setInputs([x]);
  return { target, allowZero };
}

/** The shape with the input's sizes in place of zeros. */
function copied(n: View<Attrs>, x: Ref, shape: Ref, b: GraphBuilder): Ref {
  const rank = n.outputs[0]?.type.dims.length ?? 0;
  const own = n.rank(0);
  const sizes = b.shape(x);
  const beside =
    own === rank
      ? sizes
      : own > rank
        ? b.slice(sizes, [0], [rank])
        : b.concat([sizes, b.ints(new Array<number>(rank - own).fill(0))], 0);
  return b.select(b.op('Equal', [shape, b.scalar(0, 'int32')]), beside, shape);
}

/** A size that can't be told from any other. */
const OPEN = symbol('open');

function dimsOf(n: View<Attrs>): readonly Dim[] {
  const { target } = n.attrs;
  if (!target) {
    const rank = n.dims(1)[0];
    if (!isKnown(rank))
      return refuse('the rank of the result is not known', 'fix the sizes with input-shapes in the config');
    return n.freshDims(rank);
  }
  const total = productOf(n.dims(0));
  const given = productOf(target.filter((d) => d !== -1));
  if (!target.includes(-1)) {
    if (isKnown(total) && isKnown(given) && total !== given)
      return invalid(`${showDims(n.dims(0))} has ${total} elements, and ${showDims(target)} would have ${given}`);
    return target;
  }
  const rest = exactDiv(total, given);
  if (rest === undefined && isKnown(total) && isKnown(given))
    return invalid(`${total} elements can't become ${showDims(target)}`);
  const open = rest ?? n.fresh();
  return target.map((d) => (d === -1 ? open : d));
}
