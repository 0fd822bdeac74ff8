/** Check runs that are large, refused or not for us: every call is held against GitHub's own description of its API. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { folder, removeFolders } from '../run/folders.js';
import { onnxCase, withWrongReference } from '../run/repository.js';
import { type GitHubService, startGitHub } from './github-service.js';
import { runStep, type Step } from './runner.js';

let github: GitHubService;
beforeEach(async () => {
  github = await startGitHub();
});
afterEach(async () => {
  const { violations } = github;
  await github.close();
  expect(violations).toEqual([]);
});
afterAll(removeFolders);

const HEAD = '1'.repeat(40);
const MERGE = '2'.repeat(40);

/** A step in a pull request, without an artifact service. */
function step(workspace: string, given: Record<string, string>, env: Record<string, string> = {}): Promise<Step> {
  const event = path.join(folder(), 'event.json');
  writeFileSync(
    event,
    JSON.stringify({ pull_request: { number: 7, head: { sha: HEAD }, base: { sha: '3'.repeat(40) } } }),
  );
  return runStep({
    workspace,
    with: { upload: 'none', ...given },
    env: { ...github.env, GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: event, GITHUB_SHA: MERGE, ...env },
  });
}

const good = () => onnxCase('relu', 'models/relu');
const wrong = () => withWrongReference(onnxCase('relu', 'models/wrong'));
const warnings = (done: Step) => done.annotations.filter((a) => a.level === 'warning').map((a) => a.message);
const errors = (done: Step) => done.annotations.filter((a) => a.level === 'error').map((a) => a.message);

describe('the check run', () => {
  test('takes more than fifty findings in several requests, and ends with the last', async () => {
    const bytes = readFileSync(path.join(import.meta.dirname, '../run/models/relu/model.onnx')).subarray(0, 40);
    const files = Array.from({ length: 120 }, (_, i): [string, Buffer] => [`models/m${i}.onnx`, bytes]);
    const done = await step(folder(Object.fromEntries(files)), { 'check-run': 'true', concurrency: '' });
    expect(github.calls).toEqual(['checks/create', 'checks/update', 'checks/update']);
    const [check] = github.checks;
    expect(new Set(check?.annotations.map((a) => a.path)).size).toBe(120);
    expect(check).toMatchObject({ status: 'completed', conclusion: 'failure' });
    expect(Buffer.byteLength(check?.summary ?? '')).toBeLessThanOrEqual(65_535);
    // what everybody sees stays at ten
    expect(done.annotations.filter((a) => a.level === 'error')).toHaveLength(10);
    expect(done.dropped).toEqual([]);
  });

  test.each([403, 404])(
    'that may not be written (%d, as in a fork) is a warning with the permission, and changes nothing else',
    async (status) => {
      github.faults.push({
        operation: 'checks/create',
        times: 9,
        answer: { status, message: 'Resource not accessible by integration' },
      });
      const done = await step(folder(good()), { 'check-run': 'true' });
      expect(done.conclusion).toBe('success');
      expect(warnings(done)).toEqual([
        expect.stringContaining('`permissions: checks: write`; a pull request from a fork never has it'),
      ]);
      expect(github.calls).toEqual(['checks/create']);
    },
  );

  test('of a fork is written by the workflow that follows, from the report that its run left', async () => {
    const refused = { status: 403, message: 'Resource not accessible by integration' };
    github.faults.push({ operation: 'checks/create', times: 1, answer: refused });
    const fork = await step(folder({ ...good(), ...wrong() }), { 'check-run': 'true', 'fail-on': 'never' });
    expect(github.checks).toEqual([]);
    expect(warnings(fork)).toContainEqual(expect.stringContaining('a fork never has it'));
    // examples/workflows/forks.yml: nothing is checked out, and the artifact lies in `fork`
    const workspace = folder({ 'fork/report/report.json': readFileSync(fork.outputs['report-path'] as string) });
    const event = path.join(folder(), 'event.json');
    writeFileSync(event, JSON.stringify({ workflow_run: { head_sha: HEAD, event: 'pull_request' } }));
    const given = { 'merge-reports': 'fork', 'check-run': 'true', annotations: 'false' };
    const env = { GITHUB_EVENT_NAME: 'workflow_run', GITHUB_EVENT_PATH: event };
    const done = await step(workspace, given, env);
    expect(done.conclusion).toBe('failure');
    expect(github.checks).toMatchObject([{ headSha: HEAD, status: 'completed', conclusion: 'failure' }]);
    expect(github.checks[0]?.annotations.map((a) => a.path)).toEqual(['models/wrong/model.onnx']);
  });

  test('is not written without a token, which is said', async () => {
    const done = await step(folder(good()), { 'check-run': 'true', token: '' }, { INPUT_TOKEN: '' });
    expect(github.calls).toEqual([]);
    expect(warnings(done)).toEqual(['the check run was not written: there is no token, or no repository']);
  });
});

describe('waivers', () => {
  const config = (expires: string) => ({
    'onnx2keras.yml': `models:\n  models/wrong/*.onnx:\n    expect: mismatch\n    reason: issue 17\n    expires: ${expires}\n`,
  });

  test('one that has ended lets the step fail, on its own line', async () => {
    const done = await step(folder({ ...wrong(), ...config('2020-01-31') }), {});
    expect(done.conclusion).toBe('failure');
    expect(done.annotations[0]).toMatchObject({ level: 'error', file: 'onnx2keras.yml', line: '5' });
    expect(done.summary).toContain('The waiver ended on 2020-01-31 and counts no more');
  });
});

describe('the release', () => {
  test('is never created', async () => {
    const done = await step(folder(good()), { 'release-tag': 'v9' });
    expect(done.conclusion).toBe('failure');
    expect(errors(done)).toEqual([
      expect.stringContaining('there is no release and no draft with the tag v9: this action creates none'),
    ]);
    expect(done.outputs.result).toBe('success');
  });
});
