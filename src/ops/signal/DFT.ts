import { invalid, refuse } from '../../diag/diagnostic.js';
import { addDim, floorDiv, mulDim, subDim, type Dim } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { normalAxis, type RawNode, type View } from '../../ir/view.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { fourierMatrix } from './fourier.js';

interface Attrs {
  /** Undefined where the model computes it: input 2. */
  readonly axis: number | undefined;
  /** Undefined where the model computes it (input 1), or where it is the signal's. */
  readonly length: number | undefined;
  readonly inverse: boolean;
  readonly onesided: boolean;
}

function read(n: RawNode, axis: number | undefined): Attrs {
  const length = n.constantInts(1)?.[0];
  const computed = n.input(2) && axis === undefined ? n.input(2) : undefined;
  n.setInputs([n.input(0), length === undefined ? n.input(1) : undefined, computed]);
  return { axis, length, inverse: n.flag('inverse'), onesided: n.flag('onesided') };
}

/** Source: ONNX, DFT-17 (axis an attribute), -20 (axis an input). */
export default defineOp<Attrs>({
  name: 'DFT',
  summary: 'discrete Fourier transform, of real and complex signals, and back',
  shapes: ['_ _ ...', '() | 1', '() | 1'],
  read: { 17: (n) => read(n, n.int('axis')), 20: (n) => read(n, n.input(2) ? n.constantInts(2)?.[0] : -2) },
  infer: (n) => {
    const { axis, onesided, inverse } = n.attrs;
    const dims = [...n.dims(0)];
    const rank = dims.length;
    if (axis !== undefined) dims[signalAxis(axis, rank)] = outSize(n, dims[signalAxis(axis, rank)]) ?? n.fresh();
    else if (n.has(1) || n.attrs.length !== undefined || onesided)
      for (let i = 0; i < rank - 1; i++) dims[i] = n.fresh();
    dims[rank - 1] = onesided && inverse ? 1 : 2;
    return [{ dtype: n.dtype(0), dims }];
  },
  graph: (n, [x, length, axis], b) => {
    const rank = n.rank(0);
    const a = new Amounts(b);
    const known = n.attrs.axis;
    if (known !== undefined) return along(n, x, a.sizes(x, n.dims(0)), signalAxis(known, rank), length, b, a);
    if (!axis) return refuse('the axis of DFT is not known');
    // The axis changes places with the last one of the signal, whichever it is.
    const at = b.op('FloorMod', [b.add2(axis, b.scalar(rank, 'int32')), b.scalar(rank, 'int32')]);
    const line = b.ints(Array.from({ length: rank }, (_, i) => i));
    const last = b.scalar(rank - 2, 'int32');
    const perm = b.select(b.op('Equal', [line, at]), last, b.select(b.op('Equal', [line, last]), at, line));
    const moved = b.op('Transpose', [x, perm]);
    const sizes = n.dims(0).map((_, i): Amount => (i === rank - 1 ? n.knownDim(0, rank - 1) : b.size(moved, i)));
    return b.op('Transpose', [along(n, moved, sizes, rank - 2, length, b, a), perm]);
  },
});

function signalAxis(axis: number, rank: number): number {
  const at = normalAxis(axis, rank);
  return at === rank - 1 ? invalid('the last axis holds real and imaginary parts: no DFT goes over it') : at;
}

/** Size of the output along the axis; undefined where only the model's run tells it. */
function outSize(n: View<Attrs>, size: Dim): Dim | undefined {
  const { onesided, inverse, length } = n.attrs;
  if (n.has(1)) return undefined;
  const whole = length ?? (onesided && inverse ? mulDim(2, subDim(size, 1)) : size);
  return onesided && !inverse ? addDim(floorDiv(whole, 2), 1) : whole;
}

function along(
  n: View<Attrs>,
  x: Ref,
  sizes: readonly Amount[],
  axis: number,
  computed: Ref | undefined,
  b: GraphBuilder,
  a: Amounts,
): Ref {
  const { onesided, inverse } = n.attrs;
  const rank = sizes.length;
  const from = n.knownDim(0, rank - 1);
  if (from !== 1 && from !== 2)
    return invalid(`the last axis holds real and imaginary parts, and has ${from} elements`);
  const mirrored = onesided && inverse;
  const size = sizes[axis];
  const length: Amount = computed
    ? b.reshape(computed, [])
    : (n.attrs.length ?? (mirrored ? a.mul(2, a.sub(size, 1)) : size));
  const half = a.add(a.div(length, 2), 1);
  const out = onesided && !inverse ? half : length;
  const used = a.min(size, mirrored ? half : length);
  const [before, behind] = [a.product(sizes.slice(0, axis)), a.product(sizes.slice(axis + 1, -1))];
  const box = a.reshape(x, [before, size, behind, from]);
  const seen = used === size ? box : a.slice(box, [0, 0, 0, 0], [-1, used, -1, -1]);
  const rows = a.reshape(b.transpose(seen, [0, 2, 1, 3]), [a.mul(before, behind), a.mul(used, from)]);
  const to = mirrored ? 1 : 2;
  const matrix = fourierMatrix({ used, length, out, from, to, inverse, mirrored }, b, a);
  const product = b.op('MatMul', [rows, matrix], { transpose_a: false, transpose_b: false });
  const moved = b.transpose(a.reshape(product, [before, behind, out, to]), [0, 2, 1, 3]);
  return a.reshape(
    moved,
    sizes.map((s, i) => (i === axis ? out : i === rank - 1 ? to : s)),
  );
}
