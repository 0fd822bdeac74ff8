/** Many models: planned and shared by several jobs, whose reports another joins. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Report } from '../../src/report/types.js';
import { folder, removeFolders } from '../run/folders.js';
import { onnxCase, withWrongReference } from '../run/repository.js';
import { type ResultsService, startResultsService } from './results-service.js';
import { download, tree } from './downloads.js';
import { runStep, type Step } from './runner.js';

let service: ResultsService;
beforeAll(async () => {
  service = await startResultsService();
});
afterAll(async () => {
  await service.close();
  removeFolders();
});

const reportOf = (done: Step) => JSON.parse(readFileSync(done.outputs['report-path'] as string, 'utf8')) as Report;
const paths = (report: Report) => report.models.map((m) => m.path);

describe('a plan, two shards, and the job that joins their reports', () => {
  const models = {
    ...onnxCase('relu', 'models/relu'),
    ...onnxCase('add', 'models/add'),
    ...onnxCase('maxpool_2d_ceil', 'models/pool'),
    ...withWrongReference(onnxCase('relu', 'models/wrong')),
  };
  let workspace: string;
  let plan: Step;
  let shards: Step[];
  let downloaded: string;
  let joined: Step;

  beforeAll(async () => {
    workspace = folder(models);
    plan = await runStep({ workspace, with: { plan: '2' } });
    const { include } = JSON.parse(plan.outputs.matrix as string) as { include: { shard: string }[] };
    // Each job has a checkout of its own, and a temporary folder of its own.
    shards = await Promise.all(
      include.map(({ shard }) =>
        runStep({ workspace: folder(models), with: { shard, 'fail-on': 'never' }, env: service.env }),
      ),
    );
    // As actions/download-artifact does it without `merge-multiple`: a folder per artifact.
    downloaded = path.join(workspace, 'shards');
    for (const done of shards) {
      const place = path.join(downloaded, done.outputs['artifact-id'] as string);
      mkdirSync(place, { recursive: true });
      await download(service, done.outputs['artifact-id'] as string, workspace, place);
    }
    joined = await runStep({ workspace, with: { 'merge-reports': 'shards', upload: 'none' } });
  });

  test('the plan shares the models and converts none', () => {
    expect(plan).toMatchObject({ conclusion: 'success', outputs: { result: 'success', 'models-found': '4' } });
    expect(JSON.parse(plan.outputs.matrix as string)).toEqual({
      include: [
        { shard: '1/2', models: 2, bytes: expect.any(Number) },
        { shard: '2/2', models: 2, bytes: expect.any(Number) },
      ],
    });
    expect(plan.outputs['report-path']).toBeUndefined();
  });

  test('each shard converts its part, under a name of its own', () => {
    expect(shards.map((s) => s.outputs['models-found'])).toEqual(['4', '4']);
    const parts = shards.map((s) => paths(reportOf(s)));
    expect(parts.map((p) => p.length)).toEqual([2, 2]);
    expect(parts.flat().sort()).toEqual([
      'models/add/model.onnx',
      'models/pool/model.onnx',
      'models/relu/model.onnx',
      'models/wrong/model.onnx',
    ]);
    expect(service.artifacts.map((a) => a.name).sort()).toEqual(['onnx2keras-1-of-2', 'onnx2keras-2-of-2']);
    expect(shards.map((s) => s.summary).join()).toMatch(/2 of 4 models: shard 1\/2/);
  });

  test('the joined report holds all models, and the job fails for the one that differs', () => {
    const report = reportOf(joined);
    expect(report.models.map((m) => [m.path, m.status])).toEqual([
      ['models/add/model.onnx', 'pass'],
      ['models/pool/model.onnx', 'pass'],
      ['models/relu/model.onnx', 'pass'],
      ['models/wrong/model.onnx', 'mismatch'],
    ]);
    expect(report.totals).toMatchObject({ models: 4, pass: 3, mismatch: 1 });
    expect(report.diagnostics).toEqual([]);
    expect(joined).toMatchObject({ conclusion: 'failure', outputs: { result: 'failure', 'models-passed': '3' } });
    expect(joined.annotations.map((a) => a.file)).toEqual(['models/wrong/model.onnx', undefined]);
    expect(joined.summary).toContain('models/relu/model.onnx');
  });

  test('it takes over the converted models, byte for byte', () => {
    const out = tree(joined.outputs['output-directory'] as string);
    const wanted = Object.assign({}, ...shards.map((s) => tree(s.outputs['output-directory'] as string)));
    const converted = (files: Record<string, string>) =>
      Object.entries(files)
        .filter(([name]) => !name.startsWith('report/'))
        .sort();
    expect(converted(out).length).toBeGreaterThanOrEqual(8);
    expect(converted(out)).toEqual(converted(wanted));
  });

  test('a shard that is missing is an error, and so is a model that is not what its report says', async () => {
    const [first, second] = readdirSync(downloaded).map((name) => path.join(downloaded, name)) as [string, string];
    const away = path.join(folder(), 'away');
    renameSync(second, away);
    const spoilt = path.join(
      first,
      readdirSync(first, { recursive: true, encoding: 'utf8' }).find((f) => f.endsWith('model.json')) as string,
    );
    writeFileSync(spoilt, '{}');
    const done = await runStep({ workspace, with: { 'merge-reports': 'shards', upload: 'none', 'fail-on': 'error' } });
    renameSync(away, second);
    const report = reportOf(done);
    expect(report.diagnostics).toMatchObject([
      { code: 'shards-missing', severity: 'error', message: expect.stringMatching(/the shard [12]\/2$/) },
    ]);
    expect(
      report.models.flatMap((m) => m.diagnostics.filter((d) => d.severity === 'error').map((d) => d.code)),
    ).toEqual(['not-as-reported']);
    expect(done.conclusion).toBe('failure');
  });

  test.each<[string, string, RegExp]>([
    ['nothing there', 'nowhere', /there is no file or folder/],
    ['no report in the folder', 'models', /there is no report.json in "models"/],
    ['another JSON', 'other/report/report.json', /is no report of this action: its schema is 7/],
  ])('%s is a mistake, said in one sentence', async (_, place, message) => {
    const other = folder({ 'models/x': '', 'other/report/report.json': '{"schema": 7}' });
    const done = await runStep({ workspace: other, with: { 'merge-reports': place } });
    expect(done.annotations).toEqual([
      expect.objectContaining({ level: 'error', message: expect.stringMatching(message) }),
    ]);
  });
});
