import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { folder, removeFolders } from '../run/folders.js';
import { onnxCase, scratchRepository, withUnknownOperator } from '../run/repository.js';
import { type ResultsService, sha256, startResultsService } from './results-service.js';
import { download, tree } from './downloads.js';
import { runStep, type Step, type StepRequest } from './runner.js';

let service: ResultsService;
beforeEach(async () => {
  service = await startResultsService();
});
afterEach(() => service.close());
afterAll(removeFolders);

const step = (request: StepRequest): Promise<Step> => runStep({ ...request, env: { ...service.env, ...request.env } });

const good = () => onnxCase('relu', 'models/relu');

describe('three good models, one with a wrong reference, one LFS pointer and one file that was cut off', () => {
  let workspace: string;
  let done: Step;
  let files: Record<string, string>;
  let artifact: Record<string, string>;
  let zip: Buffer;
  let calls: string[];
  beforeAll(async () => {
    const service = await startResultsService();
    workspace = scratchRepository();
    done = await runStep({ workspace, with: { concurrency: '' }, env: service.env });
    files = tree(done.outputs['output-directory'] as string);
    artifact = await download(service, done.outputs['artifact-id'] as string, workspace);
    zip = service.bytes('onnx2keras') as Buffer;
    calls = service.calls;
    await service.close();
  });

  test('the step fails, after its outputs are set', () => {
    expect(done).toMatchObject({ conclusion: 'failure', exitCode: 1 });
    expect(done.outputs).toMatchObject({
      result: 'failure',
      'models-found': '6',
      'models-converted': '4',
      'models-passed': '3',
      'models-failed': '3',
      'artifact-id': '100',
      'artifact-url': 'https://github.com/someone/models/actions/runs/4711/artifacts/100',
    });
    expect(JSON.parse(done.outputs.models as string)).toMatchObject([
      { path: 'models/cut/model.onnx', status: 'error' },
      { path: 'models/lfs/model.onnx', status: 'error' },
      { path: 'models/pool/model.onnx', status: 'pass', maxAbsError: 0 },
      { path: 'models/relu/model.onnx', status: 'pass' },
      { path: 'models/sum/add/model.onnx', status: 'pass' },
      { path: 'models/wrong/model.onnx', status: 'mismatch', maxAbsError: expect.closeTo(1, 5) },
    ]);
    expect(existsSync(done.outputs['report-path'] as string)).toBe(true);
    expect(Number(done.outputs['max-abs-error'])).toBeCloseTo(1, 5);
  });

  test('each bad model is annotated on its path, once, and no good one is', () => {
    const onModels = done.annotations.filter((a) => a.file !== undefined);
    expect(onModels.map(({ level, file, line }) => ({ level, file, line }))).toEqual([
      { level: 'error', file: 'models/cut/model.onnx', line: '1' },
      { level: 'error', file: 'models/lfs/model.onnx', line: '1' },
      { level: 'error', file: 'models/wrong/model.onnx', line: '1' },
    ]);
    expect(onModels[1]?.message).toContain('lfs: true');
    expect(done.dropped).toEqual([]);
  });

  test('each model has its group', () => {
    expect(
      done.groups
        .map((g) => g.title.replace(/^\[\d\/6\] /, ''))
        .filter((t) => t !== 'Upload')
        .sort(),
    ).toEqual([
      'models/cut/model.onnx: error',
      'models/lfs/model.onnx: error',
      'models/pool/model.onnx: pass',
      'models/relu/model.onnx: pass',
      'models/sum/add/model.onnx: pass',
      'models/wrong/model.onnx: mismatch',
    ]);
  });

  test('one artifact gives back every file, byte for byte', () => {
    // of four models model.json and conversion.json, and four reports
    expect(Object.keys(files).length).toBeGreaterThanOrEqual(12);
    expect(artifact).toEqual(files);
    expect(done.outputs['artifact-digest']).toBe(sha256(zip));
    expect(calls.filter((c) => c === 'CreateArtifact')).toHaveLength(1);
  });

  test('the job summary shows each model and where the artifact is', () => {
    for (const name of ['cut', 'lfs', 'pool', 'relu', 'sum/add', 'wrong'])
      expect(done.summary).toContain(`models/${name}/model.onnx`);
  });

  test('nothing is changed for later steps, and nothing is masked but the signatures of addresses', () => {
    expect(done).toMatchObject({ environment: '', path: '' });
    expect(done.masks.filter((m) => !/^(upload|download)-[0-9a-f-]+$/.test(m))).toEqual([]);
  });

  test('with fail-on: never it ends in success, with the same findings as warnings', async () => {
    const models = 'models/{cut,lfs,wrong}/*.onnx';
    const never = await step({ workspace, with: { models, 'fail-on': 'never', upload: 'none' } });
    expect(never).toMatchObject({ conclusion: 'success', outputs: { result: 'success', 'models-failed': '3' } });
    expect(never.annotations.map((a) => [a.level, a.file])).toEqual([
      ['warning', 'models/cut/model.onnx'],
      ['warning', 'models/lfs/model.onnx'],
      ['warning', 'models/wrong/model.onnx'],
    ]);
  });
});

describe('inputs', () => {
  test.each([
    ['fail-on', 'Error', 'the input fail-on must be error, mismatch'],
    ['change-ordering', 'yes', 'the input change-ordering must be true or false, not "yes"'],
    ['rtol', '1e-3%', 'the input rtol must be a number of at least 0, not "1e-3%"'],
    ['working-directory', '..', 'the input working-directory leads out of the workspace'],
    ['working-directory', 'nix', 'the input working-directory names no folder'],
    ['models', '../**/*.onnx', 'leads out of the workspace'],
    ['artifact-name', 'a/b', 'the input artifact-name must not hold "/"'],
  ])('%s: %s is a mistake, said without a stack', async (name, value, message) => {
    const done = await step({ workspace: folder(good()), with: { [name]: value } });
    expect(done).toMatchObject({ conclusion: 'failure', outputs: { result: 'failure' } });
    expect(done.annotations).toEqual([
      expect.objectContaining({ level: 'error', message: expect.stringContaining(message) }),
    ]);
    expect(done.stdout).not.toMatch(/\n\s+at /);
  });
});

describe('no models', () => {
  test.each([
    ['warn', 'success', 1],
    ['error', 'failure', 1],
    ['ignore', 'success', 0],
  ])('%s: %s', async (choice, conclusion, told) => {
    const done = await step({ workspace: folder({ 'README.md': '' }), with: { 'if-no-models-found': choice } });
    expect(done).toMatchObject({ conclusion, outputs: { result: 'no-models', 'models-found': '0', models: '[]' } });
    expect(done.annotations.filter((a) => /no models/i.test(a.message)).length).toBeGreaterThanOrEqual(told);
  });
});

test('of more failing models than there are annotations, the tenth says how many', async () => {
  const unknown = withUnknownOperator(onnxCase('relu', '.')['model.onnx'] as Buffer);
  const workspace = folder(Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`m${i}.onnx`, unknown])));
  const done = await step({ workspace, with: { upload: 'none' } });
  expect(done.annotations).toHaveLength(10);
  expect(done.annotations[9]?.title).toContain('5 more');
  expect(done.dropped).toEqual([]);
  expect(done.conclusion).toBe('failure');
});

test('a step that is cancelled ends soon, in failure, and leaves no half a model', async () => {
  const workspace = scratchRepository();
  const output = path.join(workspace, 'converted');
  mkdirSync(output);
  const done = await step({
    workspace,
    with: { 'output-directory': 'converted', concurrency: '1' },
    cancel: 'SIGINT',
  });
  expect(done.conclusion).toBe('failure');
  expect(
    readdirSync(output, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.partial')),
  ).toEqual([]);
  expect(service.artifacts).toEqual([]);
});
