/**
 * model.d.ts and the program that loads a model: TypeScript takes both together, also where names are made to hurt, and
 * stock TensorFlow.js runs the program as it stands in the report.
 */
import * as core from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as converter from '@tensorflow/tfjs-converter';
import * as layers from '@tensorflow/tfjs-layers';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadingProgram } from '../../src/report/loading.js';
import type { Format } from '../../src/report/types.js';
import { tensorOf } from '../../src/tensor/tensor.js';
import { clean, convert, type Converted, type Sketch } from './harness.js';

const ROOT = join(import.meta.dirname, '..', '..');

const conv: Sketch = {
  inputs: { 'image:0': ['uint8', ['N', 3, 8, 8]] },
  outputs: ['scores'],
  weights: {
    w: tensorOf('float32', [2, 3, 1, 1], [1, 2, 3, 4, 5, 6]),
    one: tensorOf('float32', [2], [1, 1]),
    zero: tensorOf('float32', [2], [0, 0]),
  },
  nodes: [
    { op: 'Cast', in: ['image:0'], out: ['x'], with: { to: 1 } },
    { op: 'Conv', in: ['x', 'w'], out: ['c'] },
    { op: 'BatchNormalization', in: ['c', 'one', 'zero', 'zero', 'one'], out: ['b'] },
    { op: 'Sigmoid', in: ['b'], out: ['scores'] },
  ],
};
const several: Sketch = {
  inputs: { image: ['float32', [1, 2, 4, 5]], vector: ['float32', [1, 3]], words: ['int64', [1, 4]] },
  outputs: ['12', 'softmax', 'rows'],
  weights: {
    table: tensorOf(
      'float32',
      [7, 2],
      Array.from({ length: 14 }, (_, i) => i),
    ),
    k: tensorOf('float32', [3, 2], [1, 0, 0, 1, 1, 1]),
    low: tensorOf('float32', [], [-2]),
    high: tensorOf('float32', [], [3]),
  },
  nodes: [
    { op: 'Clip', in: ['image', 'low', 'high'], out: ['12'] },
    { op: 'Gemm', in: ['vector', 'k'], out: ['g'] },
    { op: 'Softmax', in: ['g'], out: ['softmax'] },
    { op: 'Gather', in: ['table', 'words'], out: ['rows'] },
  ],
};
const EVIL = 'a*/ export const stolen = 1; /*\n\u202e` $' + '{process.exit()}`\'"\u2028';
const hostile: Sketch = {
  inputs: { [EVIL]: ['float32', [1, 2]], constructor: ['float32', [1, 2]] as const },
  outputs: ['*/ y'],
  nodes: [{ op: 'Add', in: [EVIL, 'constructor'], out: ['*/ y'] }],
};
/** Its result's size depends on the data. */
const waiting: Sketch = {
  inputs: { x: ['float32', [2, 3]] },
  outputs: ['places'],
  nodes: [{ op: 'NonZero', in: ['x'], out: ['places'] }],
};

const face = (c: Converted) => ({
  format: c.format as Format,
  async: c.conversion?.async === true,
  inputs: c.source?.inputs ?? [],
  outputs: c.source?.outputs ?? [],
});
const home = mkdtempSync(join(tmpdir(), 'declaration-'));
const converted: Record<string, Converted> = {
  layers: convert(conv, { formats: ['layers-model'] }),
  several: convert(several, { formats: ['layers-model'] }),
  graph: convert(several, { formats: ['graph-model'], changeOrdering: false }),
  hostile: convert(hostile, { formats: ['layers-model'] }),
  waiting: convert(waiting, { formats: ['graph-model'] }),
};
afterAll(() => {
  clean();
  rmSync(home, { recursive: true, force: true });
});

const names = Object.keys(converted);

test('every model folder has one, listed with its hash', () => {
  for (const name of names) {
    expect([name, converted[name].diagnostics.filter((d) => d.severity === 'error')]).toEqual([name, []]);
    expect(converted[name].artefacts.map((a) => a.path)).toContain('model.d.ts');
  }
  expect(convert(conv, { formats: ['graph-model', 'layers-model'] }).artefacts.map((a) => a.path)).toEqual(
    expect.arrayContaining(['model.d.ts', 'layers-model/model.d.ts']),
  );
});

test('TypeScript takes each declaration with its program, and no wrong use of it', () => {
  // The package @tensorflow/tfjs does no more than give these three.
  const tfjs = join(home, 'node_modules', '@tensorflow', 'tfjs');
  mkdirSync(tfjs, { recursive: true });
  for (const other of ['tfjs-core', 'tfjs-layers', 'tfjs-converter'])
    symlinkSync(join(ROOT, 'node_modules', '@tensorflow', other), join(dirname(tfjs), other));
  writeFileSync(join(tfjs, 'package.json'), JSON.stringify({ name: '@tensorflow/tfjs', types: 'index.d.ts' }));
  writeFileSync(
    join(tfjs, 'index.d.ts'),
    ['core', 'layers', 'converter'].map((p) => `export * from '@tensorflow/tfjs-${p}';\n`).join(''),
  );
  for (const name of names) {
    const folder = join(home, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'model.d.ts'), readFileSync(join(converted[name].folder, 'model.d.ts')));
    writeFileSync(
      join(folder, 'load.ts'),
      `${loadingProgram(face(converted[name]), 'model.json', true)}\nexport {};\n`,
    );
  }
  // What is declared, by hand.
  writeFileSync(
    join(home, 'use.ts'),
    `import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import type * as Layers from './layers/model.js';
import type * as Several from './several/model.js';
import type * as Graph from './graph/model.js';
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>) => {};
same<Layers.Inputs, { image_0: Tensor4D }>(true);
same<Layers.Facts['inputs']['image_0'], { onnx: 'image:0'; dtype: 'int32'; shape: [null, 8, 8, 3]; order: [0, 2, 3, 1]; range: { min: 0; max: 255 } }>(true);
same<Layers.Facts['outputs']['scores']['range'], { min: 0; max: 1 }>(true);
same<Several.Outputs, { '12': Tensor4D; softmax: Tensor2D; rows: Tensor3D }>(true);
same<Several.Facts['inputs']['words']['range'], { min: 0; max: 6 }>(true);
same<Several.Facts['outputs']['12']['range'], { min: -2; max: 3 }>(true);
same<Graph.Facts['inputs']['image'], { onnx: 'image'; dtype: 'float32'; shape: [1, 2, 4, 5]; order: [0, 1, 2, 3] }>(true);
// @ts-expect-error: a vector is no image
const wrong: Several.Inputs['image'] = null as unknown as Tensor2D;
// @ts-expect-error: there is no such output
type None = Several.Outputs['other'];
export type { None };
export { wrong };
`,
  );
  writeFileSync(
    join(home, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        module: 'nodenext',
        strict: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
        preserveSymlinks: true,
        skipLibCheck: false,
        skipDefaultLibCheck: true,
        types: [],
        lib: ['es2023', 'dom'],
      },
      files: ['use.ts', ...names.flatMap((n) => [`${n}/load.ts`, `${n}/model.d.ts`])],
    }),
  );
  writeFileSync(join(home, 'package.json'), JSON.stringify({ type: 'module' }));
  const done = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', home], {
    encoding: 'utf8',
  });
  // TensorFlow.js's own declarations have errors of their own.
  expect(done.stdout.split('\n').filter((line) => line !== '' && !/^\s|node_modules/.test(line))).toEqual([]);
});

test.each(names)('the program in the report runs: %s', async (name) => {
  // Else it advertises its own binding.
  core.env().set('IS_NODE', false);
  await core.setBackend('cpu');
  const c = converted[name];
  const path = join(c.folder, 'model.json');
  const program = loadingProgram(face(c), path) as string;
  const { weightsManifest: manifest, ...json } = JSON.parse(readFileSync(path, 'utf8'));
  const bytes = Buffer.concat(
    manifest.flatMap((g: { paths: string[] }) => g.paths).map((p: string) => readFileSync(join(c.folder, p))),
  );
  core.io.registerLoadRouter((url) =>
    url === path
      ? {
          load: async () => ({
            ...json,
            weightSpecs: manifest.flatMap((g: { weights: unknown[] }) => g.weights),
            weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
          }),
        }
      : (null as never),
  );
  const body = program.replace(/^import .*$/gm, '');
  const run = new (Object.getPrototypeOf(async () => {}).constructor)(
    'tf',
    `${body}\nreturn [${/const (output|\[.*\]) = /.exec(body)?.[1]}].flat();`,
  );
  const given = (await run({ ...core, ...layers, ...converter })) as core.Tensor[];
  expect(given.map((t) => [t.dtype, t.rank])).toEqual(c.record.outputs.map((o) => [o.tfjs.dtype, o.tfjs.shape.length]));
});

test('values of an output that nothing bounds have no range, and crossed bounds give the upper one', () => {
  const s: Sketch = {
    inputs: { x: ['float32', [1, 2]] },
    outputs: ['open', 'crossed', 'kept'],
    weights: { three: tensorOf('float32', [], [3]), one: tensorOf('float32', [], [1]) },
    nodes: [
      { op: 'LeakyRelu', in: ['x'], out: ['open'], with: { alpha: 0.5 } },
      { op: 'Clip', in: ['x', 'three', 'one'], out: ['crossed'] },
      { op: 'Tanh', in: ['x'], out: ['t'] },
      { op: 'Relu', in: ['t'], out: ['r'] },
      { op: 'Concat', in: ['t', 'r'], out: ['kept'], with: { axis: 1 } },
    ],
  };
  const ranges = convert(s).source?.outputs?.map((o) => o.range);
  expect(ranges).toEqual([undefined, { min: 1, max: 1 }, { min: -1, max: 1 }]);
});

test('the range of an input that the settings name is that', () => {
  const c = convert(several, { formats: ['layers-model'], inputRanges: { image: [0, 1] } });
  expect(c.source?.inputs?.map((i) => i.range)).toEqual([{ min: 0, max: 1 }, undefined, { min: 0, max: 6 }]);
  expect(readFileSync(join(c.folder, 'model.d.ts'), 'utf8')).toContain('values from 0 to 1');
});
