import { series } from '../../ir/weights.js';
import { invalid, refuse } from '../../diag/diagnostic.js';
import { areKnown, productOf, type Dim } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import { noAttributes } from '../../ir/op.js';
import { knownSize, type Composer } from '../compose.js';
import { microsoft } from './domain.js';

/** Up to here the differences of all pairs are taken one by one. */
const MOST_DIFFERENCES = 1 << 20;

/** cos and -sin of 2 pi i k / n side by side: [n, 2 * (n / 2 + 1)], which turns a signal into its spectrum's pairs. */
function spectrum(n: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < n; i++)
    for (let k = 0; k <= n >> 1; k++) {
      const angle = (2 * Math.PI * ((i * k) % n)) / n;
      out.push(Math.cos(angle), -Math.sin(angle));
    }
  return out;
}

/** The way back, [2 * (n / 2 + 1), n], for even n: what lies between the ends counts twice, for its mirror image. */
function signal(n: number): number[] {
  const out: number[] = [];
  for (let k = 0; k <= n >> 1; k++) {
    const weight = (k === 0 || k === n >> 1 ? 1 : 2) / n;
    for (const part of [Math.cos, (angle: number) => -Math.sin(angle)])
      for (let i = 0; i < n; i++) out.push(weight * part((2 * Math.PI * ((i * k) % n)) / n));
  }
  return out;
}

interface Fourier {
  readonly axes: number;
}

const readFourier = (n: { optInt(name: string): number | undefined; int(name: string): number }): Fourier => {
  if ((n.optInt('normalized') ?? 0) !== 0 || (n.optInt('onesided') ?? 1) !== 1)
    return refuse('a normalized or two-sided transform', 'export with normalized=0 and onesided=1');
  return { axes: n.int('signal_ndim') };
};

function oneAxis({ axes }: Fourier): void {
  if (axes !== 1) refuse(`a Fourier transform over ${axes} axes`, 'transform one axis at a time');
}

/** Source: ONNX Runtime, ContribOperators: what is said by products with matrices. */
export default [
  microsoft<Fourier>({
    name: 'Rfft',
    summary: 'Fourier transform of real signals, over the last axis',
    limits: 'more than one axis',
    shapes: ['_ ...'],
    read: { 1: readFourier },
    compose: (c, n) => {
      oneAxis(n.attrs);
      const size = n.knownDim(0, -1);
      const bins = (size >> 1) + 1;
      const y = c.matmul(n.value(0), c.cast(c.floats(spectrum(size), [size, 2 * bins]), n.dtype(0)));
      return c.reshape(y, [...new Array<number>(n.rank(0) - 1).fill(0), bins, 2]);
    },
  }),
  microsoft<Fourier>({
    name: 'Irfft',
    summary: 'real signals from their Fourier transform, over the last axis but one',
    limits: 'more than one axis',
    shapes: ['_ _ ...'],
    read: { 1: readFourier },
    compose: (c, n) => {
      oneAxis(n.attrs);
      const bins = n.knownDim(0, -2);
      const size = 2 * (bins - 1);
      if (size < 1) return invalid('Irfft of one frequency has no signal');
      const flat = c.reshape(n.value(0), [...new Array<number>(n.rank(0) - 2).fill(0), 2 * bins]);
      return c.matmul(flat, c.cast(c.floats(signal(size), [2 * bins, size]), n.dtype(0)));
    },
  }),
  ...[1, -1].map((sign) =>
    microsoft({
      name: sign === 1 ? 'ComplexMul' : 'ComplexMulConj',
      summary: `product of complex numbers given as pairs${sign === 1 ? '' : ', the second conjugated'}`,
      shapes: ['... 2', '... 2'],
      read: { 1: noAttributes },
      compose: (c, n) => {
        const [a, b] = c.split(n.value(0), -1, 2);
        const [x, y] = c.split(n.value(1), -1, 2);
        const real = c.op(sign === 1 ? 'Sub' : 'Add', [c.mul(a, x), c.mul(b, y)]);
        const imaginary = c.op(sign === 1 ? 'Add' : 'Sub', [c.mul(b, x), c.mul(a, y)]);
        return c.concat([real, imaginary], -1);
      },
    }),
  ),
  microsoft<{ metric: string }>({
    name: 'CDist',
    summary: 'distances between all rows of two matrices',
    limits: 'metrics other than euclidean and sqeuclidean',
    shapes: ['_ K', '_ K'],
    read: { 1: (n) => ({ metric: n.optString('metric') ?? 'sqeuclidean' }) },
    compose: (c, n) => {
      const { metric } = n.attrs;
      if (metric !== 'euclidean' && metric !== 'sqeuclidean')
        return refuse(`the metric ${JSON.stringify(metric)}`, 'use euclidean or sqeuclidean');
      const squares = squaredDistances(c, n.value(0), n.value(1));
      return metric === 'euclidean' ? c.op('Sqrt', [squares]) : squares;
    },
  }),
  microsoft({
    name: 'Inverse',
    summary: 'inverses of square matrices, up to 4 rows',
    limits: 'more than 4 rows',
    shapes: ['... N N'],
    read: { 1: noAttributes },
    compose: (c, n) => inverse(c, n.value(0)),
  }),
  microsoft<{ axis: number; size: number; step: number }>({
    name: 'UnfoldTensor',
    summary: 'all slices of one size along an axis',
    shapes: ['_ ...'],
    read: { 1: (n) => ({ axis: n.optInt('dim') ?? -1, size: n.int('size'), step: n.optInt('step') ?? 1 }) },
    compose: (c, n) => {
      const { size, step } = n.attrs;
      const axis = n.axisOf(0, n.attrs.axis);
      const count = Math.floor((n.knownDim(0, axis) - size) / step) + 1;
      if (count < 1) return invalid(`slices of ${size} don't fit into ${n.knownDim(0, axis)}`);
      const places = series(count * size, (i) => Math.floor(i / size) * step + (i % size));
      const taken = c.op('Gather', [n.value(0), c.reshape(c.ints(places), [count, size])], { axis });
      const rank = n.rank(0) + 1;
      return c.transpose(taken, [...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis + 1), axis + 1]);
    },
  }),
];

function squaredDistances(c: Composer, a: Value, b: Value): Value {
  const sizes: readonly Dim[] = [...a.type.dims, b.type.dims[0]];
  if (areKnown(sizes) && Number(productOf(sizes)) <= MOST_DIFFERENCES) {
    const difference = c.sub(c.unsqueeze(a, [1]), c.unsqueeze(b, [0]));
    return c.reduce('ReduceSum', c.mul(difference, difference), [2], false);
  }
  const norm = (x: Value) => c.reduce('ReduceSum', c.mul(x, x), [1]);
  const squares = c.add(norm(a), c.transpose(norm(b), [1, 0]));
  return c.op('Relu', [c.sub(squares, c.mul(c.matmul(a, c.transpose(b, [1, 0])), 2))]);
}

/** By cofactors: the transposed matrix of them over the determinant. */
function inverse(c: Composer, x: Value): Value {
  const rank = x.type.dims.length;
  const size = knownSize(x, -1);
  if (size > 4)
    return refuse(`the inverse of matrices with ${size} rows`, 'compute it before the export, or solve in another way');
  const cells = c.split(x, rank - 2, size).map((row) => c.split(row, rank - 1, size));
  const all = series(size, (i) => i);
  const minor = (rows: readonly number[], columns: readonly number[]): Value | number => {
    if (rows.length === 0) return 1;
    const [first, ...rest] = rows;
    return columns.reduce<Value | undefined>((sum, column, i) => {
      const below = minor(
        rest,
        columns.filter((k) => k !== column),
      );
      const term = typeof below === 'number' ? cells[first][column] : c.mul(cells[first][column], below);
      return sum === undefined ? term : i % 2 === 0 ? c.add(sum, term) : c.sub(sum, term);
    }, undefined) as Value;
  };
  const determinant = minor(all, all) as Value;
  const rows = all.map((i) =>
    c.concat(
      all.map((j) => {
        const cofactor = minor(
          all.filter((k) => k !== j),
          all.filter((k) => k !== i),
        );
        const value = typeof cofactor === 'number' ? c.add(c.mul(cells[0][0], 0), 1) : cofactor;
        return (i + j) % 2 === 0 ? value : c.op('Neg', [value]);
      }),
      rank - 1,
    ),
  );
  return c.div(c.concat(rows, rank - 2), determinant);
}
