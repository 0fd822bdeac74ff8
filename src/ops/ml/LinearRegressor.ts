import { invalid } from '../../diag/diagnostic.js';
import { composition } from '../compose.js';
import { featuresOf } from './ensemble.js';
import { linear } from './linear.js';
import { postTransform, readPostTransform, type PostTransform } from './post-transform.js';

interface Attrs {
  readonly targets: number;
  readonly coefficients: readonly number[];
  readonly intercepts: readonly number[];
  readonly transform: PostTransform;
}

export default composition<Attrs>({
  name: 'LinearRegressor',
  domain: 'ai.onnx.ml',
  summary: 'linear regression',
  read: {
    1: (n) => ({
      targets: n.int('targets'),
      coefficients: n.optFloats('coefficients') ?? invalid('there are no coefficients'),
      intercepts: n.optFloats('intercepts') ?? [],
      transform: readPostTransform(n),
    }),
  },
  compose: (c, n) => {
    const { targets, coefficients, intercepts, transform } = n.attrs;
    return [postTransform(c, linear(c, featuresOf(c, n.value(0)), coefficients, intercepts, targets), transform)];
  },
});
