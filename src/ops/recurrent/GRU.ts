import { refuse } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import {
  isUsual,
  readRecurrent,
  recur,
  recurrenceBias,
  recurrentShapes,
  recurrentTypes,
  type Equations,
  type RecurrentAttrs,
} from './recurrent.js';
import { recurrentLayers } from './recurrent-keras.js';

interface Attrs extends RecurrentAttrs {
  /** The reset gate multiplies the product with the recurrence weights, not the state before it. */
  readonly linearFirst: boolean;
}

/** Source: ONNX, GRU-1, -3, -7, -14, -22. */
export default defineOp<Attrs>({
  name: 'GRU',
  summary: 'gated recurrent unit, forward, reverse or both',
  read: {
    1: (n) => ({ ...readRecurrent(n, ['Sigmoid', 'Tanh']), linearFirst: (n.optInt('linear_before_reset') ?? 0) !== 0 }),
  },
  shapes: (n) => recurrentShapes(n, 3),
  infer: (n) => recurrentTypes(n).slice(0, 2),
  graph: (n, inputs, b) =>
    recur(
      n,
      inputs,
      (own, inner) =>
        isUsual(n.attrs, ['sigmoid', 'tanh']) ? sigmoids(n, own[3], inner) : equations(n, own[3], inner),
      b,
    ),
  keras: (n, inputs, k) => {
    const { linearFirst } = n.attrs;
    if (linearFirst && k.dialect === 'tfjs')
      return refuse(
        'linear_before_reset: the GRU of TensorFlow.js multiplies by the reset gate before the recurrence (it has no reset_after)',
        'convert to a graph-model',
      );
    return recurrentLayers(n, inputs, k, {
      className: 'GRU',
      gates: [0, 1, 2],
      gated: true,
      states: 1,
      apart: linearFirst,
      config: { reset_after: linearFirst },
    });
  },
});

/**
 * With sigmoids alone, on half the state: with tanh(x) = 2 sigmoid(2 x) - 1 and the weights of the recurrence doubled,
 *
 *     h / 2 <- n + z (h / 2 - n)        n = sigmoid(2 (…)) - 1/2
 *
 * Source: ONNX, GRU-22, both forms of linear_before_reset.
 */
function sigmoids(n: View<Attrs>, bias: Ref | undefined, b: GraphBuilder): Equations {
  const { linearFirst } = n.attrs;
  const half = b.scalar(0.5);
  const product = (x: Ref, w: Ref) => b.op('MatMul', [x, w], { transpose_a: false, transpose_b: false });
  const sigmoid = (x: Ref) => b.op('Sigmoid', [x]);
  return {
    gates: 3,
    states: 1,
    merged: (gate) => !linearFirst || gate < 2,
    gateScales: [1, 1, 2],
    stateScale: 0.5,
    parts: [2, 1],
    steps: ({ recurrence, hidden }, d) => {
      // As constants, so that adding one becomes part of the product before it.
      const doubled = linearFirst && bias ? recurrenceBias(n, bias, d, 3, 2, hidden, b, 2) : undefined;
      const whole = recurrence.times(Array.from({ length: 3 * hidden }, (_, row) => (row < 2 * hidden ? 2 : 4)));
      const [gates, candidates] = [whole.rows(0, 2 * hidden), whole.rows(2 * hidden, hidden)].map((k) =>
        k.permute([1, 0]),
      );
      // Not SplitV, whose sizes TensorFlow.js would look up in each step.
      const both = (x: Ref) => b.many('Split', [b.scalar(1, 'int32'), sigmoid(x)], { num_split: 2 });
      return ([xg, xh], [h]) => {
        if (!h) {
          const [z, r] = both(xg);
          const fresh = b.sub(sigmoid(doubled ? b.add2(xh, b.mul(r, doubled)) : xh), half);
          return [b.sub(fresh, b.mul(z, fresh))];
        }
        const mixed = (z: Ref, inner: Ref) => {
          const fresh = b.sub(sigmoid(inner), half);
          return [b.add2(fresh, b.mul(z, b.sub(h, fresh)))];
        };
        const [z, r] = both(b.add2(xg, product(h, gates.ref())));
        if (linearFirst) {
          const hh = product(h, candidates.ref());
          return mixed(z, b.add2(xh, b.mul(r, doubled ? b.add2(hh, doubled) : hh)));
        }
        return mixed(z, b.add2(xh, product(b.mul(r, h), candidates.ref())));
      };
    },
  };
}

/** Gates in ONNX's order: update, reset, hidden. */
function equations(n: View<Attrs>, bias: Ref | undefined, b: GraphBuilder): Equations {
  const { linearFirst } = n.attrs;
  const product = (x: Ref, w: Ref) => b.op('MatMul', [x, w], { transpose_a: false, transpose_b: false });
  const split = (x: Ref, count: number) => b.many('Split', [b.scalar(1, 'int32'), x], { num_split: count });
  return {
    gates: 3,
    states: 1,
    merged: (gate) => !linearFirst || gate < 2,
    steps: ({ recurrence, hidden, act }, d) => {
      const hiddenBias = linearFirst && bias ? recurrenceBias(n, bias, d, 3, 2, hidden, b) : undefined;
      const [whole, gates, candidates] = [
        recurrence,
        recurrence.rows(0, 2 * hidden),
        recurrence.rows(2 * hidden, hidden),
      ].map((k) => k.permute([1, 0]));
      return ([input], [h]) => {
        const [xz, xr, xh] = split(input, 3);
        if (!h) {
          const candidate = act(hiddenBias ? b.add2(xh, b.mul(act(xr, 0), hiddenBias)) : xh, 1);
          return [b.mul(b.sub(b.scalar(1), act(xz, 0)), candidate)];
        }
        const mixed = (z: Ref, candidate: Ref) => [b.add2(candidate, b.mul(z, b.sub(h, candidate)))];
        if (linearFirst) {
          const [hz, hr, hh] = split(product(h, whole.ref()), 3);
          const reset = act(b.add2(xr, hr), 0);
          const linear = hiddenBias ? b.add2(hh, hiddenBias) : hh;
          return mixed(act(b.add2(xz, hz), 0), act(b.add2(xh, b.mul(reset, linear)), 1));
        }
        const [hz, hr] = split(product(h, gates.ref()), 2);
        const reset = act(b.add2(xr, hr), 0);
        return mixed(act(b.add2(xz, hz), 0), act(b.add2(xh, product(b.mul(reset, h), candidates.ref())), 1));
      };
    },
  };
}
