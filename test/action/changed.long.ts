/** Only the models that a pull request changes, where that is not simply known. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Report } from '../../src/report/types.js';
import { folder, removeFolders } from '../run/folders.js';
import { onnxCase, withWrongReference } from '../run/repository.js';
import { type GitHubService, startGitHub } from './github-service.js';
import { runStep, type Step } from './runner.js';

let github: GitHubService;
beforeAll(async () => {
  github = await startGitHub();
});
afterAll(async () => {
  await github.close();
  removeFolders();
});

const reportOf = (done: Step) => JSON.parse(readFileSync(done.outputs['report-path'] as string, 'utf8')) as Report;
const paths = (report: Report) => report.models.map((m) => m.path);

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
