import { invalid } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import { composition, type Composer } from '../compose.js';
import { featuresOf, numbersFor, readForest, scoresOf, type Aggregate, type Scores } from './ensemble.js';
import type { Forest } from './forest.js';
import { postTransform, readPostTransform, type PostTransform } from './post-transform.js';

interface Attrs {
  readonly forest: Forest;
  readonly targets: number;
  readonly aggregate: Aggregate;
  readonly base: readonly number[];
  readonly transform: PostTransform;
}

export default composition<Attrs>({
  name: 'TreeEnsembleRegressor',
  domain: 'ai.onnx.ml',
  summary: 'regression by decision trees',
  read: {
    1: (n) => {
      const aggregate = n.optString('aggregate_function') ?? 'SUM';
      if (!['AVERAGE', 'SUM', 'MIN', 'MAX'].includes(aggregate))
        return invalid(`aggregate_function is ${JSON.stringify(aggregate)}`);
      return {
        forest: readForest(n, 'target'),
        targets: n.optInt('n_targets') ?? 1,
        aggregate: aggregate as Aggregate,
        base: numbersFor(n, 'base_values') ?? [],
        transform: readPostTransform(n),
      };
    },
  },
  compose: (c, n) => {
    const { forest, targets, aggregate, base, transform } = n.attrs;
    const scores = scoresOf(c, featuresOf(c, n.value(0)), forest, targets, aggregate);
    return [postTransform(c, base.length === targets ? shifted(c, scores, base) : scores.sum, transform)];
  },
});

/** Scores and base values; with several targets, one that no tree votes for stays 0, as in onnxruntime. */
function shifted(c: Composer, scores: Scores, base: readonly number[]): Value {
  const sum = c.add(scores.sum, c.floats(base));
  return base.length === 1 || scores.voted.every((v) => v === 'all') ? sum : c.where(scores.hasVote(), sum, 0);
}
