import { invalid } from '../../diag/diagnostic.js';
import { composition } from '../compose.js';
import { featuresOf, readTreeEnsemble, scoresOf, type Aggregate } from './ensemble.js';
import type { Forest } from './forest.js';
import { POST_TRANSFORMS, postTransform, type PostTransform } from './post-transform.js';

interface Attrs {
  readonly forest: Forest;
  readonly targets: number;
  readonly aggregate: Aggregate;
  readonly transform: PostTransform;
}

const AGGREGATES: readonly Aggregate[] = ['AVERAGE', 'SUM', 'MIN', 'MAX'];

export default composition<Attrs>({
  name: 'TreeEnsemble',
  domain: 'ai.onnx.ml',
  summary: 'decision trees, with set membership',
  read: {
    5: (n) => ({
      forest: readTreeEnsemble(n),
      targets: n.optInt('n_targets') ?? 1,
      aggregate:
        AGGREGATES[n.int('aggregate_function')] ?? invalid(`aggregate_function is ${n.int('aggregate_function')}`),
      transform: POST_TRANSFORMS[n.int('post_transform')] ?? invalid(`post_transform is ${n.int('post_transform')}`),
    }),
  },
  compose: (c, n) => {
    const { forest, targets, aggregate, transform } = n.attrs;
    const { sum } = scoresOf(c, featuresOf(c, n.value(0)), forest, targets, aggregate);
    return [c.cast(postTransform(c, sum, transform), n.dtype(0))];
  },
});
