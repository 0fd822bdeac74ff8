import { refuse } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import type { DType } from '../../tensor/dtype.js';
import { tensorOf } from '../../tensor/tensor.js';

interface Attrs {
  /** The element type of the mask: the input's before version 10. */
  readonly mask: DType;
  /** The share that training drops. */
  readonly ratio: number;
}

export default defineOp<Attrs>({
  name: 'Dropout',
  summary: 'in inference the input itself, and a mask of ones',
  limits: 'training is refused',
  shapes: ['', '() | 1', '() | 1'],
  read: {
    1: (n) => ({ mask: n.input(0)?.type.dtype ?? 'float32', ratio: n.optFloat('ratio') ?? 0.5 }),
    10: (n) => ({ mask: 'bool', ratio: n.optFloat('ratio') ?? 0.5 }),
    12: (n) => {
      const training = n.input(2);
      const ratio = n.input(1)?.constant?.load().data[0];
      if (training && !training.constant)
        return refuse(
          'training_mode (input 2) is known only when the model runs',
          'export the model in evaluation mode (model.eval())',
        );
      if (training?.constant?.load().data[0] && (n.input(1) ? Number(ratio ?? 1) : 0.5) !== 0)
        return refuse(
          'training_mode is true: the result would be random',
          'export the model in evaluation mode (model.eval())',
        );
      n.setInputs([n.input(0)]);
      return { mask: 'bool', ratio: Number(ratio ?? 0.5) };
    },
  },
  infer: (n) => [n.type(0), { dtype: n.attrs.mask, dims: n.dims(0) }],
  layout: 'any',
  fold: (_, [x]) => [x],
  elems: (n) => n.elems(0),
  graph: (_, [x]) => x,
  keras: (n, [x], k) => k.layer('Dropout', [x], { rate: Math.min(Math.max(n.attrs.ratio, 0), 1) }),
  // It stays a node, since a layers-model can be trained; only the mask is said by others.
  expand: (n, [x], e) =>
    n.outputCount < 2
      ? undefined
      : [
          e.one('Dropout', [x, e.constant(tensorOf('float32', [], [n.attrs.ratio]))]),
          e.one('ConstantOfShape', [e.one('Shape', [x])], { value: tensorOf(n.attrs.mask, [1], [1]) }),
        ],
});
