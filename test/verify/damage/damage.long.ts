/**
 * Conversions and references with one thing wrong in each, in both formats: every one has to be caught, with the right
 * diagnosis; and the same without the damage has to pass. Expected outputs are onnxruntime-web's, from the right model.
 */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { convertModel } from '../../../src/convert/convert.js';
import { encodeTensor } from '../../../src/onnx/encode.js';
import { readValueFile } from '../../../src/onnx/tensorfile.js';
import { writeNpz } from '../../../src/tensor/npz.js';
import { writeNpy } from '../../../src/tensor/npy.js';
import { type Tensor, tensorOf } from '../../../src/tensor/tensor.js';
import type { Judgement } from '../../../src/verify/checks.js';
import { judge } from '../../../src/verify/judge.js';
import { recordReference } from '../../../src/verify/source/recording.js';
import { scratch } from '../written.js';
import { type Mistakes, moved, network } from './network.js';

type Format = 'layers-model' | 'graph-model';

let home: ReturnType<typeof scratch>;
const place = (...parts: string[]): string => join(home.folder, ...parts);

function convert(model: Uint8Array, out: string, format: Format): void {
  writeFileSync(place('converted.onnx'), model);
  mkdirSync(out, { recursive: true });
  const { status, diagnostics } = convertModel({
    path: place('converted.onnx'),
    relativePath: 'model.onnx',
    formats: [format],
    changeOrdering: true,
    namePolicy: 'keep',
    outputFolder: out,
    limits: { maxModelBytes: 2 ** 31 },
  });
  expect([status, diagnostics.filter((d) => d.severity !== 'note')]).toEqual(['converted', []]);
}

/** What a reference of the right model is, in the forms that there are. */
let values: { x: Tensor; y: Tensor; z: Tensor };

beforeAll(async () => {
  home = scratch();
  writeFileSync(place('model.onnx'), network());
  for (const format of ['layers-model', 'graph-model'] as const) convert(network(), place(format), format);
  const { sets, diagnostics } = await recordReference({
    path: place('model.onnx'),
    relativePath: 'model.onnx',
    form: 'test_data_set',
    seed: 'damage',
    inputs: [],
    workspace: home.folder,
    replace: false,
    tool: { name: 'test', version: '0' },
  });
  expect([sets.length, diagnostics]).toEqual([2, []]);
  const value = (name: string): Tensor => {
    const read = readValueFile(place('model.reference', 'test_data_set_0', name));
    if (read.kind !== 'tensor') throw new Error(`${name} is no tensor`);
    return read.tensor;
  };
  values = { x: value('input_0.pb'), y: value('output_0.pb'), z: value('output_1.pb') };
});
afterAll(() => home.remove());

let workspace: string;
const work = (...parts: string[]): string => join(workspace, ...parts);
beforeEach(() => {
  workspace = place('work');
  mkdirSync(workspace);
  cpSync(place('model.onnx'), work('model.onnx'));
});
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

const judged = (): Promise<Judgement> =>
  judge({
    folder: work('out'),
    model: work('model.onnx'),
    relativePath: 'model.onnx',
    workspace,
    tolerance: {},
    engines: ['wasm'],
    runSource: true,
    locate: { milliseconds: 60_000 },
  });
const codes = (j: Judgement): string[] => j.diagnostics.map((d) => d.code);
const isError = (j: Judgement): boolean => j.diagnostics.some((d) => d.severity === 'error');

const DATA = 'model.reference/test_data_set_0';
/** The converted model as it should be, with the recorded reference. */
function whole(format: Format, reference = true): void {
  cpSync(place(format), work('out'), { recursive: true });
  if (reference) cpSync(place('model.reference'), work('model.reference'), { recursive: true });
}

/** What is wrong, the mistake, and the nodes one of which has to be named. */
const MISTAKES: readonly [what: string, wrong: Mistakes, nodes: readonly string[]][] = [
  ['a wrong permutation', { perm: [0, 1, 2, 3] }, ['turn']],
  [
    'transposed weights',
    { weights: ({ w5 }) => ({ w5: moved(w5 as Tensor, ([i = 0, j = 0]) => [j, i]) }) },
    ['square'],
  ],
  ['a dropped bias', { weights: ({ b1 }) => ({ b1: zeros(b1 as Tensor) }) }, ['conv']],
  ['a pad off by one', { pads: [0, 0, 2, 2] }, ['conv']],
  ['a wrong epsilon', { epsilon: 1e-2 }, ['norm']],
  ['mean and shift exchanged', { inputs: { norm: ['c', 'scale', 'mean', 'shift', 'variance'] } }, ['norm']],
  ['a deviation for a variance', { weights: ({ variance }) => ({ variance: rooted(variance as Tensor) }) }, ['norm']],
  ['a wrong alpha', { alpha: 0.2 }, ['leaky']],
  ['a wrong activation', { op: { bend: 'Sigmoid' } }, ['bend']],
  ['another activation at the end', { op: { marks: 'Tanh' } }, ['marks']],
  ['a wrong kind of pool', { op: { pool: 'AveragePool' } }, ['pool']],
  ['a wrong dilation', { dilations: [1, 1] }, ['dilated']],
  ['a wrong stride', { strides: [1, 1] }, ['strided']],
  ['a wrong axis', { axis: 3 }, ['join']],
  ['parts joined in the wrong order', { inputs: { join: ['u', 'a'] } }, ['join']],
  ['padding left out of a mean', { countPads: 0 }, ['average']],
  ['a product for a sum', { op: { skip: 'Mul' } }, ['skip']],
  [
    'a kernel turned round',
    { weights: ({ w2 }) => ({ w2: moved(w2 as Tensor, ([o = 0, i = 0, y = 0, x = 0]) => [o, i, 2 - y, 2 - x]) }) },
    ['dilated'],
  ],
  [
    'height and width of a kernel exchanged',
    { weights: ({ w3 }) => ({ w3: moved(w3 as Tensor, ([o = 0, i = 0, y = 0, x = 0]) => [o, i, x, y]) }) },
    ['strided'],
  ],
  [
    'channels of the input in the other order',
    { weights: ({ w1 }) => ({ w1: moved(w1 as Tensor, ([o = 0, i = 0, y = 0, x = 0]) => [o, 2 - i, y, x]) }) },
    ['conv'],
  ],
  [
    'inputs and outputs of a square kernel exchanged',
    { weights: ({ w2 }) => ({ w2: moved(w2 as Tensor, ([o = 0, i = 0, y = 0, x = 0]) => [i, o, y, x]) }) },
    ['dilated'],
  ],
  [
    'weights of the same shape exchanged',
    { inputs: { second: ['r', 'w7', 'b6'], third: ['r', 'w6', 'b7'] } },
    ['second', 'third'],
  ],
  [
    'rows in channels-last order before a product',
    { weights: ({ w4 }) => ({ w4: moved(w4 as Tensor, ([i = 0, j = 0]) => [(i % 32) * 4 + Math.floor(i / 32), j]) }) },
    ['first'],
  ],
];

const zeros = (t: Tensor): Tensor => tensorOf(t.dtype, t.dims, Array(t.data.length).fill(0));
const rooted = (t: Tensor): Tensor => tensorOf(t.dtype, t.dims, Array.from(t.data as Float32Array, Math.sqrt));

/** Writes into a shard: a weight of so many elements, at one of them. */
function poke(elements: number, change: (bytes: Buffer, at: number) => void): void {
  const json = JSON.parse(readFileSync(work('out', 'model.json'), 'utf8'));
  const { paths, weights } = json.weightsManifest[0] as {
    paths: string[];
    weights: { shape: number[]; dtype: string }[];
  };
  let at = 0;
  for (const { shape } of weights) {
    const n = shape.reduce((a, b) => a * b, 1);
    if (n === elements) break;
    at += 4 * n;
  }
  const shard = work('out', paths[0] as string);
  const bytes = readFileSync(shard);
  change(bytes, at);
  writeFileSync(shard, bytes);
}

const shardOf = (): string => work('out', readdirSync(work('out')).find((n) => n.endsWith('.bin')) as string);

interface Files {
  weightsManifest: [{ paths: string[]; weights: { shape: number[] }[] }];
  format: string;
  source: unknown;
  inputs: [{ order: number[] }];
  outputs: [Face, Face];
}
interface Face {
  tfjs: { name: string; dtype: string };
}

function edit(file: string, change: (json: Files) => unknown): void {
  const json = JSON.parse(readFileSync(work('out', file), 'utf8'));
  change(json);
  writeFileSync(work('out', file), JSON.stringify(json));
}

/** The two that read weights of 30 and of 5 elements. */
const LAST = ['second', 'third'];

/** What is wrong in the folder, the code, and what the message says. Where a node is to be named, it is. */
const FOLDERS: readonly [what: string, damage: () => void, code: string, says: RegExp, nodes?: readonly string[]][] = [
  ['a shard cut off', () => truncateSync(shardOf(), 1000), 'weights-truncated', /holds 1000 bytes/],
  [
    'a shard too long',
    () => appendFileSync(shardOf(), 'four'),
    'weights-too-long',
    /bytes where the weights in model.json take/,
  ],
  ['a shard missing', () => rmSync(shardOf()), 'shard-missing', /does not exist/],
  [
    'a bit of a weight',
    () => poke(5, (b, at) => b.writeUInt8((b[at + 3] as number) ^ 0x02, at + 3)),
    'output-differs',
    /beyond tolerance/,
    LAST,
  ],
  ['NaN in a weight', () => poke(30, (b, at) => b.writeFloatLE(Number.NaN, at)), 'output-not-finite', /NaN/, LAST],
  [
    'an infinity in a weight',
    () => poke(30, (b, at) => b.writeFloatLE(Infinity, at)),
    'output-not-finite',
    /NaN/,
    LAST,
  ],
  [
    'a weight from outside the folder',
    () => edit('model.json', (m) => (m.weightsManifest[0].paths[0] = '../model.onnx')),
    'shard-outside',
    /"..\/model.onnx"/,
  ],
  [
    'a weight of another shape',
    () => edit('model.json', (m) => m.weightsManifest[0].weights[0].shape.push(2)),
    'weights-truncated',
    /take/,
  ],
  ['model.json missing', () => rmSync(work('out', 'model.json')), 'not-a-model-folder', /model.json/],
  ['model.json cut off', () => truncateSync(work('out', 'model.json'), 500), 'model-json-invalid', /JSON/],
  [
    'conversion.json cut off',
    () => truncateSync(work('out', 'conversion.json'), 500),
    'conversion-record-invalid',
    /JSON/,
  ],
  [
    'axes that lie otherwise than is said',
    () => edit('conversion.json', (c) => (c.inputs[0].order = [0, 3, 2, 1])),
    'output-differs',
    /beyond tolerance/,
  ],
  [
    'two outputs exchanged',
    () =>
      edit('conversion.json', (c) => ([c.outputs[0].tfjs, c.outputs[1].tfjs] = [c.outputs[1].tfjs, c.outputs[0].tfjs])),
    'output-differs',
    /agrees with the model's output "[yz]": were outputs exchanged/,
  ],
  [
    'an output under another name',
    () => edit('conversion.json', (c) => (c.outputs[0].tfjs.name = 'other')),
    'output-not-in-model',
    /"other"/,
  ],
  [
    'an output that nobody names',
    () => edit('conversion.json', (c) => (c.outputs as Face[]).pop()),
    'output-not-in-record',
    /doesn't name/,
  ],
  [
    'another type than is promised',
    () => edit('conversion.json', (c) => (c.outputs[0].tfjs.dtype = 'int32')),
    'output-dtype-differs',
    /is float32 where conversion.json promises int32/,
  ],
  [
    'the files of two formats',
    () => edit('conversion.json', (c) => (c.format = c.format === 'graph-model' ? 'layers-model' : 'graph-model')),
    'format-disagrees',
    /where conversion.json says/,
  ],
];

/** As .npz, for which one form has to stand: arrays by name. */
const npz = (change: (v: Record<string, Tensor>) => void): void => {
  rmSync(work('model.reference'), { recursive: true });
  const all: Record<string, Tensor> = { ...values };
  change(all);
  writeFileSync(work('model.reference.npz'), writeNpz(new Map(Object.entries(all))));
};
const shapeOf = (t: Tensor, dims: number[]): Tensor => ({ ...t, dims });
const at = (t: Tensor, i: number, value: number): Tensor =>
  tensorOf(
    t.dtype,
    t.dims,
    Array.from(t.data as Float32Array, (v, k) => (k === i ? value : v)),
  );

const REFERENCES: readonly [what: string, damage: () => void, code: string, says: RegExp][] = [
  ['of another version of the model', () => stale(), 'reference-stale', /"model.onnx" has changed since/],
  [
    'changed by hand',
    () => writeFileSync(work(DATA, 'output_1.pb'), encodeTensor(at(values.z, 2, 0.123), 'z')),
    'reference-edited',
    /output_1.pb/,
  ],
  [
    'without an output',
    () => rmSync(work(DATA, 'output_1.pb')),
    'reference-missing-output',
    /lacks the output "z" \(float32 \[[1?], 5\]\); it has "y"/,
  ],
  ['without an input', () => rmSync(work(DATA, 'input_0.pb')), 'reference-missing-input', /lacks the input "x"/],
  [
    'with an output too many',
    () => cpSync(work(DATA, 'output_0.pb'), work(DATA, 'output_2.pb')),
    'reference-superfluous',
    /"output_2"/,
  ],
  ['with a name too many', () => npz((v) => (v.yy = v.y as Tensor)), 'reference-superfluous', /is "y" meant\?/],
  [
    'of another type',
    () => npz((v) => (v.x = tensorOf('float64', values.x.dims, values.x.data as Float32Array))),
    'reference-dtype',
    /float64 where the model has float32/,
  ],
  [
    'whose output is of another type',
    () => npz((v) => (v.y = tensorOf('int32', [1, 5], [0, 0, 0, 0, 1]))),
    'reference-dtype',
    /output "y" is int32/,
  ],
  [
    'of another shape',
    () => npz((v) => (v.x = shapeOf(values.x, [1, 16, 16, 3]))),
    'reference-shape',
    /\[1, 16, 16, 3\] where the model has \[[1?], 3, 16, 16\]/,
  ],
  ['of another rank', () => npz((v) => (v.x = shapeOf(values.x, [3, 16, 16]))), 'reference-shape', /has rank 3/],
  [
    'whose output is of another shape',
    () => npz((v) => (v.y = shapeOf(values.y, [5]))),
    'output-shape-differs',
    /\[1, 5\].*\[5\]/,
  ],
  [
    'whose outputs are exchanged',
    () => npz((v) => ([v.y, v.z] = [values.z, values.y])),
    'output-differs',
    /agrees with the model's output "[yz]": were outputs exchanged/,
  ],
  [
    'with NaN',
    () => npz((v) => (v.y = at(values.y, 3, Number.NaN))),
    'output-not-finite',
    /0 NaN and 0 infinities where 1 and 0 are expected/,
  ],
  [
    'with an infinity',
    () => npz((v) => (v.z = at(values.z, 0, Infinity))),
    'output-not-finite',
    /where 0 and 1 are expected/,
  ],
  [
    'with another value',
    () => npz((v) => (v.z = at(values.z, 4, 0.5 + (values.z.data[4] as number)))),
    'output-differs',
    /1 of 5 elements.*at \[0, 4\]/,
  ],
  [
    'whose .npz is cut off',
    () => (npz(() => {}), truncateSync(work('model.reference.npz'), 900)),
    'reference-unreadable',
    /./,
  ],
  [
    'whose .npz has a byte changed',
    () => (npz(() => {}), flip(work('model.reference.npz'), 700)),
    'reference-unreadable',
    /the array "x.npy" in it is damaged/,
  ],
  [
    'whose .npy is cut off',
    () => npys((name) => name === 'x' && truncateSync(work('model.reference', 'x.npy'), 600)),
    'reference-unreadable',
    /./,
  ],
  [
    'of pickled objects',
    () => npys((name) => name === 'y' && writeFileSync(work('model.reference', 'y.npy'), pickled())),
    'reference-unreadable',
    /pickled/,
  ],
  [
    'that is a Git LFS pointer',
    () =>
      npys(
        (name) =>
          name === 'y' &&
          writeFileSync(
            work('model.reference', 'y.npy'),
            'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n',
          ),
      ),
    'reference-unreadable',
    /Git LFS pointer/,
  ],
  [
    'outside of the workspace',
    () =>
      npys((name) => {
        if (name === 'y') {
          rmSync(work('model.reference', 'y.npy'));
          symlinkSync(place('model.onnx'), work('model.reference', 'y.npy'));
        }
      }),
    'reference-outside',
    /outside the workspace/,
  ],
  [
    'of uneven lists',
    () =>
      npys((name) => {
        if (name === 'y') {
          rmSync(work('model.reference', 'y.npy'));
          writeFileSync(work('model.reference', 'y.json'), '[[1, 2, 3, 4, 5], [1]]');
        }
      }),
    'reference-unreadable',
    /equally long/,
  ],
  [
    'that is there twice',
    () => npys((name) => name === 'y' && writeFileSync(work('model.reference', 'y.json'), '[[1, 2, 3, 4, 5]]')),
    'reference-twice',
    /"y" more than once/,
  ],
];

function stale(): void {
  const path = work(DATA, 'provenance.json');
  const json = JSON.parse(readFileSync(path, 'utf8'));
  json.model.sha256 = createHash('sha256').update('an earlier version').digest('hex');
  writeFileSync(path, JSON.stringify(json));
}

function npys(then: (name: string) => unknown, write = writeNpy): void {
  rmSync(work('model.reference'), { recursive: true });
  mkdirSync(work('model.reference'));
  for (const [name, tensor] of Object.entries(values))
    writeFileSync(work('model.reference', `${name}.npy`), write(tensor));
  for (const name of Object.keys(values)) then(name);
}

const pickled = (): Buffer =>
  Buffer.from(Buffer.from(writeNpy(values.y)).toString('latin1').replace("'<f4'", "'|O8'"), 'latin1');

function flip(file: string, offset: number): void {
  const bytes = readFileSync(file);
  bytes[offset] = (bytes[offset] as number) ^ 0x10;
  writeFileSync(file, bytes);
}

/** As NumPy writes a '>f4' in Fortran order: the most significant byte first, and the first index running fastest. */
function odd(t: Tensor): Uint8Array {
  const { dims } = t;
  const body = Buffer.alloc(4 * t.data.length);
  for (let flat = 0; flat < t.data.length; flat++) {
    let [rest, offset, step] = [flat, 0, t.data.length];
    for (const size of dims.toReversed()) {
      step /= size;
      offset += (rest % size) * step;
      rest = Math.floor(rest / size);
    }
    body.writeFloatBE((t.data as Float32Array)[flat] as number, 4 * offset);
  }
  const says = `{'descr': '>f4', 'fortran_order': True, 'shape': (${dims.join(', ')}), }`;
  const head = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${says.padEnd(117)}\n`, 'latin1');
  head.writeUInt16LE(118, 8);
  return Buffer.concat([head, body]);
}

describe.each(['layers-model', 'graph-model'] as const)('%s', (format) => {
  test('there are at least 40 kinds of damage', () => {
    expect(MISTAKES.length + FOLDERS.length + REFERENCES.length).toBeGreaterThanOrEqual(40);
  });

  describe('undamaged passes, with a reference', () => {
    test.each([
      ['as recorded', () => {}],
      ['as .npz', () => npz(() => {})],
      ['as .npy', () => npys(() => {})],
      ['as .npy in the other byte order and in Fortran order', () => npys(() => {}, odd)],
      ['of the source alone', () => rmSync(work('model.reference'), { recursive: true })],
    ])('%s', async (_, make) => {
      whole(format);
      make();
      const result = await judged();
      expect([result.verdict, result.diagnostics]).toEqual(['pass', []]);
      expect(result.checks.length).toBeGreaterThanOrEqual(2);
      expect(result.divergence).toBeUndefined();
    });
  });

  describe('a conversion with', () => {
    test.each(MISTAKES)('%s', async (_, wrong, nodes) => {
      whole(format);
      rmSync(work('out'), { recursive: true });
      convert(network(wrong), work('out'), format);
      // It says that it comes from the right model, as a converter with this mistake would.
      const right = JSON.parse(readFileSync(place(format, 'conversion.json'), 'utf8'));
      edit('conversion.json', (c) => (c.source = right.source));
      const result = await judged();
      expect([result.verdict, codes(result)]).toEqual([
        'mismatch',
        expect.arrayContaining(['output-differs', 'first-divergence']),
      ]);
      const { divergence } = result;
      const named = divergence?.group?.map((n) => n.node) ?? [divergence?.node];
      expect(nodes).toContain(
        format === 'layers-model' ? divergence?.node : (nodes.find((n) => named.includes(n)) ?? named.join()),
      );
      expect(named.length).toBeLessThanOrEqual(4);
    });
  });

  describe('a folder with', () => {
    test.each(FOLDERS)('%s', async (...[, damage, code, says, nodes = []]) => {
      whole(format);
      damage();
      const result = await judged();
      const [first] = result.diagnostics;
      expect(first?.code).toBe(code);
      expect(first?.message).toMatch(says);
      expect(result.verdict).toBe(isError(result) ? 'error' : 'mismatch');
      if (nodes.length === 0) return;
      const named = result.divergence?.group?.map((n) => n.node) ?? [result.divergence?.node];
      expect(nodes.some((node) => named.includes(node)) ? nodes : named).toBe(nodes);
    });
  });

  describe('a reference', () => {
    test.each(REFERENCES)('%s', async (_, damage, code, says) => {
      whole(format);
      damage();
      const result = await judged();
      const found = result.diagnostics.find((d) => d.code === code);
      expect(codes(result)).toContain(code);
      expect(found?.message).toMatch(says);
      // A stale reference of which the values still agree is a warning; all else fails.
      expect(result.verdict).toBe(code === 'reference-stale' ? 'pass' : isError(result) ? 'error' : 'mismatch');
    });
  });
});
