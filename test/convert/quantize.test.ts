/** Weights stored narrower than float32, read back by stock TensorFlow.js: its own decoder says what is in a file. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { io, type Tensor } from '@tensorflow/tfjs-core';
import { type QuantizedType, QUANTIZED } from '../../src/tensor/quantization.js';
import { tensorOf } from '../../src/tensor/tensor.js';
import { clean, convert, floats, type Sketch } from './harness.js';

afterEach(clean);

type Written = ReturnType<typeof convert>;

/** Every weight of a written model as the stock decoder has it, and how it is stored. */
function weightsOf(c: Written): Record<string, { values: Float32Array; as: string }> {
  const [group] = c.json.weightsManifest as { paths: string[]; weights: io.WeightsManifestEntry[] }[];
  const bytes = Buffer.concat(group.paths.map((p) => readFileSync(join(c.folder, p))));
  const tensors = io.decodeWeights(new Uint8Array(bytes).buffer, group.weights) as Record<string, Tensor>;
  return Object.fromEntries(
    group.weights.map((w) => {
      const values = tensors[w.name].dataSync() as Float32Array;
      tensors[w.name].dispose();
      return [w.name, { values, as: w.quantization?.dtype ?? w.dtype }];
    }),
  );
}

/** Numbers on both sides of zero, with zero among them, without a pattern. */
const some = (n: number, scale = 1, seed = 1): number[] =>
  Array.from({ length: n }, (_, i) => (i % 7 === 3 ? 0 : scale * Math.sin(seed + i * i * 12.9898)));

const network = (kernel: number[], bias: number[]): Sketch => ({
  inputs: { x: ['float32', ['N', 2, 6, 6]] },
  outputs: ['y'],
  weights: {
    w: tensorOf('float32', [8, 2, 3, 3], kernel),
    b: tensorOf('float32', [8], bias),
    d: tensorOf('float32', [128, 5], some(640, 0.3, 2)),
    e: tensorOf('float32', [5], some(5)),
  },
  nodes: [
    { op: 'Conv', in: ['x', 'w', 'b'], out: ['c'] },
    { op: 'Relu', in: ['c'], out: ['r'] },
    { op: 'Flatten', in: ['r'], out: ['f'] },
    { op: 'Gemm', in: ['f', 'd', 'e'], out: ['y'] },
  ],
});
const plain = network(some(144), some(8));
const image = floats([1, 6, 6, 2], some(72, 2, 3));

/** Half of what is between two neighbours, by the definition of each form; for float16 relative to the value. */
const halfStep = (as: QuantizedType, all: Float32Array, value: number): number => {
  if (as === 'float16') return Math.max(Math.abs(value) * 2 ** -11, 2 ** -25);
  const range = Math.max(...all) - Math.min(...all);
  return (0.5 * range) / (as === 'uint8' ? 255 : 65535);
};

// The first run starts TensorFlow.js, which has something to say then.
beforeAll(() => convert(plain).run('cpu', { x: image }));

describe.each(['graph-model', 'layers-model'] as const)('%s', (format) => {
  test.each(QUANTIZED)('%s: what is read back is the nearest that can be said, and zero is zero', async (as) => {
    const exact = convert(plain, { formats: [format] });
    const c = convert(plain, { formats: [format], quantize: as });
    expect(c.diagnostics).toEqual([]);
    const [before, now] = [weightsOf(exact), weightsOf(c)];
    expect(Object.keys(now)).toEqual(Object.keys(before));
    const kinds = Object.values(now).map((w) => w.as);
    expect(kinds.filter((kind) => kind === as)).toHaveLength(2);
    for (const [name, { values, as: kind }] of Object.entries(now)) {
      const original = before[name].values;
      if (kind === 'float32') expect(values).toEqual(original);
      else
        for (const [i, v] of original.entries()) {
          // Zero stands on a step; the range is moved by half a step for that, and its ends may lose as much again.
          expect(Math.abs(values[i] - v)).toBeLessThanOrEqual(2.001 * halfStep(as, original, v));
          if (v === 0) expect(values[i]).toBe(0);
        }
    }
    const bytes = (w: Written) => w.artefacts.filter((a) => a.path.endsWith('.bin')).reduce((n, a) => n + a.bytes, 0);
    expect(bytes(exact) - bytes(c)).toBe((144 + 640) * (as === 'uint8' ? 3 : 2));
    expect(c.quantization).toEqual([
      {
        format,
        mode: as,
        float32Bytes: 797 * 4,
        bytes: 13 * 4 + 784 * (as === 'uint8' ? 1 : 2),
        stored: {
          float32: { tensors: 2, bytes: 13 * 4 },
          [as]: { tensors: 2, bytes: 784 * (as === 'uint8' ? 1 : 2) },
        },
      },
    ]);
    // The whole network, loaded by stock TensorFlow.js: rounding weights of size 1 by so much moves outputs by little.
    const [a, b] = [await exact.run('cpu', { x: image }), await c.run('cpu', { x: image })].map(
      (out) => [...out.values()][0].data as Float32Array,
    );
    const worst = Math.max(...a.map((v, i) => Math.abs(v - b[i])));
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(as === 'uint8' ? 0.5 : as === 'uint16' ? 0.002 : 0.02);
  });

  test('the same model gives the same bytes', () => {
    const files = () => {
      const c = convert(plain, { formats: [format], quantize: 'uint8', shardBytes: 500 });
      return readdirSync(c.folder)
        .sort()
        .map((name) => [name, readFileSync(join(c.folder, name)).toString('base64')]);
    };
    expect(files()).toEqual(files());
  });

  test.each([
    ['an infinity', (w: number[]) => w.fill(Number.NEGATIVE_INFINITY, 5, 6), []],
    ['NaN', (w: number[]) => w.fill(Number.NaN, 5, 6), []],
    ['more than a float16', (w: number[]) => w.fill(1e30, 5, 6), ['uint16', 'uint8']],
    // Moved so that zero is exact, the range would end beyond float32.
    ['all of float32', (w: number[]) => w.fill(3.4028234e38, 5, 6).fill(-3.4028234e38, 7, 8), []],
  ] as [string, (w: number[]) => number[], string[]][])('a weight that holds %s', (_, spoil, fits) => {
    for (const as of QUANTIZED) {
      const c = convert(network(spoil(some(144)), some(8)), { formats: [format], quantize: as });
      expect(c.status).toBe('converted');
      expect(c.diagnostics.map((d) => d.code)).toEqual(fits.includes(as) ? [] : ['weight-keeps-float32']);
      const kernel = Object.values(weightsOf(c)).find((w) => w.values.length === 144);
      expect(kernel?.as).toBe(fits.includes(as) ? as : 'float32');
      const written = readFileSync(join(c.folder, 'model.json'), 'utf8');
      expect(written).not.toMatch(/NaN|Infinity|"(min|scale)":null/);
      for (const { values } of fits.includes(as) ? Object.values(weightsOf(c)) : [])
        expect(values.every(Number.isFinite)).toBe(true);
    }
  });

  test.each([0, 0.1, -7.25, 1e-30, -3.4028234663852886e38])('a constant of %d is exact in whole numbers', (value) => {
    for (const as of ['uint8', 'uint16'] as const) {
      const c = convert(network(new Array(144).fill(value), some(8)), { formats: [format], quantize: as });
      const kernel = Object.values(weightsOf(c)).find((w) => w.values.length === 144);
      expect(kernel?.as).toBe(as);
      expect(new Set(kernel?.values)).toEqual(new Set([Math.fround(value)]));
    }
  });

  test('a mask of zeros and one large number is exact', () => {
    const kernel = Array.from({ length: 144 }, (_, i) => (i % 3 === 0 ? -1e9 : 0));
    const c = convert(network(kernel, some(8)), { formats: [format], quantize: 'uint8' });
    const read = Object.values(weightsOf(c)).find((w) => w.values.length === 144);
    expect(new Set(read?.values)).toEqual(new Set([-1e9, 0]));
  });

  test('biases and small weights stay as they are', () => {
    const c = convert(plain, { formats: [format], quantize: 'uint8' });
    const small = Object.values(weightsOf(c)).filter((w) => w.values.length < 64 && w.as !== 'int32');
    expect(small.map((w) => w.as)).toEqual(['float32', 'float32']);
  });
});

test('a plan stores each weight in its own way', () => {
  const names = Object.entries(weightsOf(convert(plain, {})));
  const [kernel, matrix] = [144, 640].map((n) => names.find(([, w]) => w.values.length === n)?.[0] as string);
  const c = convert(plain, { quantize: { 'graph-model': { [kernel]: 'uint16', [matrix]: 'uint8' } } });
  const now = weightsOf(c);
  expect([now[kernel].as, now[matrix].as]).toEqual(['uint16', 'uint8']);
  expect(c.quantization?.[0]?.mode).toBe('auto');
});

test('a Keras archive takes float16', () => {
  const archive = (quantize: 'none' | 'float16') => {
    const c = convert(plain, { formats: ['layers-model', 'keras'], quantize });
    expect(c.diagnostics).toEqual([]);
    return { c, bytes: statSync(join(c.folder, 'model.keras')).size };
  };
  const [exact, half] = [archive('none'), archive('float16')];
  // test:python asks Keras what it reads.
  expect(exact.bytes - half.bytes).toBe((144 + 640) * 2);
  const [, facts] = half.c.quantization ?? [];
  expect(facts).toMatchObject({ format: 'keras', stored: { float16: { tensors: 2 }, float32: { tensors: 2 } } });
});

test('a Keras archive is not quantized to whole numbers, and says so', () => {
  const c = convert(plain, { formats: ['layers-model', 'keras'], quantize: 'uint8' });
  expect(c.diagnostics.map((d) => d.code)).toEqual(['keras-not-quantized']);
  expect(c.quantization?.map((q) => q.format)).toEqual(['layers-model']);
  expect(statSync(join(c.folder, 'model.keras')).size).toBeGreaterThan((144 + 640) * 4);
});

test.each([
  [undefined, 1],
  [1000, 4],
  [100, 32],
])('shards of %p bytes at most', (shardBytes, count) => {
  const c = convert(plain, { formats: ['layers-model'], shardBytes });
  const shards = c.artefacts.filter((a) => a.path.endsWith('.bin'));
  expect(shards.map((s) => s.path)).toEqual(
    Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`),
  );
  expect(Math.max(...shards.map((s) => s.bytes))).toBeLessThanOrEqual(shardBytes ?? 2 ** 22);
  expect(shards.reduce((n, s) => n + s.bytes, 0)).toBe((144 + 640 + 8 + 5) * 4);
});
