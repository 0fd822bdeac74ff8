import { invalid, refuse } from '../../diag/diagnostic.js';
import type { Tensor } from '../../tensor/tensor.js';
import { composition } from '../compose.js';
import { featuresOf } from './ensemble.js';
import { labelIf, labelsOf, readLabels } from './labels.js';
import { linear } from './linear.js';
import { postTransform, readPostTransform, type PostTransform } from './post-transform.js';

interface Attrs {
  readonly labels: Tensor;
  readonly coefficients: readonly number[];
  readonly intercepts: readonly number[];
  readonly transform: PostTransform;
}

export default composition<Attrs>({
  name: 'LinearClassifier',
  domain: 'ai.onnx.ml',
  summary: 'linear classification',
  read: {
    1: (n) => ({
      labels: readLabels(n, 'classlabels_ints', 'classlabels_strings'),
      coefficients: n.floats('coefficients'),
      intercepts: n.optFloats('intercepts') ?? [],
      transform: readPostTransform(n),
    }),
  },
  compose: (c, n) => {
    const { labels, coefficients, intercepts, transform } = n.attrs;
    const targets = rowsOf(n.attrs);
    const scores = linear(c, featuresOf(c, n.value(0)), coefficients, intercepts, targets);
    const classes = labels.dims[0];
    if (targets > 1) {
      if (targets > classes) return invalid(`there are ${targets} rows of coefficients and ${classes} labels`);
      return [
        labelsOf(c, labels, c.op('ArgMax', [scores], { axis: 1, keepdims: 0 })),
        postTransform(c, scores, transform),
      ];
    }
    const yes = c.squeeze(c.greater(scores, 0), [1]);
    if (classes !== 2) {
      if (labels.dtype === 'string')
        return refuse(
          'one row of coefficients and other than two labels, text, leave open what the labels are',
          'export with two labels',
        );
      return [labelIf(c, yes, 0, 1, labels), postTransform(c, scores, transform)];
    }
    if (transform === 'PROBIT')
      return refuse('PROBIT of one score for two classes leaves the other open', 'export with another post_transform');
    const label = labelsOf(c, labels, c.where(yes, c.constant('int64', [], [1]), c.constant('int64', [], [0])));
    return [
      label,
      transform === 'LOGISTIC'
        ? c.op('Sigmoid', [c.concat([c.op('Neg', [scores]), scores], 1)])
        : c.concat([c.sub(1, scores), scores], 1),
    ];
  },
});

/** As many rows of coefficients as there are intercepts, or labels where there are none. */
function rowsOf({ intercepts, labels }: Attrs): number {
  return intercepts.length > 0 ? intercepts.length : labels.dims[0];
}
