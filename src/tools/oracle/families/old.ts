import { int64s, tensorOf } from '../../../tensor/tensor.js';
import { fed, fixed, single, type Family, type Generator, type Given, type NodeGiven } from '../case.js';
import type { Random } from '../random.js';
import { batched } from './shapes.js';

const float = (v: number) => ({ float: v });
const node = (op: string, inputs: string[], attributes?: NodeGiven['attributes'], output = 'o0'): NodeGiven => ({
  op,
  inputs,
  outputs: [output],
  ...(attributes ? { attributes } : {}),
});

/**
 * An operator as it was in an old version, which onnxruntime no longer runs: beside it the same in words of opset 7 (or
 * another), which it does.
 */
function was(
  op: string,
  opset: number,
  attributes: NodeGiven['attributes'],
  inputs: readonly (Given | undefined)[],
  today: { readonly opset?: number; readonly nodes: readonly NodeGiven[] },
): ReturnType<Generator> {
  return {
    ...single(op, { opset, attributes, inputs }),
    instead: today.nodes,
    insteadOpset: today.opset ?? 13,
  };
}

/** Operands of which the second is unrolled at `axis` of the first, as before version 7. */
const broadcast =
  (op: string, first: number): Generator =>
  (r) => {
    const logical = /^(And|Or|Xor)$/.test(op);
    const dims = r.dims(r.int(1, 4), 4);
    const positive = op === 'Pow';
    const value = (d: readonly number[]): Given =>
      fed(logical ? r.tensor('bool', d) : r.tensor('float32', d, positive || op === 'Div' ? 0.5 : -3, 3));
    if (r.chance(0.2))
      return was(op, r.pick([first, 6]), { broadcast: 0 }, [value(dims), value(dims)], {
        nodes: [node(op, ['i0', 'i1'])],
      });
    const from = r.int(0, dims.length);
    const to = r.int(from, dims.length);
    const named = to < dims.length || r.chance(0.3);
    const part = dims.slice(from, to);
    const after = dims.length - to;
    return was(
      op,
      r.pick([first, 6]),
      { broadcast: 1, axis: named ? (r.chance(0.2) && from > 0 ? from - dims.length : from) : undefined },
      [value(dims), value(part)],
      {
        nodes: [
          node('Constant', [], { value: int64s([...part, ...new Array<number>(after).fill(1)]) }, 'shape'),
          node('Reshape', ['i1', 'shape'], undefined, 'wide'),
          node(op, ['i0', 'wide']),
        ],
      },
    );
  };

const normalization: Generator = (r) => {
  const opset = r.pick([1, 6, 7]);
  const channels = r.int(1, 4);
  const vector = (low: number, high: number) => fixed(r.tensor('float32', [channels], low, high));
  const epsilon = r.maybe(() => float(r.pick([1e-3, 1e-5])));
  return was(
    'BatchNormalization',
    opset,
    {
      epsilon,
      momentum: r.maybe(() => float(0.8)),
      spatial: r.maybe(() => 1),
      ...(opset < 7 ? { is_test: 1 } : {}),
      ...(opset === 1 ? { consumed_inputs: [0, 0, 0, 1, 1] } : {}),
    },
    [
      batched(r, 'float32', [r.int(1, 3), channels, ...r.dims(r.int(0, 3), 4)]),
      vector(-2, 2),
      vector(-2, 2),
      vector(-1, 1),
      vector(0.2, 2),
    ],
    { nodes: [node('BatchNormalization', ['i0', 'i1', 'i2', 'i3', 'i4'], { epsilon })] },
  );
};

const upsample: Generator = (r) => {
  const [h, w] = [r.pick([1, 2, 3, 1.5]), r.pick([1, 2, 2.5])];
  const mode = r.pick(['nearest', 'bilinear']);
  return was(
    'Upsample',
    1,
    { mode, height_scale: float(h), width_scale: float(w) },
    [fed(r.tensor('float32', [r.int(1, 2), r.int(1, 3), ...r.dims(2, 4)]))],
    {
      opset: 7,
      nodes: [
        node('Upsample', ['i0'], { mode: mode === 'bilinear' ? 'linear' : mode, scales: { floats: [1, 1, h, w] } }),
      ],
    },
  );
};

const pad: Generator = (r) => {
  const dims = r.dims(r.int(1, 4), 4).map((d) => d + 1);
  const mode = r.pick(['constant', 'reflect', 'edge']);
  const pads = r.list(2 * dims.length, () => r.int(0, 1) * r.int(0, 1));
  const value = r.maybe(() => float(r.float(-1, 1)));
  const opset = r.pick([1, 2]);
  return was(
    'Pad',
    opset,
    { mode, value, [opset === 1 ? 'paddings' : 'pads']: pads },
    [fed(r.tensor('float32', dims))],
    {
      opset: 2,
      nodes: [node('Pad', ['i0'], { mode, value, pads })],
    },
  );
};

const gemm: Generator = (r) => {
  const [m, n, k] = r.dims(3, 4);
  const [transA, transB] = [r.int(0, 1), r.int(0, 1)];
  const [alpha, beta] = [float(r.float(-2, 2)), float(r.float(-2, 2))];
  const whole = r.chance(0.4);
  const c = whole ? [m, n] : r.pick([[n], [1, n], [1]]);
  return was(
    'Gemm',
    r.pick([1, 6]),
    { transA, transB, alpha, beta, broadcast: whole ? 0 : 1 },
    [
      fed(r.tensor('float32', transA ? [k, m] : [m, k])),
      fixed(r.tensor('float32', transB ? [n, k] : [k, n])),
      fixed(r.tensor('float32', c)),
    ],
    { nodes: [node('Gemm', ['i0', 'i1', 'i2'], { transA, transB, alpha, beta })] },
  );
};

const dropout: Generator = (r) =>
  was(
    'Dropout',
    r.pick([1, 6, 7, 10]),
    { ratio: r.maybe(() => float(0.3)) },
    [batched(r, 'float32', r.dims(r.int(1, 4)))],
    { nodes: [node('Identity', ['i0'])] },
  );

const concat: Generator = (r) => {
  const dims = r.dims(r.int(2, 4), 4);
  const axis = r.maybe(() => r.int(0, dims.length - 1));
  const along = axis ?? 1;
  const part = () =>
    fed(
      r.tensor(
        'float32',
        dims.map((d, i) => (i === along ? r.int(1, 3) : d)),
      ),
    );
  return was('Concat', 1, { axis }, [part(), part()], { nodes: [node('Concat', ['i0', 'i1'], { axis: along })] });
};

const tile: Generator = (r) => {
  const dims = r.dims(r.int(1, 4), 3);
  const [axis, tiles] = [r.int(0, dims.length - 1), r.int(1, 3)];
  return was(
    'Tile',
    1,
    {},
    [fed(r.tensor('float32', dims)), fixed(tensorOf('float32', [1], [tiles])), fixed(tensorOf('float32', [1], [axis]))],
    {
      nodes: [
        node('Constant', [], { value: int64s(dims.map((_, i) => (i === axis ? tiles : 1))) }, 'repeats'),
        node('Tile', ['i0', 'repeats']),
      ],
    },
  );
};

const cast: Generator = (r) => {
  const [name, code] = r.pick([
    ['FLOAT', 1],
    ['INT32', 6],
    ['INT64', 7],
    ['BOOL', 9],
    ['UINT8', 2],
    ['DOUBLE', 11],
  ] as const);
  return was('Cast', 1, { to: name }, [fed(r.tensor('float32', r.dims(2), 0, 9))], {
    nodes: [node('Cast', ['i0'], { to: code })],
  });
};

const top: Generator = (r) => {
  const dims = r.dims(r.int(1, 3), 5);
  const axis = r.int(0, dims.length - 1);
  const k = r.int(1, dims[axis]);
  return was('TopK', 1, { axis, k }, [fed(r.tensor('float32', dims))], {
    nodes: [
      node('Constant', [], { value: int64s([k]) }, 'k'),
      { op: 'TopK', inputs: ['i0', 'k'], outputs: ['o0', 'o1'], attributes: { axis } },
    ],
  });
};

/** Operators whose old version takes `consumed_inputs`, or another default. */
const simple =
  (op: string, attributes: (r: Random) => NodeGiven['attributes'] = () => ({}), count = 1, defaults = {}): Generator =>
  (r) => {
    const dims = r.dims(r.int(1, 4), 4);
    const own = attributes(r);
    return was(
      op,
      1,
      { ...own, ...(r.chance(0.5) ? { consumed_inputs: [0] } : {}) },
      r.list(count, () => batchedOnce(r, dims)),
      {
        nodes: [
          node(
            op,
            r.list(count, (i) => `i${i}`),
            { ...defaults, ...own },
          ),
        ],
      },
    );
  };
const batchedOnce = (r: Random, dims: readonly number[]): Given => fed(r.tensor('float32', dims, -3, 3));

/** Operators that were taken out; onnxruntime has them still. */
const experimental =
  (op: string, attributes: (r: Random) => NodeGiven['attributes']): Generator =>
  (r) =>
    single(op, {
      opset: r.pick([1, 7, 9]),
      attributes: attributes(r),
      inputs: [batched(r, 'float32', r.dims(r.int(1, 4)))],
    });
const twoFloats = (r: Random) => ({ alpha: float(r.float(-2, 2)), beta: float(r.float(-2, 2)) });

const imageScaler: Generator = (r) => {
  const channels = r.int(1, 3);
  return single('ImageScaler', {
    opset: r.pick([1, 7]),
    attributes: { scale: r.maybe(() => float(r.float(0.1, 2))), bias: { floats: r.floats(channels) } },
    inputs: [batched(r, 'float32', [r.int(1, 2), channels, r.int(1, 4), r.int(1, 4)])],
  });
};

const crop: Generator = (r) => {
  const border = r.list(4, () => r.int(0, 2));
  const scale = r.maybe(() => [r.int(1, 3), r.int(1, 3)]);
  const size = (a: number, b: number, s: number | undefined) => a + (s ?? r.int(1, 3)) + b;
  return single('Crop', {
    opset: r.pick([1, 7]),
    attributes: { border, scale },
    inputs: [
      fed(
        r.tensor('float32', [
          r.int(1, 2),
          r.int(1, 3),
          size(border[1], border[3], scale?.[0]),
          size(border[0], border[2], scale?.[1]),
        ]),
      ),
    ],
  });
};

const meanVariance: Generator = (r) =>
  single('MeanVarianceNormalization', {
    opset: r.pick([1, 7, 8]),
    attributes: { across_channels: r.maybe(() => r.int(0, 1)), normalize_variance: r.maybe(() => r.int(0, 1)) },
    inputs: [fed(r.tensor('float32', [r.int(1, 3), r.int(1, 3), r.int(2, 4), r.int(2, 4)]))],
  });

export const OLD: Family = {
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div', 'And', 'Or', 'Xor', 'Equal', 'Greater', 'Less', 'Pow'].map((op) => [
      `${op} before 7`,
      broadcast(op, 1),
    ]),
  ),
  'BatchNormalization before 9': normalization,
  'Upsample 1': upsample,
  'Pad before 11': pad,
  'Gemm before 7': gemm,
  'Dropout before 12': dropout,
  'Concat 1': concat,
  'Tile 1': tile,
  'Cast 1': cast,
  'TopK 1': top,
  ...Object.fromEntries(
    ['Abs', 'Ceil', 'Exp', 'Floor', 'Neg', 'Reciprocal', 'Relu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign'].map(
      (op) => [`${op} 1`, simple(op)],
    ),
  ),
  'Sum 1': simple('Sum', undefined, 3),
  'Max 1': simple('Max', undefined, 2),
  'Min 1': simple('Min', undefined, 2),
  'Mean 1': simple('Mean', undefined, 2),
  // Other defaults than today's.
  'Selu 1': simple('Selu', (r) => (r.chance(0.5) ? {} : twoGammas(r)), 1, {
    alpha: float(1.6732),
    gamma: float(1.0507),
  }),
  'Elu 1': simple('Elu', (r) => ({ alpha: r.maybe(() => float(r.float(0.1, 2))) })),
  'LeakyRelu 1': simple('LeakyRelu', (r) => ({ alpha: r.maybe(() => float(r.float(0.1, 2))) })),
  'HardSigmoid 1': simple('HardSigmoid', (r) => ({
    alpha: r.maybe(() => float(0.3)),
    beta: r.maybe(() => float(0.4)),
  })),
  Affine: experimental('Affine', twoFloats),
  Scale: experimental('Scale', (r) => ({ scale: float(r.float(-2, 2)) })),
  ScaledTanh: experimental('ScaledTanh', twoFloats),
  ParametricSoftplus: experimental('ParametricSoftplus', twoFloats),
  ImageScaler: imageScaler,
  Crop: crop,
  'MeanVarianceNormalization before 9': meanVariance,
};

function twoGammas(r: Random) {
  return { alpha: float(r.float(0.5, 2)), gamma: float(r.float(0.5, 2)) };
}
