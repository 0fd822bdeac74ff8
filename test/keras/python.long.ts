/**
 * The Keras archive as Keras reads it: `npm run test:python`. Keras and TensorFlow come from the package folders that pip
 * is configured with; where there are none, the tests are skipped and say so. ONNX2KERAS_PYTHON names a Python that has
 * both, and spares the installation.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '../../src/convert.js';
import { permuted } from '../../src/ir/weights.js';
import { readTensorFile } from '../../src/onnx/tensorfile.js';
import { writeNpy } from '../../src/tensor/npy.js';
import { weightOf } from '../../src/tensor/tensor.js';
import { hdf5 } from '../../src/write/hdf5.js';

const CASES = join(import.meta.dirname, 'cases');
const JUDGE = join(import.meta.dirname, '..', 'python', 'judge.py');
const TEN_MINUTES = 600_000;

/** A Python with Keras, or why there is none. */
function findPython(): { python: string } | { reason: string } {
  const given = process.env.ONNX2KERAS_PYTHON;
  if (given) return { python: given };
  const listed = spawnSync('pip', ['config', 'list'], { encoding: 'utf8' });
  const folders = [...(listed.stdout ?? '').matchAll(/^global\.extra-index-url='(.*)'$/gm)]
    .flatMap((m) => m[1].split(/\\n|\s/))
    .filter((url) => url.startsWith('file:'));
  if (folders.length === 0) return { reason: 'pip is configured with no local package folder here' };
  const venv = join(tmpdir(), 'onnx2keras-python');
  const python = join(venv, 'bin', 'python');
  const has = () =>
    existsSync(python) &&
    spawnSync(python, ['-c', 'import keras, tensorflow, h5py'], { env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' } })
      .status === 0;
  if (has()) return { python };
  const [first, ...others] = folders;
  if (spawnSync('python3', ['-m', 'venv', venv]).status !== 0)
    return { reason: 'python3 can make no virtual environment here' };
  spawnSync(
    join(venv, 'bin', 'pip'),
    [
      'install',
      '-q',
      '--disable-pip-version-check',
      '--index-url',
      first,
      ...others.flatMap((f) => ['--extra-index-url', f]),
      'tensorflow-cpu',
      'keras',
      'h5py',
    ],
    { timeout: TEN_MINUTES },
  );
  return has() ? { python } : { reason: 'keras and tensorflow-cpu are not to be had from the local package folders' };
}

const found = findPython();
const names = readdirSync(CASES, { withFileTypes: true })
  .filter((d) => d.isDirectory())
  .map((d) => d.name)
  .sort();
const home = mkdtempSync(join(tmpdir(), 'keras-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

if ('reason' in found) test.skip(`Keras reads the archives: skipped, since ${found.reason}`, () => {});
else {
  const { python } = found;
  const environment = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '-1' };

  describe.each([true, false])('change-ordering %s', (changeOrdering) => {
    test(
      'keras.models.load_model reads every archive and predicts what torch stored',
      () => {
        const list = names.map((name) => {
          const folder = join(home, `${name}-${changeOrdering}`);
          mkdirSync(folder);
          const converted = convertModel({
            path: join(CASES, name, 'model.onnx'),
            relativePath: name,
            formats: ['keras'],
            changeOrdering,
            namePolicy: 'keep',
            outputFolder: folder,
            limits: { maxModelBytes: 2 ** 24 },
          });
          expect([
            name,
            converted.diagnostics.filter((d) => d.severity !== 'note' && d.severity !== 'warning'),
          ]).toEqual([name, []]);
          const record = JSON.parse(readFileSync(join(folder, 'conversion.json'), 'utf8')) as {
            inputs: { order: number[] }[];
            outputs: { order: number[] }[];
          };
          const stored = (kind: 'input' | 'output', rows: readonly { order: number[] }[]) =>
            rows.map(({ order }, i) => {
              const { tensor } = readTensorFile(join(CASES, name, 'test_data_set_0', `${kind}_${i}.pb`)) as unknown as {
                tensor?: never;
              };
              const value =
                tensor ?? (readTensorFile(join(CASES, name, 'test_data_set_0', `${kind}_${i}.pb`)) as never);
              const path = join(folder, `${kind}_${i}.npy`);
              writeFileSync(path, writeNpy(permuted(weightOf(value), order).load()));
              return path;
            });
          return {
            id: name,
            model: join(folder, 'model.keras'),
            inputs: stored('input', record.inputs),
            outputs: stored('output', record.outputs),
            layers: layerNames(join(folder, 'model.keras')),
            rtol: 1e-3,
            atol: 1e-5,
            rangeTol: 1e-5,
            predict: true,
          };
        });
        const file = join(home, `list-${changeOrdering}.json`);
        writeFileSync(file, JSON.stringify(list));
        const [versions, ...results] = execFileSync(python, [JUDGE, file], {
          encoding: 'utf8',
          env: environment,
          maxBuffer: 2 ** 26,
        })
          .trim()
          .split('\n')
          .map((l) => JSON.parse(l));
        expect(versions.keras).toMatch(/^3\./);
        expect(results.filter((r) => r.status !== 'pass')).toEqual([]);
        expect(results).toHaveLength(names.length);
      },
      TEN_MINUTES,
    );
  });

  test(
    'h5py finds every array of a group with thousands of names',
    () => {
      const count = 9000;
      const path = join(home, 'many.h5');
      const fd = openSync(path, 'w');
      hdf5({
        layers: Object.fromEntries(
          Array.from({ length: count }, (_, i) => [
            `layer_${i}`,
            { vars: { 0: { dims: [2, 3], load: () => new Float32Array(6).fill(i) } } },
          ]),
        ),
        empty: {},
      }).write((b) => {
        writeSync(fd, b);
      });
      closeSync(fd);
      const program =
        'import h5py, sys\nf = h5py.File(sys.argv[1])\nprint(len(f["layers"]), len(f["empty"]), all((f[f"layers/layer_{i}/vars/0"][:] == i).all() and f[f"layers/layer_{i}/vars/0"].shape == (2, 3) for i in range(9000)))';
      expect(execFileSync(python, ['-c', program, path], { encoding: 'utf8' }).trim()).toBe(`${count} 0 True`);
    },
    TEN_MINUTES,
  );
}

/** Names of the layers, in the order of config.json: the second entry of the archive, which isn't compressed. */
function layerNames(path: string): string[] {
  const text = readFileSync(path).toString('latin1');
  const from = text.indexOf('config.json') + 'config.json'.length;
  const size = readFileSync(path).readUInt32LE(from - 'config.json'.length - 30 + 18);
  const config = JSON.parse(Buffer.from(text.slice(from, from + size), 'latin1').toString('utf8')) as {
    config: { layers: { name: string }[] };
  };
  return config.config.layers.map((l) => l.name);
}
