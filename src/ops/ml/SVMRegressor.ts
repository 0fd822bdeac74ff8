import { invalid } from '../../diag/diagnostic.js';
import { composition } from '../compose.js';
import { featuresOf } from './ensemble.js';
import { kernelOf, readKernel, type Kernel } from './kernel.js';

interface Attrs {
  readonly kernel: Kernel;
  readonly vectors: readonly number[];
  readonly count: number;
  readonly coefficients: readonly number[];
  readonly rho: number;
  readonly oneClass: boolean;
}

/** post_transform is ignored, as in onnxruntime: the result is one score per row. */
export default composition<Attrs>({
  name: 'SVMRegressor',
  domain: 'ai.onnx.ml',
  summary: 'regression or outlier detection by support vectors',
  read: {
    1: (n) => {
      const count = n.int('n_supports');
      const coefficients = n.floats('coefficients');
      // Without support vectors the coefficients are those of a line.
      const kernel = readKernel(n);
      return {
        kernel: count > 0 ? kernel : { ...kernel, type: 'LINEAR' },
        vectors: n.optFloats('support_vectors') ?? [],
        count,
        coefficients,
        rho: n.optFloats('rho')?.[0] ?? 0,
        oneClass: n.flag('one_class'),
      };
    },
  },
  compose: (c, n) => {
    const { kernel, vectors, count, coefficients, rho, oneClass } = n.attrs;
    const x = featuresOf(c, n.value(0));
    if (count > 0 && coefficients.length !== count)
      return invalid(`there are ${coefficients.length} coefficients for ${count} support vectors`);
    const score =
      count > 0
        ? c.matmul(kernelOf(c, kernel, x, vectors, count), c.floats(coefficients, [count, 1]))
        : kernelOf(c, kernel, x, coefficients, 1);
    const shifted = c.add(score, rho);
    return [
      oneClass
        ? c.where(c.greater(shifted, 0), c.constant('float32', [], [1]), c.constant('float32', [], [-1]))
        : shifted,
    ];
  },
});
