import { tensorOf, type Tensor } from '../../src/tensor/tensor.js';
import type { DType } from '../../src/tensor/dtype.js';
import { clean, convert, Float, type SketchNode } from '../convert/harness.js';

/**
 * Values worked out by hand from ONNX's text, or its own examples (the docstrings of the operators and their backend
 * tests), for what the comparison with onnxruntime can't show: versions that it doesn't run, integers that wrap,
 * reductions of nothing, shapes on which kernels of TensorFlow.js are wrong.
 */
interface Example {
  readonly says: string;
  readonly op: string;
  readonly opset: number;
  readonly with?: SketchNode['with'];
  readonly inputs: readonly Tensor[];
  readonly gives: Tensor;
}

const t = (dtype: DType, dims: readonly number[], values: readonly (number | boolean)[]): Tensor =>
  tensorOf(dtype, dims, values.map(Number));
const f = (dims: readonly number[], values: readonly number[]) => t('float32', dims, values);
const example = (
  says: string,
  op: string,
  opset: number,
  inputs: readonly Tensor[],
  gives: Tensor,
  attributes?: SketchNode['with'],
): Example => ({ says, op, opset, inputs, gives, ...(attributes ? { with: attributes } : {}) });
const float = (v: number) => new Float(v) as unknown as number;
const { E } = Math;

const EXAMPLES: readonly Example[] = [
  // Broadcasting before opset 7: from an axis on, and only when told to.
  example(
    'broadcast from axis 1',
    'Add',
    6,
    [f([2, 3, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), f([3], [100, 200, 300])],
    f([2, 3, 2], [100, 101, 202, 203, 304, 305, 106, 107, 208, 209, 310, 311]),
    { broadcast: 1, axis: 1 },
  ),
  example(
    'broadcast from the first axis',
    'Mul',
    6,
    [f([2, 2], [1, 2, 3, 4]), f([2], [10, 100])],
    f([2, 2], [10, 20, 300, 400]),
    { broadcast: 1, axis: 0 },
  ),
  example('broadcast of a suffix', 'Sub', 1, [f([2, 2], [1, 2, 3, 4]), f([2], [1, 2])], f([2, 2], [0, 0, 2, 2]), {
    broadcast: 1,
  }),
  example(
    'broadcast from axis 0',
    'Greater',
    1,
    [f([2, 2], [1, 2, 3, 4]), f([2], [1, 3])],
    t('bool', [2, 2], [false, true, false, true]),
    { broadcast: 1, axis: 0 },
  ),
  // Integers.
  example(
    'division towards zero',
    'Div',
    14,
    [t('int32', [4], [-7, 7, -7, 7]), t('int32', [4], [2, -2, -2, 2])],
    t('int32', [4], [-3, -3, 3, 3]),
  ),
  example(
    'quotients above 2^24',
    'Div',
    14,
    [
      t('int32', [5], [16777217, 2147483647, -2147483647, 2147483646, 1073741825]),
      t('int32', [5], [1, 3, 1, 2147483647, -5]),
    ],
    t('int32', [5], [16777217, 715827882, -2147483647, 0, -214748365]),
  ),
  example('uint8 wraps', 'Add', 14, [t('uint8', [2], [200, 1]), t('uint8', [2], [100, 2])], t('uint8', [2], [44, 3])),
  example('int8 wraps', 'Sub', 14, [t('int8', [2], [-128, 1]), t('int8', [1], [1])], t('int8', [2], [127, 0])),
  example(
    'int16 wraps',
    'Mul',
    14,
    [t('int16', [2], [300, -300]), t('int16', [2], [300, 300])],
    t('int16', [2], [24464, -24464]),
  ),
  example(
    'exact above 2^24',
    'Neg',
    13,
    [t('int32', [2], [16777217, -16777217])],
    t('int32', [2], [-16777217, 16777217]),
  ),
  example(
    'exact above 2^24',
    'Abs',
    13,
    [t('int32', [2], [16777217, -16777219])],
    t('int32', [2], [16777217, 16777219]),
  ),
  example('int8 has no 128', 'Abs', 13, [t('int8', [2], [-128, -5])], t('int8', [2], [-128, 5])),
  example(
    'exact above 2^24',
    'Equal',
    13,
    [t('int64', [2], [16777216, 16777217]), t('int64', [2], [16777217, 16777217])],
    t('bool', [2], [false, true]),
  ),
  example(
    'ints are held within bounds',
    'Clip',
    12,
    [t('int32', [4], [-3, 0, 16777217, 9]), t('int32', [], [-1]), t('int32', [], [16777216])],
    t('int32', [4], [-1, 0, 16777216, 9]),
  ),
  example(
    'the sign of the divisor',
    'Mod',
    13,
    [t('int64', [6], [-4, 7, 5, 4, -7, 8]), t('int64', [6], [2, -3, 8, -2, 3, 5])],
    t('int64', [6], [0, -2, 5, 0, 2, 3]),
  ),
  example(
    'the sign of the dividend',
    'Mod',
    13,
    [t('int64', [6], [-4, 7, 5, 4, -7, 8]), t('int64', [6], [2, -3, 8, -2, 3, 5])],
    t('int64', [6], [0, 1, 5, 0, -1, 3]),
    { fmod: 1 },
  ),
  example('floats with fmod', 'Mod', 13, [f([3], [-4.25, 7.5, 5.25]), f([3], [2, -3, 8])], f([3], [-0.25, 1.5, 5.25]), {
    fmod: 1,
  }),
  example(
    'integers to the power of floats',
    'Pow',
    15,
    [t('int32', [3], [1, 2, 3]), f([3], [4, 5, 6])],
    t('int32', [3], [1, 32, 729]),
  ),
  example(
    'floats to the power of integers',
    'Pow',
    15,
    [f([3], [1, 2, -3]), t('int64', [3], [4, -1, 3])],
    f([3], [1, 0.5, -27]),
  ),
  example(
    'a power that float32 rounds',
    'Pow',
    15,
    [t('int32', [2], [3, 7]), t('int32', [2], [16, 10])],
    t('int32', [2], [43046721, 282475249]),
  ),
  // Bits: ONNX's examples.
  example(
    'right',
    'BitShift',
    11,
    [t('uint8', [3], [16, 4, 1]), t('uint8', [3], [1, 2, 3])],
    t('uint8', [3], [8, 1, 0]),
    { direction: 'RIGHT' },
  ),
  example(
    'left',
    'BitShift',
    11,
    [t('uint8', [3], [16, 4, 129]), t('uint8', [3], [1, 2, 3])],
    t('uint8', [3], [32, 16, 8]),
    { direction: 'LEFT' },
  ),
  example(
    'all bits of 32',
    'BitwiseXor',
    18,
    [t('int32', [3], [-1, 1431655765, -2147483648]), t('int32', [3], [1, -1, -1])],
    t('int32', [3], [-2, -1431655766, 2147483647]),
  ),
  example(
    'all bits of 32',
    'BitwiseAnd',
    18,
    [t('int32', [3], [-1, 2130706433, -2147483648]), t('int32', [3], [16777217, -256, -1])],
    t('int32', [3], [16777217, 2130706432, -2147483648]),
  ),
  example(
    'broadcast',
    'BitwiseOr',
    18,
    [t('uint8', [2, 1], [129, 16]), t('uint8', [2], [1, 66])],
    t('uint8', [2, 2], [129, 195, 17, 82]),
  ),
  // Bounds and kinks.
  example('the upper bound wins', 'Clip', 12, [f([3], [-1, 1, 5]), f([], [3]), f([], [2])], f([3], [2, 2, 2])),
  example('bounds as attributes', 'Clip', 6, [f([4], [-9, -1, 0.5, 9])], f([4], [-1, -1, 0.5, 6]), {
    min: float(-1),
    max: float(6),
  }),
  example(
    'halves to the even one',
    'Round',
    11,
    [f([7], [0.5, 1.5, 2.5, -0.5, -1.5, 2.4, -2.6])],
    f([7], [0, 2, 2, 0, -2, 2, -3]),
  ),
  example(
    'a slope per channel, before opset 7',
    'PRelu',
    6,
    [f([1, 2, 2], [-1, 2, -3, 4]), f([2], [0.5, 0.25])],
    f([1, 2, 2], [-0.5, 2, -0.75, 4]),
  ),
  example(
    'slopes of an inner axis',
    'PRelu',
    16,
    [f([1, 2, 3], [-1, -2, -3, -4, -5, 6]), f([2, 1], [0.5, 2])],
    f([1, 2, 3], [-0.5, -1, -1.5, -8, -10, 6]),
  ),
  example('a negative slope', 'LeakyRelu', 16, [f([4], [-2, -1, 0, 3])], f([4], [1, 0.5, 0, 3]), {
    alpha: float(-0.5),
  }),
  example('alpha other than 1', 'Elu', 6, [f([3], [-1, 0, 2])], f([3], [2 * (1 / E - 1), 0, 2]), { alpha: float(2) }),
  example("first version's defaults", 'Selu', 1, [f([2], [-1, 2])], f([2], [1.0507 * 1.6732 * (1 / E - 1), 2.1014])),
  // Softmax and its kin before opset 13: all axes from `axis` on.
  example(
    'over two axes at once',
    'Softmax',
    11,
    [f([2, 2, 2], [0, 0, 0, 0, 0, Math.log(2), 0, 0])],
    f([2, 2, 2], [0.25, 0.25, 0.25, 0.25, 0.2, 0.4, 0.2, 0.2]),
  ),
  example(
    'over two axes at once',
    'LogSoftmax',
    11,
    [f([1, 2, 2], [0, 0, 0, 0])],
    f([1, 2, 2], new Array<number>(4).fill(Math.log(0.25))),
  ),
  example('one axis', 'Softmax', 13, [f([1, 2, 2], [0, 0, Math.log(3), 0])], f([1, 2, 2], [0.25, 0.5, 0.75, 0.5]), {
    axis: 1,
  }),
  example('the first of equals', 'Hardmax', 13, [f([2, 3], [3, 3, 1, 0, 2, 2])], f([2, 3], [1, 0, 0, 0, 1, 0])),
  // Products.
  example(
    'batches that broadcast both ways',
    'MatMul',
    13,
    [f([2, 1, 1, 1], [1, 2]), f([1, 3, 1, 1], [1, 10, 100])],
    f([2, 3, 1, 1], [1, 10, 100, 2, 20, 200]),
  ),
  example(
    'a batch of the second operand alone',
    'MatMul',
    13,
    [f([2, 1, 1, 1], [1, 2]), f([2, 2, 1, 1], [1, 10, 100, 1000])],
    f([2, 2, 1, 1], [1, 10, 200, 2000]),
  ),
  example('over nothing', 'MatMul', 13, [f([2, 0], []), f([0, 2], [])], f([2, 2], [0, 0, 0, 0])),
  example('vectors', 'MatMul', 13, [f([3], [1, 2, 3]), f([3], [4, 5, 6])], f([], [32])),
  example(
    'integers, exact',
    'MatMul',
    13,
    [t('int32', [1, 2], [16777217, 1]), t('int32', [2, 1], [1, 1])],
    t('int32', [1, 1], [16777218]),
  ),
  example(
    'both transposed, scaled',
    'Gemm',
    13,
    [f([2, 1], [1, 2]), f([2, 2], [1, 2, 3, 4]), f([2], [1, 1])],
    f([1, 2], [0.5 * 5 + 2, 0.5 * 11 + 2]),
    { transA: 1, transB: 1, alpha: 0.5, beta: float(2) },
  ),
  example('a diagonal', 'Einsum', 12, [f([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])], f([3], [1, 5, 9]), {
    equation: 'ii->i',
  }),
  example(
    'a trace of products',
    'Einsum',
    12,
    [f([2, 2], [1, 2, 3, 4]), f([2, 2], [5, 6, 7, 8])],
    f([], [1 * 5 + 2 * 7 + 3 * 6 + 4 * 8]),
    { equation: 'ij,ji' },
  ),
  example('determinants', 'Det', 11, [f([2, 2, 2], [0, 1, 2, 3, 1, 2, 2, 1])], f([2], [-2, -3])),
  // Reductions.
  example('of nothing', 'ReduceSum', 13, [f([2, 0, 2], []), t('int64', [1], [1])], f([2, 1, 2], [0, 0, 0, 0])),
  example('of nothing', 'ReduceProd', 18, [f([2, 0], []), t('int64', [1], [1])], f([2, 1], [1, 1])),
  example(
    'of nothing',
    'ReduceMax',
    20,
    [f([2, 0], []), t('int64', [1], [1])],
    f([2, 1], [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]),
  ),
  example('without axes: a square of each', 'ReduceSumSquare', 18, [f([2], [3, -2])], f([2], [9, 4]), {
    noop_with_empty_axes: 1,
  }),
  example(
    'of integers, towards zero',
    'ReduceMean',
    18,
    [t('int32', [2, 2], [-3, 0, 7, 4]), t('int64', [1], [1])],
    t('int32', [2, 1], [-1, 5]),
  ),
  example('of large integers', 'ReduceSum', 13, [t('int64', [3], [16777216, 1, 1])], t('int64', [1], [16777218])),
  example(
    'without overflow',
    'ReduceLogSumExp',
    18,
    [f([1, 2], [1000, 1000]), t('int64', [1], [1])],
    f([1, 1], [1000 + Math.log(2)]),
  ),
  example('the last of equals', 'ArgMax', 13, [f([1, 4], [2, 7, 7, 1])], t('int64', [1, 1], [2]), {
    axis: 1,
    select_last_index: 1,
  }),
  example('the first of equals', 'ArgMin', 13, [f([4], [2, 1, 1, 7])], t('int64', [], [1]), { keepdims: 0 }),
  example('exclusive and reverse', 'CumSum', 14, [f([3], [1, 2, 3]), t('int32', [], [-1])], f([3], [5, 3, 0]), {
    exclusive: 1,
    reverse: 1,
  }),
  example('exclusive and reverse', 'CumProd', 26, [f([3], [1, 2, 3]), t('int32', [], [0])], f([3], [6, 3, 1]), {
    exclusive: 1,
    reverse: 1,
  }),
  example('a row of zeros', 'LpNormalization', 1, [f([2, 2], [3, 4, 0, 0])], f([2, 2], [0.6, 0.8, 0, 0])),
  // Quantization: ONNX's examples.
  example(
    'halves to even, saturated',
    'QuantizeLinear',
    13,
    [f([6], [0, 2, 3, 1000, -254, -1000]), f([], [2]), t('uint8', [], [128])],
    t('uint8', [6], [128, 129, 130, 255, 1, 0]),
  ),
  example(
    'per axis',
    'DequantizeLinear',
    13,
    [t('uint8', [1, 2, 2], [3, 89, 34, 200]), f([2], [2, 4]), t('uint8', [2], [84, 24])],
    f([1, 2, 2], [-162, 10, 40, 704]),
  ),
  example(
    'by blocks, the last one short',
    'DequantizeLinear',
    21,
    [t('int8', [1, 3], [1, 2, 3]), f([1, 2], [10, 100])],
    f([1, 3], [10, 20, 300]),
    { axis: 1, block_size: 2 },
  ),
  example(
    'less zero points',
    'MatMulInteger',
    10,
    [
      t('uint8', [2, 3], [11, 7, 3, 10, 6, 2]),
      t('uint8', [3, 2], [1, 4, 2, 5, 3, 6]),
      t('uint8', [], [12]),
      t('uint8', [], [0]),
    ],
    t('int32', [2, 2], [-38, -83, -44, -98]),
  ),
  example(
    'sums that float32 rounds',
    'MatMulInteger',
    10,
    [
      t('uint8', [1, 1000], [254, ...new Array<number>(999).fill(255)]),
      t('uint8', [1000, 1], new Array<number>(1000).fill(255)),
    ],
    t('int32', [1, 1], [255 * (999 * 255 + 254)]),
  ),
  example(
    'pads with the zero point',
    'ConvInteger',
    10,
    [t('uint8', [1, 1, 2, 2], [2, 3, 4, 5]), t('uint8', [1, 1, 2, 2], [1, 1, 1, 1]), t('uint8', [], [1])],
    t('int32', [1, 1, 3, 3], [1, 3, 2, 4, 10, 6, 3, 7, 4]),
    { pads: [1, 1, 1, 1] },
  ),
];

afterEach(clean);

const fed = (x: Tensor) => ({
  dtype: x.dtype === 'bool' ? ('bool' as const) : x.dtype === 'float32' ? ('float32' as const) : ('int32' as const),
  shape: x.dims,
  data:
    x.dtype === 'float32'
      ? Float32Array.from(x.data as Float32Array)
      : x.dtype === 'bool'
        ? Uint8Array.from(x.data as Uint8Array)
        : Int32Array.from(x.data as ArrayLike<number>, Number),
});

/** What is wrong with a result, in words; nothing where it is what ONNX says. */
function fault(y: ReturnType<typeof fed> | undefined, wanted: Tensor): string | undefined {
  if (y === undefined) return 'there is no such output';
  if (y.shape.join() !== wanted.dims.join()) return `the shape is [${y.shape}], not [${wanted.dims}]`;
  const exact = wanted.dtype !== 'float32';
  const numbers = Array.from(wanted.data as ArrayLike<number | bigint>, Number);
  const at = Array.from(y.data as ArrayLike<number>).findIndex((v, i) =>
    exact || !Number.isFinite(numbers[i])
      ? v !== numbers[i]
      : !(Math.abs(v - numbers[i]) <= 1e-6 + 1e-5 * Math.abs(numbers[i])),
  );
  return at < 0 ? undefined : `element ${at} is ${y.data[at]}, not ${numbers[at]}`;
}

// All examples of an opset are one model, with a node each.
describe.each([...new Set(EXAMPLES.map((e) => e.opset))])('opset %i', (opset) => {
  const own = EXAMPLES.filter((e) => e.opset === opset);
  const name = (e: Example, i: number) => `${e.op}${own.indexOf(e)}_${i}`;

  test.each([
    ['all inputs fed', 9],
    ['all but the first constant', 1],
    ['all constant', 0],
  ] as const)('%s', async (_, count) => {
    const all = own.flatMap((e) => e.inputs.map((x, i) => ({ name: name(e, i), x, fed: i < count })));
    const model = convert(
      {
        opset,
        inputs: Object.fromEntries(all.filter((a) => a.fed).map((a) => [a.name, [a.x.dtype, a.x.dims]])),
        weights: Object.fromEntries(all.filter((a) => !a.fed).map((a) => [a.name, a.x])),
        nodes: own.map((e) => ({
          op: e.op,
          in: e.inputs.map((__, i) => name(e, i)),
          out: [`${name(e, 0)}_y`],
          ...(e.with ? { with: e.with } : {}),
        })),
        outputs: own.map((e) => `${name(e, 0)}_y`),
      },
      { changeOrdering: false },
    );
    // 64-bit sums whose size nothing shows are noted.
    expect(model.diagnostics.filter((d) => d.severity !== 'note')).toEqual([]);
    for (const engine of ['wasm', 'cpu'] as const) {
      const outputs = await model.run(
        engine,
        Object.fromEntries(all.filter((a) => a.fed).map((a) => [a.name, fed(a.x)])),
      );
      const faults = own.flatMap((e) => {
        const f = fault(outputs.get(`${name(e, 0)}_y`) as ReturnType<typeof fed> | undefined, e.gives);
        return f ? [`${e.op}-${opset}, ${e.says}, on ${engine}: ${f}`] : [];
      });
      expect(faults).toEqual([]);
    }
  });
});

describe('random numbers', () => {
  const sketch = (op: string, attributes: SketchNode['with'], inputs: readonly string[] = []) =>
    convert({
      opset: 15,
      inputs: inputs.length > 0 ? { x: ['float32', [2, 500]] } : { unused: ['float32', [1]] },
      nodes: [
        { op, in: inputs, out: ['y'], with: attributes },
        { op, in: inputs, out: ['z'], with: attributes },
      ],
      outputs: ['y', 'z'],
    });
  const drawn = async (op: string, attributes: SketchNode['with'], x?: readonly number[]) => {
    const model = sketch(op, attributes, x ? ['x'] : []);
    const once = () =>
      model.run(
        'wasm',
        x
          ? { x: { dtype: 'float32', shape: [2, 500], data: Float32Array.from(x) } }
          : { unused: { dtype: 'float32', shape: [1], data: new Float32Array(1) } },
      );
    const [a, b] = [await once(), await once()];
    return {
      y: Array.from(a.get('y')?.data as Float32Array),
      z: Array.from(a.get('z')?.data as Float32Array),
      again: Array.from(b.get('y')?.data as Float32Array),
    };
  };
  const mean = (v: readonly number[]) => v.reduce((p, q) => p + q, 0) / v.length;
  const deviation = (v: readonly number[]) => Math.sqrt(mean(v.map((q) => (q - mean(v)) ** 2)));

  test('normal ones have their mean and deviation, and differ from node to node and run to run', async () => {
    const { y, z, again } = await drawn('RandomNormal', { shape: [2, 2000], mean: float(5), scale: float(2) });
    expect(y).toHaveLength(4000);
    expect(Math.abs(mean(y) - 5)).toBeLessThan(0.2);
    expect(Math.abs(deviation(y) - 2)).toBeLessThan(0.2);
    expect(y).not.toEqual(z);
    expect(y).not.toEqual(again);
  });

  test('uniform ones lie within their bounds, evenly, and differ from node to node and run to run', async () => {
    const { y, z, again } = await drawn('RandomUniform', { shape: [2, 2000], low: float(-1), high: float(3) });
    expect(Math.min(...y)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...y)).toBeLessThanOrEqual(3);
    // The deviation of a uniform distribution is its width / sqrt(12).
    expect(Math.abs(deviation(y) - 4 / Math.sqrt(12))).toBeLessThan(0.06);
    expect(Math.abs(mean(y) - 1)).toBeLessThan(0.15);
    expect(y).not.toEqual(z);
    expect(y).not.toEqual(again);
  });

  test('Bernoulli draws ones as often as it is told', async () => {
    const { y } = await drawn(
      'Bernoulli',
      {},
      Array.from({ length: 1000 }, (_, i) => (i < 500 ? 0.9 : 0)),
    );
    expect(new Set(y)).toEqual(new Set([0, 1]));
    expect(Math.abs(mean(y.slice(0, 500)) - 0.9)).toBeLessThan(0.1);
    expect(mean(y.slice(500))).toBe(0);
  });

  test('Multinomial draws what is likely', async () => {
    const x = Array.from({ length: 1000 }, (_, i) => (i === 7 || i === 508 ? 60 : 0));
    const { y } = await drawn('Multinomial', { sample_size: 5 }, x);
    expect(y).toEqual([7, 7, 7, 7, 7, 8, 8, 8, 8, 8]);
  });
});

test.each(['StringConcat', 'StringSplit', 'StringNormalizer', 'RegexFullMatch'])(
  '%s of strings that are fed is refused',
  (op) => {
    const two = op === 'StringConcat';
    const model = convert({
      opset: 20,
      inputs: { a: ['string', [2]], b: ['string', [2]] },
      nodes: [
        {
          op,
          in: two ? ['a', 'b'] : ['a'],
          out: ['y'],
          ...(op === 'RegexFullMatch' ? { with: { pattern: 'a.*' } } : {}),
        },
      ],
      outputs: ['y'],
    });
    expect(model.status).not.toBe('converted');
    expect(model.diagnostics).toMatchObject([{ severity: 'unsupported', message: expect.stringContaining('strings') }]);
  },
);

test('a product of integers too large to be written out is refused', () => {
  const model = convert({
    opset: 13,
    inputs: { a: ['int32', [1024, 1024]], b: ['int32', [1024, 1024]] },
    nodes: [{ op: 'MatMul', in: ['a', 'b'], out: ['y'] }],
    outputs: ['y'],
  });
  expect(model.diagnostics).toMatchObject([
    { severity: 'unsupported', message: expect.stringContaining('large integer matrices') },
  ]);
});
