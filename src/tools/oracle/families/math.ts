import { isFloat, isUnsigned, type DType } from '../../../tensor/dtype.js';
import { tensorOf } from '../../../tensor/tensor.js';
import { fed, fixed, single, type AttributeGiven, type Family, type Generator, type Given } from '../case.js';
import type { Random } from '../random.js';
import { ALL_INTS, axisOf, batched, broadcasting, FLOATS, folded, given, INTS } from './shapes.js';

/** What float16 and its kin lose on the way. */
const tolerance = (dtype: DType) => (dtype === 'float16' ? { tolerance: { rtol: 4e-3, atol: 4e-3 } } : {});

const float = (value: number): AttributeGiven => ({ float: value });

interface UnarySpec {
  readonly opset?: number | readonly number[];
  readonly low?: number;
  readonly high?: number;
  readonly dtypes?: readonly DType[];
  readonly attributes?: (r: Random) => Record<string, AttributeGiven | undefined>;
}

function unary(op: string, { opset = 22, low = -4, high = 4, dtypes = FLOATS, attributes }: UnarySpec = {}): Generator {
  return (r) => {
    const dtype = r.pick(dtypes);
    const dims = r.dims(r.int(0, r.chance(0.1) ? 7 : 5), 4);
    const version = typeof opset === 'number' ? opset : r.pick(opset);
    return single(op, {
      opset: version,
      inputs: [batched(r, dtype, dims, isUnsigned(dtype) ? 0 : low, high)],
      attributes: attributes?.(r) ?? {},
      ...tolerance(dtype),
    });
  };
}

interface BinarySpec {
  readonly opset?: readonly number[];
  readonly dtypes?: readonly DType[];
  readonly low?: number;
  readonly high?: number;
  /** Range of the second operand's integers, where zero or less would be an error. */
  readonly second?: readonly [number, number];
  readonly attributes?: (r: Random, dtype: DType) => Record<string, AttributeGiven | undefined>;
}

const span = (dtype: DType, low: number, high: number): [number, number] => {
  if (isFloat(dtype)) return [low, high];
  const wide: Partial<Record<DType, [number, number]>> = {
    int8: [-128, 127],
    uint8: [0, 255],
    int16: [-32768, 32767],
    uint16: [0, 65535],
    int32: [-40000, 40000],
    int64: [-40000, 40000],
    uint32: [0, 40000],
    uint64: [0, 40000],
  };
  return wide[dtype] ?? [low, high];
};

export function binary(
  op: string,
  { opset = [14], dtypes = [...FLOATS, ...INTS], low = -3, high = 3, second, attributes }: BinarySpec = {},
): Generator {
  return (r) => {
    const dtype = r.pick(dtypes);
    const { operands } = broadcasting(r, 2, r.chance(0.1) ? 7 : 5);
    const [a, b] = span(dtype, low, high);
    const [c, d] = second ?? [a, b];
    let right = given(r, dtype, operands[1], c, d);
    if (second) {
      // No zeros: what they divide to is nobody's word.
      const values = Array.from(right.tensor.data as ArrayLike<number | bigint>, (v) =>
        Number(v) === 0 ? 1 : Number(v),
      );
      right = { ...right, tensor: tensorOf(dtype, operands[1], values) };
    }
    return single(op, {
      opset: r.pick(opset),
      inputs: [given(r, dtype, operands[0], a, b, 0.2), right],
      attributes: attributes?.(r, dtype) ?? {},
      ...tolerance(dtype),
    });
  };
}

const pow: Generator = (r) => {
  const [base, exponent] = r.pick([
    ['float32', 'float32'],
    ['float32', 'int32'],
    ['float32', 'int64'],
    ['int32', 'int32'],
    ['int64', 'int64'],
    ['int32', 'float32'],
    ['int64', 'float32'],
    ['float32', 'float32'],
  ] as const);
  const { operands } = broadcasting(r, 2);
  const x = isFloat(base) ? given(r, base, operands[0], 0.1, 3) : given(r, base, operands[0], -5, 7);
  if (isFloat(exponent) && r.chance(0.5))
    return single('Pow', {
      opset: 15,
      inputs: [
        x,
        fixed(
          tensorOf(exponent, [], [isFloat(base) ? r.pick([2, 3, 0.5, -1, 1, -0.5, 2.5, 0]) : r.pick([0, 1, 2, 3])]),
        ),
      ],
    });
  const y =
    isFloat(exponent) && !isFloat(base)
      ? given(r, exponent, operands[1], 0, 3.4)
      : given(r, exponent, operands[1], isFloat(base) ? -2 : 0, 4);
  return single('Pow', { opset: 15, inputs: [x, y] });
};

const variadic =
  (op: string, dtypes: readonly DType[]): Generator =>
  (r) => {
    const dtype = r.pick(dtypes);
    const count = r.int(1, 4);
    const { operands } = broadcasting(r, count, r.chance(0.1) ? 7 : 4);
    return single(op, { opset: 13, inputs: operands.map((d) => given(r, dtype, d, -9, 9)), ...tolerance(dtype) });
  };

const clip: Generator = (r) => {
  const dtype = r.pick<DType>(['float32', 'float32', 'float64', 'int32', 'int64', 'int8', 'uint8']);
  const dims = r.dims(r.int(0, 5), 4);
  const unsigned = isUnsigned(dtype);
  const bound = () => r.maybe(() => (r.chance(0.7) ? fixed : fed)(r.tensor(dtype, [], unsigned ? 0 : -2, 4)), 0.7);
  return single('Clip', { opset: 13, inputs: [batched(r, dtype, dims, unsigned ? 0 : -5, 6), bound(), bound()] });
};

const clipOld: Generator = (r) =>
  single('Clip', {
    opset: r.pick([6, 10]),
    inputs: [fed(r.tensor('float32', r.dims(r.int(0, 4)), -5, 6))],
    attributes: { min: r.maybe(() => float(r.float(-3, 0))), max: r.maybe(() => float(r.pick([0, 1, 6, 2.5]))) },
  });

const prelu: Generator = (r) => {
  const dims = r.dims(r.int(1, r.chance(0.1) ? 7 : 5), 4);
  const slope = dims.slice(r.int(0, dims.length)).map((d) => (r.chance(0.4) ? 1 : d));
  const dtype = r.pick<DType>(['float32', 'float32', 'float64', 'int32', 'int64']);
  return single('PRelu', {
    opset: r.pick([7, 9, 16]),
    inputs: [
      batched(r, isFloat(dtype) ? dtype : 'float32', dims),
      given(r, isFloat(dtype) ? dtype : 'float32', slope, -2, 2, 0.6),
    ],
  });
};

const softmax =
  (op: string): Generator =>
  (r) => {
    const opset = r.pick([7, 11, 13, 22]);
    const dims = r.dims(r.int(1, r.chance(0.1) ? 7 : 5), 5);
    const axis = opset < 13 ? r.int(opset < 11 ? 0 : -dims.length, dims.length - 1) : axisOf(r, dims.length);
    return single(op, {
      opset,
      inputs: [batched(r, 'float32', dims, -6, 6)],
      attributes: { axis: r.maybe(() => axis, 0.8) ?? (opset < 13 && dims.length < 2 ? 0 : undefined) },
    });
  };

const gemm: Generator = (r) => {
  const [m, k, n] = [r.int(1, 6), r.int(1, 6), r.int(1, 6)];
  const [transA, transB] = [r.int(0, 1), r.int(0, 1)];
  const opset = r.pick([7, 9, 11, 13]);
  const dtype = r.pick<DType>(['float32', 'float32', 'float64']);
  const c = r.pick([[m, n], [n], [1, n], [m, 1], [], [1]]);
  const a = transA ? [k, m] : [m, k];
  return single('Gemm', {
    opset,
    inputs: [
      r.chance(0.5) && !transA ? batched(r, dtype, a) : given(r, dtype, a),
      given(r, dtype, transB ? [n, k] : [k, n], -3, 3, 0.6),
      opset < 11 || r.chance(0.7) ? given(r, dtype, c[0] === m && c.length === 2 ? [1, n] : c, -3, 3, 0.6) : undefined,
    ],
    attributes: {
      transA,
      transB,
      alpha: r.maybe(() => float(r.pick([0.5, 2, -1]))),
      beta: r.maybe(() => float(r.pick([0, 0.5, -2]))),
    },
  });
};

const matmul: Generator = (r) => {
  const [m, k, n] = [r.int(1, 5), r.int(1, 5), r.int(1, 5)];
  const { operands } = broadcasting(r, 2, 3);
  const a = r.chance(0.15) ? [k] : [...operands[0], m, k];
  const b = r.chance(0.15) ? [k] : r.chance(0.4) ? [k, n] : [...operands[1], k, n];
  const dtype = r.pick<DType>(['float32', 'float32', 'float32', 'float64', 'int32', 'int64']);
  const wide = isFloat(dtype) ? 3 : 30000;
  const open = a.length > 2 && b.length <= 2 && r.chance(0.5);
  return single('MatMul', {
    opset: r.pick([9, 13]),
    inputs: [
      open ? batched(r, dtype, a, -wide, wide) : given(r, dtype, a, -wide, wide, 0.2),
      given(r, dtype, b, -wide, wide, 0.4),
    ],
  });
};

/** Both operands with an open batch. */
const matmulOpen: Generator = (r) => {
  const [m, k, n] = [r.int(1, 5), r.int(1, 5), r.int(1, 5)];
  const heads = r.int(1, 3);
  const batch = r.int(1, 3);
  const a = (size: number) => r.tensor('float32', [size, heads, m, k]);
  const single1 = r.chance(0.4);
  const b = (size: number) => r.tensor('float32', [size, single1 ? 1 : heads, k, n]);
  const shared = r.chance(0.3);
  return single('MatMul', {
    opset: 13,
    inputs: [
      fed(a(batch), { 0: 'N' }, [a(batch + 1)]),
      fed(b(shared ? 1 : batch), shared ? {} : { 0: 'N' }, shared ? [] : [b(batch + 1)]),
    ],
  });
};

/** Random equations of one to three operands. */
const einsum: Generator = (r) => {
  const letters = ['a', 'b', 'c', 'd', 'e'];
  const sizes = new Map(letters.map((l) => [l, r.int(1, 4)]));
  const count = r.int(1, 3);
  const hidden = r.chance(0.25) ? r.int(1, 2) : 0;
  const hiddenSizes = r.dims(hidden, 3);
  const terms = r.list(count, () => r.shuffle(letters).slice(0, r.int(1, 3)));
  if (r.chance(0.15)) terms[0] = [terms[0][0], terms[0][0], ...terms[0].slice(1)];
  const all = [...new Set(terms.flat())];
  const output = r.shuffle(all).slice(0, r.int(0, Math.min(4, all.length)));
  const dots = hidden > 0 ? '...' : '';
  const equation =
    terms.map((t) => dots + t.join('')).join(',') + (r.chance(0.75) ? `->${dots}${output.join('')}` : '');
  const dims = (t: readonly string[]) => [...hiddenSizes, ...t.map((l) => sizes.get(l) as number)];
  const symbols: Given['symbols'] = r.chance(0.4) ? Object.fromEntries(terms[0].map((l, i) => [hidden + i, l])) : {};
  return single('Einsum', {
    opset: 12,
    inputs: terms.map((t, i) =>
      Object.keys(symbols).length > 0 && terms[0][0] !== terms[0][1]
        ? fed(r.tensor('float32', dims(t)), Object.fromEntries(t.map((l, axis) => [hidden + axis, l])))
        : given(r, 'float32', dims(t), -2, 2, i > 0 ? 0.4 : 0),
    ),
    attributes: { equation },
  });
};

const dropout: Generator = (r) => {
  const opset = r.pick([7, 10, 12, 13]);
  const x = batched(r, 'float32', r.dims(r.int(1, 4)));
  const ratio = r.float(0, 0.9);
  return opset < 12
    ? single('Dropout', { opset, inputs: [x], attributes: { ratio: float(ratio) } })
    : single('Dropout', {
        opset,
        inputs: [x, r.maybe(() => fixed(tensorOf('float32', [], [ratio])))],
        outputs: r.int(1, 2),
      });
};

const mod: Generator = (r) => {
  const fmod = r.chance(0.5);
  return binary('Mod', {
    opset: [13],
    dtypes: fmod ? ['float32', 'float64', 'int32', 'int64', 'uint8', 'int8', 'int16'] : ALL_INTS,
    second: [-7, 7],
    attributes: () => ({ fmod: Number(fmod) }),
  })(r);
};

const det: Generator = (r) => {
  const n = r.int(1, 5);
  const batch = r.dims(r.int(0, 2), 3);
  return single('Det', {
    opset: 11,
    inputs: [batch.length > 0 ? batched(r, 'float32', [...batch, n, n]) : fed(r.tensor('float32', [n, n]))],
    tolerance: { atol: 1e-4, rtol: 1e-3 },
  });
};

const tfidf: Generator = (r) => {
  const length = r.int(3, 8);
  const [ones, twos, threes] = [r.int(0, 3), r.int(1, 4), r.int(0, 2)];
  const pool = [
    ...r.list(ones, () => r.int(0, 4)),
    ...r.list(twos * 2, () => r.int(0, 4)),
    ...r.list(threes * 3, () => r.int(0, 4)),
  ];
  const grams = ones + twos + threes;
  return single('TfIdfVectorizer', {
    opset: 9,
    inputs: [fed(r.tensor(r.pick<DType>(['int32', 'int64']), r.chance(0.5) ? [length] : [r.int(1, 3), length], 0, 4))],
    attributes: {
      mode: r.pick(['TF', 'IDF', 'TFIDF']),
      min_gram_length: r.int(1, 2),
      max_gram_length: r.int(2, 3),
      max_skip_count: r.int(0, 3),
      ngram_counts: [0, ones, ones + twos * 2],
      ngram_indexes: r.shuffle(r.list(grams, (i) => i)),
      pool_int64s: pool,
      weights: r.maybe(() => ({ floats: r.list(grams, () => Math.fround(r.float(0.5, 2))) })),
    },
  });
};

const mel: Generator = (r) => {
  const rate = r.pick([8000, 8192, 16000]);
  const known = r.chance(0.5);
  const one = (dtype: DType, v: number) => (known ? fixed : fed)(tensorOf(dtype, [], [v]));
  return single('MelWeightMatrix', {
    opset: 17,
    inputs: [
      one('int64', r.int(1, 9)),
      one('int64', r.pick([8, 16, 32, 37])),
      one('int64', rate),
      one('float32', r.pick([0, 50])),
      one('float32', rate / 2),
    ],
  });
};

const windowOf =
  (op: string): Generator =>
  (r) => {
    const size = tensorOf(r.pick<DType>(['int32', 'int64']), [], [r.int(2, 12)]);
    return single(op, {
      opset: 17,
      inputs: [r.chance(0.5) ? fixed(size) : fed(size)],
      attributes: { periodic: r.maybe(() => r.int(0, 1)) },
    });
  };

const alpha = (low: number, high: number) => (r: Random) => ({ alpha: r.maybe(() => float(r.float(low, high))) });

const PLAIN: Family = {
  Abs: unary('Abs', { dtypes: [...FLOATS, ...ALL_INTS], low: -128, high: 127 }),
  Acos: unary('Acos', { low: -1, high: 1 }),
  Acosh: unary('Acosh', { low: 1, high: 9 }),
  Asin: unary('Asin', { low: -1, high: 1 }),
  Asinh: unary('Asinh'),
  Atan: unary('Atan'),
  Atanh: unary('Atanh', { low: -0.99, high: 0.99 }),
  Add: binary('Add', { dtypes: [...FLOATS, ...ALL_INTS] }),
  Ceil: unary('Ceil'),
  Celu: unary('Celu', { opset: 12, dtypes: ['float32'], attributes: alpha(0.3, 2) }),
  Clip: clip,
  'Clip old': clipOld,
  Cos: unary('Cos'),
  Cosh: unary('Cosh'),
  Det: det,
  Div: binary('Div', { dtypes: ['float32', 'float32', 'float64', ...ALL_INTS], second: [-9, 9] }),
  Dropout: dropout,
  Einsum: einsum,
  Elu: unary('Elu', { attributes: alpha(-1, 2) }),
  Erf: unary('Erf', { opset: 13 }),
  Exp: unary('Exp'),
  Floor: unary('Floor'),
  Gelu: unary('Gelu', { opset: 20, attributes: (r) => ({ approximate: r.maybe(() => r.pick(['none', 'tanh'])) }) }),
  Gemm: gemm,
  HardSigmoid: unary('HardSigmoid', {
    attributes: (r) => ({ ...alpha(-0.5, 0.9)(r), beta: r.maybe(() => float(r.float(-0.5, 1))) }),
  }),
  HardSwish: unary('HardSwish', { opset: 14 }),
  Hardmax: softmax('Hardmax'),
  LeakyRelu: unary('LeakyRelu', { attributes: alpha(-1, 1.5) }),
  Log: unary('Log', { low: 0.01, high: 9 }),
  LogSoftmax: softmax('LogSoftmax'),
  MatMul: matmul,
  'MatMul open': matmulOpen,
  Max: variadic('Max', [...FLOATS, ...ALL_INTS]),
  Mean: variadic('Mean', FLOATS),
  Min: variadic('Min', [...FLOATS, ...ALL_INTS]),
  Mish: unary('Mish', { opset: 18 }),
  Mod: mod,
  Mul: binary('Mul', { dtypes: [...FLOATS, ...ALL_INTS] }),
  Neg: unary('Neg', { dtypes: [...FLOATS, 'int8', 'int16', 'int32', 'int64'], low: -127, high: 127 }),
  PRelu: prelu,
  Pow: pow,
  Reciprocal: unary('Reciprocal', { low: 0.2, high: 4 }),
  Relu: unary('Relu', { dtypes: [...FLOATS, 'int8', 'int32', 'int64'], opset: 14 }),
  Round: unary('Round'),
  Selu: unary('Selu', {
    opset: [5, 6, 22],
    attributes: (r) => ({ ...alpha(0.5, 2)(r), gamma: r.maybe(() => float(r.float(0.5, 2))) }),
  }),
  Shrink: unary('Shrink', {
    opset: 9,
    attributes: (r) => ({ bias: r.maybe(() => float(r.float(-1, 1))), lambd: r.maybe(() => float(r.float(0, 2))) }),
  }),
  Sigmoid: unary('Sigmoid', { low: -9, high: 9 }),
  Sign: unary('Sign', { dtypes: [...FLOATS, ...ALL_INTS] }),
  Sin: unary('Sin'),
  Sinh: unary('Sinh'),
  Softmax: softmax('Softmax'),
  Softplus: unary('Softplus'),
  Softsign: unary('Softsign'),
  Sqrt: unary('Sqrt', { low: 0, high: 9 }),
  // The wide unsigned types would go round below zero, to where int32 ends.
  Sub: binary('Sub', { dtypes: [...FLOATS, 'int8', 'uint8', 'int16', 'uint16', 'int32', 'int64'] }),
  Sum: variadic('Sum', FLOATS),
  Swish: unary('Swish', { opset: 24, attributes: alpha(-1, 2) }),
  Tan: unary('Tan', { low: -1.4, high: 1.4 }),
  Tanh: unary('Tanh'),
  BlackmanWindow: windowOf('BlackmanWindow'),
  HammingWindow: windowOf('HammingWindow'),
  HannWindow: windowOf('HannWindow'),
  MelWeightMatrix: mel,
  TfIdfVectorizer: tfidf,
  ThresholdedRelu: unary('ThresholdedRelu', { attributes: alpha(-1, 2) }),
};

export const MATH: Family = { ...PLAIN, ...folded(PLAIN) };
