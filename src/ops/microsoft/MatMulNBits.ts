import { invalid, refuse } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode } from '../../ir/view.js';
import { isFloat } from '../../tensor/dtype.js';
import { numbersOf, tensorOf, type Tensor } from '../../tensor/tensor.js';
import { microsoft } from './domain.js';

interface Attrs {
  /** Rows (inputs) and columns (outputs) of the matrix. */
  readonly K: number;
  readonly N: number;
  readonly bits: number;
  readonly block: number;
}

function read(n: RawNode): Attrs {
  const attrs = { K: n.int('K'), N: n.int('N'), bits: n.optInt('bits') ?? 4, block: n.int('block_size') };
  if (![2, 4, 8].includes(attrs.bits)) return refuse(`weights of ${attrs.bits} bits`, 'quantize to 2, 4 or 8 bits');
  if (n.optInt('weight_prepacked'))
    return refuse('weights that are packed for one graphics card', 'export without weight_prepacked');
  return attrs;
}

/** Numbers of a few bits each, from the low bits of a byte up. */
function unpacked(bytes: ArrayLike<number>, bits: number): Uint8Array {
  const per = 8 / bits;
  const out = new Uint8Array(bytes.length * per);
  for (let i = 0; i < out.length; i++) out[i] = (bytes[Math.floor(i / per)] >> ((i % per) * bits)) & (2 ** bits - 1);
  return out;
}

/**
 * The weights of MatMulNBits as the matrix [K, N] that they stand for, computed while converting: inputs B [N, blocks,
 * bytes], scales [N, blocks], zero points (packed, or as floats), and the block of each row where that isn't in order.
 */
const weights = defineOp<Attrs>({
  name: 'MatMulNBitsWeights',
  domain: 'internal',
  summary: 'weights of a few bits as a matrix of floats',
  read: { 1: read },
  infer: (n) => [{ dtype: n.dtype(1), dims: [n.attrs.K, n.attrs.N] }],
  fold: (n, [packed, scales, zeros, groups]) => {
    const { K, N, bits, block } = n.attrs;
    const blocks = Math.ceil(K / block);
    const values = unpacked(packed.data as Uint8Array, bits);
    const factor = numbersOf(scales);
    if (values.length < N * blocks * block || factor.length < N * blocks)
      return invalid(`weights or scales are too few for a matrix of ${K} by ${N}`);
    const zero = zerosOf(zeros, N, blocks, bits);
    const groupOf = groups && numbersOf(groups);
    const out = new Float32Array(K * N);
    for (let column = 0; column < N; column++)
      for (let row = 0; row < K; row++) {
        const at = column * blocks + (groupOf?.[row] ?? Math.floor(row / block));
        out[row * N + column] = Math.fround(values[column * blocks * block + row] - zero(column, at)) * factor[at];
      }
    return [tensorOf(scales.dtype, [K, N], out)];
  },
});

function zerosOf(
  zeros: Tensor | undefined,
  columns: number,
  blocks: number,
  bits: number,
): (column: number, at: number) => number {
  if (!zeros) return () => 2 ** (bits - 1);
  if (isFloat(zeros.dtype)) {
    const values = numbersOf(zeros);
    return (_, at) => values[at];
  }
  // Each column's zero points begin at a byte of their own.
  const values = unpacked(zeros.data as Uint8Array, bits);
  const width = values.length / columns;
  return (column, at) => values[column * width + (at - column * blocks)];
}

/** Source: ONNX Runtime, ContribOperators. The weights become floats while converting. */
export default [
  weights,
  microsoft<Attrs>({
    name: 'MatMulNBits',
    summary: 'matrix product with weights of 2, 4 or 8 bits',
    limits: 'weights that are not constant, other numbers of bits',
    shapes: ['_ ...', '', '', '?', '?', '? _'],
    read: { 1: read },
    compose: (c, n) => {
      const { K, N, bits, block } = n.attrs;
      for (const i of [1, 2, 3, 4]) if (n.has(i)) n.needWeight(i, 'a quantized weight');
      const parts: (Value | undefined)[] = [n.value(1), n.value(2), n.inputs[3], n.inputs[4]];
      const matrix = c.e.one('MatMulNBitsWeights', parts, { K, N, bits, block_size: block }, 'internal');
      const y = c.matmul(n.value(0), matrix);
      return n.has(5) ? c.add(y, n.value(5)) : y;
    },
  }),
];
