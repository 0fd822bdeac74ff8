/** What can go wrong with GitHub's API, call by call; each call is held against GitHub's own description. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Api, createApi } from '../../src/github/api.js';
import { writeCheckRun } from '../../src/github/check-run.js';
import { attach } from '../../src/github/release.js';
import { folder, removeFolders } from '../run/folders.js';
import { type GitHubService, startGitHub } from './github-service.js';
import { TOKEN } from './runner.js';

let github: GitHubService;
let api: Api;
beforeEach(async () => {
  github = await startGitHub();
  api = createApi(TOKEN, { ...github.env, GITHUB_REPOSITORY: 'someone/models' }) as Api;
});
afterEach(async () => {
  const { violations } = github;
  await github.close();
  expect(violations).toEqual([]);
});
afterAll(removeFolders);

function release(more: Partial<GitHubService['releases'][number]> = {}) {
  const made = { id: 5, tag: 'v1.2', draft: false, assets: [], ...more };
  github.releases.push(made);
  return made;
}

const asset = (name: string, content = name) => {
  const file = path.join(folder(), name);
  writeFileSync(file, content);
  return { name, file };
};

describe('a release', () => {
  test('gets the files one after the other, byte for byte', async () => {
    const { assets } = release();
    const files = [asset('a.zip'), asset('b.zip')];
    const attached = await attach(api, 'v1.2', files, false);
    expect(assets.map((a) => [a.name, a.bytes.toString()])).toEqual([
      ['a.zip', 'a.zip'],
      ['b.zip', 'b.zip'],
    ]);
    expect(attached).toEqual(assets.map(({ name }) => ({ name, url: expect.stringContaining(name), bytes: 5 })));
  });

  test('that is a draft is found by its tag among others', async () => {
    for (let i = 0; i < 130; i++) release({ id: 100 + i, tag: `v0.${i}` });
    const { assets } = release({ draft: true });
    await attach(api, 'v1.2', [asset('a.zip')], false);
    expect(assets).toHaveLength(1);
    expect(github.calls.filter((c) => c === 'repos/list-releases')).toHaveLength(2);
  });

  test('with a tag that has signs of its own is asked for by them', async () => {
    const { assets } = release({ tag: 'models/v1 ß#2' });
    await attach(api, 'models/v1 ß#2', [asset('a.zip')], false);
    expect(assets).toHaveLength(1);
  });

  test('that has the same file already keeps it', async () => {
    const { assets } = release({ assets: [{ id: 1, name: 'a.zip', state: 'uploaded', bytes: Buffer.from('same') }] });
    await attach(api, 'v1.2', [asset('a.zip', 'same')], false);
    expect(assets.map((a) => a.id)).toEqual([1]);
    expect(github.calls).not.toContain('repos/upload-release-asset');
  });

  test('that has another file of that name keeps it, unless it may be replaced', async () => {
    const { assets } = release({ assets: [{ id: 1, name: 'a.zip', state: 'uploaded', bytes: Buffer.from('old') }] });
    const refused = attach(api, 'v1.2', [asset('a.zip', 'new')], false);
    await expect(refused).rejects.toThrow(
      'the release v1.2 has an asset a.zip already, with other contents: set `overwrite: true` to replace it',
    );
    expect(assets.map((a) => a.bytes.toString())).toEqual(['old']);
    await attach(api, 'v1.2', [asset('a.zip', 'new')], true);
    expect(assets.map((a) => a.bytes.toString())).toEqual(['new']);
  });

  test('with what a broken upload left behind gets the file in its place', async () => {
    const { assets } = release({ assets: [{ id: 1, name: 'a.zip', state: 'starter', bytes: Buffer.alloc(0) }] });
    await attach(api, 'v1.2', [asset('a.zip')], false);
    expect(assets.map((a) => [a.name, a.state])).toEqual([['a.zip', 'uploaded']]);
  });

  test.each(['reset', 'starter', 'reset after doing it'] as const)(
    'gets each file once although an upload ended in %s',
    async (answer) => {
      const { assets } = release();
      github.faults.push({ operation: 'repos/upload-release-asset', times: 1, answer });
      const attached = await attach(api, 'v1.2', [asset('a.zip'), asset('b.zip')], false);
      expect(assets.map((a) => [a.name, a.state, a.bytes.toString()])).toEqual([
        ['a.zip', 'uploaded', 'a.zip'],
        ['b.zip', 'uploaded', 'b.zip'],
      ]);
      expect(attached).toHaveLength(2);
    },
  );

  test.each([true, undefined])('that is immutable says so (known beforehand: %s)', async (immutable) => {
    release({ immutable });
    if (!immutable)
      github.faults.push({
        operation: 'repos/upload-release-asset',
        times: 9,
        answer: { status: 422, message: 'Cannot upload assets to an immutable release.' },
      });
    await expect(attach(api, 'v1.2', [asset('a.zip')], false)).rejects.toThrow(
      'the release v1.2 is immutable: nothing can be added once it is published. Attach to the draft, and publish afterwards',
    );
    expect(github.calls.filter((c) => c === 'repos/upload-release-asset').length).toBeLessThanOrEqual(1);
  });

  test.each([401, 403, 404])(
    'that the token may not change (%d) names the permission, and is not asked again',
    async (status) => {
      release();
      github.faults.push({
        operation: 'repos/upload-release-asset',
        times: 9,
        answer: { status, message: 'Resource not accessible by integration' },
      });
      await expect(attach(api, 'v1.2', [asset('a.zip')], false)).rejects.toThrow(
        'Give the job `permissions: contents: write`',
      );
      expect(github.calls.filter((c) => c === 'repos/upload-release-asset')).toHaveLength(1);
    },
  );

  test('whose name another job took meanwhile says so', async () => {
    release();
    const errors = [{ resource: 'ReleaseAsset', code: 'already_exists', field: 'name' }];
    github.faults.push({
      operation: 'repos/upload-release-asset',
      times: 1,
      answer: { status: 422, message: 'Validation Failed', errors },
    });
    await expect(attach(api, 'v1.2', [asset('a.zip')], false)).rejects.toThrow(
      'which another job may have attached meanwhile',
    );
  });
});

describe('a check run', () => {
  const check = {
    name: 'onnx2keras',
    headSha: '1'.repeat(40),
    conclusion: 'success',
    title: 't',
    summary: 's',
    annotations: [],
  } as const;

  test.each<['reset'] | [{ status: number; message: string; headers?: Record<string, string> }]>([
    ['reset'],
    [{ status: 502, message: 'Server Error' }],
    [{ status: 429, message: 'secondary rate limit', headers: { 'retry-after': '1' } }],
  ])('is written again after %j', async (answer) => {
    github.faults.push({ operation: 'checks/create', times: 1, answer });
    expect(await writeCheckRun(api, check)).toBeUndefined();
    expect(github.checks).toHaveLength(1);
    expect(github.calls).toEqual(['checks/create', 'checks/create']);
  });

  test.each([403, 404])(
    'that may not be written (%d) says which permission, and is not asked again',
    async (status) => {
      github.faults.push({
        operation: 'checks/create',
        times: 9,
        answer: { status, message: 'Resource not accessible by integration' },
      });
      expect(await writeCheckRun(api, check)).toContain(
        '`permissions: checks: write`; a pull request from a fork never has it',
      );
      expect(github.calls).toEqual(['checks/create']);
    },
  );

  test('of a commit that GitHub does not know says what GitHub says', async () => {
    github.faults.push({
      operation: 'checks/create',
      times: 1,
      answer: { status: 422, message: 'No commit found for SHA' },
    });
    expect(await writeCheckRun(api, check)).toBe('the check run was not written: No commit found for SHA (422)');
  });
});

test('the token goes to no other host, whatever an answer says', async () => {
  const { assets } = release();
  const file = asset('a.zip');
  const away = { file: file.file, bytes: readFileSync(file.file).length, type: 'application/zip' };
  await expect(api.send('http://evil.test/upload', away)).rejects.toThrow('is no host of');
  expect(assets).toEqual([]);
});

test('without a token or a repository there is no API', () => {
  expect(createApi('', { GITHUB_REPOSITORY: 'a/b' })).toBeUndefined();
  expect(createApi('t', {})).toBeUndefined();
  expect(createApi('t', { GITHUB_REPOSITORY: '../../x' })).toBeUndefined();
});

test.each<[string, 'GET' | 'POST' | 'PATCH', string, object | undefined, RegExp]>([
  ['lacks what is required', 'POST', '/check-runs', { name: 'models' }, /^checks\/create: .*head_sha/],
  [
    'has a value that is none of those allowed',
    'PATCH',
    '/check-runs/1',
    {
      output: {
        title: 't',
        summary: 's',
        annotations: [{ path: 'm', start_line: 1, end_line: 1, annotation_level: 'error', message: 'm' }],
      },
    },
    /^checks\/update: .*annotation_level/,
  ],
  [
    'has more annotations than one may',
    'PATCH',
    '/check-runs/1',
    {
      output: {
        title: 't',
        summary: 's',
        annotations: Array(51).fill({
          path: 'm',
          start_line: 1,
          end_line: 1,
          annotation_level: 'notice',
          message: 'm',
        }),
      },
    },
    /^checks\/update: .*annotations/,
  ],
  [
    'has a field that GitHub has not',
    'POST',
    '/check-runs',
    { name: 'models', head_sha: 'ab'.repeat(20), status: 'completed', conclusion: 'success', colour: 'red' },
    /colour/,
  ],
  ['goes where nothing is', 'GET', '/release', undefined, /nothing that the description has/],
])('a call that %s would be noticed', async (_, method, where, body, says) => {
  await api.request(method, `/repos/someone/models${where}`, body).catch(() => undefined);
  expect(github.violations.splice(0).join('\n')).toMatch(says);
});
