import { isFloat, isInteger, isUnsigned } from '../../tensor/dtype.js';
import type { View } from '../../ir/view.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { needFewAxes } from '../collapse.js';
import { magnitude } from '../math/integers.js';
import { reduceLayers } from './reduce-keras.js';
import { reduction, type Over, type ReduceAttrs } from './reduce.js';

const sum = (v: readonly number[]) => v.reduce((p, q) => p + q, 0);
const squares = (v: readonly number[]) => v.reduce((p, q) => p + q * q, 0);
const abs = (x: bigint) => (x < 0n ? -x : x);

/** x * x; Square goes through float32 for integers. */
function squared(n: View<ReduceAttrs>, x: Ref, b: GraphBuilder): Ref {
  if (isFloat(n.dtype(0))) return b.op('Square', [x]);
  needFewAxes(n);
  return b.mul(x, x);
}

/** The square root of an integer, rounded down: that of float32 can be one off, up or down. */
function integerRoot(x: Ref, b: GraphBuilder): Ref {
  const root = b.cast(b.op('Sqrt', [b.cast(x, 'float32')]), 'int32');
  const tooGreat = b.cast(b.op('Greater', [b.mul(root, root), x]), 'int32');
  const next = b.add2(root, b.scalar(1, 'int32'));
  const tooSmall = b.cast(b.op('LessEqual', [b.mul(next, next), x]), 'int32');
  return b.add2(b.sub(root, tooGreat), tooSmall);
}

/** log(sum(exp(x))) without overflow: the greatest is taken out first, unless it is infinite. */
function logSumExp(n: View<ReduceAttrs>, x: Ref, over: Over, b: GraphBuilder): Ref {
  needFewAxes(n);
  const greatest = over('Max', x, true);
  const shift = b.select(b.op('IsInf', [greatest]), b.scalar(0), greatest);
  const log = b.op('Log', [over('Sum', b.op('Exp', [b.sub(x, shift)]))]);
  // The shift has no axis less, as the sum may have; its only element along each axis is its greatest.
  return b.add2(log, over('Max', shift));
}

/** An operator on floats, for integers through float32 and back. */
function throughFloat(n: View<ReduceAttrs>, x: Ref, b: GraphBuilder, compute: (x: Ref) => Ref): Ref {
  return isFloat(n.dtype(0)) ? compute(x) : b.cast(compute(b.cast(x, 'float32')), 'int32');
}

export default [
  reduction({
    name: 'ReduceL1',
    summary: 'sum of |x| over axes',
    axesInput: 18,
    empty: () => 0,
    graph: (x, over, b, n) =>
      over('Sum', isUnsigned(n.dtype(0)) ? x : isInteger(n.dtype(0)) ? magnitude(x, b) : b.op('Abs', [x])),
    value: (v) => sum(v.map(Math.abs)),
    big: (v) => v.reduce((p, q) => p + abs(q), 0n),
    keras: (n, x, k) => reduceLayers(n, x, k, 'L1'),
  }),
  reduction({
    name: 'ReduceL2',
    summary: 'square root of the sum of squares over axes',
    axesInput: 18,
    empty: () => 0,
    graph: (x, over, b, n) => {
      const total = over('Sum', squared(n, x, b));
      return isFloat(n.dtype(0)) ? b.op('Sqrt', [total]) : integerRoot(total, b);
    },
    value: (v) => Math.sqrt(squares(v)),
    keras: (n, x, k) => reduceLayers(n, x, k, 'L2'),
  }),
  reduction({
    name: 'ReduceSumSquare',
    summary: 'sum of squares over axes',
    axesInput: 18,
    empty: () => 0,
    graph: (x, over, b, n) => over('Sum', squared(n, x, b)),
    value: squares,
    big: (v) => v.reduce((p, q) => p + q * q, 0n),
    keras: (n, x, k) => reduceLayers(n, x, k, 'SumSquare'),
  }),
  reduction({
    name: 'ReduceLogSum',
    summary: 'logarithm of the sum over axes',
    axesInput: 18,
    empty: () => Number.NEGATIVE_INFINITY,
    graph: (x, over, b, n) => throughFloat(n, x, b, (v) => b.op('Log', [over('Sum', v)])),
    value: (v) => Math.log(sum(v)),
  }),
  reduction({
    name: 'ReduceLogSumExp',
    summary: 'logarithm of the sum of exp(x) over axes',
    axesInput: 18,
    empty: () => Number.NEGATIVE_INFINITY,
    graph: (x, over, b, n) => throughFloat(n, x, b, (v) => logSumExp(n, v, over, b)),
    value: (v) => {
      const greatest = v.reduce((p, q) => Math.max(p, q), Number.NEGATIVE_INFINITY);
      return Number.isFinite(greatest) ? greatest + Math.log(sum(v.map((x) => Math.exp(x - greatest)))) : greatest;
    },
    keras: (n, x, k) => reduceLayers(n, x, k, 'LogSumExp'),
  }),
];
