import { tensorOf, type Tensor } from '../../../tensor/tensor.js';
import type { DType } from '../../../tensor/dtype.js';
import { fed, fixed, single, type Family, type Given, type OracleCase, type Single } from '../case.js';
import type { Random } from '../random.js';

const contrib = (op: string, rest: Omit<Single, 'domain' | 'opset'>): OracleCase =>
  single(op, { domain: 'com.microsoft', opset: 1, ...rest });

/** onnxruntime computes these by tables or in whole numbers, and what lies halfway may fall to the other side. */
const HALFWAY = { integerAtol: 1 };

type Byte = 'uint8' | 'int8';
const limits = (dtype: Byte): [number, number] => (dtype === 'uint8' ? [0, 255] : [-128, 127]);
const bytes = (r: Random, dtype: Byte, dims: readonly number[]): Tensor => r.tensor(dtype, dims, ...limits(dtype));
const scale = (r: Random, low = 0.01, high = 0.1): Given =>
  fixed(tensorOf('float32', [], [Math.fround(r.float(low, high))]));
const zero = (r: Random, dtype: Byte): Given => fixed(r.tensor(dtype, [], ...limits(dtype)));

function binary(r: Random, op: string): OracleCase {
  const dtype = r.pick<Byte>(['uint8', 'int8']);
  const dims = r.dims(r.int(1, 4));
  const other = r.pick([dims, dims.map((d) => (r.chance(0.4) ? 1 : d)), dims.slice(1)]);
  return contrib(op, {
    tolerance: HALFWAY,
    inputs: [
      fed(bytes(r, dtype, dims)),
      scale(r),
      zero(r, dtype),
      r.chance(0.7) ? fed(bytes(r, dtype, other)) : fixed(bytes(r, dtype, other)),
      scale(r),
      zero(r, dtype),
      scale(r, 0.02, 0.3),
      zero(r, dtype),
    ],
  });
}

function unary(r: Random, op: string, attributes: Single['attributes'] = {}): OracleCase {
  const dtype = r.pick<Byte>(['uint8', 'int8']);
  return contrib(op, {
    tolerance: HALFWAY,
    attributes,
    inputs: [
      fed(bytes(r, dtype, r.dims(r.int(1, 4)))),
      scale(r, 0.01, 0.05),
      zero(r, dtype),
      scale(r, 0.004, 0.02),
      zero(r, dtype),
    ],
  });
}

function pool(r: Random): OracleCase {
  const dtype = r.pick<Byte>(['uint8', 'int8']);
  const last = r.chance(0.4);
  const [n, c, h, w] = [r.int(1, 2), r.int(1, 3), r.int(3, 6), r.int(3, 6)];
  return contrib('QLinearAveragePool', {
    tolerance: HALFWAY,
    attributes: {
      kernel_shape: [r.int(1, 3), r.int(1, 3)],
      strides: [r.int(1, 2), r.int(1, 2)],
      count_include_pad: r.int(0, 1),
      channels_last: last ? 1 : 0,
      ...(r.chance(0.3) ? { ceil_mode: 1 } : {}),
    },
    inputs: [
      fed(bytes(r, dtype, last ? [n, h, w, c] : [n, c, h, w])),
      scale(r),
      zero(r, dtype),
      scale(r),
      zero(r, dtype),
    ],
  });
}

function qConv(r: Random): OracleCase {
  const dtype = r.pick<Byte>(['uint8', 'int8']);
  const [inner, outer] = [r.int(1, 3), r.int(1, 4)];
  const last = r.chance(0.6);
  const x = last ? [1, r.int(3, 5), r.int(3, 5), inner] : [1, inner, r.int(3, 5), r.int(3, 5)];
  return contrib('QLinearConv', {
    tolerance: HALFWAY,
    attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], channels_last: last ? 1 : 0 },
    inputs: [
      fed(bytes(r, dtype, x)),
      scale(r),
      zero(r, dtype),
      fixed(r.tensor('int8', [outer, inner, 3, 3], -127, 127)),
      fixed(
        tensorOf(
          'float32',
          [outer],
          r.list(outer, () => r.float(0.01, 0.05)),
        ),
      ),
      fixed(
        tensorOf(
          'int8',
          [outer],
          r.list(outer, () => 0),
        ),
      ),
      scale(r, 0.1, 0.4),
      zero(r, dtype),
      r.maybe(() => fixed(r.tensor('int32', [outer], -2000, 2000))),
    ],
  });
}

/** onnxruntime has no kernels for signed times unsigned. */
const typesOf = (r: Random): [Byte, Byte] =>
  r.pick<[Byte, Byte]>([
    ['uint8', 'uint8'],
    ['uint8', 'int8'],
    ['int8', 'int8'],
  ]);

interface Product {
  readonly a: Given;
  readonly b: Given;
  readonly n: number;
  readonly aType: Byte;
  readonly bType: Byte;
}

function product(r: Random): Product {
  const [m, k, n] = [r.int(1, 4), r.int(1, 6), r.int(1, 4)];
  const [aType, bType] = typesOf(r);
  return {
    a: fed(bytes(r, aType, [...r.dims(r.int(0, 1), 3), m, k])),
    b: fixed(bytes(r, bType, [k, n])),
    n,
    aType,
    bType,
  };
}

const perColumn = (r: Random, n: number): Given =>
  r.chance(0.5)
    ? scale(r)
    : fixed(
        tensorOf(
          'float32',
          [n],
          r.list(n, () => r.float(0.01, 0.1)),
        ),
      );

function integerToFloat(r: Random): OracleCase {
  const { a, b, n, aType, bType } = product(r);
  return contrib('MatMulIntegerToFloat', {
    inputs: [
      a,
      b,
      scale(r),
      perColumn(r, n),
      r.maybe(() => zero(r, aType)),
      r.maybe(() => zero(r, bType)),
      r.maybe(() => fixed(r.tensor('float32', [n]))),
    ],
  });
}

function dynamicMatMul(r: Random): OracleCase {
  const [k, n] = [r.int(1, 6), r.int(1, 4)];
  const type = r.pick<Byte>(['uint8', 'int8']);
  const a = r.tensor('float32', [...r.dims(r.int(0, 1), 3), r.int(1, 4), k]);
  return contrib('DynamicQuantizeMatMul', {
    tolerance: { rtol: 1e-3, atol: 1e-4 },
    inputs: [
      fed(a),
      fixed(bytes(r, type, [k, n])),
      perColumn(r, n),
      r.maybe(() => zero(r, type)),
      r.maybe(() => fixed(r.tensor('float32', [n]))),
    ],
  });
}

function qGemm(r: Random): OracleCase {
  const [m, k, n] = [r.int(1, 4), r.int(1, 6), r.int(1, 4)];
  const [aType, bType] = typesOf(r);
  const [ta, tb] = [r.int(0, 1), r.int(0, 1)];
  const out = r.pick<Byte | undefined>([undefined, aType]);
  const byColumn = r.chance(0.5);
  return contrib('QGemm', {
    attributes: { alpha: { float: r.pick([1, 0.5]) }, transA: ta, transB: tb },
    tolerance: HALFWAY,
    inputs: [
      fed(bytes(r, aType, ta ? [k, m] : [m, k])),
      scale(r),
      zero(r, aType),
      fixed(bytes(r, bType, tb ? [n, k] : [k, n])),
      byColumn
        ? fixed(
            tensorOf(
              'float32',
              [n],
              r.list(n, () => r.float(0.01, 0.1)),
            ),
          )
        : scale(r),
      byColumn ? fixed(bytes(r, bType, [n])) : zero(r, bType),
      r.maybe(() => fixed(r.tensor('int32', r.pick([[n], [m, n], [1, n]]), -500, 500))),
      out && scale(r, 0.5, 3),
      out && zero(r, out),
    ],
  });
}

function concat(r: Random): OracleCase {
  const dtype = r.pick<Byte>(['uint8', 'int8']);
  const dims = r.dims(r.int(2, 3));
  const axis = r.int(0, dims.length - 1);
  const parts = r.list(r.int(1, 3), () => [
    fed(
      bytes(
        r,
        dtype,
        dims.map((d, i) => (i === axis ? r.int(1, 4) : d)),
      ),
    ),
    scale(r),
    zero(r, dtype),
  ]);
  return contrib('QLinearConcat', {
    tolerance: HALFWAY,
    attributes: { axis },
    inputs: [scale(r), zero(r, dtype), ...parts.flat()],
  });
}

function quantize(r: Random, op: 'QuantizeLinear' | 'DequantizeLinear'): OracleCase {
  const type = r.pick<DType>(['uint8', 'int8', 'uint16', 'int16']);
  const dims = r.dims(r.int(1, 4));
  const axis = r.chance(0.5) ? r.int(0, dims.length - 1) : undefined;
  const count = axis === undefined ? [] : [dims[axis]];
  const scales = r.tensor('float32', count, 0.01, 0.2);
  const zeros = r.tensor(type, count, -100, 100);
  const x = op === 'QuantizeLinear' ? r.tensor('float32', dims, -20, 20) : r.tensor(type, dims, -30000, 60000);
  return contrib(op, {
    tolerance: HALFWAY,
    attributes: axis === undefined ? {} : { axis },
    inputs: [fed(x), fixed(scales), op === 'QuantizeLinear' || r.chance(0.7) ? fixed(zeros) : undefined],
  });
}

export const QUANTIZED: Family = {
  QLinearAdd: (r) => binary(r, 'QLinearAdd'),
  QLinearMul: (r) => binary(r, 'QLinearMul'),
  QLinearSigmoid: (r) => unary(r, 'QLinearSigmoid'),
  QLinearLeakyRelu: (r) =>
    unary(r, 'QLinearLeakyRelu', r.chance(0.7) ? { alpha: { float: Math.fround(r.float(0.01, 0.5)) } } : {}),
  QLinearSoftmax: (r) => {
    const dims = r.dims(r.int(1, 4));
    const dtype = r.pick<Byte>(['uint8', 'int8']);
    return contrib('QLinearSoftmax', {
      tolerance: HALFWAY,
      attributes: { axis: r.int(-dims.length, dims.length - 1), opset: r.pick([11, 13]) },
      inputs: [
        fed(bytes(r, dtype, dims)),
        scale(r, 0.01, 0.1),
        zero(r, dtype),
        fixed(tensorOf('float32', [], [1 / 256])),
        fixed(tensorOf(dtype, [], [dtype === 'uint8' ? 0 : -128])),
      ],
    });
  },
  QLinearConcat: concat,
  QLinearWhere: (r) => {
    const dtype = r.pick<Byte>(['uint8', 'int8']);
    const dims = r.dims(r.int(1, 3));
    return contrib('QLinearWhere', {
      tolerance: HALFWAY,
      inputs: [
        fed(r.tensor('bool', dims)),
        fed(bytes(r, dtype, dims)),
        scale(r),
        zero(r, dtype),
        fed(bytes(r, dtype, dims)),
        scale(r),
        zero(r, dtype),
        scale(r),
        zero(r, dtype),
      ],
    });
  },
  QLinearAveragePool: pool,
  QLinearGlobalAveragePool: (r) => {
    const dtype = r.pick<Byte>(['uint8', 'int8']);
    return contrib('QLinearGlobalAveragePool', {
      tolerance: HALFWAY,
      attributes: { channels_last: r.int(0, 1) },
      inputs: [fed(bytes(r, dtype, r.dims(r.int(3, 4)))), scale(r), zero(r, dtype), scale(r), zero(r, dtype)],
    });
  },
  QLinearConv: qConv,
  MatMulIntegerToFloat: integerToFloat,
  DynamicQuantizeMatMul: dynamicMatMul,
  QGemm: qGemm,
  MulInteger: (r) => {
    const dtype = r.pick<Byte>(['uint8', 'int8']);
    const dims = r.dims(r.int(1, 3));
    const zeros = r.chance(0.5);
    const wide = (name: string) => ({ op: 'Cast', inputs: [name], outputs: [`${name}wide`], attributes: { to: 6 } });
    const less = (x: string, z: string) => ({
      op: zeros ? 'Sub' : 'Identity',
      inputs: zeros ? [`${x}wide`, `${z}wide`] : [`${x}wide`],
      outputs: [`${x}less`],
    });
    return contrib('MulInteger', {
      inputs: [
        fed(bytes(r, dtype, dims)),
        zeros ? zero(r, dtype) : undefined,
        fed(bytes(r, dtype, dims)),
        zeros ? zero(r, dtype) : undefined,
      ],
      instead: [
        wide('i0'),
        wide('i2'),
        ...(zeros ? [wide('i1'), wide('i3')] : []),
        less('i0', 'i1'),
        less('i2', 'i3'),
        { op: 'Mul', inputs: ['i0less', 'i2less'], outputs: ['o0'] },
      ],
    });
  },
  QuantizeLinear: (r) => quantize(r, 'QuantizeLinear'),
  DequantizeLinear: (r) => quantize(r, 'DequantizeLinear'),
  NhwcMaxPool: (r) =>
    contrib('NhwcMaxPool', {
      attributes: {
        kernel_shape: [r.int(1, 3), r.int(1, 3)],
        strides: [r.int(1, 2), r.int(1, 2)],
        pads: r.list(4, () => 0),
      },
      inputs: [fed(bytes(r, r.pick<Byte>(['uint8', 'int8']), [r.int(1, 2), r.int(3, 5), r.int(3, 5), r.int(1, 3)]))],
    }),
};
