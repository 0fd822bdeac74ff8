import { invalid } from '../../diag/diagnostic.js';
import { combine } from '../../ir/numeric.js';
import { defineOp } from '../../ir/op.js';
import { isInteger, isUnsigned, type DType } from '../../tensor/dtype.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { collapsed } from '../collapse.js';
import { broadcastType } from '../elementwise.js';
import { isKnown } from '../../ir/dim.js';
import { magnitude } from './integers.js';

/** The sign of the divisor, as Python's %; infinite divisors as ONNX has it. */
function floorMod(x: number, y: number): number {
  if (!Number.isFinite(y) && Number.isFinite(x)) return x === 0 || x > 0 === y > 0 ? x : y;
  const rest = x % y;
  return rest !== 0 && rest > 0 !== y > 0 ? rest + y : rest;
}

/** The sign of the dividend, as C's fmod. */
function truncated(x: Ref, y: Ref, dtype: DType, b: GraphBuilder): Ref {
  if (isUnsigned(dtype)) return b.op('FloorMod', [x, y]);
  const size = (v: Ref) => (isInteger(dtype) ? magnitude(v, b) : b.op('Abs', [v]));
  return b.mul(b.op('Sign', [x]), b.op('FloorMod', [size(x), size(y)]));
}

export default defineOp<{ fmod: boolean }>({
  name: 'Mod',
  summary: 'remainder, broadcast: with the sign of the divisor, or with fmod of the dividend',
  read: {
    10: (n) => {
      const fmod = n.flag('fmod');
      if (!fmod && n.opset < 28 && !isInteger(n.input(0)?.type.dtype ?? 'int32'))
        return invalid('Mod of floats needs fmod=1');
      return { fmod };
    },
  },
  layout: 'any',
  infer: (n) => broadcastType(n),
  elems: (n) => {
    const [x, y] = [n.elems(0), n.ints(1)];
    return x?.every(isKnown) && y?.length === 1 && y[0] > 0
      ? x.map((v) => (v as number) % y[0]).map((v) => (v < 0 && !n.attrs.fmod ? v + y[0] : v))
      : undefined;
  },
  fold: (n, [x, y]) => {
    const { fmod } = n.attrs;
    const out = combine(
      x,
      y,
      (p, q) => (fmod ? p % q : floorMod(p, q)),
      (p, q) => {
        if (q === 0n) return 0n;
        const rest = p % q;
        return fmod || rest === 0n || rest > 0n === q > 0n ? rest : rest + q;
      },
    );
    return out && [out];
  },
  graph: (n, inputs, b) =>
    collapsed(n, inputs, b, ([x, y]) => (n.attrs.fmod ? truncated(x, y, n.dtype(0), b) : b.op('FloorMod', [x, y]))),
});
