import type { Family } from '../case.js';
import type { Random } from '../random.js';
import { any, image, LARGEST, line, ofOpenSize, small, torchModule, vector, type TorchNet } from './torch-net.js';

/** Functions of torch on tensors, as in the tests of onnx2keras: arithmetic, reductions, views, parts, interpolation. */

/** x with another tensor or a number, in either place. */
const elementwise = (op: string) =>
  torchModule(
    any,
    (n, [x, y], dims) => {
      const { r } = n;
      const constant = () =>
        r.chance(0.5)
          ? n.float(r.float(0.5, 2))
          : n.weight(
              r.pick([
                dims,
                [1, ...dims],
                dims.map((d) => (r.chance(0.5) ? d : 1)),
                dims.slice(r.int(0, dims.length - 1)),
              ]),
              0.5,
              2,
            );
      const other = op === 'Div' || r.chance(0.5) ? constant() : y;
      const pair = op !== 'Div' && r.chance(0.3) ? [other, x] : [x, other];
      const z = n.op(op, pair);
      return other === y ? z : [z, n.op('Identity', [y])];
    },
    { inputs: 2 },
  );

const reduce = (op: string) =>
  torchModule(any, (n, [x], dims) => {
    const { r } = n;
    const axes = r
      .shuffle(dims.map((_, i) => i + 1))
      .slice(0, r.int(1, dims.length))
      .sort((a, b) => a - b);
    // Without kept axes a scalar per item would be a vector of the batch.
    const keep = axes.length === dims.length ? 1 : r.int(0, 1);
    return n.reduce(op, x, r.chance(0.3) ? axes.map((a) => a - dims.length - 1) : axes, keep);
  });

const view = torchModule(any, (n, [x], dims) => {
  const { r } = n;
  const total = dims.reduce((a, b) => a * b, 1);
  const divisors = Array.from({ length: total }, (_, i) => i + 1).filter((d) => total % d === 0);
  const first = r.pick(divisors);
  const second = r.pick(divisors.filter((d) => (total / first) % d === 0));
  const target = r.pick([[-1], [first, -1], [-1, first], [first, second, -1], [first, second, total / first / second]]);
  const y = n.op('Reshape', [r.chance(0.5) ? n.relu(x) : x, n.ints([0, ...target])]);
  return r.chance(0.3) && dims.length > 1 ? n.op('Reshape', [y, n.ints([0, ...dims])]) : y;
});

const permute = torchModule(any, (n, [x], dims) => {
  const perm = [0, ...n.r.shuffle(dims.map((_, i) => i + 1))];
  const y = n.op('Transpose', [x], { perm });
  return n.r.chance(0.4) ? n.flat(y) : y;
});

const slice = torchModule(any, (n, [x], dims) => {
  const { r } = n;
  const part = (y: string, at: number): string => {
    const size = dims[at - 1];
    const start = r.int(0, size - 1);
    const end = r.chance(0.3) ? undefined : r.int(start + 1, size);
    return n.slice(y, at, r.chance(0.3) ? start - size : start, end, r.chance(0.4) ? r.int(1, 3) : 1);
  };
  const axes = r.shuffle(dims.map((_, i) => i + 1)).slice(0, r.int(1, Math.min(2, dims.length)));
  return axes.reduce((y, at) => part(y, at), x);
});

const select = torchModule(small, (n, [x], dims) => {
  const at = n.r.int(1, dims.length);
  return n.op('Gather', [x, n.ints(n.r.int(-dims[at - 1], dims[at - 1] - 1))], { axis: at });
});

const split = torchModule(any, (n, [x], dims) => {
  const at = n.r.int(1, dims.length);
  const size = dims[at - 1];
  const first = n.r.int(1, Math.max(1, size - 1));
  const parts = n.split(x, at, size > 1 ? [first, size - first] : [1]);
  return n.r.chance(0.4) ? n.join([...parts].reverse(), at) : parts;
});

const squeeze = torchModule(
  (r) => r.shuffle([1, r.int(2, 4), ...(r.chance(0.5) ? [1] : []), ...(r.chance(0.5) ? [r.int(2, 3)] : [])]),
  (n, [x], dims) => {
    const ones = dims.flatMap((d, i) => (d === 1 ? [i + 1] : []));
    const y = n.squeeze(x, ones);
    return n.r.chance(0.4) ? n.unsqueeze(y, [n.r.int(1, dims.length - ones.length + 1)]) : y;
  },
);

const unsqueeze = torchModule(
  (r) => r.pick([vector, line, small])(r),
  (n, [x], dims) => n.unsqueeze(x, [n.r.chance(0.3) ? -1 : n.r.int(1, dims.length + 1)]),
);

const pads = torchModule(small, (n, [x], [, h, w]) => {
  const { r } = n;
  const mode = r.pick(['constant', 'constant', 'reflect', 'edge']);
  const [t, l, b, e] = [h, w, h, w].map((d) => r.int(0, Math.min(3, d - 1)));
  return n.pad(x, [0, 0, t, l, 0, 0, b, e], mode, r.pick([0, 0, 1.5, -2]));
});

const upsample = (mode: 'nearest' | 'linear', aligned: boolean, opset: readonly [number, number]) =>
  torchModule(small, (n, [x]) => n.upsample(x, 4, n.r.int(2, 3), mode, aligned), { opset: [...opset] });

/** interpolate(size=…): sizes as an input. */
const interpolate = torchModule(
  small,
  (n, [x], [channels, h, w]) => {
    const { r } = n;
    const mode = r.pick(['nearest', 'linear', 'cubic']);
    return n.op(
      'Resize',
      [
        x,
        n.roi(),
        n.opset < 13 ? n.floats([]) : '',
        n.join([n.slice(n.op('Shape', [x]), 0, 0, 1), n.ints([channels, r.int(2, 2 * h), r.int(2, 2 * w)])], 0),
      ],
      mode === 'nearest'
        ? { mode, coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
        : {
            mode,
            coordinate_transformation_mode: r.pick(['pytorch_half_pixel', 'align_corners']),
            ...(mode === 'cubic' ? { cubic_coeff_a: { float: -0.75 } } : {}),
          },
    );
  },
  { opset: [11, 17] },
);

const bmm = torchModule(
  (r) =>
    r.pick([
      [4, 4],
      [2, 5, 5],
      [3, 2, 4, 4],
    ]),
  (n, [x, y], dims) => {
    const perm = dims.map((_, i) => i).concat(dims.length);
    const turned = [...perm.slice(0, -2), dims.length, dims.length - 1];
    return n.op('MatMul', [x, n.r.chance(0.5) ? n.op('Transpose', [y], { perm: turned }) : y]);
  },
  { inputs: 2 },
);

const pow = torchModule(any, (n, [x]) => n.op('Pow', [n.relu(x), n.float(n.r.pick([0.5, 1, 2, 3]))]));
const clamp = torchModule(any, (n, [x, y]) => n.op(n.r.pick(['Max', 'Min']), [x, y]), { inputs: 2 });
const average = torchModule(any, (n, [x, y]) => n.op(n.r.pick(['Mean', 'Sum']), [x, y, x]), { inputs: 2 });
const concat = torchModule(
  any,
  (n, [x, y], dims) =>
    n.join([x, n.relu(y), ...(n.r.chance(0.3) ? [x] : [])], n.r.chance(0.3) ? -1 : n.r.int(1, dims.length)),
  { inputs: 2 },
);

const norm = torchModule(any, (n, [x], dims) =>
  n.reduce(n.r.pick(['ReduceL1', 'ReduceL2']), x, [n.r.int(1, dims.length)], 1),
);
const normalize = torchModule(
  any,
  (n, [x], dims) => {
    const length = n.clip(n.reduce('ReduceL2', x, [n.r.int(1, dims.length)], 1), 1e-12, undefined);
    return n.op('Div', [x, n.op('Expand', [length, n.op('Shape', [x])])]);
  },
  { opset: [8, 17] },
);
const scaled = (n: TorchNet, x: string) => n.op('Mul', [x, n.float(2)]);
const constants = torchModule(
  small,
  (n, [x], dims) => n.op('Add', [scaled(n, x), n.op('ConstantOfShape', [n.ints([1, ...dims])])]),
  { opset: [9, 17] },
);

/** masked_fill by a mask that the model holds, as causal attention has it. */
const maskedFill = torchModule(
  any,
  (n, [x], dims) => {
    const { r } = n;
    const mask = n.hold(r.tensor('bool', r.pick([dims, dims.slice(r.int(0, dims.length - 1))])));
    const value = r.chance(0.7) ? n.float(r.pick([0, -1e4, 2.5, -Infinity])) : n.weight([dims[dims.length - 1]]);
    return n.op('Where', r.chance(0.5) ? [mask, value, x] : [mask, x, value]);
  },
  { opset: [9, 17] },
);

/** flip, as of channels from RGB to BGR; of short and of long axes. */
const flip = torchModule(
  (r) => r.pick([image, line, (own: Random) => [own.int(1, 2), own.int(70, 90)]])(r),
  (n, [x], dims) => n.slice(x, n.r.int(1, dims.length), -1, -LARGEST, n.r.pick([-1, -1, -2])),
  { opset: [10, 17] },
);
/** ReflectionPad1d as before a Fourier transform. */
const longReflection = torchModule(
  (r) => [r.int(1, 2), r.int(100, 120)],
  (n, [x]) => n.pad(x, [0, 0, n.r.int(50, 90), 0, 0, n.r.int(0, 50)], 'reflect'),
);

const FUNCTIONS: Family = {
  flip,
  'long reflection': longReflection,
  masked_fill: maskedFill,
  bmm,
  add: elementwise('Add'),
  sub: elementwise('Sub'),
  mul: elementwise('Mul'),
  div: elementwise('Div'),
  'max and min of two': clamp,
  'mean and sum': average,
  pow,
  mean: reduce('ReduceMean'),
  sum: reduce('ReduceSum'),
  amax: reduce('ReduceMax'),
  amin: reduce('ReduceMin'),
  norm,
  normalize,
  constants,
  view,
  permute,
  slice,
  select,
  split,
  cat: concat,
  squeeze,
  unsqueeze,
  pad: pads,
  'Upsample nearest': upsample('nearest', false, [7, 17]),
  'Upsample bilinear': upsample('linear', false, [11, 17]),
  'Upsample with aligned corners': upsample('linear', true, [11, 17]),
  interpolate,
};

export const TORCH_FUNCTIONS: Family = {
  ...FUNCTIONS,
  ...ofOpenSize(FUNCTIONS, ['Upsample nearest', 'cat', 'mean and sum']),
};
