import { appendFileSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Judgement } from '../../src/verify/checks.js';
import { judge, type VerifyRequest } from '../../src/verify/judge.js';
import { affine, X, Y } from './affine.js';
import { counting, placeholder, row, scratch, typeAttr, writeDataSet, writeGraphModel } from './written.js';

let home: ReturnType<typeof scratch>;
beforeEach(() => {
  home = scratch();
});
afterEach(() => home.remove());

const out = () => join(home.folder, 'out');

function request(more: Partial<VerifyRequest> = {}): VerifyRequest {
  return {
    folder: out(),
    model: join(home.folder, 'model.onnx'),
    relativePath: 'model.onnx',
    workspace: home.folder,
    tolerance: {},
    engines: ['wasm', 'cpu'],
    ...more,
  };
}

const codes = (j: Judgement): string[] => j.diagnostics.map((d) => d.code);
const data = (...path: string[]): string => join(home.folder, 'test_data_set_0', ...path);

describe('a damaged conversion is caught', () => {
  test('axes in the wrong order: named, with the order that would agree', async () => {
    affine(out(), { outputOrder: [0, 3, 2, 1] });
    writeDataSet(data(), X, Y);
    const result = await judge(request());
    expect(result.verdict).toBe('mismatch');
    expect(codes(result)).toContain('output-differs');
    expect(result.diagnostics[0]?.message).toContain(
      "it would agree if the model's axes lay as [0, 2, 3, 1] and not as [0, 3, 2, 1]",
    );
    // 2x+w at [0, c, h, w] is read at [0, c, w, h]: half of the elements are exchanged in pairs, 2 and -2 apart.
    expect(result.checks[0]).toMatchObject({ status: 'mismatch', elements: 12, beyond: 6, maxAbs: 2 });
  });

  test('outputs exchanged: named, with the other output', async () => {
    const shape = [3];
    writeGraphModel(out(), {
      nodes: [
        placeholder('x', 'float32', shape),
        { name: 'n', op: 'Neg', input: ['x'], attr: { T: typeAttr('float32') } },
        { name: 's', op: 'Square', input: ['x'], attr: { T: typeAttr('float32') } },
      ],
      inputs: [row('x', 'float32', shape)],
      outputs: [row('neg', 'float32', shape), row('sqr', 'float32', shape)],
      fetch: { neg: 's:0', sqr: 'n:0' },
    });
    const value = (v: number[]) => ({ dtype: 'float32' as const, dims: shape, data: v });
    writeDataSet(data(), { x: value([1, 2, 3]) }, { neg: value([-1, -2, -3]), sqr: value([1, 4, 9]) });
    const result = await judge(request({ engines: ['cpu'] }));
    expect(result.checks.map((c) => c.status)).toEqual(['mismatch', 'mismatch']);
    expect(result.diagnostics[0]?.message).toContain(
      'it agrees with the model\'s output "sqr": were outputs exchanged?',
    );
    expect(result.checks[0]?.worst).toEqual({ index: [2], expected: -3, actual: 9 });
  });

  test('a weight changed: the worst element and its tolerance are told', async () => {
    affine(out());
    writeDataSet(data(), X, Y);
    const shard = join(out(), 'group1-shard2of2.bin');
    const bytes = readFileSync(shard);
    bytes.writeFloatLE(30.5, bytes.length - 4);
    writeFileSync(shard, bytes);
    const result = await judge(request({ engines: ['cpu'] }));
    expect(result.verdict).toBe('mismatch');
    // Expected 48 at the first element of the last channel, so 0.5 off where 1e-5 + 48e-3 + 42e-5 is allowed.
    expect(result.checks[0]).toMatchObject({
      beyond: 4,
      maxAbs: 0.5,
      worst: { index: [0, 2, 0, 0], expected: 48, actual: 48.5 },
    });
    expect(result.checks[0]?.used).toBeCloseTo(0.5 / (1e-5 + 48e-3 + 42e-5), 6);
    expect(result.diagnostics[0]).toMatchObject({
      code: 'output-differs',
      severity: 'mismatch',
      place: { file: 'model.onnx', tensor: 'y' },
    });
    expect(result.diagnostics[0]?.message).toMatch(
      /4 of 12 elements.*at \[0, 2, 0, 0\], is 48.5 where 48 is expected.*allowed is 0.00001 \+ 0.001\*abs\(expected\) \+ 0.00001\*42/,
    );
  });

  test.each([
    [
      'cut off',
      () => truncateSync(join(out(), 'group1-shard1of2.bin'), 4),
      'weights-truncated',
      /"group1-shard1of2.bin"/,
    ],
    [
      'too long',
      () => appendFileSync(join(out(), 'group1-shard2of2.bin'), 'xxxx'),
      'weights-too-long',
      /20 bytes where.*take 16/,
    ],
    [
      'missing',
      () => unlinkSync(join(out(), 'group1-shard2of2.bin')),
      'shard-missing',
      /"group1-shard2of2.bin".*does not exist/,
    ],
    [
      'outside the folder',
      () =>
        edit((m) => {
          m.weightsManifest[0].paths[0] = '../model.onnx';
        }),
      'shard-outside',
      /"..\/model.onnx"/,
    ],
    [
      'a folder',
      () =>
        edit((m) => {
          m.weightsManifest[0].paths[0] = '.';
        }),
      'shard-outside',
      /"."/,
    ],
  ])('a shard that is %s', async (_, damage, code, message) => {
    affine(out());
    writeDataSet(data(), X, Y);
    damage();
    const result = await judge(request());
    expect(result.verdict).toBe('error');
    expect(codes(result)).toEqual([code]);
    expect(result.diagnostics[0]?.message).toMatch(message);
  });

  test.each([
    ['model.json missing', () => unlinkSync(join(out(), 'model.json')), 'not-a-model-folder'],
    ['conversion.json missing', () => unlinkSync(join(out(), 'conversion.json')), 'not-a-model-folder'],
    ['model.json cut off', () => truncateSync(join(out(), 'model.json'), 100), 'model-json-invalid'],
    ['conversion.json cut off', () => truncateSync(join(out(), 'conversion.json'), 100), 'conversion-record-invalid'],
    [
      '-Infinity in model.json',
      () => writeFileSync(join(out(), 'model.json'), '{"format": -Infinity}'),
      'model-json-invalid',
    ],
    [
      'another format',
      () =>
        editRecord((c) => {
          c.format = 'layers-model';
        }),
      'format-disagrees',
    ],
    [
      'an order that is none',
      () =>
        editRecord((c) => {
          c.outputs[0].order = [0, 1, 1, 2];
        }),
      'conversion-record-invalid',
    ],
    [
      'a weight twice',
      () =>
        edit((m) => {
          m.weightsManifest[0].weights[1].name = 'two';
        }),
      'model-json-invalid',
    ],
    [
      'a weight of a dtype that is none',
      () =>
        edit((m) => {
          m.weightsManifest[0].weights[1].dtype = 'int64';
        }),
      'model-json-invalid',
    ],
    [
      'a weight of another shape',
      () =>
        edit((m) => {
          m.weightsManifest[0].weights[1].shape = [4];
        }),
      'weights-truncated',
    ],
    [
      'an operator unknown to TensorFlow.js',
      () =>
        edit((m) => {
          m.modelTopology.node[1].op = 'Frobnicate';
        }),
      'run-failed',
    ],
    [
      'a node that reads what is not there',
      () =>
        edit((m) => {
          m.modelTopology.node[2].input[0] = 'gone';
        }),
      'model-does-not-load',
    ],
    [
      'an output missing',
      () =>
        edit((m) => {
          m.signature.outputs = { z: { name: 'y:0' } };
        }),
      'output-not-in-model',
    ],
    [
      'an input missing',
      () =>
        edit((m) => {
          m.signature.inputs = {};
        }),
      'input-not-in-model',
    ],
    [
      'an output too many',
      () =>
        edit((m) => {
          m.signature.outputs.more = { name: 'twice:0' };
        }),
      'output-not-in-record',
    ],
    [
      'another dtype promised',
      () =>
        editRecord((c) => {
          c.outputs[0].tfjs.dtype = 'int32';
        }),
      'output-dtype-differs',
    ],
    [
      'another input shape',
      () =>
        edit((m) => {
          m.modelTopology.node[0].attr.shape.shape.dim[1].size = '5';
        }),
      'run-failed',
    ],
  ])('%s', async (_, damage, code) => {
    affine(out());
    writeDataSet(data(), X, Y);
    damage();
    const result = await judge(request({ engines: ['cpu'] }));
    expect(codes(result)).toContain(code);
    expect(result.verdict).toBe(code === 'output-dtype-differs' ? 'mismatch' : 'error');
    expect(result.diagnostics.every((d) => d.place.file === 'model.onnx')).toBe(true);
  });

  test('NaN where a number is expected', async () => {
    const shape = [3];
    writeGraphModel(out(), {
      nodes: [
        placeholder('x', 'float32', shape),
        { name: 'y', op: 'Sqrt', input: ['x'], attr: { T: typeAttr('float32') } },
      ],
      inputs: [row('x', 'float32', shape)],
      outputs: [row('y', 'float32', shape)],
    });
    const value = (v: number[]) => ({ dtype: 'float32' as const, dims: shape, data: v });
    writeDataSet(data(), { x: value([4, -1, 9]) }, { y: value([2, 1, 3]) });
    const result = await judge(request({ engines: ['cpu'] }));
    expect(codes(result)).toEqual(['output-not-finite']);
    expect(result.checks[0]).toMatchObject({
      status: 'mismatch',
      beyond: 1,
      used: 'Infinity',
      worst: { index: [1], expected: 1, actual: 'NaN' },
      nonFinite: { expected: { nan: 0, inf: 0 }, actual: { nan: 1, inf: 0 } },
    });
  });

  test('an output of another shape', async () => {
    writeGraphModel(out(), {
      nodes: [
        placeholder('x', 'float32', [2, 3]),
        { name: 'y', op: 'Mean', input: ['x', 'axis'], attr: { T: typeAttr('float32'), keep_dims: { b: true } } },
      ],
      weights: [{ name: 'axis', shape: [1], dtype: 'int32', values: [0] }],
      inputs: [row('x', 'float32', [2, 3])],
      outputs: [row('y', 'float32', [null, null])],
    });
    writeDataSet(
      data(),
      { x: { dtype: 'float32', dims: [2, 3], data: counting([2, 3]) } },
      { y: { dtype: 'float32', dims: [2, 1], data: [2, 5] } },
    );
    const result = await judge(request({ engines: ['cpu'] }));
    expect(codes(result)).toEqual(['output-shape-differs']);
    expect(result.checks[0]).toMatchObject({ status: 'mismatch', shape: { expected: [2, 1], actual: [1, 3] } });
  });
});

interface ModelJson {
  weightsManifest: [{ paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }];
  modelTopology: { node: { op: string; input: string[]; attr: { shape: { shape: { dim: { size: string }[] } } } }[] };
  signature: Record<'inputs' | 'outputs', Record<string, { name: string }>>;
}
interface RecordJson {
  format: string;
  outputs: { order: number[]; tfjs: { dtype: string } }[];
}

function edit(change: (json: ModelJson) => void, file = 'model.json'): void {
  const path = join(out(), file);
  const json = JSON.parse(readFileSync(path, 'utf8'));
  change(json);
  writeFileSync(path, JSON.stringify(json));
}

function editRecord(change: (json: RecordJson) => void): void {
  edit((json) => change(json as unknown as RecordJson), 'conversion.json');
}
