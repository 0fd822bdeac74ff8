import { int64s, tensorOf, type Tensor } from '../../../tensor/tensor.js';
import { fed, fixed, type Family, type Generator, type GraphGiven, type NodeGiven } from '../case.js';
import type { Random } from '../random.js';

/** What follows where a search finds something in one run, and nothing in the next. */
const node = (op: string, inputs: string[], output: string, attributes?: NodeGiven['attributes']): NodeGiven => ({
  op,
  inputs,
  outputs: [output],
  ...(attributes ? { attributes } : {}),
});
const scalar = (v: number): Tensor => tensorOf('float32', [], [v]);

interface After {
  readonly nodes: readonly NodeGiven[];
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly string[];
}

/** Rows of x, a matrix, whose largest element is above what is fed: `rows`, their places `at`, their number `count`. */
const found =
  (after: (r: Random, width: number) => After): Generator =>
  (r) => {
    const [height, width] = [r.int(1, 5), r.int(2, 4)];
    const x = r.tensor('float32', [height, width], 0, 5);
    const then = after(r, width);
    return {
      opsets: { '': 16 },
      nodes: [
        node('ReduceMax', ['x'], 'most', { axes: [1], keepdims: 0 }),
        node('Greater', ['most', 'border'], 'mask'),
        node('NonZero', ['mask'], 'places'),
        node('Squeeze', ['places', 'first'], 'at'),
        node('Gather', ['x', 'at'], 'rows'),
        node('Size', ['at'], 'count'),
        ...then.nodes,
      ],
      inputs: {
        x: r.chance(0.5) ? fed(x, { 0: 'N' }) : fed(x),
        border: fed(scalar(r.float(0, 4)), undefined, [scalar(100)]),
        first: fixed(int64s([0])),
        ...Object.fromEntries(Object.entries(then.constants ?? {}).map(([name, t]) => [name, fixed(t)])),
      },
      outputs: then.outputs,
    };
  };

/** Whether there is something: what an exporter makes of `if boxes.numel() > 0`. */
const asked = found((r, width) => {
  const compare = r.pick(['Greater', 'Less', 'GreaterOrEqual', 'LessOrEqual', 'Equal']);
  const way = (name: string, nodes: NodeGiven[], constants?: Record<string, Tensor>): { graph: GraphGiven } => ({
    graph: { nodes: [...nodes], outputs: [name], ...(constants ? { constants } : {}) },
  });
  return {
    nodes: [
      node(compare, r.chance(0.5) ? ['count', 'limit'] : ['limit', 'count'], 'is'),
      node('Greater', ['count', 'zero'], 'any'),
      {
        op: 'If',
        inputs: ['any'],
        outputs: ['y'],
        attributes: {
          then_branch: way('t', [node('ReduceMax', ['rows'], 't', { axes: [0], keepdims: 0 })]),
          else_branch: way('e', [node('Neg', ['other'], 'e')], { other: r.tensor('float32', [width]) }),
        },
      },
    ],
    constants: { limit: int64s(r.int(0, 2)), zero: int64s(0) },
    outputs: ['is', 'y'],
  };
});

/** Arithmetic with the number of what is found. */
const counted = found((r) => ({
  nodes: [
    node(r.pick(['Div', 'Mul', 'Sub', 'Add', 'Mod']), ['count', 'two'], 'a'),
    node('Max', ['count', 'two'], 'b'),
    node('Min', ['count', 'two'], 'c'),
    node('Sub', ['count', 'two'], 'less'),
    node('Div', ['less', 'two'], 'd'),
    node('Cast', ['count'], 'e', { to: 9 }),
    node('Greater', ['less', 'zero'], 'f'),
  ],
  constants: { two: int64s(r.int(1, 3)), zero: int64s(0) },
  outputs: ['a', 'b', 'c', 'd', 'e', 'f'],
}));

/** What is found, looked at again. */
const handled = found((r, width) => {
  const kinds: Record<string, After> = {
    all: {
      nodes: [
        node('Shape', ['rows'], 'shape', { start: 0, end: 1 }),
        node('Squeeze', ['shape', 'first'], 'n'),
        node('Range', ['zero', 'n', 'one'], 'every'),
        node('Gather', ['rows', 'every'], 'y'),
      ],
      constants: { zero: int64s(0), one: int64s(1) },
      outputs: ['y'],
    },
    padded: {
      nodes: [
        node('Shape', ['rows'], 'shape', { start: 0, end: 1 }),
        node('Sub', ['eight', 'shape'], 'rest'),
        node('Concat', ['first', 'first', 'rest', 'first'], 'pads', { axis: 0 }),
        node('Pad', ['rows', 'pads'], 'y'),
      ],
      constants: { eight: int64s([8]) },
      outputs: ['y'],
    },
    scattered: {
      nodes: [
        node('Neg', ['rows'], 'less'),
        node('Unsqueeze', ['at', 'one'], 'index'),
        node('ScatterND', ['x', 'index', 'less'], 'y'),
      ],
      constants: { one: int64s([1]) },
      outputs: ['y'],
    },
    reduced: {
      nodes: [
        node('ReduceSum', ['rows', 'first'], 'y', { keepdims: r.int(0, 1) }),
        node(r.pick(['ReduceProd', 'ReduceL1', 'ReduceL2', 'ReduceSumSquare']), ['rows'], 'v', { axes: [0] }),
        node('Softmax', ['rows'], 'z', { axis: 1 }),
        node('ArgMax', ['rows'], 'w', { axis: 1, keepdims: 0 }),
      ],
      outputs: ['y', 'v', 'z', 'w'],
    },
    multiplied: {
      nodes: [
        node('Gemm', ['rows', 'weight', 'bias'], 'line'),
        node('Concat', ['line', 'more'], 'y', { axis: 0 }),
        node('GatherND', ['rows', 'none'], 'z'),
      ],
      constants: {
        weight: r.tensor('float32', [width, 2]),
        bias: r.tensor('float32', [2]),
        more: r.tensor('float32', [1, 2]),
        none: tensorOf('int64', [0, 1], []),
      },
      outputs: ['y', 'z'],
    },
  };
  return kinds[r.pick(Object.keys(kinds))];
});

/** Formulas of sizes, named ones and one that the data decides: what is answered while converting has to hold for all. */
const sizes: Generator = (r) => {
  const nodes: NodeGiven[] = [
    node('Shape', ['x'], 'shape'),
    node('Gather', ['shape', 'c0'], 'n'),
    node('Gather', ['shape', 'c1'], 'm'),
    node('Greater', ['x', 'border'], 'mask'),
    node('NonZero', ['mask'], 'places'),
    node('Shape', ['places'], 'found'),
    node('Gather', ['found', 'c1'], 'k'),
  ];
  const constants: Record<string, Tensor> = { c0: int64s(0), c1: int64s(1) };
  const whole = (v: number): string => {
    const name = `c${v < 0 ? `m${-v}` : v}`;
    constants[name] ??= int64s(v);
    return name;
  };
  const values = ['n', 'm', 'k'];
  const answers: string[] = [];
  const outputs: string[] = [];
  const any = (): string => (r.chance(0.75) ? r.pick(values) : whole(r.int(-2, 6)));
  for (let i = r.int(5, 10); i > 0; i--) {
    const out = `v${i}`;
    outputs.push(out);
    const kind = r.int(0, 10);
    if (kind < 3) nodes.push(node(r.pick(['Add', 'Sub', 'Mul']), [any(), any()], out));
    else if (kind === 3) nodes.push(node('Div', [any(), whole(r.pick([1, 2, 3, 4, -2]))], out));
    else if (kind === 4) nodes.push(node('Mod', [any(), whole(r.pick([2, 3, -2]))], out, { fmod: r.int(0, 1) }));
    else if (kind === 5) nodes.push(node(r.pick(['Max', 'Min']), [any(), any()], out));
    else if (kind === 6) nodes.push(node(r.pick(['Neg', 'Abs']), [any()], out));
    else if (kind === 7 && answers.length > 0) nodes.push(node('Where', [r.pick(answers), any(), any()], out));
    else {
      const compare = r.pick(['Less', 'Greater', 'Equal', 'LessOrEqual', 'GreaterOrEqual']);
      nodes.push(node(compare, [r.pick(values), any()], out));
      answers.push(out);
      continue;
    }
    values.push(out);
  }
  const x = (height: number, width: number): Tensor => r.tensor('float32', [height, width], 0, 5);
  return {
    opsets: { '': 16 },
    nodes,
    inputs: {
      x: fed(x(1, 1), { 0: 'N', 1: 'M' }, [x(2, 3), x(7, 4), x(3, 1)]),
      border: fed(scalar(2), undefined, [scalar(100), scalar(1), scalar(-1)]),
      ...Object.fromEntries(Object.entries(constants).map(([name, t]) => [name, fixed(t)])),
    },
    outputs,
  };
};

export const NOTHING: Family = {
  'Sizes computed': sizes,
  'Nothing found, asked': asked,
  'Nothing found, counted': counted,
  'Nothing found, handled': handled,
};
