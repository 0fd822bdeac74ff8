import { defineOp } from '../../ir/op.js';
import {
  readRecurrent,
  recur,
  recurrentShapes,
  recurrentTypes,
  type Equations,
  type RecurrentAttrs,
} from './recurrent.js';
import { recurrentLayers } from './recurrent-keras.js';

/** Source: ONNX, RNN-1, -7, -14, -22. */
export default defineOp<RecurrentAttrs>({
  name: 'RNN',
  summary: 'simple recurrent layer, forward, reverse or both',
  read: { 1: (n) => readRecurrent(n, ['Tanh']) },
  shapes: (n) => recurrentShapes(n, 1),
  infer: (n) => recurrentTypes(n).slice(0, 2),
  graph: (n, inputs, b) => recur(n, inputs, equations, b),
  keras: (n, inputs, k) =>
    recurrentLayers(n, inputs, k, { className: 'SimpleRNN', gates: [0], gated: false, states: 1, config: {} }),
});

function equations(): Equations {
  return {
    gates: 1,
    states: 1,
    merged: () => true,
    steps: ({ b, recurrence, act }) => {
      const weights = recurrence.permute([1, 0]).ref();
      return ([input], [h]) => [
        act(h ? b.add2(input, b.op('MatMul', [h, weights], { transpose_a: false, transpose_b: false })) : input, 0),
      ];
    },
  };
}
