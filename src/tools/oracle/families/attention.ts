import type { DType } from '../../../tensor/dtype.js';
import { tensorOf } from '../../../tensor/tensor.js';
import { fed, fixed, single, type Family, type Generator, type Given } from '../case.js';
import type { Random } from '../random.js';

/** Attention, the normalizations around it, and Fourier transforms. */

const attention: Generator = (r) => {
  const [batch, kvHeads, size, valueSize] = [r.int(1, 2), r.pick([1, 2, 3]), r.pick([2, 4, 8]), r.pick([2, 3, 8])];
  const heads = kvHeads * r.pick([1, 1, 2, 3]);
  const [queries, keys, past] = [r.int(1, 5), r.int(1, 6), r.chance(0.3) ? r.int(1, 3) : 0];
  const flat = r.chance(0.4);
  const opset = r.pick([23, 24]);
  const input = (count: number, length: number, width: number): Given =>
    fed(r.tensor('float32', flat ? [batch, length, count * width] : [batch, count, length, width], -1, 1));
  const total = keys + past;
  const maskDims = r.pick([
    [queries, total],
    [1, 1, queries, total],
    [batch, 1, queries, total],
    [batch, heads, queries, total],
  ]);
  const mask = r.maybe(() =>
    r.chance(0.5)
      ? fed(r.tensor('float32', maskDims, -2, 2))
      : fed(
          tensorOf(
            'bool',
            maskDims,
            r.list(
              maskDims.reduce((p, q) => p * q, 1),
              (i) => (i % total === 0 || r.chance(0.6) ? 1 : 0),
            ),
          ),
        ),
  );
  const cache = past > 0;
  // onnxruntime caps what a boolean mask forbids, and so allows it a little; and a single query behind a past sees all
  // new keys, which ONNX's causal frontier forbids.
  return single('Attention', {
    opset,
    attributes: {
      is_causal: cache && queries === 1 ? undefined : r.maybe(() => 1, 0.3),
      scale: r.maybe(() => ({ float: 0.25 })),
      softcap: mask?.tensor.dtype === 'bool' ? undefined : r.maybe(() => ({ float: 2 }), 0.3),
      ...(flat ? { q_num_heads: heads, kv_num_heads: kvHeads } : {}),
    },
    inputs: [
      input(heads, queries, size),
      input(kvHeads, keys, size),
      input(kvHeads, keys, valueSize),
      mask,
      cache ? fed(r.tensor('float32', [batch, kvHeads, past, size], -1, 1)) : undefined,
      cache ? fed(r.tensor('float32', [batch, kvHeads, past, valueSize], -1, 1)) : undefined,
    ],
    outputs: cache ? 3 : 1,
    tolerance: { rtol: 1e-3, atol: 1e-5 },
  });
};

const rotary: Generator = (r) => {
  const [batch, heads, length, size] = [r.int(1, 2), r.int(1, 3), r.int(1, 5), r.pick([4, 8])];
  const flat = r.chance(0.5);
  const turned = r.maybe(() => size / 2);
  const half = (turned ?? size) / 2;
  const byPlace = r.chance(0.6);
  const cache = () => fed(r.tensor('float32', byPlace ? [length + 3, half] : [batch, length, half], -1, 1));
  return single('RotaryEmbedding', {
    opset: 23,
    attributes: {
      interleaved: r.maybe(() => r.int(0, 1)),
      rotary_embedding_dim: turned,
      num_heads: flat || turned ? heads : undefined,
    },
    inputs: [
      fed(r.tensor('float32', flat ? [batch, length, heads * size] : [batch, heads, length, size])),
      cache(),
      cache(),
      byPlace ? fed(r.tensor('int64', [batch, length], 0, length + 2)) : undefined,
    ],
  });
};

/** Now and then with an open first axis. */
function rows(r: Random, dims: readonly number[], dtype: DType = 'float32'): Given {
  const x = r.tensor(dtype, dims);
  return r.chance(0.5) ? fed(x) : fed(x, { 0: 'N' }, [r.tensor(dtype, [dims[0] + 1, ...dims.slice(1)])]);
}

const layerNorm: Generator = (r) => {
  const dims = [r.int(1, 3), ...r.list(r.int(1, 3), () => r.int(2, 5))];
  const axis = r.int(1, dims.length - 1);
  const part = dims.slice(axis);
  const vector = () => (r.chance(0.8) ? fixed : fed)(r.tensor('float32', part));
  return single('LayerNormalization', {
    opset: 17,
    attributes: { axis: r.chance(0.5) ? axis : axis - dims.length, epsilon: r.maybe(() => ({ float: 1e-3 })) },
    inputs: [rows(r, dims), vector(), r.maybe(vector, 0.7)],
    outputs: r.chance(0.3) ? 3 : 1,
    tolerance: { rtol: 1e-3, atol: 1e-5 },
  });
};

const rmsNorm: Generator = (r) => {
  const dims = [r.int(1, 3), ...r.list(r.int(1, 3), () => r.int(2, 5))];
  const axis = r.int(1, dims.length - 1);
  return single('RMSNormalization', {
    opset: 23,
    attributes: { axis: r.chance(0.5) ? axis : axis - dims.length, epsilon: r.maybe(() => ({ float: 1e-3 })) },
    inputs: [rows(r, dims), fixed(r.tensor('float32', dims.slice(axis)))],
    tolerance: { rtol: 1e-3, atol: 1e-5 },
  });
};

const perChannel =
  (op: string, opsets: readonly number[], own: (r: Random) => Record<string, number> = () => ({})): Generator =>
  (r) => {
    const channels = 12;
    const vector = () => (r.chance(0.8) ? fixed : fed)(r.tensor('float32', [channels]));
    return single(op, {
      opset: r.pick(opsets),
      attributes: { epsilon: r.maybe(() => ({ float: 1e-3 })), ...own(r) },
      inputs: [rows(r, [r.int(1, 2), channels, ...r.list(r.int(1, 3), () => r.int(2, 4))]), vector(), vector()],
      tolerance: { rtol: 1e-3, atol: 1e-5 },
    });
  };

const lrn: Generator = (r) =>
  single('LRN', {
    opset: r.pick([1, 13]),
    attributes: {
      size: r.pick([1, 3, 5, 7]),
      alpha: r.maybe(() => ({ float: 0.3 })),
      beta: r.maybe(() => ({ float: 0.6 })),
      bias: r.maybe(() => ({ float: 2 })),
    },
    inputs: [rows(r, [r.int(1, 2), r.int(1, 9), r.int(1, 4), r.int(1, 4)])],
  });

const dft: Generator = (r) => {
  const opset = r.pick([17, 20]);
  const onesided = r.chance(0.4);
  const inverse = !onesided && r.chance(0.4);
  const parts = onesided ? 1 : r.pick([1, 2]);
  const dims = [r.int(1, 2), ...r.list(r.int(1, 2), () => r.int(2, 9))];
  const axis = r.int(1, dims.length - 1);
  const length = r.maybe(() => (r.chance(0.6) ? fixed : fed)(tensorOf('int64', [], [r.int(2, 10)])));
  const place =
    opset === 17
      ? undefined
      : (r.chance(0.5) ? fixed : fed)(tensorOf('int64', [], [r.chance(0.5) ? axis : axis - dims.length - 1]));
  return single('DFT', {
    opset,
    attributes: {
      onesided: onesided ? 1 : undefined,
      inverse: inverse ? 1 : undefined,
      ...(opset === 17 ? { axis } : {}),
    },
    inputs: [rows(r, [...dims, parts]), length, place],
    tolerance: { rtol: 1e-3, atol: 1e-4 },
  });
};

const stft: Generator = (r) => {
  const [length, samples, step] = [r.int(2, 8), r.int(10, 20), r.int(1, 4)];
  const hold = r.chance(0.7) ? fixed : fed;
  return single('STFT', {
    opset: 17,
    attributes: { onesided: r.maybe(() => r.int(0, 1)) },
    inputs: [
      rows(r, [r.int(1, 2), samples, 1]),
      hold(tensorOf('int64', [], [step])),
      r.maybe(() => hold(r.tensor('float32', [length], 0, 1))),
      hold(tensorOf('int64', [], [length])),
    ],
    tolerance: { rtol: 1e-3, atol: 1e-4 },
  });
};

export const ATTENTION: Family = {
  Attention: attention,
  RotaryEmbedding: rotary,
  LayerNormalization: layerNorm,
  RMSNormalization: rmsNorm,
  InstanceNormalization: perChannel('InstanceNormalization', [6, 22]),
  GroupNormalization: perChannel('GroupNormalization', [21], (r) => ({ num_groups: r.pick([1, 2, 3, 4, 12]) })),
  LRN: lrn,
  DFT: dft,
  STFT: stft,
};
