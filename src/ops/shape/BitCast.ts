import { invalid, refuse } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { bitsOf, dtypeOfCode, isComplex, isInteger, isUnsigned, type DType } from '../../tensor/dtype.js';
import { packRaw, unpackRaw } from '../../tensor/raw.js';
import { sizeOf, type Tensor } from '../../tensor/tensor.js';
import { bitsOfFloats, floatsOfBits, hasBits } from '../../tf/bits.js';
import { wrapInteger } from '../../tf/convert-type.js';

interface Attrs {
  readonly to: DType;
}

export default defineOp<Attrs>({
  name: 'BitCast',
  summary: 'the same bits as another type of the same width',
  limits:
    '64-bit types only for constants; of floats float32, float16 and bfloat16; bits read as uint32 have to fit an int32',
  read: { 26: (n) => ({ to: dtypeOfCode(n.int('to')) ?? invalid(`${n.int('to')} is no element type of ONNX`) }) },
  layout: 'any',
  expand: (n, [x]) => (n.dtype(0) === n.attrs.to ? [x] : undefined),
  infer: (n) => {
    const { to } = n.attrs;
    if (to === 'string' || n.dtype(0) === 'string' || bitsOf(to) !== bitsOf(n.dtype(0)))
      return invalid(`the bits of ${n.dtype(0)} can't be read as ${to}: they have to be as many`);
    return [{ dtype: to, dims: n.dims(0) }];
  },
  fold: (n, [x]) => [recast(x, n.attrs.to)],
  graph: (n, [x], b) => {
    const [from, to] = [n.dtype(0), n.attrs.to];
    if (isComplex(from) || isComplex(to) || bitsOf(from) > 32)
      return refuse(
        `the bits of ${from} as ${to}: TensorFlow.js has no number of that width`,
        'compute with 32-bit types',
      );
    const signed =
      from === 'bool'
        ? b.cast(x, 'int32')
        : isInteger(from)
          ? asSigned(b, x, from)
          : hasBits(from)
            ? bitsOfFloats(b, x, from)
            : refuse(`the bits of ${from}`);
    if (to === 'bool') return b.cast(signed, 'bool');
    if (isInteger(to)) return isUnsigned(to) ? wrapInteger(b, signed, to) : signed;
    return hasBits(to) ? floatsOfBits(b, signed, to) : refuse(`${from} read as ${to}`);
  },
});

/** An unsigned number below 32 bits as the signed one of the same bits. */
function asSigned(
  b: Parameters<typeof wrapInteger>[0],
  x: Parameters<typeof wrapInteger>[1],
  from: DType,
): Parameters<typeof wrapInteger>[1] {
  return isUnsigned(from) && bitsOf(from) < 32 ? wrapInteger(b, x, from.slice(1) as DType) : x;
}

function recast(x: Tensor, to: DType): Tensor {
  const raw = packRaw(x);
  const data = unpackRaw(to, sizeOf(x.dims), (into, at) => into.set(raw.subarray(at, at + into.length)));
  return { dtype: to, dims: x.dims, data };
}
