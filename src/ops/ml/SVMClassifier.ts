import { invalid, refuse } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import type { Tensor } from '../../tensor/tensor.js';
import { composition, type Composer } from '../compose.js';
import { featuresOf } from './ensemble.js';
import { kernelOf, readKernel, type Kernel } from './kernel.js';
import { labelsOf, readLabels } from './labels.js';
import { pairwiseCoupling } from './pairwise-coupling.js';
import { postTransform, readPostTransform, type PostTransform } from './post-transform.js';

interface Attrs {
  readonly kernel: Kernel;
  readonly labels: Tensor;
  readonly vectors: readonly number[];
  /** Of each class; empty for a linear machine without vectors. */
  readonly perClass: readonly number[];
  readonly coefficients: readonly number[];
  readonly rho: readonly number[];
  readonly probA: readonly number[];
  readonly probB: readonly number[];
  readonly transform: PostTransform;
}

export default composition<Attrs>({
  name: 'SVMClassifier',
  domain: 'ai.onnx.ml',
  summary: 'classification by support vectors',
  read: {
    1: (n) => {
      const perClass = n.optInts('vectors_per_class') ?? [];
      const kernel = readKernel(n);
      const labels = readLabels(n, 'classlabels_ints', 'classlabels_strings');
      const [probA, probB] = [n.optFloats('prob_a') ?? [], n.optFloats('prob_b') ?? []];
      const linear = perClass.every((v) => v === 0);
      const pairs = (labels.dims[0] * (labels.dims[0] - 1)) / 2;
      if (!linear && perClass.length !== labels.dims[0])
        return invalid(`vectors_per_class has ${perClass.length} entries for ${labels.dims[0]} labels`);
      const rho = n.floats('rho');
      if (rho.length < (linear ? 1 : pairs))
        return invalid(`rho has ${rho.length} entries, and ${linear ? 1 : pairs} are needed`);
      if (probA.length !== probB.length || (probA.length > 0 && probA.length < pairs))
        return invalid('prob_a and prob_b need an entry for each pair of classes');
      return {
        kernel: linear ? { ...kernel, type: 'LINEAR' } : kernel,
        labels,
        vectors: n.optFloats('support_vectors') ?? [],
        perClass: linear ? [] : perClass,
        coefficients: n.floats('coefficients'),
        rho,
        probA,
        probB,
        transform: readPostTransform(n),
      };
    },
  },
  compose: (c, n) => {
    const x = featuresOf(c, n.value(0));
    return n.attrs.perClass.length > 0 ? byVectors(c, x, n.attrs) : byLines(c, x, n.attrs);
  },
});

/** A line per class: the largest score wins. */
function byLines(c: Composer, x: Value, { kernel, labels, coefficients, rho, probA, transform }: Attrs): Value[] {
  const classes = labels.dims[0];
  const scores = c.add(kernelOf(c, kernel, x, coefficients, classes), rho[0]);
  let best = c.op('ArgMax', [scores], { axis: 1, keepdims: 0 });
  if (classes === 2 && probA.length === 0) {
    const most = c.reduce('ReduceMax', scores, [1], false);
    const positive = coefficients.every((v) => v >= 0);
    const second = positive ? c.op('GreaterOrEqual', [most, c.constant('float32', [], [0.5])]) : c.greater(most, 0);
    best = c.where(second, c.constant('int64', [], [1]), best);
  }
  return [labelsOf(c, labels, best), postTransform(c, scores, transform)];
}

/** A machine for each pair of classes, in the order 01, 02 … 12 …: each gives its vote to one of the two. */
function byVectors(c: Composer, x: Value, attrs: Attrs): Value[] {
  const { kernel, labels, vectors, perClass, coefficients, rho, probA, probB, transform } = attrs;
  const classes = labels.dims[0];
  const count = perClass.reduce((a, b) => a + b, 0);
  if (coefficients.length < (classes - 1) * count)
    return invalid(`there are ${coefficients.length} coefficients, and ${(classes - 1) * count} are needed`);
  const pairs: [number, number][] = [];
  for (let i = 0; i < classes; i++) for (let j = i + 1; j < classes; j++) pairs.push([i, j]);
  if (pairs.length === 0) return refuse('a machine with one class has nothing to tell apart');

  const similar = kernelOf(c, kernel, x, vectors, count);
  const scores = c.add(
    c.matmul(similar, c.floats(pairCoefficients(perClass, coefficients, count, pairs), [count, pairs.length])),
    c.floats(rho.slice(0, pairs.length)),
  );
  // A pair's vote goes to its first class above zero, else to its second.
  const won = c.cast(c.greater(scores, 0), 'float32');
  const first = pairs.flatMap(([i, j]) => Array.from({ length: classes }, (_, k) => (k === i ? 1 : k === j ? -1 : 0)));
  const others = Array.from({ length: classes }, (_, k) => pairs.filter(([, j]) => j === k).length);
  const votes = c.add(c.matmul(won, c.floats(first, [pairs.length, classes])), c.floats(others));
  const label = labelsOf(c, labels, c.op('ArgMax', [votes], { axis: 1, keepdims: 0 }));

  if (probA.length > 0) return [label, postTransform(c, pairwiseCoupling(c, scores, probA, probB, classes), transform)];
  if (classes > 2) return [label, postTransform(c, scores, transform)];
  if (transform === 'PROBIT')
    return refuse('PROBIT of one score for two classes leaves the other open', 'export with another post_transform');
  if (transform === 'NONE' || transform === 'LOGISTIC')
    return [label, postTransform(c, c.concat([c.op('Neg', [scores]), scores], 1), transform)];
  return [label, c.concat([c.sub(1, scores), scores], 1)];
}

/** [count, pairs]: the weight of each vector in each pair's machine. Row j - 1 holds class i against j, row i class j against i. */
function pairCoefficients(
  perClass: readonly number[],
  coefficients: readonly number[],
  count: number,
  pairs: readonly (readonly [number, number])[],
): number[] {
  const out = new Array<number>(count * pairs.length).fill(0);
  const start = perClass.map((_, i) => perClass.slice(0, i).reduce((sum, v) => sum + v, 0));
  pairs.forEach(([i, j], p) => {
    for (let v = start[i]; v < start[i] + perClass[i]; v++)
      out[v * pairs.length + p] = coefficients[(j - 1) * count + v];
    for (let v = start[j]; v < start[j] + perClass[j]; v++) out[v * pairs.length + p] = coefficients[i * count + v];
  });
  return out;
}
