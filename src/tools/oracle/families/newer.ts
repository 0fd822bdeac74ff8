import { codeOfDtype, type DType } from '../../../tensor/dtype.js';
import { int64s, tensorOf } from '../../../tensor/tensor.js';
import { fed, fixed, single, type Family, type Generator, type NodeGiven } from '../case.js';
import { batched } from './shapes.js';

/** Operators that onnxruntime-web has no kernel of yet, beside the same by older ones. */
const node = (op: string, inputs: string[], output: string, attributes?: NodeGiven['attributes']): NodeGiven => ({
  op,
  inputs,
  outputs: [output],
  ...(attributes ? { attributes } : {}),
});
const ints = (name: string, values: readonly number[]): NodeGiven =>
  node('Constant', [], name, { value: int64s(values) });

const swiGlu: Generator = (r) => {
  const dims = r.dims(r.int(1, 4));
  const alpha = r.maybe(() => r.float(0.5, 2));
  return {
    ...single('SwiGLU', {
      opset: 28,
      attributes: { alpha: alpha === undefined ? undefined : { float: alpha } },
      inputs: [fed(r.tensor('float32', dims)), fed(r.tensor('float32', dims))],
      instead: [
        node('Constant', [], 'alpha', { value: tensorOf('float32', [], [alpha ?? 1]) }),
        node('Mul', ['i0', 'alpha'], 'scaled'),
        node('Sigmoid', ['scaled'], 'gate'),
        node('Mul', ['i0', 'gate'], 'active'),
        node('Mul', ['active', 'i1'], 'o0'),
      ],
    }),
    insteadOpset: 17,
  };
};

/** A running product, element by element. */
const cumProd: Generator = (r) => {
  const dims = r.dims(r.int(1, 4), 4);
  const axis = r.int(0, dims.length - 1);
  const [exclusive, reverse] = [r.chance(0.5), r.chance(0.5)];
  const size = dims[axis];
  const instead: NodeGiven[] = [ints('axis', [axis])];
  const order = Array.from({ length: size }, (_, i) => (reverse ? size - 1 - i : i));
  let total = '';
  const given: string[] = [];
  order.forEach((at, i) => {
    instead.push(ints(`from${i}`, [at]), ints(`to${i}`, [at + 1]));
    instead.push(node('Slice', ['i0', `from${i}`, `to${i}`, 'axis'], `x${i}`));
    if (i === 0 && exclusive) instead.push(node('Div', ['x0', 'x0'], 'one'));
    const before = total === '' ? 'one' : total;
    if (total === '') total = 'x0';
    else {
      instead.push(node('Mul', [total, `x${i}`], `p${i}`));
      total = `p${i}`;
    }
    given[at] = exclusive ? before : total;
  });
  instead.push(node('Concat', given, 'o0', { axis }));
  return {
    ...single('CumProd', {
      opset: 26,
      attributes: { exclusive: Number(exclusive), reverse: Number(reverse) },
      inputs: [
        fed(r.tensor(r.pick(['float32', 'float64']), dims, 0.3, 2)),
        fixed(tensorOf(r.pick(['int32', 'int64']), [], [r.chance(0.3) ? axis - dims.length : axis])),
      ],
      instead,
    }),
    insteadOpset: 17,
  };
};

const causalConv: Generator = (r) => {
  const [batch, channels, length, k] = [r.int(1, 3), r.int(1, 4), r.int(1, 5), r.int(2, 4)];
  const [bias, past, active] = [r.chance(0.5), r.chance(0.6), r.chance(0.5)];
  const x = r.tensor('float32', [batch, channels, length]);
  return {
    ...single('CausalConvWithState', {
      opset: 27,
      attributes: { activation: active ? r.pick(['silu', 'swish']) : r.maybe(() => 'none') },
      inputs: [
        fed(x),
        fixed(r.tensor('float32', [channels, 1, k])),
        bias ? fixed(r.tensor('float32', [channels])) : undefined,
        past ? fed(r.tensor('float32', [batch, channels, k - 1])) : undefined,
      ],
      outputs: 2,
      instead: [
        past
          ? node('Identity', ['i3'], 'past')
          : node('Constant', [], 'past', {
              value: tensorOf('float32', [batch, channels, k - 1], new Array(batch * channels * (k - 1)).fill(0)),
            }),
        node('Concat', ['past', 'i0'], 'all', { axis: 2 }),
        node('Conv', ['all', 'i1', ...(bias ? ['i2'] : [])], 'y', { group: channels, kernel_shape: [k] }),
        ...(active
          ? [node('Sigmoid', ['y'], 'gate'), node('Mul', ['y', 'gate'], 'o0')]
          : [node('Identity', ['y'], 'o0')]),
        ints('from', [length]),
        ints('to', [length + k - 1]),
        ints('axis', [2]),
        node('Slice', ['all', 'from', 'to', 'axis'], 'o1'),
      ],
    }),
    insteadOpset: 17,
  };
};

const tensorScatter: Generator = (r) => {
  const rank = r.int(3, 4);
  const dims = r.dims(rank, 4).map((d, i) => (i === rank - 2 ? d + 2 : d));
  const length = r.int(1, dims[rank - 2]);
  const circular = r.chance(0.5);
  const at = r.maybe(() => r.list(dims[0], () => r.int(0, circular ? dims[rank - 2] - 1 : dims[rank - 2] - length)));
  return single('TensorScatter', {
    opset: 24,
    attributes: { mode: circular ? 'circular' : r.maybe(() => 'linear'), axis: r.maybe(() => -2) },
    inputs: [
      fed(r.tensor('float32', dims)),
      fed(
        r.tensor(
          'float32',
          dims.map((d, i) => (i === rank - 2 ? length : d)),
        ),
      ),
      at ? fed(int64s(at)) : undefined,
    ],
  });
};

const castLike: Generator = (r) => {
  const [from, to] = [
    r.pick<DType>(['float32', 'int32', 'bool', 'float16']),
    r.pick<DType>(['float32', 'int64', 'bool', 'uint8', 'float16']),
  ];
  return single('CastLike', {
    opset: r.pick([15, 19]),
    inputs: [
      batched(r, from, r.dims(r.int(1, 3)), 0, 9),
      r.chance(0.5) ? fixed(r.tensor(to, [1])) : fed(r.tensor(to, [2])),
    ],
  });
};

/** What narrow floats lose on the way shows behind a second Cast. */
const through: Generator = (r) => {
  const narrow = r.pick<DType>([
    'float16',
    'bfloat16',
    'float8e4m3fn',
    'float8e5m2',
    'float8e4m3fnuz',
    'float8e5m2fnuz',
  ]);
  const edges = [
    0,
    1e-3,
    0.06,
    1 / 3,
    2 ** -9,
    2 ** -10,
    3 * 2 ** -11,
    240.1,
    247,
    450,
    1e4,
    57344,
    65504,
    1e5,
    1e30,
    17.5,
  ];
  const values = r.list(12, () => (r.chance(0.5) ? r.float(-20, 20) : r.pick(edges) * r.pick([1, -1])));
  return {
    opsets: { '': 19 },
    nodes: [node('Cast', ['x'], 'narrow', { to: codeOfDtype(narrow) }), node('Cast', ['narrow'], 'y', { to: 1 })],
    inputs: { x: r.chance(0.3) ? fixed(tensorOf('float32', [12], values)) : fed(tensorOf('float32', [12], values)) },
    outputs: ['y'],
  };
};

export const NEWER: Family = {
  SwiGLU: swiGlu,
  CumProd: cumProd,
  CausalConvWithState: causalConv,
  TensorScatter: tensorScatter,
  CastLike: castLike,
  'Cast through narrow floats': through,
};
