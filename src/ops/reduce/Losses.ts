import { invalid } from '../../diag/diagnostic.js';
import type { Expander } from '../../ir/expander.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode, View } from '../../ir/view.js';
import { series } from '../../ir/weights.js';
import { int64s, tensorOf } from '../../tensor/tensor.js';
import { codeOfDtype } from '../../tensor/dtype.js';

interface Attrs {
  readonly reduction: 'none' | 'sum' | 'mean';
  readonly ignored: number | undefined;
}

function read(n: RawNode): Attrs {
  const reduction = n.string('reduction');
  if (reduction !== 'none' && reduction !== 'sum' && reduction !== 'mean')
    return invalid(`reduction is ${JSON.stringify(reduction)}`);
  return { reduction, ignored: n.optInt('ignore_index') };
}

/**
 * -x[n, target[n, d…], d…], weighted and reduced. The class is picked by comparing with all of them, which needs no gather
 * and leaves the order of axes alone.
 * @param x [N, C, d…], the logarithms of probabilities
 */
function negativeLogLikelihood(n: View<Attrs>, x: Value, e: Expander): Value {
  const [target, weight] = [n.value(1), n.inputs[2]];
  const { reduction, ignored } = n.attrs;
  const [rank, dtype] = [n.rank(0), n.dtype(0)];
  const classes = n.knownDim(0, 1);
  const ids = e.constant(
    tensorOf(
      target.type.dtype,
      [1, classes, ...new Array<number>(rank - 2).fill(1)],
      series(classes, (i) => i),
    ),
  );
  const zero = e.constant(tensorOf(dtype, [], [0]));
  const axis = e.constant(int64s([1]));
  const hit = e.one('Equal', [ids, e.one('Unsqueeze', [target, axis])]);
  const pick = (of: Value) => e.one('ReduceSum', [e.one('Where', [hit, of, zero]), axis], { keepdims: 0 });
  const kept =
    ignored === undefined
      ? undefined
      : e.one('Not', [e.one('Equal', [target, e.constant(tensorOf(target.type.dtype, [], [ignored]))])]);

  let loss = e.one('Neg', [pick(x)]);
  let factor: Value | undefined;
  if (weight)
    factor = pick(e.one('Reshape', [weight, e.constant(int64s([1, classes, ...new Array<number>(rank - 2).fill(1)]))]));
  if (kept) factor = factor ? e.one('Where', [kept, factor, zero]) : e.one('Cast', [kept], { to: codeOfDtype(dtype) });
  if (factor) loss = e.one('Mul', [kept ? e.one('Where', [kept, loss, zero]) : loss, factor]);
  if (reduction === 'none') return loss;
  if (reduction === 'sum' || factor) {
    const total = e.one('ReduceSum', [loss], { keepdims: 0 });
    return reduction === 'sum' ? total : e.one('Div', [total, e.one('ReduceSum', [factor], { keepdims: 0 })]);
  }
  return e.one('ReduceMean', [loss], { keepdims: 0 });
}

function lossDims(n: View<Attrs>) {
  const [batch, , ...rest] = n.dims(0);
  return n.attrs.reduction === 'none' ? [batch, ...rest] : [];
}

export default [
  defineOp<Attrs>({
    name: 'NegativeLogLikelihoodLoss',
    summary: 'the negative of what stands at the target class, weighted and reduced',
    shapes: ['N C ...D', 'N ...D', 'C'],
    read: { 12: read },
    infer: (n) => [{ dtype: n.dtype(0), dims: lossDims(n) }],
    expand: (n, _, e) => {
      return [negativeLogLikelihood(n, n.value(0), e)];
    },
  }),
  defineOp<Attrs>({
    name: 'SoftmaxCrossEntropyLoss',
    summary: 'LogSoftmax along the classes, then the negative log likelihood',
    shapes: ['N C ...D', 'N ...D', 'C'],
    read: { 12: read },
    infer: (n) => [{ dtype: n.dtype(0), dims: lossDims(n) }, n.type(0)],
    expand: (n, _, e) => {
      const logs = e.one('LogSoftmax', [n.value(0)], { axis: 1 });
      return [negativeLogLikelihood(n, logs, e), logs];
    },
  }),
];
