import { invalid, refuse } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { normalAxis, type RawNode } from '../../ir/view.js';
import { stridesOf } from '../../ir/weights.js';
import { isFloat } from '../../tensor/dtype.js';
import { numbersOf, sizeOf, tensorOf, type Tensor } from '../../tensor/tensor.js';
import { microsoft } from './domain.js';

interface Attrs {
  readonly bits: number;
  readonly block: number;
  readonly gather: number;
  readonly quantize: number;
}

function read(n: RawNode): Attrs {
  return {
    bits: n.optInt('bits') ?? 4,
    block: n.optInt('block_size') ?? 128,
    gather: n.optInt('gather_axis') ?? 0,
    quantize: n.optInt('quantize_axis') ?? 1,
  };
}

/** Bytes that hold several numbers, along the last axis, as one number each. */
function widened(t: Tensor, bits: number): Tensor {
  if (t.dtype !== 'uint8' || bits === 8) return t;
  const per = 8 / bits;
  const dims = [...t.dims.slice(0, -1), (t.dims.at(-1) ?? 1) * per];
  const bytes = t.data as Uint8Array;
  return tensorOf(
    'uint8',
    dims,
    Array.from(
      { length: sizeOf(dims) },
      (_, i) => (bytes[Math.floor(i / per)] >> ((i % per) * bits)) & (2 ** bits - 1),
    ),
  );
}

/** The table as floats, computed while converting: inputs data, scales, zero points. */
const table = defineOp<Attrs>({
  name: 'GatherBlockQuantizedTable',
  domain: 'internal',
  summary: 'a table quantized by blocks as floats',
  read: { 1: read },
  infer: (n) => {
    const dims = n.knownDims(0);
    const per = n.dtype(0) === 'uint8' ? 8 / n.attrs.bits : 1;
    return [{ dtype: n.dtype(1), dims: [...dims.slice(0, -1), (dims.at(-1) ?? 1) * per] }];
  },
  fold: (n, [data, scales, zeros]) => {
    const { bits, block } = n.attrs;
    const wide = widened(data, bits);
    const axis = normalAxis(n.attrs.quantize, wide.dims.length);
    const size = block === 0 ? wide.dims[axis] : block;
    const blocks = wide.dims.map((d, i) => (i === axis ? Math.ceil(d / size) : d));
    const zero = zeros && widened(zeros, bits);
    const values = numbersOf(wide);
    const factors = numbersOf(scales);
    const offsets = zero && numbersOf(zero);
    const fallback = data.dtype === 'uint8' ? 2 ** (bits - 1) : 0;
    if (scales.dims.some((d, i) => d !== blocks[i] && d !== 1))
      return invalid(`scales of shape [${scales.dims}] don't fit a table of [${wide.dims}] in blocks of ${size}`);
    const at = (t: Tensor, index: readonly number[]) => {
      const strides = stridesOf(t.dims);
      return index.reduce((sum, v, i) => sum + (t.dims[i] === 1 ? 0 : v * strides[i]), 0);
    };
    const strides = stridesOf(wide.dims);
    const out = values.map((v, i) => {
      const index = wide.dims
        .map((d, k) => Math.floor(i / strides[k]) % d)
        .map((v, k) => (k === axis ? Math.floor(v / size) : v));
      return Math.fround(v - (zero && offsets ? offsets[at(zero, index)] : fallback)) * factors[at(scales, index)];
    });
    return [tensorOf(scales.dtype, wide.dims, out)];
  },
});

/** Source: ONNX Runtime, ContribOperators. */
export default [
  table,
  microsoft<Attrs>({
    name: 'GatherBlockQuantized',
    summary: 'Gather from a table of few bits',
    limits: 'tables that are not constant',
    shapes: ['_ ...r', '', '_ ...r', '? _ ...r'],
    read: { 1: read },
    compose: (c, n) => {
      for (const i of [0, 2, 3]) if (n.has(i)) n.needWeight(i, 'a quantized table');
      if (isFloat(n.dtype(0)) && n.has(3)) return refuse('zero points for a table of narrow floats');
      const { bits, block, gather, quantize } = n.attrs;
      const floats = c.e.one(
        'GatherBlockQuantizedTable',
        [n.value(0), n.value(2), n.inputs[3]],
        { bits, block_size: block, gather_axis: gather, quantize_axis: quantize },
        'internal',
      );
      return c.op('Gather', [floats, n.value(1)], { axis: gather });
    },
  }),
];
