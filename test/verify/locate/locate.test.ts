/** The first diverging node of real models: which node is said, and the model of it alone that is written. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertModel } from '../../../src/convert/convert.js';
import { readModel } from '../../../src/onnx/read.js';
import { tensorOf } from '../../../src/tensor/tensor.js';
import type { Judgement } from '../../../src/verify/checks.js';
import { judge, type VerifyRequest } from '../../../src/verify/judge.js';
import { Random } from '../../../src/verify/source/random.js';
import { runBytes } from '../../../src/verify/source/source.js';
import { type Sketch, sketched } from '../../convert/harness.js';
import { scratch, writeDataSet } from '../written.js';
import { damaged } from './faults.js';

const EXAMPLE = join(import.meta.dirname, '../../../examples/fcn-resnet18');

let home: ReturnType<typeof scratch>;
beforeEach(() => {
  home = scratch();
});
afterEach(() => home.remove());

const place = (...parts: string[]): string => join(home.folder, ...parts);
const codes = (j: Judgement): string[] => j.diagnostics.map((d) => d.code);

function convert(model: string, out: string, format: 'layers-model' | 'graph-model'): void {
  mkdirSync(out, { recursive: true });
  const { status } = convertModel({
    path: model,
    relativePath: 'model.onnx',
    formats: [format],
    changeOrdering: true,
    namePolicy: 'keep',
    outputFolder: out,
    limits: { maxModelBytes: 2 ** 31 },
  });
  expect(status).toBe('converted');
}

const judged = (more: Partial<VerifyRequest> = {}): Promise<Judgement> =>
  judge({
    folder: place('out'),
    model: place('model.onnx'),
    relativePath: 'model.onnx',
    workspace: home.folder,
    tolerance: {},
    engines: ['wasm'],
    runSource: true,
    locate: { milliseconds: 30_000, folder: place('divergence') },
    ...more,
  });

/** Two branches, a table, a softmax: x, x*w1 relu, concat … all values fetchable in both formats. */
function branches(): Sketch {
  const random = new Random('weights');
  const weight = (dims: number[]) =>
    tensorOf(
      'float32',
      dims,
      Array.from({ length: dims.reduce((n, d) => n * d, 1) }, () => random.normal()),
    );
  return {
    inputs: { x: ['float32', [1, 6]] },
    outputs: ['y'],
    nodes: [
      { op: 'Gemm', name: 'first', in: ['x', 'w1', 'b1'], out: ['a'] },
      { op: 'Relu', name: 'kink', in: ['a'], out: ['b'] },
      { op: 'Gemm', name: 'second', in: ['x', 'w2', 'b2'], out: ['c'] },
      { op: 'Tanh', name: 'bend', in: ['c'], out: ['d'] },
      { op: 'Concat', name: 'join', in: ['b', 'd'], out: ['e'], with: { axis: 1 } },
      { op: 'Gemm', name: 'third', in: ['e', 'w3', 'b3'], out: ['f'] },
      { op: 'Softmax', name: 'end', in: ['f'], out: ['y'], with: { axis: 1 } },
    ],
    weights: {
      w1: weight([6, 5]),
      b1: weight([5]),
      w2: weight([6, 4]),
      b2: weight([4]),
      w3: weight([9, 3]),
      b3: weight([3]),
    },
  };
}

describe.each(['layers-model', 'graph-model'] as const)('%s', (format) => {
  test('a fault at a random node is named', async () => {
    convert(join(EXAMPLE, 'fcn-resnet18.onnx'), place('whole'), format);
    let tried = 0;
    for (let seed = 0; tried < 1 && seed < 10; seed++) {
      rmSync(place('out'), { recursive: true, force: true });
      const fault = damaged(place('whole'), place('out'), `example ${seed}`);
      const result = await judged({ model: join(EXAMPLE, 'fcn-resnet18.onnx'), workspace: EXAMPLE });
      if (result.verdict !== 'mismatch') continue;
      tried++;
      const { divergence } = result;
      const named = divergence?.group?.map((n) => n.index) ?? [divergence?.index ?? -1];
      const said = [
        fault?.what,
        fault?.nodes.some((n) => named.includes(n)),
        named.length > (format === 'graph-model' ? 4 : 1),
      ];
      expect(said).toEqual([fault?.what, true, false]);
      expect(divergence?.runs).toBeLessThanOrEqual(6);
      // The curve: what was compared, in file order, small before the fault.
      const curve = divergence?.curve ?? [];
      expect(curve.map((p) => p.index)).toEqual(curve.map((p) => p.index).toSorted((a, b) => a - b));
      expect(curve.some((p) => p.output === divergence?.output && Number(p.share) > 1e-4)).toBe(true);
    }
    expect(tried).toBe(1);
  });

  test('a weight: node, attributes and error are told, and the node alone is a model that shows the fault', async () => {
    writeFileSync(place('model.onnx'), sketched(branches()));
    convert(place('model.onnx'), place('out'), format);
    const json = JSON.parse(readFileSync(place('out', 'model.json'), 'utf8'));
    const names: string[] = json.weightsManifest[0].weights.map((w: { name: string }) => w.name);
    const sizes: number[] = json.weightsManifest[0].weights.map((w: { shape: number[] }) =>
      w.shape.reduce((n, d) => n * d, 1),
    );
    // The kernel of `third`, which has 27 elements.
    const at = 4 * sizes.slice(0, sizes.indexOf(27)).reduce((sum, n) => sum + n, 0);
    expect(names[sizes.indexOf(27)]).toBeDefined();
    const shard = place('out', json.weightsManifest[0].paths[0]);
    const bytes = readFileSync(shard);
    bytes.writeFloatLE(bytes.readFloatLE(at) + 0.25, at);
    writeFileSync(shard, bytes);

    const result = await judged();
    expect(result.verdict).toBe('mismatch');
    expect(result.divergence).toMatchObject({
      node: 'third',
      op: 'Gemm',
      index: 5,
      output: 'f',
      format,
      engine: 'wasm',
    });
    const finding = result.diagnostics.find((d) => d.code === 'first-divergence');
    expect(finding).toMatchObject({ severity: 'note', place: { node: 'third', op: 'Gemm', tensor: 'f' } });
    expect(finding?.message).toContain('its inputs agree ("e" [1, 9])');

    // The model of that node alone: onnxruntime gives what is stored beside it.
    const minimal = readModel(place('divergence', 'model.onnx'));
    expect(minimal.graph.nodes.map((n) => n.name)).toEqual(['third']);
    expect(minimal.graph.inputs.map((i) => i.name)).toEqual(['e']);
    expect([...minimal.graph.initializers.keys()].sort()).toEqual(['b3', 'w3']);
    convert(place('divergence', 'model.onnx'), place('again'), format);
    const alone = await judge({
      folder: place('again'),
      model: place('divergence', 'model.onnx'),
      relativePath: 'model.onnx',
      workspace: home.folder,
      tolerance: {},
      engines: ['wasm'],
    });
    expect([alone.verdict, alone.checks.map((c) => c.reference.kind)]).toEqual(['pass', ['stored']]);
  });
});

test('a reference that neither the source nor the written model agrees with', async () => {
  writeFileSync(place('model.onnx'), sketched(branches()));
  convert(place('model.onnx'), place('out'), 'graph-model');
  writeDataSet(
    place('test_data_set_0'),
    { x: { dtype: 'float32', dims: [1, 6], data: [1, 2, 3, 4, 5, 6] } },
    { y: { dtype: 'float32', dims: [1, 3], data: [0.2, 0.3, 0.5] } },
  );
  const result = await judged();
  expect(result.verdict).toBe('mismatch');
  expect(codes(result)).toEqual(['output-differs', 'reference-at-fault', 'kernel-not-at-fault']);
  expect(result.divergence).toBeUndefined();
  expect(existsSync(place('divergence'))).toBe(false);
});

test('a difference that rounding makes is not laid at a node’s door', async () => {
  // A sum of 4096 products less its own value in single precision: what is left is rounding, made large.
  const random = new Random('sum');
  const column = Array.from({ length: 4096 }, () => Math.fround(random.normal()));
  const rows = Array.from({ length: 4 * 4096 }, () => Math.fround(random.normal()));
  const product: Sketch = {
    inputs: { x: ['float32', [4, 4096]] },
    outputs: ['p'],
    nodes: [{ op: 'MatMul', name: 'sum', in: ['x', 'w'], out: ['p'] }],
    weights: { w: tensorOf('float32', [4096, 1], column) },
  };
  const x = tensorOf('float32', [4, 4096], rows);
  const sum = (await runBytes(sketched(product), new Map([['x', x]]), ['p'])).get('p');
  const near = [...(sum?.data as Float32Array)].map((v) => Math.fround(v * (1 + 2 ** -20)));
  writeFileSync(
    place('model.onnx'),
    sketched({
      ...product,
      outputs: ['y'],
      nodes: [
        ...product.nodes,
        { op: 'Sub', name: 'less', in: ['p', 'near'], out: ['rest'] },
        { op: 'Mul', name: 'large', in: ['rest', 'much'], out: ['y'] },
      ],
      weights: { ...product.weights, near: tensorOf('float32', [4, 1], near), much: tensorOf('float32', [], [1e6]) },
    }),
  );
  convert(place('model.onnx'), place('out'), 'graph-model');
  const y = await runBytes(readFileSync(place('model.onnx')), new Map([['x', x]]), ['y']);
  writeDataSet(
    place('test_data_set_0'),
    { x: { dtype: 'float32', dims: [4, 4096], data: rows } },
    { y: { dtype: 'float32', dims: [4, 1], data: [...(y.get('y')?.data as Float32Array)] } },
  );
  const result = await judged({ tolerance: { rtol: 0, atol: 0, rangeTol: 0 } });
  expect(result.verdict).toBe('mismatch');
  expect(codes(result)).toContain('only-rounding');
  expect(result.divergence).toBeUndefined();
});

test('without the source it is said that nothing could be found out', async () => {
  writeFileSync(place('model.onnx'), sketched(branches()));
  convert(place('model.onnx'), place('out'), 'graph-model');
  writeDataSet(
    place('test_data_set_0'),
    { x: { dtype: 'float32', dims: [1, 6], data: [1, 2, 3, 4, 5, 6] } },
    { y: { dtype: 'float32', dims: [1, 3], data: [0.2, 0.3, 0.5] } },
  );
  rmSync(place('model.onnx'));
  const result = await judged();
  expect(codes(result)).toContain('not-located');
});
