import { series } from '../../ir/weights.js';
import { invalid, refuse } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import { identity, type Layout } from '../../ir/layout.js';
import { pick } from '../../ir/numeric.js';
import { defineOp } from '../../ir/op.js';
import { normalAxis, type RawNode } from '../../ir/view.js';
import { int64s, sizeOf, tensorOf } from '../../tensor/tensor.js';

interface Attrs {
  readonly axis: number;
  readonly largest: boolean;
}

export default defineOp<Attrs>({
  name: 'TopK',
  summary: 'the largest or smallest elements of an axis, and where they are',
  shapes: ['_ ...', '() | 1'],
  read: {
    1: (n) => {
      n.setInputs([n.input(0), n.constantValue(int64s([n.int('k')]))]);
      return read(n);
    },
    10: read,
  },
  // TensorFlow looks along the last axis: it has to lie there.
  layout: (n, [given]) => {
    const order = withLast(given, n.attrs.axis);
    return { inputs: [order, identity(n.rank(1))], outputs: [order, order] };
  },
  infer: (n) => {
    const dims = n.dims(0).map((d, i) => (i === n.attrs.axis ? (n.elems(1)?.[0] ?? n.fresh()) : d));
    return [
      { dtype: n.dtype(0), dims },
      { dtype: 'int64', dims },
    ];
  },
  fold: (n, [x]) => {
    const { axis, largest } = n.attrs;
    const k = n.ints(1)?.[0];
    if (k === undefined || x.dtype === 'string') return undefined;
    const data = x.data as ArrayLike<number | bigint>;
    const [size, inner] = [x.dims[axis], sizeOf(x.dims.slice(axis + 1))];
    const dims = x.dims.map((d, i) => (i === axis ? k : d));
    if (k > size) return invalid(`${k} of ${size} elements are asked for`);
    const from = new Int32Array(sizeOf(dims));
    const places: number[] = new Array(from.length);
    for (let o = 0; o < sizeOf(x.dims.slice(0, axis)); o++)
      for (let i = 0; i < inner; i++) {
        const at = (j: number) => (o * size + j) * inner + i;
        const order = series(size, (j) => j).sort((p, q) =>
          data[at(p)] === data[at(q)] ? p - q : data[at(p)] > data[at(q)] === largest ? -1 : 1,
        );
        for (let j = 0; j < k; j++) {
          from[(o * k + j) * inner + i] = at(order[j]);
          places[(o * k + j) * inner + i] = order[j];
        }
      }
    return [pick(x, dims, (i) => from[i]), tensorOf('int64', dims, places)];
  },
  graph: (n, [x, given], b) => {
    const { axis, largest } = n.attrs;
    if (x.dtype !== 'float32' && x.dtype !== 'int32') return refuse(`TopK of ${n.dtype(0)}`);
    const k = n.elems(1)?.[0];
    const size = n.dims(0)[axis];
    if (k !== undefined && isKnown(k) && isKnown(size) && k > size)
      return invalid(`${k} of ${size} elements are asked for`);
    const count = k !== undefined && isKnown(k) ? b.scalar(k, 'int32') : b.reshape(given, []);
    // Turned round, the smallest are the largest; -1-x does so for all integers, -x for floats.
    const turn = (y: typeof x) => (y.dtype === 'float32' ? b.op('Neg', [y]) : b.sub(b.scalar(-1, 'int32'), y));
    const [values, places] = b.many('TopKV2', [largest ? x : turn(x), count], { sorted: true });
    return [largest ? values : turn(values), places];
  },
});

function read(n: RawNode): Attrs {
  return { axis: normalAxis(n.int('axis'), n.input(0)?.type.dims.length ?? 0), largest: n.optInt('largest') !== 0 };
}

function withLast(layout: Layout, axis: number): Layout {
  return [...layout.filter((a) => a !== axis), axis];
}
