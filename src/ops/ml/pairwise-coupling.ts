import type { Value } from '../../ir/graph.js';
import type { Composer } from '../compose.js';

/**
 * The procedure stops where it is near enough, not where it is done, and its result shows that: so its sweeps are said one
 * by one, and a row that is near enough stays. Rows drawn at random and from the extremes, up to 20 classes, took 4 at most.
 */
const SWEEPS = 6;

/**
 * Probabilities of classes from the scores of machines for each pair of them: Wu, Lin and Weng, "Probability Estimates for
 * Multi-class Classification by Pairwise Coupling" (2004), the second method, as libsvm and onnxruntime compute it.
 * @param scores [N, pairs], the pairs in the order 01, 02 … 12 …
 * @param a,b of each pair: the probability of its first class is 1 / (1 + exp(a * score + b))
 * @returns [N, classes]
 */
export function pairwiseCoupling(
  c: Composer,
  scores: Value,
  a: readonly number[],
  b: readonly number[],
  classes: number,
): Value {
  const pairs = scores.type.dims[1] as number;
  const line = c.add(c.mul(scores, c.floats(a.slice(0, pairs))), c.floats(b.slice(0, pairs)));
  const first = c.op('Clip', [
    c.op('Sigmoid', [c.op('Neg', [line])]),
    c.constant('float32', [], [1e-7]),
    c.constant('float32', [], [1 - 1e-7]),
  ]);
  const q = matrixOf(c, first, pairs, classes);
  const rows = c.split(q, 1, new Array<number>(classes).fill(1)).map((row) => c.squeeze(row, [1]));
  const near = 0.005 / classes;

  let p = c.add(c.mul(rows[0], 0), 1 / classes);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let qp = c.squeeze(c.matmul(q, c.unsqueeze(p, [2])), [2]);
    let pqp = c.reduce('ReduceSum', c.mul(p, qp), [1]);
    const far = c.op('Not', [c.less(c.reduce('ReduceMax', c.op('Abs', [c.sub(qp, pqp)]), [1]), near)]);
    let next = p;
    rows.forEach((row, i) => {
      const [own, step] = [c.slice(row, 1, i, i + 1), c.slice(qp, 1, i, i + 1)];
      const change = c.div(c.sub(pqp, step), own);
      const scale = c.add(change, 1);
      pqp = c.div(c.div(c.add(pqp, c.mul(change, c.add(c.mul(change, own), c.mul(step, 2)))), scale), scale);
      qp = c.div(c.add(qp, c.mul(change, row)), scale);
      next = c.div(
        c.add(next, c.mul(change, c.floats(Array.from({ length: classes }, (_, k) => (k === i ? 1 : 0))))),
        scale,
      );
    });
    p = c.where(far, next, p);
  }
  return p;
}

/** Q of the paper, [N, classes, classes]: sums of r_ji² on the diagonal, -r_ij r_ji beside it. */
function matrixOf(c: Composer, first: Value, pairs: number, classes: number): Value {
  const spread = new Array<number>(pairs * classes * classes).fill(0);
  const ones = new Array<number>(classes * classes).fill(0);
  let pair = 0;
  for (let i = 0; i < classes; i++)
    for (let j = i + 1; j < classes; j++, pair++) {
      spread[pair * classes * classes + i * classes + j] = 1;
      spread[pair * classes * classes + j * classes + i] = -1;
      ones[j * classes + i] = 1;
    }
  const r = c.reshape(c.add(c.matmul(first, c.floats(spread, [pairs, classes * classes])), c.floats(ones)), [
    -1,
    classes,
    classes,
  ]);
  const eye = Array.from({ length: classes * classes }, (_, k) => (k % (classes + 1) === 0 ? 1 : 0));
  const diagonal = c.mul(c.reduce('ReduceSum', c.mul(r, r), [1]), c.floats(eye, [classes, classes]));
  return c.sub(diagonal, c.mul(r, c.transpose(r, [0, 2, 1])));
}
