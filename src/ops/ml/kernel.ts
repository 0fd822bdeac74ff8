import { invalid } from '../../diag/diagnostic.js';
import { isKnown } from '../../ir/dim.js';
import type { Value } from '../../ir/graph.js';
import type { RawNode } from '../../ir/view.js';
import type { Composer } from '../compose.js';

/** How a support vector machine compares two rows. */
export interface Kernel {
  readonly type: 'LINEAR' | 'POLY' | 'RBF' | 'SIGMOID';
  readonly gamma: number;
  readonly coef0: number;
  readonly degree: number;
}

export function readKernel(n: RawNode): Kernel {
  const type = n.string('kernel_type');
  if (type !== 'LINEAR' && type !== 'POLY' && type !== 'RBF' && type !== 'SIGMOID')
    return invalid(`kernel_type is ${JSON.stringify(type)}`);
  const [gamma = 0, coef0 = 0, degree = 0] = n.optFloats('kernel_params') ?? [];
  return { type, gamma, coef0, degree };
}

/** Up to here the differences between a row and all support vectors are taken one by one. */
const MOST_DIFFERENCES = 1 << 16;

/**
 * The kernel of each row of x with each vector: [N, V].
 * @param x [N, F]
 * @param vectors V rows of F, one after another
 */
export function kernelOf(c: Composer, kernel: Kernel, x: Value, vectors: readonly number[], count: number): Value {
  const features = vectors.length / count;
  if (!Number.isInteger(features)) return invalid(`${vectors.length} numbers are not ${count} vectors`);
  const given = x.type.dims[1];
  if (isKnown(given) && given !== features)
    return invalid(`the input has ${given} features, and the vectors ${features}`);
  if (kernel.type === 'RBF')
    return c.op('Exp', [c.mul(squaredDistance(c, x, vectors, count, features), -kernel.gamma)]);
  const product = c.matmul(x, c.floats(transposed(vectors, count, features), [features, count]));
  switch (kernel.type) {
    case 'LINEAR':
      return product;
    case 'POLY':
      return power(c, c.add(c.mul(product, kernel.gamma), kernel.coef0), kernel.degree);
    case 'SIGMOID':
      return c.op('Tanh', [c.add(c.mul(product, kernel.gamma), kernel.coef0)]);
  }
}

/** A whole degree by products: Pow of a negative number is not right everywhere. */
function power(c: Composer, x: Value, degree: number): Value {
  if (!Number.isInteger(degree) || degree < 1 || degree > 64)
    return c.op('Pow', [x, c.constant('float32', [], [degree])]);
  let result: Value | undefined;
  let square = x;
  for (let rest = degree; ; square = c.mul(square, square)) {
    if (rest & 1) result = result ? c.mul(result, square) : square;
    rest >>= 1;
    if (rest === 0) return result as Value;
  }
}

/**
 * |x - v|² for all pairs. By differences where that is small enough; else as |x|² + |v|² - 2xv, with the vectors' mean taken
 * from both beforehand, since what features have in common would cost the digits that matter.
 */
function squaredDistance(c: Composer, x: Value, vectors: readonly number[], count: number, features: number): Value {
  if (vectors.length <= MOST_DIFFERENCES) {
    const difference = c.sub(c.unsqueeze(x, [1]), c.floats(vectors, [1, count, features]));
    return c.reduce('ReduceSum', c.mul(difference, difference), [2], false);
  }
  const mean = Array.from({ length: features }, (_, f) => {
    let sum = 0;
    for (let v = 0; v < count; v++) sum += vectors[v * features + f];
    return Math.fround(sum / count);
  });
  const centred = vectors.map((value, i) => value - mean[i % features]);
  const norms = Array.from({ length: count }, (_, v) => {
    let sum = 0;
    for (let f = 0; f < features; f++) sum += centred[v * features + f] ** 2;
    return sum;
  });
  const moved = c.sub(x, c.floats(mean));
  const product = c.matmul(moved, c.floats(transposed(centred, count, features), [features, count]));
  const squares = c.add(c.reduce('ReduceSum', c.mul(moved, moved), [1]), c.floats(norms));
  return c.op('Relu', [c.sub(squares, c.mul(product, 2))]);
}

function transposed(rows: readonly number[], count: number, width: number): number[] {
  return Array.from({ length: rows.length }, (_, i) => rows[(i % count) * width + Math.floor(i / count)]);
}
