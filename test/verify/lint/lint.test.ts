/** What is said beside the verdict: float16, 64-bit integers, and layouts that may not be what was taken. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bitsOfFloat, floatOfBits } from '../../../src/tensor/floats.js';
import { tensorOf } from '../../../src/tensor/tensor.js';
import { half } from '../../../src/verify/engines/half.js';
import { judge } from '../../../src/verify/judge.js';
import { layoutFindings } from '../../../src/verify/lint/layout.js';
import { halfFindings, integerFindings, weightFindings } from '../../../src/verify/lint/precision.js';
import { Random } from '../../../src/verify/source/random.js';
import { openModel, type WrittenModel } from '../../../src/verify/written.js';
import { affine, affineOf, dims, X, Y } from '../affine.js';
import { row, scratch, writeDataSet } from '../written.js';

let home: ReturnType<typeof scratch>;
beforeEach(() => {
  home = scratch();
});
afterEach(() => home.remove());
const out = () => join(home.folder, 'out');
const codes = (found: readonly { code: string }[]) => found.map((d) => d.code);

describe('float16', () => {
  test.each([
    // IEEE 754: 11 bits, ties to even, 65504 the largest, 2^-24 the smallest.
    [65504, 65504],
    [65519, 65504],
    [65520, Infinity],
    [-7e4, -Infinity],
    [2049, 2048],
    [2051, 2052],
    [2 ** -25, 0],
    [3 * 2 ** -26, 2 ** -24],
    [3 * 2 ** -25, 2 ** -23],
    [-(2 ** -14) + 2 ** -26, -(2 ** -14)],
    [0.1, 0.0999755859375],
    [Number.NaN, Number.NaN],
    [-Infinity, -Infinity],
  ])('%s becomes %s', (x, want) => expect(half(Math.fround(x))).toBe(want));

  test('any number becomes what the general rounding gives', () => {
    const random = new Random('half');
    for (let i = 0; i < 5000; i++) {
      const x = Math.fround(random.normal() * 2 ** random.whole(-30, 20));
      expect([x, half(x)]).toEqual([x, floatOfBits('float16', bitsOfFloat('float16', x))]);
    }
  });

  const settings = { engines: ['wasm', 'chrome-webgl'], tolerance: {} };
  const setOf = (x: number[], y: number[]) => ({
    inputs: new Map([['x', tensorOf('float32', dims, x)]]),
    outputs: new Map([['y', tensorOf('float32', dims, y)]]),
  });
  const findings = async (x: number[], more: Partial<Parameters<typeof halfFindings>[2]> = {}) => {
    const model = openModel(out(), 'model.onnx');
    const { diagnostics, restart } = await halfFindings(model, setOf(x, affineOf(x)), { ...settings, ...more });
    expect(restart).toBe(false);
    return diagnostics;
  };

  test('a model that float16 holds exactly gets no word; nor one for which no such device is asked for', async () => {
    affine(out());
    expect(await findings(X.x.data)).toEqual([]);
    const large = X.x.data.map((v) => v * 1e4);
    expect(await findings(large, { engines: ['wasm'] })).toEqual([]);
  });

  test('values within that are beyond its range: the kernel and the value', async () => {
    affine(out());
    const [found] = await findings(X.x.data.map((v) => v * 4000));
    expect(found).toMatchObject({ code: 'half-overflow', severity: 'warning' });
    // 2 times 9 times 4000 is the first beyond 65504.
    expect(found?.message).toMatch(/Multiply gives 7\.2e\+?4|Multiply gives 72000/);
  });

  test('an output that is moved out of tolerance: how far', async () => {
    affine(out());
    // 2 * 1000.3 + 10 = 2010.6; 1000.3 is 1000.5 in float16, 2001 and 2011 are exact.
    const x = X.x.data.map(() => 1000.3);
    const [found] = await findings(x, { tolerance: { rtol: 1e-5 } });
    expect(found).toMatchObject({ code: 'half-precision', severity: 'note', place: { tensor: 'y' } });
    expect(found?.message).toContain('is 2011 where 2010.6 is expected');
    expect(await findings(x, { tolerance: { rtol: 1e-3 } })).toEqual([]);
  });

  test('the stock engine computes afterwards as before', async () => {
    affine(out());
    const x = X.x.data.map(() => 1000.3);
    await findings(x);
    writeDataSet(
      join(home.folder, 'test_data_set_0'),
      { x: { ...X.x, data: x } },
      { y: { ...Y.y, data: affineOf(x) } },
    );
    const result = await judged({ rtol: 1e-6, atol: 0, rangeTol: 0 });
    expect([result.verdict, codes(result.diagnostics)]).toEqual(['pass', []]);
  });

  test('a weight that it can not hold is named', async () => {
    affine(out());
    const shard = join(out(), 'group1-shard2of2.bin');
    const bytes = readFileSync(shard);
    bytes.writeFloatLE(-1e9, bytes.length - 4);
    writeFileSync(shard, bytes);
    const y = Y.y.data.map((v, i) => (i < 8 ? v : 2 * (X.x.data[i] as number) - 1e9));
    writeDataSet(join(home.folder, 'test_data_set_0'), X, { y: { ...Y.y, data: y } });
    const result = await judged({});
    expect([result.verdict, codes(result.diagnostics)]).toEqual(['pass', ['half-weight']]);
    expect(result.diagnostics[0]).toMatchObject({ severity: 'note', place: { tensor: 'w' } });
    expect(result.diagnostics[0]?.message).toContain('holds -1000000000');
  });
});

test.each(Array.from({ length: 23 }, (_, i) => i + 1))('however shards of %s bytes cut through it', (size) => {
  const bytes = Buffer.alloc(3 + 8 + 12);
  for (const [i, value] of [65504, Infinity, 1, -70000, 2].entries()) bytes.writeFloatLE(value, 3 + 4 * i);
  const shards = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    Uint8Array.from(bytes.subarray(i * size, (i + 1) * size)),
  );
  const weights = [
    { name: 'flags', shape: [3], dtype: 'bool' },
    { name: 'held', shape: [2], dtype: 'float32' },
    { name: 'beyond', shape: [3], dtype: 'float32' },
  ];
  const found = weightFindings({
    file: 'm.onnx',
    json: {},
    weightBytes: bytes.length,
    manifest: [{ paths: shards.map((_, i) => String(i)), weights }],
    eachShard: () => shards,
  } as unknown as WrittenModel);
  expect(found.map((d) => [d.place.tensor, d.message])).toEqual([['beyond', expect.stringContaining('holds -70000,')]]);
});

const judged = (tolerance: object) =>
  judge({
    folder: out(),
    model: join(home.folder, 'model.onnx'),
    relativePath: 'model.onnx',
    workspace: home.folder,
    tolerance,
    engines: ['wasm'],
  });

const model = (face: object): WrittenModel =>
  ({ file: 'm.onnx', record: { inputs: [], outputs: [], ...face } }) as unknown as WrittenModel;

test('integers beyond int32 in an expected output', () => {
  const of = (dtype: 'int64' | 'uint32', values: (bigint | number)[]) =>
    integerFindings(model({ outputs: [row('y', dtype, [2])] }), {
      inputs: new Map(),
      outputs: new Map([['y', tensorOf(dtype, [2], values)]]),
    });
  expect(of('int64', [2n ** 31n - 1n, -(2n ** 31n)])).toEqual([]);
  expect(of('int64', [1n, 2n ** 31n])).toMatchObject([{ code: 'output-beyond-int32', severity: 'warning' }]);
  expect(of('uint32', [1, 4294967295])[0]?.message).toContain('holds 4294967295, beyond int32');
});

test.each([
  ['input_nhwc', [1, 224, 224, 3], [0, 2, 3, 1], 'its name says'],
  ['NHWC:0', [1, 3, 224, 224], [0, 2, 3, 1], 'its name says'],
  ['image_channels_last', [null, null, null, 3], [0, 2, 3, 1], 'its name says'],
  ['input', [1, 224, 224, 3], [0, 2, 3, 1], 'its last axis has the size 3'],
  ['input', [null, 96, 96, 1], [0, 2, 3, 1], 'its last axis has the size 1'],
  // As it is, or as channels come first: no doubt.
  ['input_nhwc', [1, 224, 224, 3], [0, 1, 2, 3], undefined],
  ['input', [1, 3, 224, 224], [0, 2, 3, 1], undefined],
  ['features', [1, 256, 14, 3], [0, 2, 3, 1], undefined],
  ['anhwcz', [1, 3, 4, 4], [0, 2, 3, 1], undefined],
])('the layout of %s %j taken as %j: %s', (name, shape, order, why) => {
  const found = layoutFindings(model({ inputs: [row(name, 'float32', shape, order)] }));
  expect(codes(found)).toEqual(why === undefined ? [] : ['layout-doubtful']);
  if (why !== undefined) expect(found[0]?.message).toContain(why);
});
