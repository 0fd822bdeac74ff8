import { isFloat, type DType } from '../../../tensor/dtype.js';
import { int64s, tensorOf } from '../../../tensor/tensor.js';
import { fed, fixed, single, type Family, type Generator } from '../case.js';
import { axisOf, batched, folded, given } from './shapes.js';

interface Spec {
  readonly axesInput: number;
  readonly dtypes?: readonly DType[];
  readonly low?: number;
  readonly high?: number;
}

const reduction =
  (
    op: string,
    { axesInput, dtypes = ['float32', 'float32', 'float64', 'int32', 'int64'], low = -3, high = 3 }: Spec,
  ): Generator =>
  (r) => {
    const dtype = r.pick(dtypes);
    const dims = r.dims(r.int(1, r.chance(0.1) ? 6 : 4), 4);
    const opset = r.pick([11, 13, 18]);
    const axes = r
      .shuffle(dims.map((_, i) => i))
      .slice(0, r.int(1, dims.length))
      .map((a) => (r.chance(0.3) ? a - dims.length : a));
    const x = r.chance(0.15) ? given(r, dtype, dims, low, high, 1) : batched(r, dtype, dims, low, high);
    const keepdims = r.maybe(() => r.int(0, 1));
    const some = r.chance(0.8);
    if (opset < axesInput)
      return single(op, { opset, inputs: [x], attributes: { axes: some ? axes : undefined, keepdims } });
    const input = some ? (r.chance(0.75) ? fixed(int64s(axes)) : fed(int64s(axes))) : r.maybe(() => fixed(int64s([])));
    return single(op, {
      opset,
      inputs: [x, input],
      attributes: { keepdims, noop_with_empty_axes: r.maybe(() => r.int(0, 1)) },
    });
  };

const arg =
  (op: string): Generator =>
  (r) => {
    const dtype = r.pick<DType>(['float32', 'float32', 'int32', 'float64', 'uint8', 'int8']);
    const dims = r.dims(r.int(1, 5), 4);
    return single(op, {
      opset: r.pick([12, 13]),
      inputs: [batched(r, dtype, dims, isFloat(dtype) ? -2 : 0, 2)],
      attributes: {
        axis: r.maybe(() => axisOf(r, dims.length), 0.8),
        keepdims: r.maybe(() => r.int(0, 1)),
        select_last_index: r.maybe(() => r.int(0, 1)),
      },
    });
  };

const cumulative: Generator = (r) => {
  const dtype = r.pick<DType>(['float32', 'float32', 'float64', 'int32', 'int64']);
  const dims = r.dims(r.int(1, 4), 5);
  const axis = tensorOf(r.pick<DType>(['int32', 'int64']), r.chance(0.5) ? [] : [1], [axisOf(r, dims.length)]);
  return single('CumSum', {
    opset: r.pick([11, 14]),
    inputs: [batched(r, dtype, dims), (r.chance(0.7) ? fixed : fed)(axis)],
    attributes: { exclusive: r.maybe(() => r.int(0, 1)), reverse: r.maybe(() => r.int(0, 1)) },
  });
};

const norm: Generator = (r) => {
  const dims = r.dims(r.int(1, 5), 4);
  return single('LpNormalization', {
    opset: 1,
    inputs: [batched(r, r.pick<DType>(['float32', 'float64']), dims)],
    attributes: { axis: r.maybe(() => axisOf(r, dims.length)), p: r.maybe(() => r.int(1, 2)) },
  });
};

const meanVariance: Generator = (r) => {
  const dims = r.list(4, () => r.int(2, 4));
  return single('MeanVarianceNormalization', {
    opset: r.pick([9, 13]),
    inputs: [batched(r, 'float32', dims)],
    attributes: { axes: r.maybe(() => r.pick([[0, 2, 3], [2, 3], [1, 2, 3], [3]])) },
    tolerance: { rtol: 1e-3, atol: 1e-4 },
  });
};

const loss =
  (op: string): Generator =>
  (r) => {
    const [batch, classes] = [r.int(1, 4), r.int(2, 5)];
    const rest = r.dims(r.int(0, 2), 3);
    const ignored = r.maybe(() => r.pick([-1, 0, 1]), 0.4);
    const labels = r.tensor(r.pick<DType>(['int32', 'int64']), [batch, ...rest], 0, classes - 1);
    const data = Array.from(labels.data as ArrayLike<number | bigint>, (v, i) =>
      ignored === -1 && i > 0 && r.chance(0.3) ? -1 : Number(v),
    );
    if (ignored !== undefined && ignored >= 0 && data.every((v) => v === ignored)) data[0] = ignored === 0 ? 1 : 0;
    return single(op, {
      opset: r.pick([12, 13]),
      inputs: [
        fed(r.tensor('float32', [batch, classes, ...rest])),
        fed(tensorOf(labels.dtype, labels.dims, data)),
        r.maybe(() => given(r, 'float32', [classes], 0.2, 2)),
      ],
      attributes: { reduction: r.maybe(() => r.pick(['none', 'sum', 'mean'])), ignore_index: ignored },
      outputs: op === 'SoftmaxCrossEntropyLoss' ? r.int(1, 2) : 1,
    });
  };

const PLAIN: Family = {
  ReduceSum: reduction('ReduceSum', { axesInput: 13 }),
  ReduceMean: reduction('ReduceMean', { axesInput: 18 }),
  ReduceMax: reduction('ReduceMax', {
    axesInput: 18,
    dtypes: ['float32', 'float64', 'int32', 'int64', 'int8', 'uint8'],
  }),
  ReduceMin: reduction('ReduceMin', {
    axesInput: 18,
    dtypes: ['float32', 'float64', 'int32', 'int64', 'int8', 'uint8'],
  }),
  ReduceProd: reduction('ReduceProd', { axesInput: 18 }),
  ReduceL1: reduction('ReduceL1', { axesInput: 18 }),
  ReduceL2: reduction('ReduceL2', { axesInput: 18 }),
  ReduceSumSquare: reduction('ReduceSumSquare', { axesInput: 18 }),
  ReduceLogSum: reduction('ReduceLogSum', { axesInput: 18, low: 1, high: 9 }),
  ReduceLogSumExp: reduction('ReduceLogSumExp', { axesInput: 18, dtypes: ['float32', 'float64'] }),
  ArgMax: arg('ArgMax'),
  ArgMin: arg('ArgMin'),
  CumSum: cumulative,
  LpNormalization: norm,
  MeanVarianceNormalization: meanVariance,
  NegativeLogLikelihoodLoss: loss('NegativeLogLikelihoodLoss'),
  SoftmaxCrossEntropyLoss: loss('SoftmaxCrossEntropyLoss'),
};

export const REDUCE: Family = { ...PLAIN, ...folded(PLAIN) };
