import { rangeOf, type DType } from '../../../tensor/dtype.js';
import { tensorOf, type Tensor } from '../../../tensor/tensor.js';
import { fed, fixed, single, type Family, type Generator, type Given } from '../case.js';
import type { Random } from '../random.js';
import { batched, broadcasting, folded } from './shapes.js';

/** Scale and zero point per tensor, axis or block, and the attributes that go with them. */
function scales(
  r: Random,
  dims: readonly number[],
  dtype: DType,
  opset: number,
  zero = true,
): { scale: Tensor; zeroPoint: Tensor | undefined; attributes: Record<string, number> } {
  const kind =
    dims.length === 0 || opset < 13 ? 'tensor' : r.pick(['tensor', 'axis', ...(opset >= 21 ? ['block'] : [])]);
  const axis = dims.length === 0 ? 0 : r.int(0, dims.length - 1);
  const block = r.int(1, 3);
  const shape =
    kind === 'tensor'
      ? []
      : kind === 'axis'
        ? [dims[axis]]
        : dims.map((d, i) => (i === axis ? Math.ceil(d / block) : d));
  const { min, max } = rangeOf(dtype);
  return {
    scale: r.tensor('float32', shape, 0.02, 0.4),
    zeroPoint: zero ? r.tensor(dtype, shape, Math.max(Number(min), -20), Math.min(Number(max), 20)) : undefined,
    attributes: {
      ...(kind === 'tensor' ? {} : { axis: r.chance(0.5) ? axis : axis - dims.length }),
      ...(kind === 'block' ? { block_size: block } : {}),
    },
  };
}

const either = (r: Random, t: Tensor): Given => (r.chance(0.7) ? fixed(t) : fed(t));

const quantize: Generator = (r) => {
  const opset = r.pick([10, 13, 19, 21]);
  const dtype = r.pick<DType>(opset >= 21 ? ['uint8', 'int8', 'uint16', 'int16'] : ['uint8', 'int8']);
  const dims = r.dims(r.int(0, 4), 5);
  const zero = r.chance(0.8) || dtype !== 'uint8';
  const { scale, zeroPoint, attributes } = scales(r, dims, dtype, opset, zero);
  return single('QuantizeLinear', {
    opset,
    inputs: [fed(r.tensor('float32', dims, -20, 20)), either(r, scale), zeroPoint && either(r, zeroPoint)],
    attributes,
  });
};

const dequantize: Generator = (r) => {
  const opset = r.pick([10, 13, 19, 21]);
  const dtype = r.pick<DType>(
    opset >= 21 ? ['uint8', 'int8', 'uint16', 'int16', 'int32', 'int4', 'uint4'] : ['uint8', 'int8', 'int32'],
  );
  const dims = r.dims(r.int(0, 4), 5);
  const { scale, zeroPoint, attributes } = scales(r, dims, dtype, opset, dtype !== 'int32' && r.chance(0.8));
  const x = r.tensor(dtype, dims, -30000, 30000);
  return single('DequantizeLinear', {
    opset,
    inputs: [
      dtype.endsWith('int4') ? fixed(x) : either(r, x),
      either(r, scale),
      zeroPoint && (dtype.endsWith('int4') ? fixed(zeroPoint) : either(r, zeroPoint)),
    ],
    attributes,
  });
};

const dynamic: Generator = (r) =>
  single('DynamicQuantizeLinear', {
    opset: 11,
    inputs: [batched(r, 'float32', r.dims(r.int(1, 4)), r.pick([-5, 0, 1]), r.pick([1.5, 5]))],
    outputs: 3,
  });

const EIGHT: readonly DType[] = ['uint8', 'int8'];
const zeroOf = (r: Random, dtype: DType, shape: readonly number[] = []) =>
  r.tensor(dtype, shape, dtype === 'int8' ? -20 : 0, 40);

const matMulInteger: Generator = (r) => {
  const [m, n] = [r.int(1, 4), r.int(1, 4)];
  const k = r.chance(0.2) ? r.int(500, 900) : r.int(1, 6);
  const { operands } = broadcasting(r, 2, 2);
  const [ta, tb] = [r.pick(EIGHT), r.pick(EIGHT)];
  const b = r.chance(0.5) ? [k, n] : [...operands[1], k, n];
  return single('MatMulInteger', {
    opset: 10,
    inputs: [
      fed(r.tensor(ta, [...operands[0], m, k], -128, 255)),
      either(r, r.tensor(tb, b, -128, 255)),
      r.maybe(() => either(r, zeroOf(r, ta))),
      r.maybe(() => either(r, zeroOf(r, tb, b.length === 2 && r.chance(0.5) ? [n] : []))),
    ],
  });
};

const qLinearMatMul: Generator = (r) => {
  const [m, k, n] = [r.int(1, 4), r.int(1, 6), r.int(1, 4)];
  const [ta, tb] = [r.pick(EIGHT), r.pick(EIGHT)];
  const ty = ta;
  const batch = r.dims(r.int(0, 2), 3);
  const perColumn = r.chance(0.3);
  const scale = (shape: readonly number[] = []) => either(r, r.tensor('float32', shape, 0.01, 0.1));
  return single('QLinearMatMul', {
    opset: 10,
    inputs: [
      fed(r.tensor(ta, [...batch, m, k], -128, 255)),
      scale(),
      either(r, zeroOf(r, ta)),
      either(r, r.tensor(tb, batch.length > 0 && r.chance(0.5) ? [...batch, k, n] : [k, n], -128, 255)),
      scale(perColumn ? [n] : []),
      either(r, zeroOf(r, tb, perColumn ? [n] : [])),
      either(r, r.tensor('float32', [], 0.5, 2)),
      either(r, zeroOf(r, ty)),
    ],
  });
};

function convolution(r: Random) {
  const group = r.pick([1, 1, 2]);
  const [channels, filters] = [group * r.int(1, 3), group * r.int(1, 3)];
  const [h, w, kh, kw] = [r.int(3, 7), r.int(3, 7), r.int(1, 3), r.int(1, 3)];
  const attributes = {
    group,
    strides: r.maybe(() => [r.int(1, 2), r.int(1, 2)]),
    pads: r.maybe(() => r.list(4, () => r.int(0, 1))),
  };
  return { x: [r.int(1, 2), channels, h, w], w: [filters, channels / group, kh, kw], filters, attributes };
}

const convInteger: Generator = (r) => {
  const c = convolution(r);
  const [tx, tw] = ['uint8' as const, 'uint8' as const];
  return single('ConvInteger', {
    opset: 10,
    inputs: [
      fed(r.tensor(tx, c.x, 0, 255)),
      fixed(r.tensor(tw, c.w, 0, 255)),
      r.maybe(() => either(r, zeroOf(r, tx))),
      r.maybe(() => fixed(zeroOf(r, tw))),
    ],
    attributes: c.attributes,
  });
};

const qLinearConv: Generator = (r) => {
  const c = convolution(r);
  const tx = r.pick(EIGHT);
  const tw = tx === 'int8' ? 'int8' : r.pick(EIGHT);
  const perFilter = r.chance(0.5);
  const shape = perFilter ? [c.filters] : [];
  return single('QLinearConv', {
    opset: 10,
    inputs: [
      fed(r.tensor(tx, c.x, -128, 255)),
      fixed(r.tensor('float32', [], 0.01, 0.1)),
      fixed(zeroOf(r, tx)),
      fixed(r.tensor(tw, c.w, -128, 255)),
      fixed(r.tensor('float32', shape, 0.01, 0.1)),
      fixed(perFilter && tw === 'int8' ? tensorOf('int8', shape, new Array<number>(c.filters).fill(0)) : zeroOf(r, tw)),
      fixed(r.tensor('float32', [], 0.5, 2)),
      fixed(zeroOf(r, tx)),
      r.maybe(() => fixed(r.tensor('int32', [c.filters], -3000, 3000))),
    ],
    attributes: c.attributes,
  });
};

const PLAIN: Family = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamic,
  MatMulInteger: matMulInteger,
  QLinearMatMul: qLinearMatMul,
  ConvInteger: convInteger,
  QLinearConv: qLinearConv,
};

export const QUANTIZE: Family = { ...PLAIN, ...folded(PLAIN) };
