import { invalid, refuse } from '../../diag/diagnostic.js';
import { castTensor } from '../../ir/cast.js';
import { defineOp } from '../../ir/op.js';
import type { RawNode } from '../../ir/view.js';
import { codeOfDtype, dtypeOfCode, isFloat, type DType } from '../../tensor/dtype.js';
import type { Rounding } from '../../tensor/floats.js';
import { convertType, isSameInTf } from '../../tf/convert-type.js';

interface Attrs {
  readonly to: DType;
  readonly rounding: Rounding;
}

/** Names by which version 1 gives types: those of TensorProto.DataType. */
const NAMES: Readonly<Record<string, DType>> = { FLOAT: 'float32', DOUBLE: 'float64' };

const cast = defineOp<Attrs>({
  name: 'Cast',
  summary: 'another element type: integers wrap, narrow floats are rounded',
  limits: 'between strings and numbers only for constants; 64-bit integers have to fit 32 bits',
  read: {
    1: (n) => ({ to: NAMES[n.string('to').toUpperCase()] ?? dtypeOf(n.string('to').toLowerCase()), rounding: {} }),
    6: (n) => ({
      to: dtypeOfCode(n.int('to')) ?? invalid(`${n.int('to')} is no element type of ONNX`),
      rounding: roundingOf(n),
    }),
  },
  layout: 'any',
  expand: (n, [x]) => (n.dtype(0) === n.attrs.to ? [x] : undefined),
  infer: (n) => [{ dtype: n.attrs.to, dims: n.dims(0) }],
  elems: (n) => {
    const elems = n.elems(0);
    // Sizes pass through what holds them exactly.
    return n.attrs.to === 'int64' || n.attrs.to === 'int32' || n.attrs.to === 'float32' || n.attrs.to === 'float64'
      ? elems
      : undefined;
  },
  fold: (n, [x]) => {
    const out = castTensor(x, n.attrs.to, n.attrs.rounding);
    return out && [out];
  },
  graph: (n, [x], b) => convertType(b, x, n.dtype(0), n.attrs.to, n.attrs.rounding),
  keras: (n, [x], k) => {
    if (isSameInTf(n.dtype(0), n.attrs.to)) return k.layer('Activation', [x], { activation: 'linear' });
    // Rescaling makes floats of what it is given.
    if (!isFloat(n.dtype(0)) && n.dtype(0) !== 'string' && isSameInTf(n.attrs.to, 'float32'))
      return k.layer('Rescaling', [x], { scale: 1, offset: 0 });
    return refuse(`no stock layer turns ${n.dtype(0)} into ${n.attrs.to}`, 'convert to a graph-model');
  },
});

const castLike = defineOp<{ rounding: Rounding }>({
  name: 'CastLike',
  summary: 'the element type of another tensor',
  read: { 15: (n) => ({ rounding: roundingOf(n) }) },
  infer: (n) => [{ dtype: n.dtype(1), dims: n.dims(0) }],
  expand: (n, [x], e) => {
    const { saturate, mode } = n.attrs.rounding;
    return [
      e.one('Cast', [x], {
        to: codeOfDtype(n.dtype(1)),
        ...(saturate === undefined ? {} : { saturate: Number(saturate) }),
        ...(mode ? { round_mode: mode } : {}),
      }),
    ];
  },
});

function dtypeOf(name: string): DType {
  for (let code = 1; dtypeOfCode(code); code++) if (dtypeOfCode(code) === name) return name as DType;
  return invalid(`${JSON.stringify(name)} is no element type of ONNX`);
}

function roundingOf(n: RawNode): Rounding {
  const mode = n.optString('round_mode') ?? 'up';
  if (mode !== 'up' && mode !== 'down' && mode !== 'nearest')
    return invalid(`${JSON.stringify(mode)} is no way to round`);
  return { saturate: n.optInt('saturate') !== 0, mode };
}

export default [cast, castLike];
