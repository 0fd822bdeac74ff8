import { defineOp } from '../../ir/op.js';
import { identity } from '../../ir/layout.js';
import { wrapNumber } from '../../ir/numeric.js';
import { stridesOf } from '../../ir/weights.js';
import { isBig, isInteger } from '../../tensor/dtype.js';
import { allocate, type Tensor } from '../../tensor/tensor.js';
import { wrapped } from '../math/integers.js';

interface Attrs {
  /** Undefined where input 1 gives it when the model runs. */
  readonly axis: number | undefined;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

interface Spec {
  readonly name: string;
  readonly summary: string;
  readonly since: number;
  readonly op: 'Cumsum' | 'Cumprod';
  readonly start: number;
  readonly step: (x: number, y: number, integer: boolean) => number;
  readonly big: (x: bigint, y: bigint) => bigint;
}

function cumulative(spec: Spec) {
  return defineOp<Attrs>({
    name: spec.name,
    summary: spec.summary,
    shapes: ['_ ...', '() | 1'],
    read: {
      [spec.since]: (n) => {
        const axis = n.constantInts(1)?.[0];
        if (axis !== undefined) n.setInputs([n.input(0)]);
        return { axis, exclusive: n.flag('exclusive'), reverse: n.flag('reverse') };
      },
    },
    layout: (n, [given]) => {
      const own = n.attrs.axis === undefined ? identity(given.length) : given;
      return { inputs: [own, identity(n.inputs[1]?.type.dims.length ?? 0)], outputs: [own] };
    },
    infer: (n) => [n.type(0)],
    fold: (n, [x]) => {
      const out = fold(x, n.axisOf(0, n.attrs.axis as number), n.attrs, spec);
      return out && [out];
    },
    graph: (n, [x, given], b) => {
      const { axis, exclusive, reverse } = n.attrs;
      const rank = n.rank(0);
      // A negative axis gives nothing in TensorFlow.js.
      const at =
        axis === undefined
          ? b.op('FloorMod', [b.reshape(given, []), b.scalar(rank, 'int32')])
          : b.scalar(n.position(0, axis), 'int32');
      return wrapped(b.op(spec.op, [x, at], { exclusive, reverse }), n.dtype(0), b);
    },
  });
}

function fold(t: Tensor, axis: number, { exclusive, reverse }: Attrs, spec: Spec): Tensor | undefined {
  if (t.dtype === 'string') return undefined;
  const out = allocate(t.dtype, t.data.length) as unknown as (number | bigint)[];
  const from = t.data as unknown as (number | bigint)[];
  const stride = stridesOf(t.dims)[axis];
  const size = t.dims[axis];
  for (let i = 0; i < from.length; i++) {
    if (Math.floor(i / stride) % size !== 0) continue;
    let total: number | bigint = isBig(t.dtype) ? BigInt(spec.start) : spec.start;
    for (let k = 0; k < size; k++) {
      const at = i + (reverse ? size - 1 - k : k) * stride;
      const next: number | bigint =
        typeof total === 'bigint'
          ? spec.big(total, from[at] as bigint)
          : wrapNumber(t.dtype, spec.step(total, from[at] as number, isInteger(t.dtype)));
      out[at] = exclusive ? total : next;
      total = next;
    }
  }
  return { dtype: t.dtype, dims: t.dims, data: out as unknown as Tensor['data'] };
}

export default [
  cumulative({
    name: 'CumSum',
    summary: 'running sum along an axis',
    since: 11,
    op: 'Cumsum',
    start: 0,
    step: (x, y) => x + y,
    big: (x, y) => x + y,
  }),
  cumulative({
    name: 'CumProd',
    summary: 'running product along an axis',
    since: 26,
    op: 'Cumprod',
    start: 1,
    step: (x, y, integer) => (integer ? Math.imul(x, y) : x * y),
    big: (x, y) => x * y,
  }),
];
