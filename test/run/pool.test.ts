import { spawn } from 'node:child_process';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createPool, type Lease, type PoolOptions } from '../../src/run/pool.js';
import { allowed } from '../../src/verify/process/environment.js';
import { folder, removeFolders } from './folders.js';

afterAll(removeFolders);

const program = path.join(import.meta.dirname, 'unruly-worker.js');
const soon = () => performance.now() + 100_000;

async function withPool<T>(
  options: Partial<PoolOptions>,
  work: (use: ReturnType<typeof createPool>['use']) => Promise<T>,
): Promise<T> {
  const pool = createPool({ size: 1, program, ...options });
  try {
    return await work(pool.use);
  } finally {
    pool.close();
  }
}

const one = (task: string, request: unknown = {}, options: Partial<PoolOptions> = {}, deadline = soon()) =>
  withPool(options, (use) => use((lease) => lease.call(task, request, deadline)));
const pid = async (lease: Lease) => {
  const outcome = await lease.call<number>('pid', {}, soon());
  return outcome.ok ? outcome.value : 0;
};

test('a value comes back as it went', async () => {
  expect(await one('echo', { a: [1, 'ü', null] })).toEqual({ ok: true, value: { a: [1, 'ü', null] } });
});

test('children that were prepared serve the first uses, in folders of their own, and no more are started', async () => {
  const scratch = folder();
  const pool = createPool({ size: 2, program, scratch });
  try {
    pool.prepare(3, 'pid');
    const both = [0, 1].map(() => pool.use(async (lease) => ({ pid: await pid(lease), folder: lease.folder })));
    const [first, second] = await Promise.all(both);
    expect([first.folder, second.folder]).toEqual(['1', '2'].map((name) => path.join(scratch, name)));
    expect(first.pid).not.toBe(second.pid);
    const again = await pool.use(pid);
    expect([first.pid, second.pid]).toContain(again);
  } finally {
    pool.close();
  }
});

test('steps are heard while it works', async () => {
  const heard: string[] = [];
  await withPool({}, (use) => use((lease) => lease.call('steps', ['one', 'two'], soon(), (step) => heard.push(step))));
  expect(heard).toEqual(['one', 'two']);
});

test('what a task throws is a failure with its stack', async () => {
  expect(await one('throw')).toMatchObject({
    ok: false,
    reason: 'thrown',
    message: 'TypeError: not what it should be',
    detail: expect.stringContaining('unruly-worker.js'),
  });
  expect(await one('nix')).toMatchObject({ ok: false, reason: 'thrown' });
});

test('an end that nobody asked for is a crash, with the last words', async () => {
  expect(await one('exit')).toMatchObject({
    ok: false,
    reason: 'crashed',
    message: 'the process ended with code 7',
    detail: 'goodbye',
  });
  expect(await one('abort')).toMatchObject({
    ok: false,
    reason: 'crashed',
    message: expect.stringContaining('SIGABRT'),
  });
});

test('a program that is not there is a crash, too', async () => {
  expect(await one('echo', {}, { program: path.join(import.meta.dirname, 'nix.js') })).toMatchObject({
    ok: false,
    reason: 'crashed',
  });
});

test('a loop without end is cut off at its deadline, and not long after', async () => {
  const begun = performance.now();
  expect(await one('hang', {}, {}, begun + 400)).toMatchObject({ ok: false, reason: 'timed-out' });
  expect(performance.now() - begun).toBeLessThan(3000);
});

test("too much memory of any kind is that model's end", async () => {
  expect(await one('allocate too much')).toMatchObject({ ok: false, reason: 'out-of-memory' });
  expect(await one('fill the heap', {}, { memoryLimit: 300 * 2 ** 20 })).toMatchObject({
    ok: false,
    reason: 'out-of-memory',
  });
});

// Where the system doesn't say how large a process is, V8's bound on the heap is the only one.
(process.platform === 'linux' ? test : test.skip)('memory outside the heap counts', async () => {
  expect(await one('fill the memory', { bytes: 2 ** 30 }, { memoryLimit: 200 * 2 ** 20 })).toMatchObject({
    ok: false,
    reason: 'out-of-memory',
  });
});

test('after a crash the next call gets a fresh child', async () => {
  await withPool({}, (use) =>
    use(async (lease) => {
      const first = await pid(lease);
      expect((await lease.call('exit', {}, soon())).ok).toBe(false);
      const second = await pid(lease);
      expect(second).not.toBe(first);
      expect(second).toBeGreaterThan(0);
    }),
  );
});

test('a child serves one model after the other, until it has grown or is retired', async () => {
  await withPool({}, async (use) => {
    const first = await use(pid);
    expect(await use(pid)).toBe(first);
    await use(async (lease) => lease.retire());
    expect(await use(pid)).not.toBe(first);
  });
  if (process.platform !== 'linux') return;
  await withPool({ recycleAbove: 150 * 2 ** 20 }, async (use) => {
    const first = await use(pid);
    await use((lease) => lease.call('fill the memory', { bytes: 200 * 2 ** 20 }, soon()));
    expect(await use(pid)).not.toBe(first);
  });
});

test('no more run at a time than there is room for, and all come to their turn', async () => {
  let running = 0;
  let most = 0;
  const work = async (lease: Lease) => {
    most = Math.max(most, ++running);
    await pid(lease);
    running -= 1;
  };
  await withPool({ size: 2 }, (use) => Promise.all(Array.from({ length: 6 }, () => use(work))));
  expect(most).toBe(2);
  most = 0;
  await withPool({ size: 2, memoryLimit: 1000 * 2 ** 20 }, (use) =>
    Promise.all(Array.from({ length: 4 }, () => use(work, 600 * 2 ** 20))),
  );
  expect(most).toBe(1);
});

test('a run that is cancelled ends what works and starts nothing more', async () => {
  const controller = new AbortController();
  await withPool({ signal: controller.signal }, async (use) => {
    const hanging = use((lease) => lease.call('hang', {}, soon()));
    setTimeout(() => controller.abort(), 300);
    expect(await hanging).toMatchObject({ ok: false, reason: 'cancelled' });
    expect(await use((lease) => lease.call('echo', 1, soon()))).toMatchObject({ ok: false, reason: 'cancelled' });
  });
});

test('a child that shouts is neither heard nor held up', async () => {
  expect(await one('shout', { bytes: 3_000_000 })).toEqual({ ok: true, value: 'said' });
});

test('a child knows no secrets', async () => {
  process.env.ACTIONS_RUNTIME_TOKEN = 'secret';
  process.env.INPUT_TOKEN = 'secret';
  process.env.NODE_OPTIONS_X = 'secret';
  for (const name of [
    'GITHUB_TOKEN',
    'GITHUB_OUTPUT',
    'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
    'ACTIONS_RESULTS_URL',
    'NPM_TOKEN',
  ])
    process.env[name] = 'secret';
  const outcome = await one('environment');
  expect(JSON.stringify(outcome)).not.toContain('secret');
  expect(outcome).toMatchObject({ ok: true, value: { PATH: process.env.PATH } });
});

test('a child writes into its own folder, and nowhere else', async () => {
  const scratch = folder();
  await withPool({ scratch, size: 2 }, (use) =>
    Promise.all(
      [1, 2].map((n) =>
        use(async (lease) => {
          const mine = path.join(scratch, String(n));
          expect(lease.folder).toBe(mine);
          const write = (file: string) => lease.call('write', file, soon());
          expect(await write(path.join(mine, 'deep/model.json'))).toEqual({ ok: true, value: 'written' });
          for (const elsewhere of [
            path.join(scratch, 'model.json'),
            path.join(scratch, String(3 - n), 'model.json'),
            `${mine}-evil/model.json`,
            path.join(mine, '../model.json'),
            path.join(os.homedir(), '.onnx2keras-test'),
          ])
            expect(await write(elsewhere)).toMatchObject({ ok: false, message: expect.stringContaining('restricted') });
        }),
      ),
    ),
  );
  expect(await one('write', path.join(scratch, 'model.json'))).toMatchObject({ ok: false, reason: 'thrown' });
});

test('a child opens no connection', async () => {
  const server = http.createServer((_, response) => response.end('reached'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  let asked = 0;
  server.on('request', () => {
    asked += 1;
  });
  expect(await (await fetch(url)).text()).toBe('reached');
  for (const task of ['fetch', 'get']) expect(await one(task, url)).toMatchObject({ ok: false, reason: 'thrown' });
  expect(asked).toBe(1);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('of an environment only what is listed stays, whatever its case', () => {
  expect(
    allowed({ Path: 'p', SYSTEMROOT: 's', GITHUB_TOKEN: 't', NODE_OPTIONS: '--require x', AWS_SECRET: 'a' }),
  ).toEqual({ Path: 'p', SYSTEMROOT: 's' });
});

test('a child that is busy ends when its parent is killed', async () => {
  const parent = spawn(process.execPath, [path.join(import.meta.dirname, 'orphaning-parent.js'), program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const child = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))));
  const lives = () => {
    try {
      return process.kill(child, 0);
    } catch {
      return false;
    }
  };
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(lives()).toBe(true);
  parent.kill('SIGKILL');
  const begun = performance.now();
  while (lives() && performance.now() - begun < 10_000) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(lives()).toBe(false);
});
