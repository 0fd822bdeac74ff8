import { invalid } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import type { RawNode } from '../../ir/view.js';
import type { Composer } from '../compose.js';

/** What ai.onnx.ml does to scores before it gives them out. */
export type PostTransform = (typeof POST_TRANSFORMS)[number];
/** In the order of TreeEnsemble's numbers. */
export const POST_TRANSFORMS = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'] as const;

export function readPostTransform(n: RawNode): PostTransform {
  const name = n.optString('post_transform') ?? 'NONE';
  return POST_TRANSFORMS.find((t) => t === name) ?? invalid(`post_transform is ${JSON.stringify(name)}`);
}

/**
 * Scores after the transform, row by row.
 * @param scores [N, E]; with E = 1 only PROBIT changes anything, as in onnxruntime, by which models are exported and tested
 */
export function postTransform(c: Composer, scores: Value, transform: PostTransform): Value {
  if (transform === 'PROBIT') return probit(c, scores);
  if (scores.type.dims.at(-1) === 1) return scores;
  switch (transform) {
    case 'NONE':
      return scores;
    case 'SOFTMAX':
      return c.op('Softmax', [scores], { axis: -1 });
    case 'LOGISTIC':
      return c.op('Sigmoid', [scores]);
    case 'SOFTMAX_ZERO':
      return softmaxZero(c, scores);
  }
}

/** Softmax over the scores that are not zero; zeros stay zero. */
function softmaxZero(c: Composer, scores: Value): Value {
  const most = c.reduce('ReduceMax', scores, [-1]);
  const present = c.greater(c.op('Abs', [scores]), 1e-7);
  const exponentials = c.where(present, c.op('Exp', [c.sub(scores, most)]), 0);
  return c.div(exponentials, c.reduce('ReduceSum', exponentials, [-1]));
}

/**
 * The quantile of the normal distribution, sqrt(2) erfinv(2p - 1), by Winitzki's approximation of erfinv (a = 0.147), which
 * is onnxruntime's too: the exact quantile would be up to 0.2 % off what the exporter's tests saw.
 */
function probit(c: Composer, p: Value): Value {
  const x = c.sub(c.mul(p, 2), 1);
  const log = c.op('Log', [c.mul(c.sub(1, x), c.add(x, 1))]);
  const v = c.add(c.mul(log, 0.5), 2 / (Math.PI * 0.147));
  const t = c.mul(log, -1 / 0.147);
  const root = c.op('Sqrt', [c.add(c.mul(v, v), t)]);
  // root - v, and where v is positive without the difference of near numbers.
  const magnitude = c.op('Sqrt', [c.where(c.greater(v, 0), c.div(t, c.add(root, v)), c.sub(root, v))]);
  return c.mul(c.where(c.less(x, 0), c.op('Neg', [magnitude]), magnitude), Math.SQRT2);
}
