/**
 * The Keras archive as Keras reads it, and the example for PyTorch: `npm run test:python`. Keras and TensorFlow come from the package folders that pip
 * is configured with; where there are none, the tests are skipped and say so. ONNX2KERAS_PYTHON names a Python that has
 * both, and spares the installation. ONNX2KERAS_DATA names a folder with whole sets of cases (`index.json` in it), which are
 * judged, too, and compared with test/conformance/expected.keras.txt; ONNX2KERAS_UPDATE=1 writes that anew.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '../../src/convert/convert.js';
import { compareWith, readExpected, writeExpected } from '../../src/tools/expected.js';
import { hdf5 } from '../../src/write/hdf5.js';
import { judgeArchives, type Case } from './archives.js';

const CASES = join(import.meta.dirname, 'cases');
const EXPECTED = join(import.meta.dirname, '..', 'conformance', 'expected.keras.txt');
const UPDATE = 'ONNX2KERAS_UPDATE=1 ONNX2KERAS_DATA=… npm run test:python';
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
const cases: Case[] = readdirSync(CASES, { withFileTypes: true })
  .filter((d) => d.isDirectory())
  .map((d) => ({ id: d.name, folder: join(CASES, d.name) }))
  .sort((a, b) => (a.id < b.id ? -1 : 1));
/** Where whole sets of cases are. Their archives take half an hour, so nobody has to. */
const data = process.env.ONNX2KERAS_DATA;
const home = mkdtempSync(join(tmpdir(), 'keras-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

if ('reason' in found) test.skip(`Keras reads the archives: skipped, since ${found.reason}`, () => {});
else {
  const { python } = found;

  describe.each([true, false])('change-ordering %s', (changeOrdering) => {
    test(
      'keras.models.load_model reads every archive and predicts what torch stored',
      async () => {
        const { keras, verdicts } = await judgeArchives(python, cases, changeOrdering, mkdtempSync(join(home, 'own-')));
        expect(keras).toMatch(/^3\./);
        expect(verdicts.filter((v) => v.status !== 'pass')).toEqual([]);
        expect(verdicts).toHaveLength(cases.length);
      },
      TEN_MINUTES,
    );

    (data === undefined ? test.skip : test)(
      'so does every case of a whole data folder, or its refusal is known',
      async () => {
        const { verdicts } = await judgeArchives(
          python,
          casesOf(data as string),
          changeOrdering,
          mkdtempSync(join(home, 'data-')),
        );
        const counts = new Map<string, number[]>();
        for (const { id, status } of verdicts) {
          const set = id.split('/')[0];
          const of = counts.get(set) ?? [0, 0];
          counts.set(set, [of[0] + (status === 'pass' ? 1 : 0), of[1] + 1]);
        }
        const variant = `keras${changeOrdering ? '' : ' in ONNX order'}`;
        for (const [set, [passed, all]] of counts) process.stdout.write(`${variant}: ${set} ${passed} of ${all}\n`);
        const outcomes = verdicts.map((v) => ({ ...v, engines: { keras: v } }));
        if (process.env.ONNX2KERAS_UPDATE) writeExpected(EXPECTED, variant, ['keras'], outcomes, UPDATE);
        expect(compareWith(readExpected(EXPECTED), variant, outcomes)).toEqual([]);
      },
      60 * TEN_MINUTES,
    );
  });

  test(
    'weights stored as float16 are float32 in Keras, each the nearest of what it was',
    () => {
      const model = join(import.meta.dirname, '..', '..', 'examples', 'fcn-resnet18', 'fcn-resnet18.onnx');
      const [exact, half] = (['none', 'float16'] as const).map((quantize) => {
        const outputFolder = mkdtempSync(join(home, 'half-'));
        const { status } = convertModel({
          path: model,
          relativePath: 'fcn-resnet18.onnx',
          formats: ['keras'],
          changeOrdering: true,
          namePolicy: 'keep',
          quantize,
          outputFolder,
          limits: { maxModelBytes: 2 ** 31 },
        });
        expect(status).toBe('converted');
        return join(outputFolder, 'model.keras');
      }) as [string, string];
      expect(statSync(half).size).toBeLessThan(0.6 * statSync(exact).size);
      const program = `import keras, numpy as np, sys
a, b = (keras.models.load_model(p, compile=False) for p in sys.argv[1:])
pairs = [(np.asarray(v), np.asarray(w)) for v, w in zip(a.weights, b.weights)]
near = [bool((v.astype(np.float16).astype(np.float32) == w).all()) if v.size >= 64 else bool((v == w).all()) for v, w in pairs]
print(len(pairs) > 50, all(w.dtype == np.float32 for _, w in pairs), all(near))`;
      const said = execFileSync(python, ['-c', program, exact, half], { encoding: 'utf8', stdio: 'pipe' });
      expect(said.trim()).toBe('True True True');
    },
    TEN_MINUTES,
  );

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

/** A Python with torch, which Debian packages; ONNX2KERAS_TORCH names another. */
const torch = [process.env.ONNX2KERAS_TORCH, 'python3', '/usr/bin/python3'].find(
  (program) => program && spawnSync(program, ['-c', 'import torch, numpy, onnx']).status === 0,
);

const EXAMPLE = `
import json, sys, warnings
sys.path.insert(0, sys.argv[1])
import torch
from torch import nn
from pytorch2keras import pytorch_to_keras


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.line = nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Linear(120, 3)

    def forward(self, image, vector):
        return self.line(torch.relu(self.norm(self.conv(image))).flatten(1)) + vector, self.conv(image)


torch.manual_seed(7)
made = []
for ordering in (True, False):
    for policy in (None, "renumerate"):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            inputs = [torch.randn(1, 2, 5, 6), torch.randn(1, 3)]
            c = pytorch_to_keras(Two(), inputs, [(2, 5, 6), (3,)], ordering, False, policy, True, False, out=sys.argv[2], name=f"{ordering}{policy}")
        made.append({"ordering": ordering, "policy": policy, "error": c.max_abs_error, "told": [str(w.message) for w in told],
                     "inputs": [i["tfjs"] for i in c.report["source"]["inputs"]], "layers": c.report["keras"]["rows"], "shapes": c.output_shapes})
open_sizes = pytorch_to_keras(nn.Conv2d(2, 3, 3), torch.randn(1, 2, 7, 9), [(2, None, None)], True, out=sys.argv[2], name="open")
print(json.dumps({"made": made, "open": open_sizes.report["source"]["inputs"][0]["tfjs"]["shape"]}))
`;

if (!torch) test.skip('pytorch_to_keras: skipped, since no Python here has torch, numpy and onnx', () => {});
else
  test(
    'pytorch_to_keras converts as pytorch2keras was called, and tells how far it is from torch',
    () => {
      const root = join(import.meta.dirname, '..', '..');
      const done = spawnSync(
        torch,
        ['-c', EXAMPLE, join(root, 'examples', 'pytorch'), mkdtempSync(join(home, 'torch-'))],
        {
          encoding: 'utf8',
          env: { ...process.env, ONNX2KERAS_CLI: join(root, 'lib', 'cli.js') },
        },
      );
      const { made, open } = JSON.parse(done.stdout || JSON.stringify({ made: done.stderr })) as {
        made: {
          ordering: boolean;
          policy: string | null;
          error: number;
          told: string[];
          inputs: { name: string; shape: (number | null)[] }[];
          layers: { name: string; className: string }[];
          shapes: number[][];
        }[];
        open: (number | null)[];
      };
      expect(made).toHaveLength(4);
      for (const { ordering, policy, error, told, inputs, layers, shapes } of made) {
        expect(error).toBeLessThan(1e-5);
        expect(told.join()).toContain('use_optimizer is ignored');
        expect(inputs).toEqual([
          expect.objectContaining({ name: 'input_0', shape: ordering ? [null, 5, 6, 2] : [null, 2, 5, 6] }),
          expect.objectContaining({ name: 'input_1', shape: [null, 3] }),
        ]);
        expect(shapes).toEqual([[1, 3], ordering ? [1, 5, 6, 4] : [1, 4, 5, 6]]);
        const named = layers.filter((l) => l.className !== 'InputLayer').map((l) => l.name);
        if (policy === 'renumerate') for (const name of named) expect(name).toMatch(/^LAYER_\d+/);
        else expect(named).toEqual(expect.arrayContaining(['output_0', 'output_1']));
        expect(layers.map((l) => l.className)).toEqual(
          expect.arrayContaining(['Conv2D', 'BatchNormalization', 'Dense']),
        );
      }
      expect(open).toEqual([null, null, null, 2]);
    },
    TEN_MINUTES,
  );

/** The cases of a data folder that a Keras model is expected of: all sets but ONNX's single operators. */
function casesOf(folder: string): Case[] {
  const rows = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
    case: string;
    set: string;
    path: string;
  }[];
  return rows
    .filter((r) => (r.set === 'onnx-head-node' ? r.case.startsWith('light__') : r.set !== 'wild-ops'))
    .map((r) => ({ id: `${r.set}/${r.case}`, folder: join(folder, r.path) }));
}
