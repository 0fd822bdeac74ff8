/** Many models: planned and shared by several jobs, whose reports another joins; and only those that a pull request changes. */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Report } from '../../src/report/types.js';
import { folder, removeFolders } from '../run/folders.js';
import { onnxCase, withWrongReference } from '../run/repository.js';
import { type GitHubService, startGitHub } from './github-service.js';
import { type ResultsService, startResultsService } from './results-service.js';
import { runStep, type Step } from './runner.js';

let service: ResultsService;
let github: GitHubService;
beforeAll(async () => {
  [service, github] = await Promise.all([startResultsService(), startGitHub()]);
});
afterAll(async () => {
  await Promise.all([service.close(), github.close()]);
  removeFolders();
});

const reportOf = (done: Step) => JSON.parse(readFileSync(done.outputs['report-path'] as string, 'utf8')) as Report;
const paths = (report: Report) => report.models.map((m) => m.path);

/** Every file below a folder, with its hash. */
function tree(root: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [
        path.relative(root, file).replaceAll('\\', '/'),
        createHash('sha256').update(readFileSync(file)).digest('hex'),
      ]),
  );
}

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
      const env = { PATH: process.env.PATH, GITHUB_WORKSPACE: workspace, ...service.env };
      await promisify(execFile)(
        process.execPath,
        [path.join(import.meta.dirname, 'download.js'), done.outputs['artifact-id'] as string, place],
        { env },
      );
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

describe('only what a pull request changes', () => {
  const git = (cwd: string, ...words: string[]) =>
    execFileSync(
      'git',
      ['-c', 'user.name=t', '-c', 'user.email=t@example.test', '-c', 'init.defaultBranch=main', ...words],
      {
        cwd,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    ).trim();
  let origin: string;
  let base: string;
  let head: string;
  beforeAll(() => {
    origin = folder({
      ...onnxCase('relu', 'models/relu'),
      ...onnxCase('add', 'models/add'),
      '.github/workflows/models.yml': 'on: pull_request\n',
      'README.md': 'one',
    });
    git(origin, 'init', '-q');
    git(origin, 'add', '.');
    git(origin, 'commit', '-q', '-m', 'one');
    base = git(origin, 'rev-parse', 'HEAD');
    git(origin, 'checkout', '-q', '-b', 'change');
    writeFileSync(path.join(origin, 'models/relu/test_data_set_0/more.txt'), '');
    for (const [name, bytes] of Object.entries(withWrongReference(onnxCase('relu', 'models/relu'))))
      writeFileSync(path.join(origin, name), bytes);
    git(origin, 'add', '.');
    git(origin, 'commit', '-q', '-m', 'another reference');
    head = git(origin, 'rev-parse', 'HEAD');
    // what GitHub checks out: a merge of the head into a base that has gone on meanwhile
    git(origin, 'checkout', '-q', 'main');
    writeFileSync(path.join(origin, 'README.md'), 'two');
    git(origin, 'commit', '-q', '-a', '-m', 'main goes on');
    git(origin, 'checkout', '-q', '-b', 'merge');
    git(origin, 'merge', '-q', '--no-ff', '-m', 'merge', 'change');
    github.changed.push({ filename: 'models/relu/test_data_set_0/output_0.pb', status: 'modified' });
  });

  const clone = (...options: string[]) => {
    const place = path.join(folder(), 'clone');
    git(origin, 'clone', '-q', '--branch', 'merge', ...options, `file://${origin}`, place);
    return place;
  };
  const step = (workspace: string, given: Record<string, string> = {}, env: Record<string, string> = {}) => {
    const event = path.join(folder(), 'event.json');
    writeFileSync(event, JSON.stringify({ pull_request: { number: 7, head: { sha: head }, base: { sha: base } } }));
    return runStep({
      workspace,
      with: { upload: 'none', 'fail-on': 'never', ...given },
      env: {
        ...github.env,
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_EVENT_PATH: event,
        GITHUB_WORKFLOW_REF: 'someone/models/.github/workflows/models.yml@refs/pull/7/merge',
        ...env,
      },
    });
  };

  test('by the history of the checkout, however deep', async () => {
    for (const options of [[], ['--depth', '2']]) {
      github.calls.splice(0);
      const done = await step(clone(...options));
      expect(paths(reportOf(done))).toEqual(['models/relu/model.onnx']);
      expect(reportOf(done).selection).toMatchObject({
        found: 2,
        changedSince: expect.stringMatching(/^[0-9a-f]{40}$/),
      });
      expect(done.outputs['models-found']).toBe('2');
      // held against what it was: the same file, with another reference
      expect(reportOf(done).models[0]?.changes).toMatchObject({
        isSame: true,
        error: { before: { maxAbs: 0 }, now: { maxAbs: expect.closeTo(1, 5) } },
        facts: [{ name: 'verdict', before: 'pass', now: 'mismatch' }],
      });
      expect(done.summary).toContain('What has changed');
      expect(done.summary).toMatch(/1 of 2 models: those that have changed since [0-9a-f]{10}/);
      expect(github.calls).toEqual([]);
    }
  });

  test('by GitHub where the checkout is shallow, and all where that has no answer either, which is said', async () => {
    const shallow = clone('--depth', '1');
    expect(paths(reportOf(await step(shallow)))).toEqual(['models/relu/model.onnx']);
    expect(github.calls).toEqual(['pulls/list-files']);
    const alone = await step(shallow, {}, { INPUT_TOKEN: '' });
    expect(paths(reportOf(alone))).toHaveLength(2);
    expect(alone.summary).toMatch(
      /all models were taken, not only those that have changed: the checkout is too shallow/,
    );
    expect(github.violations).toEqual([]);
  });

  test('all where the workflow itself has changed, on a push, or where it is said so', async () => {
    const workspace = clone();
    writeFileSync(path.join(workspace, '.github/workflows/models.yml'), 'on: [push, pull_request]\n');
    const changed = await step(workspace);
    expect(paths(reportOf(changed))).toHaveLength(2);
    expect(reportOf(changed).diagnostics).toMatchObject([
      { code: 'all-concerned', message: expect.stringContaining('.github/workflows/models.yml has changed') },
    ]);
    const other = clone();
    expect(paths(reportOf(await step(other, {}, { GITHUB_EVENT_NAME: 'push' })))).toHaveLength(2);
    expect(paths(reportOf(await step(other, { 'only-changed': 'false' })))).toHaveLength(2);
  });

  test('in a merge queue, against what the group goes onto', async () => {
    const event = path.join(folder(), 'event.json');
    const workspace = clone();
    const [group, onto] = ['HEAD', 'HEAD^1'].map((commit) => git(workspace, 'rev-parse', commit));
    writeFileSync(
      event,
      JSON.stringify({ action: 'checks_requested', merge_group: { head_sha: group, base_sha: onto } }),
    );
    const done = await step(workspace, {}, { GITHUB_EVENT_NAME: 'merge_group', GITHUB_EVENT_PATH: event });
    expect(paths(reportOf(done))).toEqual(['models/relu/model.onnx']);
    expect(reportOf(done).selection?.changedSince).toBe(onto);
  });

  test('none where none is concerned, and that is a success; a model that Git does not know is', async () => {
    const workspace = clone();
    git(workspace, 'checkout', '-q', 'HEAD^1');
    const event = { GITHUB_EVENT_NAME: 'pull_request' };
    const none = await step(workspace, { 'if-no-models-found': 'error' }, event);
    expect(none).toMatchObject({
      conclusion: 'success',
      outputs: { result: 'success', 'models-found': '2', 'models-converted': '0' },
    });
    expect(none.summary).toContain('None of the 2 models has changed.');
    for (const [name, bytes] of Object.entries(onnxCase('relu', 'models/made'))) {
      mkdirSync(path.dirname(path.join(workspace, name)), { recursive: true });
      writeFileSync(path.join(workspace, name), bytes);
    }
    expect(paths(reportOf(await step(workspace, {}, event)))).toEqual(['models/made/model.onnx']);
    rmSync(path.join(workspace, 'models/made'), { recursive: true });
  });
});
