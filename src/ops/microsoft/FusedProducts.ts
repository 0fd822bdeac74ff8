import type { Value } from '../../ir/graph.js';
import type { RawNode } from '../../ir/view.js';
import type { Composer } from '../compose.js';
import { activation } from './activation.js';
import { microsoft } from './domain.js';

interface Product {
  readonly alpha: number;
  readonly transposed: readonly [boolean, boolean];
  /** The first axis stands behind the other batch axes. */
  readonly batchLast: readonly [boolean, boolean];
}

interface Activated {
  readonly name: string;
  readonly parameters: readonly (number | undefined)[];
}

function readProduct(n: RawNode): Product {
  return {
    alpha: n.optFloat('alpha') ?? 1,
    transposed: [n.flag('transA'), n.flag('transB')],
    batchLast: [n.flag('transBatchA'), n.flag('transBatchB')],
  };
}

const readActivation = (n: RawNode): Activated => ({
  name: n.optString('activation') ?? '',
  parameters: [n.optFloat('activation_alpha'), n.optFloat('activation_beta')],
});

/** With the first axis brought behind the batch, then the last two exchanged. A vector stays. */
function operand(c: Composer, x: Value, batchLast: boolean, transposed: boolean): Value {
  const rank = x.type.dims.length;
  if (rank < 2) return x;
  const axes = Array.from({ length: rank }, (_, i) => i);
  const perm = batchLast ? [...axes.slice(1, -1), 0, rank - 1] : axes;
  const last = transposed ? [...perm.slice(0, -2), perm[rank - 1], perm[rank - 2]] : perm;
  return last.every((p, i) => p === i) ? x : c.transpose(x, last);
}

function product(c: Composer, a: Value, b: Value, { alpha, transposed, batchLast }: Product): Value {
  const y = c.matmul(operand(c, a, batchLast[0], transposed[0]), operand(c, b, batchLast[1], transposed[1]));
  return alpha === 1 ? y : c.mul(y, alpha);
}

/** Source: ONNX Runtime, ContribOperators: matrix products with transpositions, factors and activations. */
export default [
  ...['FusedMatMul', 'TransposeMatMul'].map((name) =>
    microsoft<Product>({
      name,
      summary: 'matrix product of transposed operands, times a factor',
      shapes: ['_ ...', '_ ...'],
      read: { 1: readProduct },
      compose: (c, n) => product(c, n.value(0), n.value(1), n.attrs),
    }),
  ),
  microsoft<Product & Activated>({
    name: 'FusedMatMulActivation',
    summary: 'FusedMatMul with an activation',
    shapes: ['_ ...', '_ ...'],
    read: { 1: (n) => ({ ...readProduct(n), ...readActivation(n) }) },
    compose: (c, n) => activation(c, product(c, n.value(0), n.value(1), n.attrs), n.attrs.name, n.attrs.parameters),
  }),
  microsoft<Activated & { gemm: Record<string, number> }>({
    name: 'FusedGemm',
    summary: 'Gemm with an activation',
    shapes: ['_ _', '_ _', '?'],
    read: {
      1: (n) => ({
        ...readActivation(n),
        gemm: {
          alpha: n.optFloat('alpha') ?? 1,
          beta: n.optFloat('beta') ?? 1,
          transA: n.optInt('transA') ?? 0,
          transB: n.optInt('transB') ?? 0,
        },
      }),
    },
    compose: (c, n) => {
      return activation(
        c,
        c.op('Gemm', [n.value(0), n.value(1), n.inputs[2]], n.attrs.gemm),
        n.attrs.name,
        n.attrs.parameters,
      );
    },
  }),
];
