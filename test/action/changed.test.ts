/** Only the models that a pull request changes; changed.long.ts has what else can be. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
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
});
