import { int64s, tensorOf, type Tensor } from '../../../tensor/tensor.js';
import { fed, fixed, type Family, type Generator, type GraphGiven, type Given, type NodeGiven } from '../case.js';
import type { Random } from '../random.js';
import { batched } from './shapes.js';

const truth = (value: boolean): Tensor => tensorOf('bool', [], [Number(value)]);
const node = (op: string, inputs: string[], output: string, attributes?: NodeGiven['attributes']): NodeGiven => ({
  op,
  inputs,
  outputs: [output],
  ...(attributes ? { attributes } : {}),
});

const OPSETS = [11, 13, 16, 19, 21];

/** A condition: constant, fed (with its opposite in another run), or computed of x. */
function condition(r: Random, constant = 0.3): { nodes: NodeGiven[]; inputs: Record<string, Given> } {
  const value = r.chance(0.5);
  if (r.chance(constant)) return { nodes: [], inputs: { cond: fixed(truth(value)) } };
  if (r.chance(0.6)) return { nodes: [], inputs: { cond: fed(truth(value), undefined, [truth(!value)]) } };
  return {
    nodes: [node('ReduceMax', ['x'], 'most', { keepdims: 0 }), node('Greater', ['most', 'border'], 'cond')],
    inputs: { border: fixed(tensorOf('float32', [], [r.float(1, 3)])) },
  };
}

/** A way of an If: what it gives of x, of x's shape or (where `cuts`) of another. */
function way(r: Random, name: string, cuts: boolean, weight: readonly number[], depth: number): GraphGiven {
  const out = `${name}_out`;
  const constants: Record<string, Tensor> = {};
  const nodes: NodeGiven[] = [];
  let last = 'x';
  for (let i = r.int(0, 2); i > 0; i--) {
    const next = `${name}_${i}`;
    const kind = r.int(0, 3);
    if (kind === 0) nodes.push(node(r.pick(['Relu', 'Tanh', 'Neg', 'Exp']), [last], next));
    else if (kind === 1) {
      constants[`${next}_c`] = r.tensor('float32', r.chance(0.5) ? [] : weight);
      nodes.push(node(r.pick(['Add', 'Mul', 'Sub']), [last, `${next}_c`], next));
    } else if (kind === 2) nodes.push(node('Add', [last, 'y'], next));
    else if (depth > 0)
      nodes.push({
        op: 'If',
        inputs: ['cond2'],
        outputs: [next],
        attributes: {
          then_branch: { graph: way(r, `${next}t`, false, weight, depth - 1) },
          else_branch: { graph: way(r, `${next}e`, false, weight, depth - 1) },
        },
      });
    else nodes.push(node('Sigmoid', [last], next));
    last = next;
  }
  if (cuts) {
    Object.assign(constants, {
      [`${name}_s`]: int64s([0]),
      [`${name}_e`]: int64s([r.int(1, 3)]),
      [`${name}_a`]: int64s([r.int(0, 1)]),
    });
    nodes.push(node('Slice', [last, `${name}_s`, `${name}_e`, `${name}_a`], out));
  } else nodes.push(node('Identity', [last], out));
  return { nodes, constants, outputs: [out] };
}

const branches: Generator = (r) => {
  const dims = r.dims(r.int(2, 4), 4);
  const cuts = r.chance(0.4);
  const test = condition(r);
  const weight = dims.slice(-1);
  return {
    opsets: { '': r.pick(OPSETS) },
    nodes: [
      ...test.nodes,
      {
        op: 'If',
        inputs: ['cond'],
        outputs: ['z'],
        attributes: {
          then_branch: { graph: way(r, 't', cuts, weight, 1) },
          else_branch: { graph: way(r, 'e', cuts && r.chance(0.6), weight, 1) },
        },
      },
      // What follows has to know the outcome's axes.
      node('Softplus', ['z'], 'after'),
      ...(r.chance(0.5)
        ? [node('Transpose', ['after'], 'out', { perm: r.shuffle(dims.map((_, i) => i)) })]
        : [node('Neg', ['after'], 'out')]),
    ],
    inputs: {
      x: fed(r.tensor('float32', dims)),
      y: fixed(r.tensor('float32', [])),
      cond2: fed(truth(r.chance(0.5)), undefined, [truth(r.chance(0.5))]),
      ...test.inputs,
    },
    outputs: ['out'],
  };
};

/** How often a loop turns: constant or fed, now and then never. */
function turns(r: Random): Given {
  const count = r.chance(0.1) ? 0 : r.int(1, 5);
  return r.chance(0.4) ? fixed(int64s(count)) : fed(int64s(count), undefined, [int64s(r.int(1, 4))]);
}

const loops: Generator = (r) => {
  const dims = r.dims(r.int(1, 4), 3);
  const stops = r.chance(0.4);
  const counted = !stops || r.chance(0.6);
  const start = r.chance(0.5) ? r.pick<Given>([fixed(truth(true)), fed(truth(true)), fixed(truth(false))]) : undefined;
  const grows = r.chance(0.3);
  const scans = r.int(0, 2);
  const scanned = r.list(scans, () => r.pick(['sum', 'turn', 'row', 'part']));
  const body: NodeGiven[] = [
    node('Mul', ['state', 'factor'], 'scaled'),
    node('Add', ['scaled', 'x'], 'sum'),
    node('Cast', ['i'], 'turn', { to: 1 }),
    node('ReduceSum', ['sum'], 'total', { keepdims: 0 }),
    node('Add', ['total', 'turn'], 'row'),
    node('Reshape', ['sum', 'flat'], 'line'),
    node('Add', ['i', 'one'], 'next'),
    node('Reshape', ['next', 'flat'], 'end'),
    node('Slice', ['line', 'zero', 'end'], 'part'),
  ];
  // A part has as many elements as turns were made: it can't be stacked.
  const kinds = scanned.map((k) => (k === 'part' ? 'row' : k));
  if (grows) body.push(node('Concat', ['list', 'line'], 'listed', { axis: 0 }));
  if (stops) body.push(node('Less', ['i', 'limit'], 'goes'));
  else body.push(node('Identity', ['c'], 'goes'));
  const names = kinds.map((k, j) => {
    body.push(node('Identity', [k], `scan${j}`));
    return `scan${j}`;
  });
  // Without a turn onnxruntime knows the shape of what the turns give only by inference.
  const count = counted ? turns(r) : undefined;
  const never = Number(count?.tensor.data[0]) === 0 || Number(start?.tensor.data[0]) === 0;
  const states = ['state', ...(grows ? ['list'] : [])];
  const graph: GraphGiven = {
    inputs: [
      { name: 'i', dtype: 'int64', dims: [] },
      { name: 'c', dtype: 'bool', dims: [] },
      { name: 'state', dtype: 'float32', ...(never || r.chance(0.5) ? { dims } : {}) },
      ...(grows ? [{ name: 'list', dtype: 'float32' as const }] : []),
    ],
    nodes: body,
    constants: {
      one: int64s(1),
      zero: int64s([0]),
      flat: int64s([-1]),
      limit: int64s(r.int(0, 3)),
      factor: tensorOf('float32', [], [0.5]),
    },
    outputs: ['goes', 'sum', ...(grows ? ['listed'] : []), ...names],
  };
  const outs = ['last', ...(grows ? ['all'] : []), ...names.map((n) => `${n}_all`)];
  return {
    opsets: { '': r.pick(OPSETS) },
    nodes: [
      {
        op: 'Loop',
        inputs: [counted ? 'count' : '', start ? 'start' : '', ...states.map((s) => `${s}0`)],
        outputs: outs,
        attributes: { body: { graph } },
      },
    ],
    inputs: {
      x: fed(r.tensor('float32', dims)),
      state0: r.chance(0.5) ? fixed(r.tensor('float32', dims)) : fed(r.tensor('float32', dims)),
      ...(grows ? { list0: fixed(tensorOf('float32', [1], [7])) } : {}),
      ...(count ? { count } : {}),
      ...(start ? { start } : {}),
    },
    outputs: outs,
  };
};

const scans: Generator = (r) => {
  const length = r.int(1, 5);
  const element = r.dims(r.int(0, 2), 3);
  const count = r.int(1, 2);
  const open = r.chance(0.4);
  const more = r.int(1, 4);
  const axes = r.list(count, () => (r.chance(0.5) ? 0 : r.int(0, element.length)));
  const withAxis = (axis: number, size: number): number[] => [...element.slice(0, axis), size, ...element.slice(axis)];
  const sources = axes.map((axis): Given => {
    const tensor = r.tensor('float32', withAxis(axis, length));
    return open ? fed(tensor, { [axis]: 'T' }, [r.tensor('float32', withAxis(axis, more))]) : fed(tensor);
  });
  const outputAxis = r.chance(0.5) ? 0 : r.int(0, element.length);
  const negative = r.chance(0.3);
  const body: NodeGiven[] = [
    count === 2 ? node('Mul', ['e0', 'e1'], 'e') : node('Identity', ['e0'], 'e'),
    node('Mul', ['state', 'outer'], 'scaled'),
    node('Add', ['scaled', 'e'], 'next'),
    node('Tanh', ['next'], 'kept'),
    node('ReduceSum', ['next'], 'total', { keepdims: 0 }),
  ];
  const graph: GraphGiven = {
    inputs: [
      { name: 'state', dtype: 'float32', dims: element },
      ...axes.map((_, i) => ({ name: `e${i}`, dtype: 'float32' as const, dims: element })),
    ],
    nodes: body,
    outputs: ['next', 'kept', 'total'],
  };
  return {
    opsets: { '': r.pick([11, 16, 19, 21]) },
    nodes: [
      {
        op: 'Scan',
        inputs: ['state0', ...axes.map((_, i) => `x${i}`)],
        outputs: ['last', 'list', 'totals'],
        attributes: {
          num_scan_inputs: count,
          body: { graph },
          scan_input_axes: axes.map((a) => (negative ? a - element.length - 1 : a)),
          scan_input_directions: r.maybe(() => axes.map(() => r.int(0, 1))),
          scan_output_axes: [negative ? outputAxis - element.length - 1 : outputAxis, 0],
          scan_output_directions: r.maybe(() => [r.int(0, 1), r.int(0, 1)]),
        },
      },
    ],
    inputs: {
      state0: r.chance(0.5) ? fixed(r.tensor('float32', element)) : fed(r.tensor('float32', element)),
      outer: r.chance(0.5) ? fixed(tensorOf('float32', [], [0.5])) : fed(tensorOf('float32', [], [-0.5])),
      ...Object.fromEntries(sources.map((s, i) => [`x${i}`, s])),
    },
    outputs: ['last', 'list', 'totals'],
  };
};

/** A sequence is made of parts, changed, and becomes tensors again. */
const sequences: Generator = (r) => {
  const dims = r.dims(r.int(1, 3), 4);
  const axis = r.int(0, dims.length - 1);
  const nodes: NodeGiven[] = [];
  const inputs: Record<string, Given> = { x: fed(r.tensor('float32', dims)), y: fed(r.tensor('float32', dims)) };
  let length: number;
  let alike = true;
  let keeps = true;
  if (r.chance(0.5)) {
    nodes.push({ op: 'SequenceConstruct', inputs: ['x', 'y', 'x'], outputs: ['s'] });
    length = 3;
  } else {
    keeps = r.chance(0.7);
    const size = dims[axis];
    const part = keeps ? r.int(1, size) : 1;
    const given = keeps && r.chance(0.6);
    length = given ? Math.ceil(size / part) : size;
    alike = !given || size % part === 0;
    if (given) inputs.part = fixed(int64s(part));
    nodes.push({
      op: 'SplitToSequence',
      inputs: given ? ['x', 'part'] : ['x'],
      outputs: ['s'],
      attributes: { axis: r.chance(0.5) ? axis : axis - dims.length, keepdims: given ? undefined : Number(keeps) },
    });
  }
  const at = () => int64s(r.chance(0.5) ? r.int(0, length - 1) : r.int(-length, -1));
  let last = 's';
  for (let i = r.int(0, 3); i > 0; i--) {
    const next = `s${i}`;
    const kind = r.int(0, 2);
    if (kind === 0) {
      inputs[`at${i}`] = fixed(at());
      nodes.push(node('SequenceAt', [last, `at${i}`], `e${i}`), node('Neg', [`e${i}`], `n${i}`));
      nodes.push(node('SequenceInsert', [last, `n${i}`, ...(r.chance(0.5) ? [`at${i}`] : [])], next));
      length++;
    } else if (kind === 1 && length > 1) {
      inputs[`at${i}`] = fixed(at());
      nodes.push(node('SequenceErase', [last, ...(r.chance(0.6) ? [`at${i}`] : [])], next));
      length--;
    } else
      nodes.push({
        op: 'SequenceMap',
        inputs: [last, 'y'],
        outputs: [next],
        attributes: {
          body: {
            graph: {
              inputs: [
                { name: `in${i}`, dtype: 'float32' },
                { name: `more${i}`, dtype: 'float32' },
              ],
              nodes: [
                node('ReduceMax', [`more${i}`], `most${i}`, { keepdims: 0 }),
                node('Add', [`in${i}`, `most${i}`], `out${i}`),
              ],
              outputs: [`out${i}`],
              outputType: 'float32',
            },
          },
        },
      });
    last = next;
  }
  inputs.last = fixed(at());
  nodes.push(node('SequenceLength', [last], 'length'), node('SequenceAt', [last, 'last'], 'one'));
  const outputs = ['length', 'one'];
  if (keeps || alike) {
    const stacks = alike && r.chance(0.5);
    nodes.push(
      node(
        'ConcatFromSequence',
        [last],
        'all',
        stacks
          ? { axis: r.int(0, keeps ? dims.length : dims.length - 1), new_axis: 1 }
          : { axis: keeps ? axis : 0, new_axis: Number(!keeps) },
      ),
    );
    outputs.push('all');
  }
  return { opsets: { '': 17 }, nodes, inputs, outputs };
};

/** A model's own optional: made, asked for, taken out. */
const optionals: Generator = (r) => {
  const there = r.chance(0.7);
  const dims = r.dims(r.int(0, 3), 3);
  return {
    opsets: { '': 18 },
    nodes: [
      node('Optional', ['x'], 'o'),
      ...(there ? [node('OptionalHasElement', ['o'], 'has')] : [node('OptionalHasElement', [''], 'has')]),
      node('OptionalGetElement', ['o'], 'v'),
      {
        op: 'If',
        inputs: ['has'],
        outputs: ['z'],
        attributes: {
          then_branch: { graph: { nodes: [node('Neg', ['v'], 'a')], outputs: ['a'] } },
          else_branch: { graph: { nodes: [node('Exp', ['v'], 'b')], outputs: ['b'] } },
        },
      },
    ],
    inputs: { x: batched(r, 'float32', dims) },
    outputs: ['has', 'z'],
  };
};

export const CONTROL: Family = {
  If: branches,
  Loop: loops,
  Scan: scans,
  Sequence: sequences,
  Optional: optionals,
};
