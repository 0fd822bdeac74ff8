import { int64s, tensorOf, type Tensor } from '../../../tensor/tensor.js';
import { fed, fixed, type Family, type Generator, type GraphGiven, type NodeGiven } from '../case.js';
import type { Random } from '../random.js';

/**
 * Graphs that a node runs and that work on images: what is inside, what comes from outside and what goes out may each lie
 * in another order of axes. All sizes are alike, so that a wrong order computes something instead of failing.
 */
const node = (op: string, inputs: string[], output: string, attributes?: NodeGiven['attributes']): NodeGiven => ({
  op,
  inputs,
  outputs: [output],
  ...(attributes ? { attributes } : {}),
});
const truth = (value: boolean): Tensor => tensorOf('bool', [], [Number(value)]);

/** A few operators on an image of `size` channels, rows and columns, which keep its shape. */
function chain(
  r: Random,
  name: string,
  from: string,
  size: number,
  axes: number,
  length: number,
): { nodes: NodeGiven[]; constants: Record<string, Tensor>; last: string } {
  const nodes: NodeGiven[] = [];
  const constants: Record<string, Tensor> = {};
  let last = from;
  const ones = new Array<number>(axes).fill(1);
  const threes = new Array<number>(axes).fill(3);
  for (let i = 0; i < length; i++) {
    const next = `${name}${i}`;
    const weight = (dims: number[]): string => {
      constants[`${next}w${Object.keys(constants).length}`] = r.tensor('float32', dims, -0.5, 0.5);
      return Object.keys(constants).at(-1) as string;
    };
    const around = { kernel_shape: threes, pads: [...ones, ...ones] };
    const kind = r.int(0, 8);
    if (kind === 0) nodes.push(node('Conv', [last, weight([size, size, ...threes])], next, around));
    else if (kind === 1) nodes.push(node('MaxPool', [last], next, around));
    else if (kind === 2) nodes.push(node('AveragePool', [last], next, around));
    else if (kind === 3)
      nodes.push(
        node('InstanceNormalization', [last, weight([size]), weight([size])], next, { epsilon: { float: 0.1 } }),
      );
    else if (kind === 4) {
      const perm = r.shuffle(ones.map((_, k) => k + 1).concat(axes + 1));
      nodes.push(node('Transpose', [last], next, { perm: [0, ...perm] }));
    } else if (kind === 5) nodes.push(node('Softmax', [last], next, { axis: r.int(1, axes + 1) }));
    else if (kind === 6) nodes.push(node('ConvTranspose', [last, weight([size, size, ...threes])], next, around));
    else if (kind === 7) nodes.push(node('Mul', [last, weight([size, ...ones])], next));
    else nodes.push(node('Add', [last, 'outer'], next));
    last = next;
  }
  return { nodes, constants, last };
}

/** What stands before the node with the graphs: `outer` is an image, in whatever order its maker gives it. */
function before(r: Random, size: number, axes: number): { nodes: NodeGiven[]; inputs: Record<string, Tensor> } {
  const { nodes, constants, last } = chain(r, 'pre', 'x', size, axes, r.int(0, 2));
  const plain = nodes.filter((n) => !n.inputs.includes('outer'));
  const whole = plain.length === nodes.length;
  return { nodes: [...(whole ? nodes : []), node('Identity', [whole ? last : 'x'], 'outer')], inputs: constants };
}

const fixedAll = (given: Record<string, Tensor>) =>
  Object.fromEntries(Object.entries(given).map(([name, t]) => [name, fixed(t)]));

const imagesInIf: Generator = (r) => {
  const [size, axes, batch] = [r.int(2, 3), r.int(1, 2), r.int(1, 2)];
  const pre = before(r, size, axes);
  const way = (name: string): { graph: GraphGiven } => {
    const { nodes, constants, last } = chain(r, name, 'outer', size, axes, r.int(1, 3));
    const out = `${name}out`;
    return { graph: { nodes: [...nodes, node('Identity', [last], out)], constants, outputs: [out] } };
  };
  const dims = [batch, size, ...new Array<number>(axes).fill(size)];
  const open = r.chance(0.6);
  return {
    opsets: { '': r.pick([13, 16, 19]) },
    nodes: [
      ...pre.nodes,
      {
        op: 'If',
        inputs: ['cond'],
        outputs: ['z'],
        attributes: { then_branch: way('t'), else_branch: way('e') },
      },
      node('Relu', ['z'], 'y'),
    ],
    inputs: {
      x: fed(r.tensor('float32', dims), open ? { 0: 'batch' } : undefined, [
        r.tensor('float32', [open ? batch + 1 : batch, ...dims.slice(1)]),
      ]),
      cond: fed(truth(true), undefined, [truth(false)]),
      ...fixedAll(pre.inputs),
    },
    outputs: ['y'],
  };
};

const imagesInLoop: Generator = (r) => {
  const [size, axes] = [r.int(2, 3), r.int(1, 2)];
  const pre = before(r, size, axes);
  const inner = chain(r, 'b', 'state', size, axes, r.int(1, 3));
  const dims = [1, size, ...new Array<number>(axes).fill(size)];
  return {
    opsets: { '': r.pick([13, 16, 19]) },
    nodes: [
      ...pre.nodes,
      {
        op: 'Loop',
        inputs: ['turns', '', 'outer'],
        outputs: ['z', 'all'],
        attributes: {
          body: {
            graph: {
              inputs: [
                { name: 'i', dtype: 'int64', dims: [] },
                { name: 'c', dtype: 'bool', dims: [] },
                { name: 'state', dtype: 'float32', dims },
              ],
              nodes: [
                ...inner.nodes,
                node('Tanh', [inner.last], 'after'),
                node('Identity', ['after'], 'kept'),
                node('Identity', ['c'], 'goes'),
              ],
              constants: inner.constants,
              outputs: ['goes', 'after', 'kept'],
            },
          },
        },
      },
    ],
    inputs: {
      x: fed(r.tensor('float32', dims)),
      turns: fed(int64s(r.int(1, 3)), undefined, [int64s(2)]),
      ...fixedAll(pre.inputs),
    },
    outputs: ['z', 'all'],
  };
};

/** One element, which is a scalar on one way and has axes on the other. */
const single: Generator = (r) => {
  const ranks = r.shuffle([0, r.int(1, 3)]);
  const element = (rank: number, name: string): { graph: GraphGiven } => ({
    graph: {
      nodes: [node('Identity', [`${name}c`], name)],
      constants: { [`${name}c`]: r.tensor('float32', new Array<number>(rank).fill(1)) },
      outputs: [name],
    },
  });
  return {
    opsets: { '': 16 },
    nodes: [
      {
        op: 'If',
        inputs: ['cond'],
        outputs: ['z'],
        attributes: { then_branch: element(ranks[0], 't'), else_branch: element(ranks[1], 'e') },
      },
      node(r.pick(['Mul', 'Add', 'Sub']), ['x', 'z'], 'y'),
    ],
    inputs: {
      x: fed(r.tensor('float32', r.dims(r.int(3, 4)))),
      cond: fed(truth(true), undefined, [truth(false)]),
    },
    outputs: ['y'],
  };
};

export const BODIES: Family = {
  'If of one element': single,
  'If of images': imagesInIf,
  'Loop of images': imagesInLoop,
};
