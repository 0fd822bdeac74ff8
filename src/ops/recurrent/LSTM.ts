import { refuse } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { kernelOf } from '../nn/kernel.js';
import {
  isUsual,
  readRecurrent,
  recur,
  recurrentShapes,
  recurrentTypes,
  type Equations,
  type RecurrentAttrs,
} from './recurrent.js';
import { recurrentLayers } from './recurrent-keras.js';

interface Attrs extends RecurrentAttrs {
  /** The forget gate is 1 - the input gate. */
  readonly coupled: boolean;
}

/** Source: ONNX, LSTM-1, -7, -14, -22. */
export default defineOp<Attrs>({
  name: 'LSTM',
  summary: 'long short-term memory, forward, reverse or both',
  read: { 1: (n) => ({ ...readRecurrent(n, ['Sigmoid', 'Tanh', 'Tanh']), coupled: n.flag('input_forget') }) },
  shapes: (n) => recurrentShapes(n, 4),
  infer: (n) => recurrentTypes(n),
  graph: (n, inputs, b) =>
    recur(
      n,
      inputs,
      (own, inner) =>
        !own[7] && isUsual(n.attrs, ['sigmoid', 'tanh', 'tanh']) ? sigmoids(n, inner) : equations(n, own[7], inner),
      b,
    ),
  keras: (n, inputs, k) => {
    if (n.attrs.coupled) return refuse('input_forget: no stock layer couples the gates', 'convert to a graph-model');
    // Input, forget, cell, output.
    return recurrentLayers(n, inputs, k, {
      className: 'LSTM',
      gates: [0, 2, 3, 1],
      gated: true,
      states: 2,
      config: {},
    });
  },
});

/**
 * With sigmoids alone, one for all four gates, on half the states: with tanh(x) = 2 sigmoid(2 x) - 1, and the cell gate's
 * weights and those of the recurrence doubled,
 *
 *     c / 2 <- f (c / 2) + i (sigmoid(g) - 1/2)        h / 2 <- o (sigmoid(4 (c / 2)) - 1/2)
 */
function sigmoids(n: View<Attrs>, b: GraphBuilder): Equations {
  const half = b.scalar(0.5);
  return {
    gates: 4,
    states: 2,
    merged: () => true,
    gateScales: [1, 1, 1, 2],
    stateScale: 0.5,
    steps: ({ recurrence, hidden }) => {
      const weights = recurrence
        .times(Array.from({ length: 4 * hidden }, (_, row) => (row < 3 * hidden ? 2 : 4)))
        .permute([1, 0])
        .ref();
      return ([input], [h, c]) => {
        const sum = h ? b.add2(input, b.op('MatMul', [h, weights], { transpose_a: false, transpose_b: false })) : input;
        const [i, o, f, g] = b.many('Split', [b.scalar(1, 'int32'), b.op('Sigmoid', [sum])], { num_split: 4 });
        const fresh = b.mul(i, b.sub(g, half));
        const kept = n.attrs.coupled ? b.sub(b.scalar(1), i) : f;
        const cell = c ? b.add2(b.mul(kept, c), fresh) : fresh;
        return [b.mul(o, b.sub(b.op('Sigmoid', [b.mul(cell, b.scalar(4))]), half)), cell];
      };
    },
  };
}

/** Gates in ONNX's order: input, output, forget, cell. */
function equations(n: View<Attrs>, peepholes: Ref | undefined, b: GraphBuilder): Equations {
  const peephole = (d: number, gate: number, hidden: number): Ref | undefined =>
    peepholes &&
    kernelOf(n.weight(7), peepholes, n.knownDims(7), b)
      .rows(d, 1)
      .reshape([3 * hidden])
      .rows(gate * hidden, hidden)
      .ref();
  return {
    gates: 4,
    states: 2,
    merged: () => true,
    steps: ({ recurrence, hidden, act, bare }, d) => {
      const weights = recurrence.permute([1, 0]).ref();
      const p = [0, 1, 2].map((gate) => peephole(d, gate, hidden));
      const peeped = (gate: Ref, at: number, cell: Ref | undefined): Ref =>
        p[at] && cell ? b.add2(gate, b.mul(p[at], cell)) : gate;
      return ([input], [h, c]) => {
        const sum = h ? b.add2(input, b.op('MatMul', [h, weights], { transpose_a: false, transpose_b: false })) : input;
        const [i, o, f, g] = b.many('Split', [b.scalar(1, 'int32'), sum], { num_split: 4 });
        const entered = act(peeped(i, 0, c), 0);
        const fresh = b.mul(entered, act(g, 1));
        const kept = () => (n.attrs.coupled ? b.sub(b.scalar(1), entered) : act(peeped(f, 2, c), 0));
        const cell = c ? b.add2(b.mul(kept(), c), fresh) : fresh;
        // As onnxruntime has it, clip is for the gates: the state goes into its activation as it is.
        return [b.mul(act(peeped(o, 1, cell), 0), bare(cell, 2)), cell];
      };
    },
  };
}
