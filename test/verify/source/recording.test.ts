/** `record`: references made by onnxruntime-web, and what a later run says of them when something has changed. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertModel } from '../../../src/convert/convert.js';
import { readTensorFile } from '../../../src/onnx/tensorfile.js';
import { readNpz } from '../../../src/tensor/npz.js';
import { writeNpy } from '../../../src/tensor/npy.js';
import { tensorOf } from '../../../src/tensor/tensor.js';
import type { Judgement } from '../../../src/verify/checks.js';
import { judge } from '../../../src/verify/judge.js';
import { type RecordingRequest, recordReference } from '../../../src/verify/source/recording.js';
import { type Sketch, sketched } from '../../convert/harness.js';
import { scratch } from '../written.js';

let home: ReturnType<typeof scratch>;
beforeEach(() => {
  home = scratch();
});
afterEach(() => home.remove());

const place = (...parts: string[]): string => join(home.folder, ...parts);
const set = (...parts: string[]): string => place('model.reference', 'test_data_set_0', ...parts);

const MODEL: Sketch = {
  inputs: { '/x': ['float32', [1, 3]] },
  outputs: ['y'],
  nodes: [
    { op: 'MatMul', in: ['/x', 'w'], out: ['m'] },
    { op: 'Relu', in: ['m'], out: ['y'] },
  ],
  weights: { w: tensorOf('float32', [3, 2], [1, -2, 3, -4, 5, -6]) },
};

const write = (sketch: Sketch): void => writeFileSync(place('model.onnx'), sketched(sketch));

const record = (more: Partial<RecordingRequest> = {}) =>
  recordReference({
    path: place('model.onnx'),
    relativePath: 'model.onnx',
    form: 'test_data_set',
    seed: '0',
    inputs: [],
    workspace: home.folder,
    replace: false,
    tool: { name: 'tool', version: '1' },
    ...more,
  });

async function convertAndJudge(): Promise<Judgement> {
  rmSync(place('out'), { recursive: true, force: true });
  mkdirSync(place('out'));
  convertModel({
    path: place('model.onnx'),
    relativePath: 'model.onnx',
    formats: ['graph-model'],
    changeOrdering: true,
    namePolicy: 'keep',
    outputFolder: place('out'),
    limits: { maxModelBytes: 2 ** 31 },
  });
  return judge({
    folder: place('out'),
    model: place('model.onnx'),
    relativePath: 'model.onnx',
    workspace: home.folder,
    tolerance: {},
    engines: ['cpu'],
  });
}

const codes = (diagnostics: readonly { code: string }[]): string[] => diagnostics.map((d) => d.code);
const bytes = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(place('model.reference'), { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile())
      .map((e) => [join(e.parentPath, e.name), readFileSync(join(e.parentPath, e.name), 'hex')]),
  );

test('a recorded reference is found by a later run, which passes', async () => {
  write(MODEL);
  const { sets, diagnostics } = await record();
  expect(diagnostics).toEqual([]);
  expect(sets).toEqual(
    [0, 1].map((i) => ({
      name: `seed ${i}`,
      files: ['input_0.pb', 'output_0.pb', 'provenance.json'].map((f) => `model.reference/test_data_set_${i}/${f}`),
    })),
  );
  const judged = await convertAndJudge();
  expect(codes(judged.diagnostics)).toEqual([]);
  expect(judged.checks.map((c) => [c.reference, c.status])).toEqual(
    [0, 1].map((i) => [{ kind: 'stored', name: `model.reference/test_data_set_${i}` }, 'pass']),
  );
});

test('the same seed gives the same bytes, another one others; a reference is not replaced unasked', async () => {
  write(MODEL);
  await record();
  const first = bytes();
  const again = await record();
  expect(again.sets).toEqual([]);
  expect(again.diagnostics).toMatchObject([{ code: 'reference-there', severity: 'error' }]);
  await record({ replace: true });
  expect(bytes()).toEqual(first);
  await record({ replace: true, seed: '1' });
  expect(bytes()).not.toEqual(first);
});

test('as .npz, with the provenance beside it', async () => {
  write(MODEL);
  const { sets, diagnostics } = await record({ form: 'npz' });
  expect(sets.flatMap((s) => s.files)).toEqual(['model.reference.npz', 'model.reference.provenance.json']);
  expect(codes(diagnostics)).toEqual(['npz-holds-one-set']);
  expect([...readNpz(readFileSync(place('model.reference.npz'))).keys()]).toEqual(['/x', 'y']);
  const judged = await convertAndJudge();
  expect([judged.verdict, codes(judged.diagnostics)]).toEqual(['pass', []]);
});

test("the user's own inputs, by the legal name of a file", async () => {
  write(MODEL);
  writeFileSync(place('x.npy'), writeNpy(tensorOf('float32', [1, 3], [1, 2, 3])));
  const { sets, diagnostics } = await record({ inputs: [place('x.npy')] });
  expect([sets.length, diagnostics]).toEqual([1, []]);
  expect([...readTensorFile(set('output_0.pb')).tensor.data]).toEqual([22, 0]);
  expect(JSON.parse(readFileSync(set('provenance.json'), 'utf8')).inputs).toEqual({ kind: 'own' });
});

test('inputs that do not fit are refused, and nothing is written', async () => {
  write(MODEL);
  writeFileSync(place('x.npy'), writeNpy(tensorOf('float32', [3, 1], [1, 2, 3])));
  const { sets, diagnostics } = await record({ inputs: [place('x.npy')] });
  expect([sets, codes(diagnostics)]).toEqual([[], ['reference-shape']]);
  expect(existsSync(place('model.reference'))).toBe(false);
});

test('what onnxruntime does not run is not recorded', async () => {
  write({ ...MODEL, nodes: [{ op: 'MatMul', in: ['/x', '/x'], out: ['y'] }] });
  const { sets, diagnostics } = await record();
  expect([sets, codes(diagnostics)]).toEqual([[], ['source-not-run']]);
});

describe('stale', () => {
  test('a reference of another version of the model: said, and given as the reason of the mismatch', async () => {
    write(MODEL);
    await record();
    write({ ...MODEL, weights: { w: tensorOf('float32', [3, 2], [1.5, -2.5, 3, -4, 5, -6]) } });
    const judged = await convertAndJudge();
    expect(judged.verdict).toBe('mismatch');
    expect(judged.diagnostics.filter((d) => d.code === 'reference-stale').map((d) => d.place.file)).toEqual([
      'model.reference/test_data_set_0',
      'model.reference/test_data_set_1',
    ]);
    expect(judged.diagnostics.find((d) => d.code === 'output-differs')?.message).toContain(
      'the reference was recorded from another version of the model',
    );
  });

  test('a model that changed without computing anything else still passes, with a warning', async () => {
    write(MODEL);
    await record();
    // another doc_string
    appendFileSync(place('model.onnx'), Buffer.from([0x32, 0x01, 0x61]));
    const judged = await convertAndJudge();
    expect(judged.verdict).toBe('pass');
    expect(judged.diagnostics[0]).toMatchObject({ code: 'reference-stale', severity: 'warning' });
  });

  test('a reference whose values were edited, and a damaged provenance', async () => {
    write(MODEL);
    await record();
    const output = readFileSync(set('output_0.pb'));
    output.writeFloatLE(9, output.length - 4);
    writeFileSync(set('output_0.pb'), output);
    const edited = await convertAndJudge();
    expect(edited.diagnostics[0]).toMatchObject({
      code: 'reference-edited',
      message: expect.stringContaining('"output_0.pb"'),
    });
    writeFileSync(set('provenance.json'), '{');
    expect(codes((await convertAndJudge()).diagnostics)).toContain('provenance-unreadable');
  });
});
