import { invalid } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { Composer } from '../compose.js';
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

export default defineOp<Attrs>({
  name: 'TreeEnsemble',
  domain: 'ai.onnx.ml',
  summary: 'decision trees, with set membership',
  read: {
    5: (n) => ({
      forest: readTreeEnsemble(n), targets: n.optInt('n_targets') ?? 1,
      aggregate: AGGREGATES[n.int('aggregate_function')] ?? invalid(`aggregate_function is ${n.int('aggregate_function')}`),
      transform: POST_TRANSFORMS[n.int('post_transform')] ?? invalid(`post_transform is ${n.int('post_transform')}`),
    }),
  },
  infer: (n) => [{ dtype: n.dtype(0), dims: [n.dims(0)[0], n.attrs.targets] }],
  expand: (n, _, e) => {
    const { forest, targets, aggregate, transform } = n.attrs;
    const c = new Composer(e);
    const { sum } = scoresOf(c, featuresOf(c, n.value(0)), forest, targets, aggregate);
    return [c.cast(postTransform(c, sum, transform), n.dtype(0))];
  },
});
