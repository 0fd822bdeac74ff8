import { series } from '../../ir/weights.js';
import { invalid } from '../../diag/diagnostic.js';
import { castTensor } from '../../ir/cast.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import { dtypeOfCode, type DType } from '../../tensor/dtype.js';
import { tensorOf } from '../../tensor/tensor.js';
import { Composer } from '../compose.js';

const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
const hertz = (m: number): number => 700 * (10 ** (m / 2595) - 1);

/**
 * Triangles between bins of the spectrum, a peak every (range / (bins + 2)) mel. Source: ONNX, MelWeightMatrix-17, its
 * reference implementation.
 */
function matrix(
  bins: number,
  dftLength: number,
  rate: number,
  low: number,
  high: number,
): { rows: number; data: Float64Array } {
  const rows = Math.floor(dftLength / 2) + 1;
  const [from, to] = [mel(low), mel(high)];
  const edges = series(bins + 2, (i) =>
    Math.floor(((dftLength + 1) * hertz(from + (i * (to - from)) / (bins + 2))) / rate),
  );
  const data = new Float64Array(rows * bins);
  for (let i = 0; i < bins; i++) {
    const [left, centre, right] = edges.slice(i, i + 3);
    const put = (row: number, value: number) => {
      if (row >= 0 && row < rows) data[row * bins + i] = value;
    };
    if (centre === left) put(centre, 1);
    else for (let j = left; j <= centre; j++) put(j, (j - left) / (centre - left));
    if (right > centre) for (let j = centre; j < right; j++) put(j, (right - j) / (right - centre));
  }
  return { rows, data };
}

/** {@link matrix} when the model runs. */
function computed(n: View<{ dtype: DType }>, given: readonly Value[], c: Composer): Value {
  const [bins, dft, rate, low, high] = given.map((v, i) =>
    c.op('Reshape', [c.cast(v, i < 3 ? 'int64' : 'float32'), c.ints([1])]),
  );
  const asMel = (f: Value): Value => c.mul(c.op('Log', [c.add(c.mul(f, 1 / 700), 1)]), 2595 / Math.LN10);
  const [from, to] = [asMel(low), asMel(high)];
  const count = c.cast(c.add(bins, 2), 'float32');
  const mels = c.add(from, c.mul(c.cast(c.range(c.add(bins, 2)), 'float32'), c.div(c.sub(to, from), count)));
  const frequencies = c.mul(c.sub(c.op('Exp', [c.mul(mels, Math.LN10 / 2595)]), 1), 700);
  const places = c.div(c.mul(frequencies, c.cast(c.add(dft, 1), 'float32')), c.cast(rate, 'float32'));
  const edges = c.op('Floor', [places]);
  const [left, centre, right] = [0, 1, 2].map((i) => c.op('Slice', [edges, c.ints([i]), c.add(bins, i), c.ints([0])]));
  const row = c.unsqueeze(c.cast(c.range(c.add(c.div(dft, 2), 1)), 'float32'), [1]);
  const not = (v: Value): Value => c.op('Not', [v]);
  const and = (a: Value, b: Value): Value => c.op('And', [a, b]);
  // A division by nothing is taken nowhere.
  const width = (v: Value): Value => c.op('Max', [v, c.scalar(1, 'float32')]);
  const up = c.where(c.equal(left, centre), 1, c.div(c.sub(row, left), width(c.sub(centre, left))));
  const down = c.div(c.sub(right, row), width(c.sub(right, centre)));
  const rises = and(not(c.less(row, left)), not(c.greater(row, centre)));
  const falls = and(not(c.less(row, centre)), c.less(row, right));
  return c.cast(c.where(falls, down, c.where(rises, up, 0)), n.attrs.dtype);
}

export default defineOp<{ dtype: DType }>({
  name: 'MelWeightMatrix',
  summary: 'weights from a spectrum to bands of the mel scale',
  shapes: ['() | 1', '() | 1', '() | 1', '() | 1', '() | 1'],
  read: {
    17: (n) => ({
      dtype: dtypeOfCode(n.int('output_datatype')) ?? invalid('output_datatype is no element type of ONNX'),
    }),
  },
  infer: (n) => {
    const [bins, dft] = [n.ints(0)?.[0], n.ints(1)?.[0]];
    return [
      { dtype: n.attrs.dtype, dims: [dft === undefined ? n.fresh() : Math.floor(dft / 2) + 1, bins ?? n.fresh()] },
    ];
  },
  fold: (n, inputs) => {
    const [bins, dft, rate, low, high] = inputs.map((t) => Number(t.data[0]));
    const { rows, data } = matrix(bins, dft, rate, low, high);
    const out = castTensor(tensorOf('float64', [rows, bins], data), n.attrs.dtype);
    return out && [out];
  },
  expand: (n, inputs, e) =>
    n.inputs.every((v) => v?.constant) ? undefined : [computed(n, inputs as Value[], new Composer(e))],
});
