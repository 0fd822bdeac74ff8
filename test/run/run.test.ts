import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readSettings, type Settings } from '../../src/run/options.js';
import type { ModelReport, Report } from '../../src/report/types.js';
import { runFails } from '../../src/run/fail-on.js';
import { type Listener, type RunRequest, run } from '../../src/run/run.js';
import { folder, removeFolders } from './folders.js';
import { WORKER } from './program.js';
import { onnxCase, scratchRepository, withUnknownOperator } from './repository.js';

const UNRULY = path.join(import.meta.dirname, 'unruly-converter.js');
const silent: Listener = { found() {}, started() {}, doing() {}, finished() {} };

afterAll(removeFolders);

interface Choice extends Partial<Omit<RunRequest, 'settings'>> {
  settings?: Partial<Settings>;
}

function request(base: string, { settings, ...more }: Choice = {}): RunRequest {
  return {
    patterns: ['**/*.onnx'],
    base,
    output: path.join(base, 'out'),
    strict: false,
    worker: WORKER,
    ...more,
    settings: { ...readSettings({}, (key) => key), concurrency: 1, ...settings },
  };
}

const statuses = (models: readonly ModelReport[]) => Object.fromEntries(models.map((m) => [m.path, m.status]));
const codes = (model: ModelReport | undefined) => model?.diagnostics.map((d) => d.code) ?? [];

/** Every file below a folder with its hash. */
function hashes(root: string): Record<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return [path.relative(root, file), createHash('sha256').update(readFileSync(file)).digest('hex')];
    }),
  );
}

describe('a repository with good and bad models', () => {
  const unknown = withUnknownOperator(onnxCase('relu', 'x')['x/model.onnx'] as Buffer);
  const base = scratchRepository({
    'models/unknown/model.onnx': unknown,
    'models/alone.onnx': onnxCase('relu', '.')['model.onnx'] as Buffer,
  });
  let result: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    result = await run(request(base, { settings: { concurrency: 2 } }), silent);
  });

  test('each model has the status that it deserves', () => {
    expect(statuses(result.report.models)).toEqual({
      // Nothing is stored beside it: onnxruntime-web runs the source.
      'models/alone.onnx': 'pass',
      'models/cut/model.onnx': 'error',
      'models/lfs/model.onnx': 'error',
      'models/pool/model.onnx': 'pass',
      'models/relu/model.onnx': 'pass',
      'models/sum/add/model.onnx': 'pass',
      'models/unknown/model.onnx': 'unsupported',
      'models/wrong/model.onnx': 'mismatch',
    });
    expect(result).toMatchObject({ result: 'failure', failed: true });
  });

  test('what is wrong is said', () => {
    const [, cut, lfs, , , , other] = result.report.models;
    expect(cut?.diagnostics).toHaveLength(1);
    expect(lfs?.diagnostics[0]).toMatchObject({ severity: 'error', remedy: expect.stringContaining('lfs: true') });
    expect(codes(other)).toContain('unsupported-operator');
  });

  test('a model folder is complete or absent, and nothing else is left', () => {
    const out = path.join(base, 'out');
    const folders = result.report.models.map((m) => [m.path, existsSync(path.join(out, m.path))] as const);
    for (const [name, there] of folders) expect([name, there]).toEqual([name, !/cut|lfs|unknown/.test(name)]);
    const files = Object.keys(hashes(out));
    expect(files.filter((f) => f.includes('.partial'))).toEqual([]);
    const named = result.report.models.flatMap((m) => m.artefacts.map((a) => a.path));
    expect(files.filter((f) => !f.startsWith('report')).sort()).toEqual(named.sort());
  });

  test('the artefacts are on disk as the report says', () => {
    const found = hashes(path.join(base, 'out'));
    for (const { path: file, sha256 } of result.report.models.flatMap((m) => m.artefacts))
      expect([file, found[file]]).toEqual([file, sha256]);
  });

  test('the reports are written, and report.json is what run gives', () => {
    expect(readdirSync(path.join(base, 'out/report')).sort()).toEqual([
      'index.html',
      'junit.xml',
      'report.json',
      'runtime',
      'summary.md',
      'try',
    ]);
    expect(JSON.parse(readFileSync(result.reportPath, 'utf8'))).toEqual(JSON.parse(JSON.stringify(result.report)));
  });

  test('a second run writes the same bytes, and a report that differs in timings alone', async () => {
    const before = hashes(path.join(base, 'out/models'));
    const again = await run(request(base, { settings: { concurrency: 1 } }), silent);
    expect(hashes(path.join(base, 'out/models'))).toEqual(before);
    const untimed = (text: unknown) =>
      JSON.parse(JSON.stringify(text), (key, value) => (key === 'timings' ? undefined : value));
    expect(untimed(again.report)).toEqual(untimed(result.report));
  });

  test('a model that is bad now leaves nothing of what it was', async () => {
    writeFileSync(path.join(base, 'models/relu/model.onnx'), unknown);
    const { report } = await run(
      request(base, { patterns: ['models/relu'], output: path.join(base, 'out/models/relu') }),
      silent,
    );
    expect(statuses(report.models)).toEqual({ 'model.onnx': 'unsupported' });
    expect(existsSync(path.join(base, 'out/models/relu/model.onnx'))).toBe(false);
  });
});

describe('fail-on', () => {
  const base = scratchRepository();
  rmSync(path.join(base, 'models/cut'), { recursive: true });
  rmSync(path.join(base, 'models/lfs'), { recursive: true });
  /** What `runFails` says of a run's report for each setting. */
  const failing = (report: Report, ...settings: Settings['failOn'][]) =>
    Object.fromEntries(settings.map((failOn) => [failOn, runFails(report, failOn)]));

  test.each([
    ['error', false],
    ['mismatch', true],
  ] as const)('%s, with a mismatch as the worst: fails %s', async (failOn, failed) => {
    const { report, ...rest } = await run(
      request(base, { patterns: ['models/{relu,wrong}/*.onnx'], settings: { failOn } }),
      silent,
    );
    expect(rest).toMatchObject({ failed, result: failed ? 'failure' : 'success' });
    expect(failing(report, 'never', 'error', 'mismatch', 'unsupported', 'unverified')).toEqual({
      never: false,
      error: false,
      mismatch: true,
      unsupported: true,
      unverified: true,
    });
  });
  test.each([
    ['unverified', 'skip', true, { never: false, error: false, unsupported: false, unverified: true }],
    ['unsupported', 'fail', true, {}],
  ] as const)(
    '%s, with a model without a reference (%s): fails %s',
    async (failOn, whenNoReference, failed, others) => {
      rmSync(path.join(base, 'models/sum/add/test_data_set_0'), { recursive: true, force: true });
      const { report, ...rest } = await run(
        request(base, { patterns: ['models/sum'], settings: { failOn, whenNoReference } }),
        silent,
      );
      expect(statuses(report.models)).toEqual({ 'add/model.onnx': 'unverified' });
      expect(rest.failed).toBe(failed);
      expect(failing(report, ...(Object.keys(others) as Settings['failOn'][]))).toEqual(others);
    },
  );
});

describe('no models', () => {
  test.each([
    ['warn', 'unsupported', false, 'warning'],
    ['warn', 'warning', true, 'warning'],
    ['error', 'error', true, 'error'],
    ['ignore', 'warning', false, 'note'],
  ] as const)('%s, fail-on %s: fails %s', async (ifNoModelsFound, failOn, failed, severity) => {
    const done = await run(request(folder(), { settings: { ifNoModelsFound, failOn } }), silent);
    expect(done).toMatchObject({
      result: 'no-models',
      failed,
      report: { models: [], diagnostics: [{ code: 'no-models-found', severity }] },
    });
  });
  test('a path that is not there is a mistake on the command line, and a warning elsewhere', async () => {
    const base = folder(onnxCase('relu', 'm'));
    await expect(run(request(base, { patterns: ['nix.onnx'], strict: true }), silent)).rejects.toThrow(
      'there is no file or folder "nix.onnx"',
    );
    const { report, failed } = await run(request(base, { patterns: ['nix.onnx', 'm'] }), silent);
    expect(report.diagnostics).toMatchObject([{ code: 'nothing-there', severity: 'warning' }]);
    expect(failed).toBe(false);
  });
});

test("a child that crashes, hangs or throws is its model's result, and the others go on", async () => {
  const names = ['crash', 'good', 'hang', 'refuse', 'throw'];
  const base = folder(Object.fromEntries(names.map((name) => [`${name}.onnx`, 'x'])));
  const { report } = await run(
    request(base, { worker: UNRULY, settings: { timeoutPerModel: 4, verify: false, concurrency: 2 } }),
    silent,
  );
  expect(statuses(report.models)).toEqual({
    'crash.onnx': 'error',
    'good.onnx': 'unverified',
    'hang.onnx': 'error',
    'refuse.onnx': 'unsupported',
    'throw.onnx': 'error',
  });
  expect(report.models.map(codes)).toEqual([['process-crashed'], [], ['timed-out'], [], ['process-crashed']]);
  expect(readdirSync(path.join(base, 'out')).sort()).toEqual(['good.onnx', 'report']);
});

test('a judge that crashes makes an error of a converted model, whose folder stays', async () => {
  const base = folder({ 'good.onnx': 'x' });
  const { report } = await run(request(base, { worker: UNRULY }), silent);
  expect(report.models[0]).toMatchObject({
    status: 'error',
    diagnostics: [{ code: 'process-crashed', message: expect.stringContaining('code 3') }],
  });
  expect(readdirSync(path.join(base, 'out/good.onnx'))).toEqual(['model.json']);
});

test('a run that is cancelled ends soon and leaves no half a model', async () => {
  const base = folder({ 'hang.onnx': 'x', 'z.onnx': 'x' });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 500);
  const { report } = await run(
    request(base, { worker: UNRULY, settings: { concurrency: 1 } }),
    silent,
    controller.signal,
  );
  expect(report.models.map(codes)).toEqual([['cancelled'], ['cancelled']]);
  expect(readdirSync(path.join(base, 'out'))).toEqual(['report']);
});

// A superuser may write anywhere.
(process.getuid?.() === 0 ? test.skip : test)('a folder that can not be written is said, model by model', async () => {
  const base = folder({ 'a/good.onnx': 'x', 'b/good.onnx': 'x', 'out/a/.keep': '' });
  chmodSync(path.join(base, 'out/a'), 0o500);
  const { report } = await run(request(base, { worker: UNRULY, settings: { verify: false } }), silent);
  expect(report.models.map(codes)).toEqual([['cannot-write'], []]);
});

test('reports that can not be written are said without a stack', async () => {
  const base = folder({ 'out/report': 'a file' });
  await expect(run(request(base), silent)).rejects.toThrow(
    /the output directory can't be written: EEXIST: .*report is no folder/,
  );
});

test('where a file stands in the way of a folder, that is said', async () => {
  const base = folder({ 'a/good.onnx': 'x', 'b/good.onnx': 'x', 'out/a': 'a file' });
  const { report } = await run(request(base, { worker: UNRULY, settings: { verify: false } }), silent);
  expect(report.models.map(codes)).toEqual([['cannot-write'], []]);
});

test('with both formats, the first stands in the folder and the other below, and both are judged', async () => {
  const base = folder(onnxCase('relu', 'm'));
  const { report } = await run(
    request(base, { settings: { formats: ['graph-model', 'layers-model'], engines: ['wasm', 'cpu'] } }),
    silent,
  );
  expect(report.models[0]).toMatchObject({ status: 'pass', format: 'graph-model' });
  expect(report.models[0]?.checks.map((c) => `${c.format} ${c.engine}`).sort()).toEqual([
    'graph-model cpu',
    'graph-model wasm',
    'layers-model cpu',
    'layers-model wasm',
  ]);
  expect(existsSync(path.join(base, 'out/m/model.onnx/layers-model/conversion.json'))).toBe(true);
});
