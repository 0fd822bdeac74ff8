/** A network that has a bit of everything, to be converted with one mistake in it. */
import { type Tensor, tensorOf } from '../../../src/tensor/tensor.js';
import { Random } from '../../../src/verify/source/random.js';
import { Float, type Sketch, sketched } from '../../convert/harness.js';

/** What a converter might get wrong; as it should be where absent. */
export interface Mistakes {
  pads?: number[];
  dilations?: number[];
  strides?: number[];
  epsilon?: number;
  alpha?: number;
  perm?: number[];
  axis?: number;
  countPads?: number;
  /** Another operator at the node of this name. */
  op?: Record<string, string>;
  /** Another order of a node's inputs. */
  inputs?: Record<string, string[]>;
  /** Other weights. */
  weights?: (own: Record<string, Tensor>) => Record<string, Tensor>;
}

function weights(): Record<string, Tensor> {
  const random = new Random('damage');
  const of = (dims: number[], size: number, middle = 0) =>
    tensorOf(
      'float32',
      dims,
      Array.from({ length: dims.reduce((n, d) => n * d, 1) }, () => middle + size * random.normal()),
    );
  return {
    w1: of([4, 3, 3, 3], 0.3),
    b1: of([4], 0.5),
    scale: of([4], 0.2, 1),
    shift: of([4], 0.3),
    mean: of([4], 0.3),
    variance: tensorOf('float32', [4], [0.02, 0.5, 0.1, 1]),
    w2: of([4, 4, 3, 3], 0.3),
    b2: of([4], 0.5),
    w3: of([4, 4, 3, 3], 0.3),
    b3: of([4], 0.5),
    w4: of([128, 6], 0.2),
    b4: of([6], 0.3),
    w5: of([6, 6], 0.5),
    b5: of([6], 0.3),
    w6: of([6, 5], 0.5),
    b6: of([5], 0.3),
    w7: of([6, 5], 0.5),
    b7: of([5], 0.3),
  };
}

/** y and z are [1, 5], from x, [1, 3, 16, 16]. */
export function network(wrong: Mistakes = {}): Uint8Array {
  const own = weights();
  const model: Sketch = {
    inputs: { x: ['float32', [1, 3, 16, 16]] },
    outputs: ['y', 'z'],
    nodes: [
      { op: 'Conv', name: 'conv', in: ['x', 'w1', 'b1'], out: ['c'], with: { pads: wrong.pads ?? [1, 1, 1, 1] } },
      {
        op: 'BatchNormalization',
        name: 'norm',
        in: ['c', 'scale', 'shift', 'mean', 'variance'],
        out: ['n'],
        with: { epsilon: new Float(wrong.epsilon ?? 1e-5) as never },
      },
      {
        op: 'LeakyRelu',
        name: 'leaky',
        in: ['n'],
        out: ['l'],
        with: { alpha: new Float(wrong.alpha ?? 0.1) as never },
      },
      { op: 'MaxPool', name: 'pool', in: ['l'], out: ['p'], with: { kernel_shape: [2, 2], strides: [2, 2] } },
      {
        op: 'Conv',
        name: 'dilated',
        in: ['p', 'w2', 'b2'],
        out: ['d'],
        with: wrong.dilations
          ? { dilations: wrong.dilations, pads: [1, 1, 1, 1] }
          : { dilations: [2, 2], pads: [2, 2, 2, 2] },
      },
      { op: 'Add', name: 'skip', in: ['d', 'p'], out: ['s'] },
      {
        op: 'AveragePool',
        name: 'average',
        in: ['s'],
        out: ['a'],
        with: {
          kernel_shape: [3, 3],
          strides: [2, 2],
          pads: [1, 1, 1, 1],
          count_include_pad: wrong.countPads ?? 1,
        },
      },
      {
        op: 'Conv',
        name: 'strided',
        in: ['s', 'w3', 'b3'],
        out: ['t'],
        // Without the stride, other pads and a dilation give the same shape.
        with: wrong.strides
          ? { strides: wrong.strides, dilations: [2, 2], pads: [0, 0, 0, 0] }
          : { strides: [2, 2], pads: [1, 1, 1, 1] },
      },
      { op: 'Transpose', name: 'turn', in: ['t'], out: ['u'], with: { perm: wrong.perm ?? [0, 1, 3, 2] } },
      { op: 'Concat', name: 'join', in: ['a', 'u'], out: ['j'], with: { axis: wrong.axis ?? 2 } },
      { op: 'Flatten', name: 'flat', in: ['j'], out: ['f'] },
      { op: 'Gemm', name: 'first', in: ['f', 'w4', 'b4'], out: ['g'] },
      { op: 'Tanh', name: 'bend', in: ['g'], out: ['h'] },
      { op: 'Gemm', name: 'square', in: ['h', 'w5', 'b5'], out: ['q'] },
      { op: 'Relu', name: 'kink', in: ['q'], out: ['r'] },
      { op: 'Gemm', name: 'second', in: ['r', 'w6', 'b6'], out: ['k'] },
      { op: 'Softmax', name: 'classes', in: ['k'], out: ['y'], with: { axis: 1 } },
      { op: 'Gemm', name: 'third', in: ['r', 'w7', 'b7'], out: ['m'] },
      { op: 'Sigmoid', name: 'marks', in: ['m'], out: ['z'] },
    ],
    weights: wrong.weights ? { ...own, ...wrong.weights(own) } : own,
  };
  const nodes = model.nodes.map((n) => ({
    ...n,
    op: wrong.op?.[n.name as string] ?? n.op,
    in: wrong.inputs?.[n.name as string] ?? n.in,
  }));
  return sketched({ ...model, nodes });
}

/** Elements of [a, b, c, d], from where they now are. */
export function moved(t: Tensor, from: (index: number[]) => number[]): Tensor {
  const { dims } = t;
  const at = (index: number[]) => index.reduce((sum, i, axis) => sum * (dims[axis] as number) + i, 0);
  const values = Array.from(t.data as Float32Array, (_, flat) => {
    const index: number[] = [];
    for (let axis = dims.length - 1, rest = flat; axis >= 0; axis--) {
      index.unshift(rest % (dims[axis] as number));
      rest = Math.floor(rest / (dims[axis] as number));
    }
    return (t.data as Float32Array)[at(from(index))] as number;
  });
  return tensorOf(t.dtype, dims, values);
}
