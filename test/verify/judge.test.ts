import { join } from 'node:path';
import type { Check as ReportedCheck } from '../../src/report/types.js';
import type { Judgement } from '../../src/verify/checks.js';
import { judge, type VerifyRequest } from '../../src/verify/judge.js';
import { affine, affineOf, dims, X, Y } from './affine.js';
import {
  counting,
  placeholder,
  row,
  scratch,
  typeAttr,
  type Values,
  writeDataSet,
  writeGraphModel,
  writeLayersModel,
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

describe('a model that is right', () => {
  test('passes on both engines, with figures for each output and data set', async () => {
    affine(out());
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
    affine(out());
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
    affine(out());
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
    affine(out());
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
  affine(out());
  writeDataSet(data(), X, Y);
  const result = await judge(request({ engines: ['abacus', 'cpu'] }));
  expect(codes(result)).toEqual(['engine-not-available']);
  expect(result.checks).toHaveLength(1);
});
