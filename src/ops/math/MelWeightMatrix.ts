import { series } from '../../ir/weights.js';
import { invalid, refuse } from '../../diag/diagnostic.js';
import { castTensor } from '../../ir/cast.js';
import { defineOp } from '../../ir/op.js';
import { dtypeOfCode, type DType } from '../../tensor/dtype.js';
import { tensorOf } from '../../tensor/tensor.js';

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

export default defineOp<{ dtype: DType }>({
  name: 'MelWeightMatrix',
  summary: 'weights from a spectrum to bands of the mel scale',
  limits: 'all inputs have to be constant',
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
  graph: () => refuse('the parameters of the mel scale are computed by the model', 'make them initializers'),
});
