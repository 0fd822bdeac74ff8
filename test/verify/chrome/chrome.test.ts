/** What the engines in Chrome need and can be tested without one. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChrome } from '../../../src/verify/chrome/find.js';
import { PageServer } from '../../../src/verify/chrome/server.js';
import { judge } from '../../../src/verify/judge.js';
import { affine, X, Y } from '../affine.js';
import { scratch, writeDataSet } from '../written.js';

let home: ReturnType<typeof scratch>;
beforeEach(() => {
  home = scratch();
});
afterEach(() => home.remove());

describe('finding the browser', () => {
  const program = (name: string): string => {
    const path = join(home.folder, name);
    writeFileSync(path, '');
    chmodSync(path, 0o755);
    return path;
  };

  test('the one given comes first, and has to be there', () => {
    const [given, other] = [program('given'), program('other')];
    expect(findChrome(given, { CHROME_PATH: other })).toBe(given);
    expect(() => findChrome(join(home.folder, 'nowhere'), { CHROME_PATH: other })).toThrow('there is no program');
  });

  test('then what the environment names, where that is a program', () => {
    const path = program('chrome');
    expect(findChrome(undefined, { CHROME_PATH: join(home.folder, 'gone'), CHROME_BIN: path })).toBe(path);
    expect(findChrome(undefined, { CHROME_PATH: path, CHROME_BIN: program('second') })).toBe(path);
  });
});

describe('the page’s server', () => {
  test('gives what was put there to who knows the token, and keeps what is posted until it is taken', async () => {
    const server = await PageServer.start();
    try {
      server.put('a.json', Buffer.from('[1]'));
      const right = await fetch(server.address('a.json'));
      expect([right.status, await right.json()]).toEqual([200, [1]]);
      expect(right.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
      expect(right.headers.get('cache-control')).toBeNull();
      const statuses = async (...urls: string[]) => Promise.all(urls.map(async (url) => (await fetch(url)).status));
      const { port } = new URL(server.address(''));
      expect(
        await statuses(
          `http://127.0.0.1:${port}/a.json`,
          `http://127.0.0.1:${port}/${'0'.repeat(32)}/a.json`,
          server.address('b.json'),
          server.address('a.json').replace('127.0.0.1', 'localhost'),
        ),
      ).toEqual([404, 404, 404, 404]);
      await fetch(server.address('result/0'), { method: 'POST', body: Uint8Array.of(1, 2, 3) });
      expect(server.take('result/0')).toEqual(Uint8Array.of(1, 2, 3));
      expect(server.take('result/0')).toBeUndefined();
      server.clear('a');
      expect(await statuses(server.address('a.json'))).toEqual([404]);
    } finally {
      server.close();
    }
  });
});

test('an engine that is not there is said and no failure; the judge takes WASM instead', async () => {
  affine(join(home.folder, 'out'));
  writeDataSet(join(home.folder, 'test_data_set_0'), X, Y);
  const result = await judge({
    folder: join(home.folder, 'out'),
    model: join(home.folder, 'model.onnx'),
    relativePath: 'model.onnx',
    workspace: home.folder,
    tolerance: {},
    engines: ['chrome-webgl', 'tensorflow'],
    enginePlaces: { chrome: join(home.folder, 'nowhere'), tfjsNode: [home.folder] },
  });
  expect(result.verdict).toBe('pass');
  expect(result.checks.map((c) => c.engine)).toEqual(['wasm']);
  expect(result.diagnostics.map((d) => [d.code, d.severity])).toEqual([
    ['engine-not-available', 'warning'],
    ['engine-not-available', 'warning'],
    ['engine-instead', 'warning'],
  ]);
  expect(result.diagnostics[1]?.message).toContain('@tensorflow/tfjs-node is not installed');
});
