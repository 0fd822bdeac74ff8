import { readFileSync, truncateSync, unlinkSync, writeFileSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Check as ReportedCheck } from '../../src/report/types.js';
import type { Judgement } from '../../src/verify/checks.js';
import { judge, type VerifyRequest } from '../../src/verify/judge.js';
import {
  counting,
  placeholder,
  row,
  scratch,
  typeAttr,
  writeDataSet,
  writeGraphModel,
  writeLayersModel,
  type Values,
} from './written.js';

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

/** y = 2x + w, w = [10, 20, 30] along the channels; x is [1, 3, 2, 2] in ONNX and channels-last in the written model. */
function affine(change: { order?: number[]; outputOrder?: number[] } = {}): void {
  const order = change.order ?? [0, 2, 3, 1];
  const outputOrder = change.outputOrder ?? order;
  writeGraphModel(out(), {
    nodes: [
      placeholder('x', 'float32', [1, 2, 2, 3]),
      { name: 'twice', op: 'Mul', input: ['x', 'two'], attr: { T: typeAttr('float32') } },
      { name: 'y', op: 'AddV2', input: ['twice', 'w'], attr: { T: typeAttr('float32') } },
    ],
    weights: [
      { name: 'two', shape: [], dtype: 'float32', values: [2] },
      { name: 'w', shape: [3], dtype: 'float32', values: [10, 20, 30] },
    ],
    inputs: [
      { ...row('x', 'float32', [1, 3, 2, 2]), tfjs: { name: 'x', dtype: 'float32', shape: [1, 2, 2, 3] }, order },
    ],
    outputs: [
      {
        ...row('y', 'float32', [1, 3, 2, 2]),
        tfjs: { name: 'y', dtype: 'float32', shape: [1, 2, 2, 3] },
        order: outputOrder,
      },
    ],
  });
}
const dims = [1, 3, 2, 2];
const X = { x: { dtype: 'float32', dims, data: counting(dims) } } satisfies Values;
const affineOf = (x: number[]): number[] => x.map((v, i) => 2 * v + 10 * (Math.floor(i / 4) + 1));
const Y = { y: { dtype: 'float32', dims, data: affineOf(X.x.data) } } satisfies Values;

describe('a model that is right', () => {
  test('passes on both engines, with figures for each output and data set', async () => {
    affine();
    writeDataSet(data(), X, Y);
    const second = counting(dims, -5);
    writeDataSet(
      join(home.folder, 'test_data_set_1'),
      { x: { ...X.x, data: second } },
      { y: { ...Y.y, data: affineOf(second) } },
    );
    const result = await judge(request());
    expect(result.diagnostics).toEqual([]);
    expect(result.verdict).toBe('pass');
    expect(result.checks.map((c) => [c.engine, c.reference.name, c.output, c.status])).toEqual([
      ['wasm', 'test_data_set_0', 'y', 'pass'],
      ['wasm', 'test_data_set_1', 'y', 'pass'],
      ['cpu', 'test_data_set_0', 'y', 'pass'],
      ['cpu', 'test_data_set_1', 'y', 'pass'],
    ]);
    expect(result.checks[0]).toMatchObject({
      format: 'graph-model',
      elements: 12,
      beyond: 0,
      maxAbs: 0,
      used: 0,
      shape: { expected: dims, actual: dims },
      tolerance: { rtol: 1e-3, atol: 1e-5, rangeTol: 1e-5, range: 42 },
    });
    const asReported: ReportedCheck[] = result.checks;
    expect(JSON.parse(JSON.stringify(asReported))).toEqual(result.checks);
    expect(result.engines.map((e) => [e.name, e.version])).toEqual([
      ['wasm', '4.22.0'],
      ['cpu', '4.22.0'],
    ]);
    expect(result.restart).toBe(false);
  });

  test('without references is unverified, but loaded', async () => {
    affine();
    const result = await judge(request());
    expect(result.verdict).toBe('unverified');
    expect(result.checks).toEqual([]);
    expect(result.timings.wasm?.load).toBeGreaterThan(0);
  });

  test('as a layers-model: the batch is free, the dense kernel is applied', async () => {
    const onnx = { name: 'in/x', dtype: 'float32', shape: [1, 2] };
    writeLayersModel(out(), {
      layers: [
        {
          class_name: 'InputLayer',
          name: 'in_x',
          config: { batch_input_shape: [null, 2], dtype: 'float32' },
          from: [],
        },
        { class_name: 'Dense', name: 'y', config: { units: 3, activation: 'relu', use_bias: true }, from: ['in_x'] },
      ],
      weights: [
        { name: 'y/kernel', shape: [2, 3], dtype: 'float32', values: [1, 2, 3, 4, 5, 6] },
        { name: 'y/bias', shape: [3], dtype: 'float32', values: [0.5, 0, -100] },
      ],
      inputs: [{ onnx, tfjs: { name: 'in_x', dtype: 'float32', shape: [null, 2] }, order: [0, 1] }],
      outputs: [{ ...row('y', 'float32', [1, 3]), tfjs: { name: 'y', dtype: 'float32', shape: [null, 3] } }],
    });
    // [1, 2] and [-1, 1] times the kernel: [9, 12, 15] and [3, 3, 3]; with the bias, and nothing below zero.
    writeDataSet(
      data(),
      { 'in/x': { dtype: 'float32', dims: [2, 2], data: [1, 2, -1, 1] } },
      { y: { dtype: 'float32', dims: [2, 3], data: [9.5, 12, 0, 3.5, 3, 0] } },
    );
    const result = await judge(request());
    expect(result.diagnostics).toEqual([]);
    expect(result.checks.map((c) => [c.engine, c.format, c.status])).toEqual([
      ['wasm', 'layers-model', 'pass'],
      ['cpu', 'layers-model', 'pass'],
    ]);
  });

  test('in a sub-folder is judged as well', async () => {
    affine();
    writeGraphModel(join(out(), 'graph-model'), {
      nodes: [
        placeholder('x', 'float32', dims),
        { name: 'y', op: 'Neg', input: ['x'], attr: { T: typeAttr('float32') } },
      ],
      inputs: [row('x', 'float32', dims)],
      outputs: [row('y', 'float32', dims)],
    });
    writeDataSet(data(), X, Y);
    const result = await judge(request({ engines: ['cpu'] }));
    expect(result.checks.map((c) => c.status)).toEqual(['pass', 'mismatch']);
    expect(result.verdict).toBe('mismatch');
  });

  test('whose outputs are an input, a weight, and one node twice, runs again and again', async () => {
    const shape = [2];
    writeGraphModel(out(), {
      nodes: [
        placeholder('x', 'float32', shape),
        { name: 'n', op: 'Neg', input: ['x'], attr: { T: typeAttr('float32') } },
      ],
      weights: [{ name: 'w', shape, dtype: 'float32', values: [7, 8] }],
      inputs: [row('x', 'float32', shape)],
      outputs: ['same', 'weight', 'a', 'b'].map((name) => row(name, 'float32', shape)),
      fetch: { same: 'x:0', weight: 'w:0', a: 'n:0', b: 'n:0' },
    });
    const set = (x: number[]): [Values, Values] => {
      const value = (v: number[]) => ({ dtype: 'float32' as const, dims: shape, data: v });
      const n = x.map((v) => -v);
      return [{ x: value(x) }, { same: value(x), weight: value([7, 8]), a: value(n), b: value(n) }];
    };
    writeDataSet(data(), ...set([1, 2]));
    writeDataSet(join(home.folder, 'test_data_set_1'), ...set([3, 4]));
    const result = await judge(request());
    expect(result.diagnostics).toEqual([]);
    expect(result.checks.filter((c) => c.status === 'pass')).toHaveLength(16);
  });

  test('with control flow is run by executeAsync where conversion.json says so', async () => {
    // Where gives the places of true elements; it is one of the operators that execute refuses.
    const model = (isAsync: boolean) =>
      writeGraphModel(out(), {
        nodes: [placeholder('x', 'bool', [4]), { name: 'y', op: 'Where', input: ['x'], attr: { T: typeAttr('bool') } }],
        inputs: [row('x', 'bool', [4])],
        outputs: [{ ...row('y', 'int64', [null, 1]) }],
        async: isAsync,
      });
    model(true);
    writeDataSet(
      data(),
      { x: { dtype: 'bool', dims: [4], data: [true, false, false, true] } },
      { y: { dtype: 'int64', dims: [2, 1], data: [0n, 3n] } },
    );
    const right = await judge(request());
    expect(right.verdict).toBe('pass');
    model(false);
    const wrong = await judge(request({ engines: ['cpu'] }));
    expect(wrong.verdict).toBe('error');
    expect(codes(wrong)).toEqual(['run-failed']);
    expect(wrong.diagnostics[0]?.message).toContain('executeAsync');
  });
});

describe('a damaged conversion is caught', () => {
  test('axes in the wrong order: named, with the order that would agree', async () => {
    affine({ outputOrder: [0, 3, 2, 1] });
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
    affine();
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
    affine();
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
    affine();
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

describe('types', () => {
  test('int64 is fed as int32 where it fits, and compared exactly', async () => {
    const shape = [2];
    writeGraphModel(out(), {
      nodes: [
        placeholder('x', 'int32', shape),
        { name: 'y', op: 'AddV2', input: ['x', 'one'], attr: { T: typeAttr('int32') } },
      ],
      weights: [{ name: 'one', shape: [], dtype: 'int32', values: [1] }],
      inputs: [row('x', 'int64', shape)],
      outputs: [row('y', 'int64', shape)],
    });
    const set = (x: bigint[], y: bigint[]): [Values, Values] => [
      { x: { dtype: 'int64', dims: shape, data: x } },
      { y: { dtype: 'int64', dims: shape, data: y } },
    ];
    writeDataSet(data(), ...set([5n, -7n], [6n, -6n]));
    expect((await judge(request())).verdict).toBe('pass');
    writeDataSet(data(), ...set([5000000n, 0n], [5000002n, 1n]));
    const off = await judge(request({ engines: ['cpu'] }));
    expect(off.checks[0]).toMatchObject({
      status: 'mismatch',
      beyond: 1,
      maxAbs: 1,
      tolerance: { atol: 0, rtol: 0, rangeTol: 0 },
    });
    expect((await judge(request({ engines: ['cpu'], outputs: { y: { integerAtol: 1 } } }))).verdict).toBe('pass');
    writeDataSet(data(), ...set([2n ** 31n, 0n], [2n ** 31n + 1n, 1n]));
    const large = await judge(request());
    expect(large.verdict).toBe('error');
    expect(codes(large)).toEqual(['reference-does-not-fit']);
    expect(large.diagnostics[0]?.message).toContain('2147483648');
  });

  test('strings have to be equal', async () => {
    const shape = [2];
    writeGraphModel(out(), {
      nodes: [
        placeholder('x', 'string', shape),
        { name: 'y', op: 'Identity', input: ['x'], attr: { T: typeAttr('string') } },
      ],
      inputs: [row('x', 'string', shape)],
      outputs: [row('y', 'string', shape)],
    });
    const value = (v: string[]) => ({ dtype: 'string' as const, dims: shape, data: v });
    writeDataSet(data(), { x: value(['a', 'ü']) }, { y: value(['a', 'ü']) });
    expect((await judge(request())).verdict).toBe('pass');
    writeDataSet(data(), { x: value(['a', 'ü']) }, { y: value(['a', 'u']) });
    expect((await judge(request({ engines: ['cpu'] }))).checks[0]).toMatchObject({
      beyond: 1,
      worst: { index: [1], expected: 'u', actual: 'ü' },
    });
  });
});

describe('a fault of the WASM backend', () => {
  /** y = x as bool: WASM copies the low byte instead of comparing with zero. */
  test('counts, and the kernel is named', async () => {
    const shape = [4];
    writeGraphModel(out(), {
      nodes: [
        placeholder('x', 'float32', shape),
        { name: 'y', op: 'Cast', input: ['x'], attr: { SrcT: typeAttr('float32'), DstT: typeAttr('bool') } },
        { name: 'z', op: 'FloorDiv', input: ['x', 'w'], attr: { T: typeAttr('float32') } },
      ],
      weights: [{ name: 'w', shape: [], dtype: 'float32', values: [1] }],
      inputs: [row('x', 'float32', shape)],
      outputs: [row('y', 'bool', shape), row('z', 'float32', shape, [0], 'float32')],
    });
    writeDataSet(
      data(),
      { x: { dtype: 'float32', dims: shape, data: [0, 1, 2, 7] } },
      {
        y: { dtype: 'bool', dims: shape, data: [false, true, true, true] },
        z: { dtype: 'float32', dims: shape, data: [0, 1, 2, 7] },
      },
    );
    const result = await judge(request({ engines: ['wasm'] }));
    expect(result.verdict).toBe('mismatch');
    const finding = result.diagnostics.find((d) => d.code === 'kernel-at-fault');
    expect(finding?.message).toContain('the kernel Cast (to bool) taken from its CPU backend');
    expect(result.checks.filter((c) => c.guarded).map((c) => [c.output, c.status, c.kernels])).toEqual([
      ['y', 'pass', ['Cast (to bool)']],
      ['z', 'pass', ['Cast (to bool)']],
    ]);
    expect(result.checks.find((c) => c.output === 'y' && !c.guarded)).toMatchObject({
      beyond: 2,
      worst: { index: [3], expected: 1, actual: 7 },
    });
    // The guarded run leaves the stock backend as it was.
    expect((await judge(request({ engines: ['wasm'] }))).checks.filter((c) => !c.guarded)).toEqual(
      result.checks.filter((c) => !c.guarded),
    );
  });

  test('is not blamed for what the model does', async () => {
    affine();
    writeDataSet(data(), X, { y: { ...Y.y, data: Y.y.data.map((v) => v + 1) } });
    const result = await judge(request({ engines: ['wasm'] }));
    expect(codes(result)).toEqual(['output-differs', 'kernel-not-at-fault']);
  });

  test('a kernel that WASM has not is an error of the run, and explained', async () => {
    writeGraphModel(out(), {
      nodes: [
        placeholder('x', 'float32', [2, 2]),
        {
          name: 'y',
          op: 'Einsum',
          input: ['x', 'x'],
          attr: { T: typeAttr('float32'), N: { i: '2' }, equation: { s: Buffer.from('ij,jk->ik').toString('base64') } },
        },
      ],
      inputs: [row('x', 'float32', [2, 2])],
      outputs: [row('y', 'float32', [2, 2])],
    });
    writeDataSet(
      data(),
      { x: { dtype: 'float32', dims: [2, 2], data: [1, 2, 3, 4] } },
      { y: { dtype: 'float32', dims: [2, 2], data: [7, 10, 15, 22] } },
    );
    const result = await judge(request());
    expect(result.checks.map((c) => [c.engine, c.status, c.guarded])).toEqual([
      ['wasm', 'error', undefined],
      ['wasm', 'pass', true],
      ['cpu', 'pass', undefined],
    ]);
    expect(codes(result)).toEqual(['run-failed', 'kernel-at-fault']);
    expect(result.diagnostics[1]?.message).toContain('Einsum');
  });
});

test('an engine that is not there is an error', async () => {
  affine();
  writeDataSet(data(), X, Y);
  const result = await judge(request({ engines: ['abacus', 'cpu'] }));
  expect(codes(result)).toEqual(['engine-not-available']);
  expect(result.checks).toHaveLength(1);
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
