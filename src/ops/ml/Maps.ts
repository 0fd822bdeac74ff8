import { refuse } from '../../diag/diagnostic.js';
import { defineOp, noAttributes } from '../../ir/op.js';

/** Operators whose inputs are maps, which no tensor can stand for: which keys there are is known only when the model runs. */
export default ['CastMap', 'DictVectorizer'].map((name) =>
  defineOp({
    name,
    domain: 'ai.onnx.ml',
    summary: 'a map as a tensor',
    limits: 'refused: TensorFlow.js has no maps',
    read: { 1: noAttributes },
    infer: () =>
      refuse(
        'its input is a map, and TensorFlow.js has tensors only',
        'export the model from where the features are a tensor already, without the step that takes dictionaries',
      ),
  }),
);
