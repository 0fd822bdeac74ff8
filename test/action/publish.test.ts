/** Check runs and releases: every call is held against GitHub's own description of its API. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { actionSource } from '../../src/github/event.js';
import { folder, removeFolders } from '../run/folders.js';
import { onnxCase, scratchRepository, withWrongReference } from '../run/repository.js';
import { type GitHubService, startGitHub } from './github-service.js';
import { runStep, type Step, TOKEN } from './runner.js';

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
  test('stands at the head of the pull request, with what was found', async () => {
    const done = await step(scratchRepository(), { 'check-run': 'true' });
    expect(done.conclusion).toBe('failure');
    expect(github.checks).toHaveLength(1);
    const [check] = github.checks;
    expect(check).toMatchObject({ name: 'onnx2keras', headSha: HEAD, status: 'completed', conclusion: 'failure' });
    expect(check?.title).toMatch(/^1 of 6 models differs: models\/wrong\/model.onnx\./);
    expect(check?.summary).toContain('models/wrong/model.onnx');
    expect(check?.annotations.map((a) => [a.path, a.annotation_level]).sort()).toEqual([
      ['models/cut/model.onnx', 'failure'],
      ['models/lfs/model.onnx', 'failure'],
      ['models/wrong/model.onnx', 'failure'],
    ]);
    expect(check?.annotations.find((a) => String(a.path).includes('lfs'))?.message).toMatch(/lfs: true/);
  });

  test('never shows the token', async () => {
    const done = await step(folder(wrong()), { 'check-run': 'true', 'release-tag': 'v1' });
    expect(done.stdout).not.toContain(TOKEN);
    expect(JSON.stringify(github.checks)).not.toContain(TOKEN);
    expect(readFileSync(done.outputs['report-path'] as string, 'utf8')).not.toContain(TOKEN);
  });
});

test('the report says where the action came from, unless it is a local one', async () => {
  const env = { GITHUB_ACTION_REPOSITORY: 'someone/onnx2keras-action', GITHUB_ACTION_REF: 'v1' };
  const done = await step(folder(good()), {}, env);
  expect(done.summary).toContain('git clone --quiet https://github.com/someone/onnx2keras-action ../onnx2keras-action');
  expect(actionSource({ ...env, GITHUB_ACTION_REPOSITORY: '' })).toBeUndefined();
  expect(actionSource({ ...env, GITHUB_ACTION_REF: '--upload-pack=x' })).toBeUndefined();
  expect(actionSource({ ...env, GITHUB_SERVER_URL: 'https://ghes.test' })?.url).toMatch(/^https:\/\/ghes\.test\//);
});

describe('waivers', () => {
  const config = (expires: string) => ({
    'onnx2keras.yml': `models:\n  models/wrong/*.onnx:\n    expect: mismatch\n    reason: issue 17\n    expires: ${expires}\n`,
  });

  test('one that holds is a notice, and the step succeeds; so says the check run', async () => {
    const done = await step(folder({ ...good(), ...wrong(), ...config('2999-12-31') }), { 'check-run': 'true' });
    expect([done.conclusion, errors(done)]).toEqual(['success', []]);
    expect(done.annotations).toEqual([
      expect.objectContaining({
        level: 'notice',
        file: 'models/wrong/model.onnx',
        title: 'model.onnx: differs, waived until 2999-12-31',
      }),
    ]);
    expect(done.summary).toContain('This is known, and waived until 2999-12-31: issue 17');
    expect(github.checks).toMatchObject([{ conclusion: 'success', annotations: [{ annotation_level: 'notice' }] }]);
    for (const file of ['report-html', 'junit-path', 'report-path'])
      expect(readFileSync(done.outputs[file] as string, 'utf8')).toContain('issue 17');
  });

  test('a mistake in the settings file is shown on its line', async () => {
    const done = await step(folder({ ...good(), 'onnx2keras.yml': 'models:\n  "*.onnx":\n    formatz: auto\n' }), {});
    expect(done.annotations).toEqual([
      expect.objectContaining({
        level: 'error',
        file: 'onnx2keras.yml',
        line: '3',
        message: expect.stringContaining('did you mean formats?'),
      }),
    ]);
  });
});

describe('the release', () => {
  const release = (more = {}) => {
    const made = { id: 5, tag: 'v1.2', draft: false, assets: [], ...more };
    github.releases.push(made);
    return made as (typeof github.releases)[number];
  };
  const attached = (done: Step) =>
    JSON.parse(done.outputs['release-assets'] as string) as { name: string; url: string; bytes: number }[];

  test('gets a zip per model and one with the report', async () => {
    const { assets } = release();
    const done = await step(folder({ ...good(), ...onnxCase('add', 'models/sum/add') }), {
      'release-tag': 'v1.2',
      'check-run': 'true',
    });
    expect([done.conclusion, warnings(done), errors(done)]).toEqual(['success', [], []]);
    expect(github.checks).toMatchObject([{ conclusion: 'success', annotations: [] }]);
    expect(assets.map((a) => a.name)).toEqual([
      'models-relu-model.onnx.zip',
      'models-sum-add-model.onnx.zip',
      'onnx2keras-report.zip',
    ]);
    expect(attached(done)).toEqual(
      assets.map(({ name, bytes }) => ({ name, url: expect.stringContaining(name), bytes: bytes.length })),
    );
    const [zip] = assets;
    const inside = unzipped(zip?.bytes as Buffer);
    expect(Object.keys(inside).sort()).toContain('model.json');
    for (const [name, bytes] of Object.entries(inside))
      expect(bytes).toEqual(
        readFileSync(path.join(done.outputs['output-directory'] as string, 'models/relu/model.onnx', name)),
      );
    expect(Object.keys(unzipped(assets[2]?.bytes as Buffer))).toEqual(
      expect.arrayContaining(['index.html', 'report.json']),
    );
  });

  test('gets nothing from a run that failed', async () => {
    const { assets } = release();
    const done = await step(folder({ ...good(), ...wrong() }), { 'release-tag': 'v1.2' });
    expect(done.conclusion).toBe('failure');
    expect(warnings(done)).toContain('nothing was attached to the release v1.2, since the run failed');
    expect([assets, github.calls]).toEqual([[], []]);
  });
});

/** The files of a zip, by the names of its central directory. */
function unzipped(zip: Buffer): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = zip.readUInt32LE(end + 16);
  for (let n = zip.readUInt16LE(end + 10); n > 0; n--) {
    const [method, packed] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [name, extra, comment] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32)];
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = zip.subarray(start, start + packed);
    files[zip.toString('utf8', at + 46, at + 46 + name)] = method === 0 ? bytes : inflateRawSync(bytes);
    at += 46 + name + extra + comment;
  }
  return files;
}
