import { invalid } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import type { Composer } from '../compose.js';

/**
 * x [N, F] times coefficients [targets, F], rows one after another, plus an intercept for each target: [N, targets].
 */
export function linear(
  c: Composer,
  x: Value,
  coefficients: readonly number[],
  intercepts: readonly number[],
  targets: number,
): Value {
  const features = coefficients.length / targets;
  if (!Number.isInteger(features))
    return invalid(`${coefficients.length} coefficients can't be shared among ${targets} targets`);
  const transposed = Array.from(
    { length: coefficients.length },
    (_, i) => coefficients[(i % targets) * features + Math.floor(i / targets)],
  );
  const product = c.matmul(x, c.floats(transposed, [features, targets]));
  if (intercepts.length === 0) return product;
  if (intercepts.length !== targets && intercepts.length !== 1)
    return invalid(`there are ${intercepts.length} intercepts for ${targets} targets`);
  return c.add(product, c.floats(intercepts));
}
