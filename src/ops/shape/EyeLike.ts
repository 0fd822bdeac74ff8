import { LIMITS } from '../../diag/limits.js';
import { series } from '../../ir/weights.js';
import { invalid } from '../../diag/diagnostic.js';
import { areKnown } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { codeOfDtype, dtypeOfCode, type DType } from '../../tensor/dtype.js';
import { int64s, sizeOf, tensorOf } from '../../tensor/tensor.js';

interface Attrs {
  readonly dtype: DType;
  readonly diagonal: number;
}

export default defineOp<Attrs>({
  name: 'EyeLike',
  summary: 'ones on a diagonal, in the shape of a matrix',
  shapes: ['_ _'],
  read: {
    9: (n) => {
      const code = n.optInt('dtype');
      const own = n.input(0)?.type.dtype ?? 'float32';
      return {
        dtype: code === undefined ? own : (dtypeOfCode(code) ?? invalid(`${code} is no element type of ONNX`)),
        diagonal: n.int('k'),
      };
    },
  },
  infer: (n) => [{ dtype: n.attrs.dtype, dims: n.dims(0) }],
  expand: (n, [x], e) => {
    const { dtype, diagonal } = n.attrs;
    const dims = n.dims(0);
    if (areKnown(dims) && sizeOf(dims) <= LIMITS.listedElements) {
      const [rows, columns] = dims;
      return [
        e.constant(
          tensorOf(
            dtype,
            [rows, columns],
            series(rows * columns, (i) => ((i % columns) - Math.floor(i / columns) === diagonal ? 1 : 0)),
          ),
        ),
      ];
    }
    const scalar = (v: number) => e.constant(int64s(v));
    const sizes = e.one('Shape', [x]);
    const line = (axis: number) => e.one('Range', [scalar(0), e.one('Gather', [sizes, scalar(axis)]), scalar(1)]);
    const rows = e.one('Unsqueeze', [e.one('Add', [line(0), scalar(diagonal)]), e.constant(int64s([1]))]);
    const on = e.one('Equal', [rows, e.one('Unsqueeze', [line(1), e.constant(int64s([0]))])]);
    return [e.one('Cast', [on], { to: codeOfDtype(dtype) })];
  },
});
