import { join } from 'node:path';
import { engineOf } from '../../src/verify/engines/index.js';
import { tfjsCore } from '../../src/verify/engines/tfjs.js';
import { judge } from '../../src/verify/judge.js';
import { openModel } from '../../src/verify/written.js';
import {
  counting,
  placeholder,
  row,
  scratch,
  typeAttr,
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

const request = (engines: string[]) => ({
  folder: out(),
  model: join(home.folder, 'model.onnx'),
  relativePath: 'model.onnx',
  workspace: home.folder,
  tolerance: {},
  engines,
});
const float = (dims: number[], data = counting(dims)) => ({ dtype: 'float32' as const, dims, data });

function negation(shape: number[]): void {
  writeGraphModel(out(), {
    nodes: [
      placeholder('x', 'float32', shape),
      { name: 'y', op: 'Mul', input: ['x', 'w'], attr: { T: typeAttr('float32') } },
    ],
    weights: [{ name: 'w', shape: [], dtype: 'float32', values: [-1] }],
    inputs: [row('x', 'float32', shape)],
    outputs: [row('y', 'float32', shape)],
  });
}

test.each(['wasm', 'cpu'])('%s frees a model, whatever happened to it', async (name) => {
  const engine = await engineOf(name);
  const core = await tfjsCore();
  const held = () => core.memory().numTensors;
  const before = held();
  for (const bad of [false, true]) {
    negation([2, 3]);
    writeDataSet(
      join(home.folder, 'test_data_set_0'),
      { x: float([2, 3]) },
      {
        y: float(
          [2, 3],
          counting([2, 3]).map((v) => (bad ? v : -v)),
        ),
      },
    );
    expect((await judge(request([name]))).verdict).toBe(bad ? 'mismatch' : 'pass');
    expect(held()).toBe(before);
  }
  writeLayersModel(out(), {
    layers: [
      {
        class_name: 'InputLayer',
        name: 'x',
        config: { batch_input_shape: [null, 4, 4, 1], dtype: 'float32' },
        from: [],
      },
      {
        class_name: 'Conv2D',
        name: 'y',
        config: { filters: 1, kernel_size: [3, 3], padding: 'valid', use_bias: false },
        from: ['x'],
      },
    ],
    weights: [{ name: 'y/kernel', shape: [3, 3, 1, 1], dtype: 'float32', values: Array(9).fill(1) }],
    inputs: [row('x', 'float32', [null, 4, 4, 1])],
    outputs: [row('y', 'float32', [null, 2, 2, 1])],
  });
  // Sums of 3x3 windows over 1 … 16: nine times the middle, 6, 7, 10 and 11.
  writeDataSet(
    join(home.folder, 'test_data_set_0'),
    { x: float([1, 4, 4, 1]) },
    { y: float([1, 2, 2, 1], [54, 63, 90, 99]) },
  );
  expect((await judge(request([name]))).verdict).toBe('pass');
  expect(held()).toBe(before);

  const loaded = await engine.load(openModel(out(), 'model.onnx'));
  await expect(
    loaded.run(new Map([['x', { dtype: 'float32', shape: [1, 3, 3, 2], data: new Float32Array(18) }]])),
  ).rejects.toThrow(/shape/);
  await loaded.dispose();
  expect(held()).toBe(before);
});

test('what XNNPACK prints is a failure, and nothing reaches the console', async () => {
  // A sum that broadcasts at rank 7: XNNPACK takes six axes, and only says so.
  const shape = [2, 1, 2, 1, 2, 1, 2];
  const printed: unknown[] = [];
  const saved = console.warn;
  console.warn = (...args: unknown[]) => printed.push(args);
  try {
    writeGraphModel(out(), {
      nodes: [
        placeholder('x', 'float32', shape),
        { name: 'y', op: 'AddV2', input: ['x', 'w'], attr: { T: typeAttr('float32') } },
      ],
      weights: [{ name: 'w', shape: [1, 2, 1, 2, 1, 2, 1], dtype: 'float32', values: counting([8]) }],
      inputs: [row('x', 'float32', shape)],
      outputs: [row('y', 'float32', [2, 2, 2, 2, 2, 2, 2])],
    });
    // Bits 6, 4, 2, 0 of a place in y say which element of x it is, bits 5, 3, 1 which of w.
    const sums = Array.from({ length: 128 }, (_, i) => {
      const bits = (...at: number[]) => at.reduce((n, b) => 2 * n + ((i >> b) & 1), 0);
      return bits(6, 4, 2, 0) + 1 + bits(5, 3, 1) + 1;
    });
    writeDataSet(join(home.folder, 'test_data_set_0'), { x: float(shape) }, { y: float(Array(7).fill(2), sums) });
    const result = await judge(request(['wasm']));
    expect(result).toMatchObject({
      verdict: 'error',
      restart: true,
      diagnostics: [{ code: 'xnnpack-failed' }, { code: 'kernel-at-fault' }],
    });
    expect(result.diagnostics[0]?.message).toMatch(/XNN status for .* is not successful/);
    expect(result.checks).toMatchObject([
      { status: 'error' },
      { status: 'pass', guarded: true, kernels: ['Add (rank 7 and above)'] },
    ]);
    expect(printed).toEqual([]);
  } finally {
    console.warn = saved;
  }
});

test("emscripten's listeners, which end the process, are gone", async () => {
  await engineOf('wasm');
  const listeners = [...process.listeners('uncaughtException'), ...process.listeners('unhandledRejection')];
  expect(listeners.map(String).filter((text) => /throw (ex|reason)/.test(text))).toEqual([]);
});

test('the engines say what they are', async () => {
  const wasm = await (await engineOf('wasm')).describe();
  expect(wasm).toEqual({ name: 'wasm', version: '4.22.0', details: { backend: 'wasm', simd: 'true', threads: '1' } });
});

test('weights beyond what WASM can hold are not judged on it', async () => {
  negation([2]);
  const model = openModel(out(), 'model.onnx');
  const { verifyModel } = await import('../../src/verify/verify.js');
  const result = await verifyModel({ ...model, weightBytes: 2e9 }, [], { engines: ['wasm'], tolerance: {} });
  expect(result).toMatchObject({
    verdict: 'unverified',
    checks: [],
    diagnostics: [{ code: 'too-large-for-engine', severity: 'unverified' }],
  });
});
