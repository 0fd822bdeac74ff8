/** Models without stored outputs, judged by what onnxruntime-web computes: the real one, in its own process. */
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertModel } from '../../../src/convert/convert.js';
import { tensorOf } from '../../../src/tensor/tensor.js';
import type { Judgement } from '../../../src/verify/checks.js';
import { judge } from '../../../src/verify/judge.js';
import { type Sketch, sketched } from '../../convert/harness.js';
import { scratch, writeDataSet } from '../written.js';

let home: ReturnType<typeof scratch>;
beforeEach(() => {
  home = scratch();
});
afterEach(() => home.remove());

const place = (...parts: string[]): string => join(home.folder, ...parts);
const codes = (j: Judgement): string[] => j.diagnostics.map((d) => d.code);

/** Writes the model to model.onnx and what it converts to into out/. */
function convert(model: Sketch | Uint8Array, format: 'layers-model' | 'graph-model' = 'graph-model'): void {
  writeFileSync(place('model.onnx'), model instanceof Uint8Array ? model : sketched(model));
  mkdirSync(place('out'));
  const { status, diagnostics } = convertModel({
    path: place('model.onnx'),
    relativePath: 'model.onnx',
    formats: [format],
    changeOrdering: true,
    namePolicy: 'keep',
    outputFolder: place('out'),
    limits: { maxModelBytes: 2 ** 31 },
  });
  expect([status, diagnostics.filter((d) => d.severity !== 'note')]).toEqual(['converted', []]);
}

const judged = (more: { runSource?: boolean; engines?: string[] } = {}): Promise<Judgement> =>
  judge({
    folder: place('out'),
    model: place('model.onnx'),
    relativePath: 'model.onnx',
    workspace: home.folder,
    tolerance: {},
    engines: ['cpu'],
    runSource: true,
    ...more,
  });

const AFFINE: Sketch = {
  inputs: { x: ['float32', ['n', 3]] },
  outputs: ['y'],
  nodes: [
    { op: 'MatMul', in: ['x', 'w'], out: ['m'] },
    { op: 'Relu', in: ['m'], out: ['y'] },
  ],
  weights: { w: tensorOf('float32', [3, 2], [1, -2, 3, -4, 5, -6]) },
};

describe('a model that is right', () => {
  test('passes at two sizes, and it is said what it was compared with', async () => {
    convert(AFFINE);
    const result = await judged();
    expect(result.verdict).toBe('pass');
    expect(result.checks.map((c) => [c.reference, c.status, c.shape?.expected])).toEqual([
      [{ kind: 'onnxruntime', name: 'seed 0 (n=2)' }, 'pass', [2, 2]],
      [{ kind: 'onnxruntime', name: 'seed 1 (n=1)' }, 'pass', [1, 2]],
    ]);
    expect(result.engines.map((e) => e.name)).toEqual(['cpu', 'onnxruntime']);
    expect(result.engines[1]).toMatchObject({ version: '1.30.0', details: { threads: '1' } });
    const untimed = ({ timings, ...rest }: Judgement) => rest;
    expect(untimed(await judged())).toEqual(untimed(result));
  });

  test('with a stored reference is judged at a second size as well, with what the source gives there', async () => {
    convert(AFFINE);
    const x = (n: number) => ({ dtype: 'float32' as const, dims: [n, 3], data: Array(3 * n).fill(1) });
    const y = (n: number) => ({ dtype: 'float32' as const, dims: [n, 2], data: Array(n).fill([9, 0]).flat() });
    writeDataSet(place('test_data_set_0'), { x: x(2) }, { y: y(2) });
    const names = (j: Judgement) => j.checks.map((c) => [c.reference.kind, c.reference.name, c.status]);
    const result = await judged();
    expect(result.diagnostics).toEqual([]);
    expect(names(result)).toEqual([
      ['stored', 'test_data_set_0', 'pass'],
      ['onnxruntime', 'seed 0 (n=1)', 'pass'],
    ]);
    // Where the source may not be run, that is said.
    const alone = await judged({ runSource: false });
    expect([names(alone), alone.verdict]).toEqual([[['stored', 'test_data_set_0', 'pass']], 'pass']);
    expect(alone.diagnostics).toMatchObject([{ code: 'one-size-alone', severity: 'note' }]);
    expect(alone.diagnostics[0]?.message).toContain('at one size alone (test_data_set_0 (n=2))');
    // Two sizes that are stored are enough.
    writeDataSet(place('test_data_set_1'), { x: x(5) }, { y: y(5) });
    expect(names(await judged()).map(([kind]) => kind)).toEqual(['stored', 'stored']);
  });

  test('a size that is written into the conversion shows, though the stored reference has just that', async () => {
    convert({
      ...AFFINE,
      inputs: { x: ['float32', [2, 3]] },
    });
    const fixed = readFileSync(place('out', 'model.json'), 'utf8');
    rmSync(place('out'), { recursive: true });
    convert(AFFINE);
    writeFileSync(place('out', 'model.json'), fixed);
    const ones = { dtype: 'float32' as const, dims: [2, 3], data: Array(6).fill(1) };
    writeDataSet(place('test_data_set_0'), { x: ones }, { y: { ...ones, dims: [2, 2], data: [9, 0, 9, 0] } });
    const result = await judged();
    expect(result.checks.map((c) => c.status)).toEqual(['pass', 'error']);
    expect(codes(result)).toContain('run-failed');
  });

  test('that takes no second size: a note', async () => {
    convert({
      inputs: { x: ['float32', ['n', 3]] },
      outputs: ['y'],
      nodes: [{ op: 'Reshape', in: ['x', 's'], out: ['y'] }],
      weights: { s: tensorOf('int64', [2], [3, 2]) },
    });
    const x = { dtype: 'float32' as const, dims: [2, 3], data: [1, 2, 3, 4, 5, 6] };
    writeDataSet(place('test_data_set_0'), { x }, { y: { ...x, dims: [3, 2] } });
    const result = await judged();
    expect([result.verdict, codes(result)]).toEqual(['pass', ['one-size-alone']]);
    expect(result.diagnostics[0]?.message).toMatch(
      /test_data_set_0 \(n=2\).*the source takes none of the others.*cannot be reshaped/,
    );
  });

  test('of many types: 64-bit integers, half floats, bools, strings', async () => {
    convert({
      inputs: {
        i: ['int64', [2, 3]],
        h: ['float16', [2, 3]],
        b: ['bool', [2, 3]],
        s: ['string', [2]],
        f: ['float64', [2]],
      },
      outputs: ['ii', 'hh', 'bb', 'ss', 'ff'],
      nodes: [
        { op: 'Add', in: ['i', 'one'], out: ['ii'] },
        { op: 'Relu', in: ['h'], out: ['hh'] },
        { op: 'Not', in: ['b'], out: ['bb'] },
        { op: 'Identity', in: ['s'], out: ['ss'] },
        { op: 'Neg', in: ['f'], out: ['ff'] },
      ],
      weights: { one: tensorOf('int64', [], [1n]) },
    });
    const result = await judged();
    expect(codes(result)).toEqual([]);
    expect(result.checks.map((c) => c.status)).toEqual(Array(10).fill('pass'));
  });

  test('with weights in another file', async () => {
    const bytes = Float32Array.of(1, -2, 3, -4, 5, -6);
    writeFileSync(place('w.bin'), new Uint8Array(bytes.buffer));
    const { encodeModel } = await import('../../../src/onnx/encode.js');
    convert(
      encodeModel({
        irVersion: 8,
        opsetImport: [{ version: 17 }],
        graph: {
          name: 'g',
          node: [{ opType: 'MatMul', input: ['x', 'w'], output: ['y'] }],
          input: [
            { name: 'x', type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 4 }, { dimValue: 3 }] } } } },
          ],
          output: [{ name: 'y' }],
          initializer: [
            {
              name: 'w',
              dims: [3, 2],
              dataType: 1,
              dataLocation: 1,
              externalData: [{ key: 'location', value: 'w.bin' }],
            },
          ],
        },
      }),
    );
    const result = await judged();
    expect([result.verdict, codes(result)]).toEqual(['pass', []]);
  });

  test('with stored inputs alone: the source computes the outputs', async () => {
    convert(AFFINE);
    writeDataSet(place('test_data_set_0'), { x: { dtype: 'float32', dims: [1, 3], data: [1, 2, 3] } }, {});
    const result = await judged();
    expect(codes(result)).toEqual([]);
    expect(result.checks.map((c) => [c.reference, c.status, c.expectedRange])).toEqual([
      // 1 + 6 + 15 and -2 - 8 - 18, the latter below zero
      [{ kind: 'onnxruntime', name: 'test_data_set_0' }, 'pass', { min: 0, max: 22 }],
      [{ kind: 'onnxruntime', name: 'seed 0 (n=2)' }, 'pass', expect.anything()],
    ]);
    const skipped = await judged({ runSource: false });
    expect([skipped.verdict, codes(skipped)]).toEqual(['unverified', ['reference-without-outputs']]);
  });
});

test('stored outputs are always preferred', async () => {
  convert(AFFINE);
  writeDataSet(
    place('test_data_set_0'),
    { x: { dtype: 'float32', dims: [1, 3], data: [1, 2, 3] } },
    { y: { dtype: 'float32', dims: [1, 2], data: [22, 0] } },
  );
  expect((await judged()).checks.map((c) => c.reference)).toEqual([
    { kind: 'stored', name: 'test_data_set_0' },
    { kind: 'onnxruntime', name: 'seed 0 (n=2)' },
  ]);
});

test('a damaged conversion is a mismatch', async () => {
  convert(AFFINE);
  const shard = place('out', 'group1-shard1of1.bin');
  const bytes = readFileSync(shard);
  bytes.writeFloatLE(bytes.readFloatLE(0) + 0.5, 0);
  writeFileSync(shard, bytes);
  const result = await judged();
  expect(result.verdict).toBe('mismatch');
  expect(result.diagnostics[0]).toMatchObject({ code: 'output-differs' });
});

describe('there is no second opinion, and it is said why', () => {
  const unverified = async (code: string, words: string): Promise<void> => {
    const result = await judged();
    expect(result.verdict).toBe('unverified');
    expect(result.checks).toEqual([]);
    expect(result.diagnostics).toMatchObject([
      { code, severity: 'unverified', message: expect.stringContaining(words) },
    ]);
  };

  test('the source is not there', async () => {
    convert(AFFINE);
    rmSync(place('model.onnx'));
    await unverified('source-missing', 'not there');
  });

  test('the source is another version than the one converted', async () => {
    convert(AFFINE);
    copyFileSync(place('model.onnx'), place('old.onnx'));
    appendFileSync(place('model.onnx'), Buffer.from([0x12, 0x00]));
    await unverified('source-changed', 'another file');
  });

  test('onnxruntime does not run it', async () => {
    const opset = 99;
    convert({ ...AFFINE, opset: 17 });
    const bytes = sketched({ ...AFFINE, opset });
    writeFileSync(place('model.onnx'), bytes);
    const record = JSON.parse(readFileSync(place('out', 'conversion.json'), 'utf8'));
    delete record.source.sha256;
    writeFileSync(place('out', 'conversion.json'), JSON.stringify(record));
    await unverified('source-not-run', 'Opset 99 is under development');
  });

  test('the source draws random numbers', async () => {
    const added: Sketch = {
      ...AFFINE,
      nodes: [
        ...AFFINE.nodes.slice(0, 1),
        { op: 'RandomUniformLike', in: ['m'], out: ['r'] },
        { op: 'Add', in: ['m', 'r'], out: ['y'] },
      ],
    };
    convert(AFFINE);
    writeFileSync(place('model.onnx'), sketched(added));
    const record = JSON.parse(readFileSync(place('out', 'conversion.json'), 'utf8'));
    delete record.source.sha256;
    writeFileSync(place('out', 'conversion.json'), JSON.stringify(record));
    await unverified('source-random', 'RandomUniformLike');
  });
});

test('sizes that the source does not take are passed over, and one alone is said to be one', async () => {
  // Reshape to [2, 3]: of the sizes tried, only n=2 fits.
  convert({
    inputs: { x: ['float32', ['n', 3]] },
    outputs: ['y'],
    nodes: [{ op: 'Reshape', in: ['x', 'shape'], out: ['y'] }],
    weights: { shape: tensorOf('int64', [2], [2n, 3n]) },
  });
  const result = await judged();
  expect(result.checks.map((c) => [c.reference.name, c.status])).toEqual([['seed 0 (n=2)', 'pass']]);
  expect(codes(result)).toEqual(['one-size-alone']);
});
