/** What goes wrong around a run: a full disk, no permission, no temporary folder, a clock that jumps, nobody who listens. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { jest } from '@jest/globals';
import { readSettings } from '../../src/run/options.js';
import { run } from '../../src/run/run.js';
import type { Report } from '../../src/report/types.js';
import { model } from '../onnx/build.js';
import { folder, removeFolders } from './folders.js';
import { CLI, WORKER } from './program.js';
import { onnxCase } from './repository.js';

/** The superuser may do anything: then the program runs as nobody. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

afterAll(removeFolders);

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

interface How {
  /** Shell commands before, such as a limit; `"$@"` is the program and its words. */
  shell?: string;
  env?: Record<string, string>;
  as?: { uid?: number; gid?: number };
}

function cli(cwd: string, args: string[], { shell, env = {}, as = {} }: How = {}): Promise<Ended> {
  const words = [process.execPath, CLI, ...args];
  const [program, ...rest] = shell === undefined ? words : ['bash', '-c', shell, 'bash', ...words];
  const child = spawn(program as string, rest, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...as,
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

/** 9 MB of weights, in shards of 4. */
function large(): Buffer {
  const side = 1536;
  const value = (name: string) => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1 }, { dimValue: side }] } } },
  });
  const rawData = new Uint8Array(Float32Array.from({ length: side * side }, (_, i) => Math.sin(i)).buffer);
  const graph = {
    name: 'large',
    node: [{ opType: 'MatMul', input: ['x', 'w'], output: ['y'] }],
    initializer: [{ name: 'w', dims: [side, side], dataType: 1, rawData }],
    input: [value('x')],
    output: [value('y')],
  };
  return Buffer.from(model({ graph }));
}

const relu = () => onnxCase('relu', 'relu');
const reportOf = (cwd: string) => JSON.parse(readFileSync(path.join(cwd, 'out/report/report.json'), 'utf8')) as Report;
const statuses = (report: Report) => Object.fromEntries(report.models.map((m) => [m.path, m.status]));
const codes = (report: Report, name: string) =>
  report.models.find((m) => m.path === name)?.diagnostics.map((d) => d.code) ?? [];
const below = (place: string) => readdirSync(place, { recursive: true, encoding: 'utf8' });
const convert = ['convert', '.', '--out', 'out', '--no-verify', '--fail-on', 'unsupported'];

const onLinux = process.platform === 'linux' ? test : test.skip;

describe('a full disk', () => {
  onLinux('costs the model that does not fit, and leaves nothing of it', async () => {
    const cwd = folder({ ...relu(), 'large.onnx': large() });
    const ended = await cli(cwd, convert, { shell: 'ulimit -f 3000; exec "$@"' });
    expect(ended).toMatchObject({ code: 1, err: '' });
    const report = reportOf(cwd);
    expect(statuses(report)).toEqual({ 'large.onnx': 'error', 'relu/model.onnx': 'unverified' });
    expect(codes(report, 'large.onnx')).toEqual(['cannot-write']);
    expect(ended.out).toContain("the model's folder can't be written: EFBIG");
    expect(ended.out).toContain('look at the free space');
    expect(readdirSync(path.join(cwd, 'out')).sort()).toEqual(['relu', 'report']);
  });

  const mounts = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp']).status === 0;
  (mounts ? test : test.skip)('also where the file system itself says so', async () => {
    const cwd = folder({ ...relu(), 'large.onnx': large(), 'out/.keep': '' });
    const { code, out } = await cli(cwd, convert, {
      shell: `exec unshare -rm bash -c 'mount -t tmpfs -o size=6m tmpfs out; "$@"; code=$?; find out -type f; exit $code' bash "$@"`,
    });
    expect(code).toBe(1);
    expect(out).toContain("the model's folder can't be written: ENOSPC");
    expect(out).toMatch(/\? unverified +relu\/model\.onnx/);
    expect(out).toContain('out/relu/model.onnx/model.json\n');
    expect(out).toContain('out/report/report.json\n');
    expect(out).not.toMatch(/out\/large|\.partial/);
  });

  onLinux('that takes no report is said, with no half a report', async () => {
    const cwd = folder(relu());
    const ended = await cli(cwd, convert, { shell: 'ulimit -f 1; exec "$@"' });
    expect(ended).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^onnx2keras: the reports can't be written: EFBIG/),
    });
    expect(ended.err).not.toMatch(/\n\s+at /);
    expect(below(path.join(cwd, 'out')).sort()).toEqual(['relu', 'report']);
  });

  (existsSync('/dev/full') ? test : test.skip)('under the log costs the lines, and the exit code says so', async () => {
    const cwd = folder(relu());
    const ended = await cli(cwd, convert, { shell: 'exec "$@" >/dev/full' });
    expect(ended).toMatchObject({
      code: 1,
      err: 'onnx2keras: not all could be printed: ENOSPC: no space left on device, write\n',
    });
    expect(statuses(reportOf(cwd))).toEqual({ 'relu/model.onnx': 'unverified' });
  });
});

describe('no permission', () => {
  const works = (() => {
    try {
      execFileSync(process.execPath, [CLI, '--version'], { ...NOBODY, cwd: '/', stdio: 'ignore' });
      return process.platform !== 'win32';
    } catch {
      // The checkout lies where nobody may read.
      return false;
    }
  })();
  const onPosix = works ? test : test.skip;
  const open = (root: string) => {
    for (const name of ['.', ...below(root)])
      chmodSync(path.join(root, name), statSync(path.join(root, name)).isDirectory() ? 0o777 : 0o666);
    return root;
  };

  onPosix('to read a model: that is said of it, and the others are converted', async () => {
    const cwd = open(folder({ ...relu(), 'secret/model.onnx': large() }));
    chmodSync(path.join(cwd, 'secret/model.onnx'), 0o000);
    const ended = await cli(cwd, convert, { as: NOBODY });
    expect(ended).toMatchObject({ code: 1, err: '' });
    expect(statuses(reportOf(cwd))).toEqual({ 'relu/model.onnx': 'unverified', 'secret/model.onnx': 'error' });
    expect(codes(reportOf(cwd), 'secret/model.onnx')).toEqual(['unreadable-file']);
    expect(ended.out).toContain("the file can't be read: permission denied");
  });

  onPosix('to write the output directory: one sentence, exit code 2', async () => {
    const cwd = open(folder({ ...relu(), 'out/.keep': '' }));
    chmodSync(path.join(cwd, 'out'), 0o555);
    const ended = await cli(cwd, convert, { as: NOBODY });
    expect(ended).toMatchObject({ code: 2, out: 'Found 1 model.\n' });
    expect(ended.err).toMatch(/^onnx2keras: the output directory can't be written: EACCES[^\n]+\n$/);
    chmodSync(path.join(cwd, 'out'), 0o755);
    expect(below(path.join(cwd, 'out'))).toEqual(['.keep']);
  });

  onPosix("to write one model's folder: that is said of it", async () => {
    const cwd = open(folder({ ...relu(), ...onnxCase('add', 'add'), 'out/add/.keep': '' }));
    chmodSync(path.join(cwd, 'out/add'), 0o555);
    const ended = await cli(cwd, convert, { as: NOBODY });
    expect(ended).toMatchObject({ code: 1, err: '' });
    expect(statuses(reportOf(cwd))).toEqual({ 'add/model.onnx': 'error', 'relu/model.onnx': 'unverified' });
    expect(codes(reportOf(cwd), 'add/model.onnx')).toEqual(['cannot-write']);
    chmodSync(path.join(cwd, 'out/add'), 0o755);
    expect(below(path.join(cwd, 'out/add'))).toEqual(['.keep']);
    expect(readdirSync(path.join(cwd, 'out')).sort()).toEqual(['add', 'relu', 'report']);
  });
});

test('no temporary folder is needed', async () => {
  const cwd = folder(relu());
  const nix = path.join(cwd, 'nix');
  expect(await cli(cwd, convert, { env: { TMPDIR: nix, TEMP: nix, TMP: nix } })).toMatchObject({ code: 0, err: '' });
  expect(existsSync(nix)).toBe(false);
});

test('a clock that jumps by years changes neither deadlines nor verdicts', async () => {
  const base = folder({ ...relu(), ...onnxCase('add', 'add') });
  let calls = 0;
  const real = Date.now;
  const clock = jest
    .spyOn(Date, 'now')
    .mockImplementation(() => real() + (++calls % 2 ? 1 : -1) * 10 * 365 * 86_400_000);
  try {
    const settings = {
      ...readSettings({}, (key) => key),
      timeoutPerModel: 60,
      concurrency: 1,
      cacheDir: path.join(base, 'cache'),
    };
    const request = { patterns: ['**/*.onnx'], base, output: path.join(base, 'out'), strict: false, settings };
    const silent = { found() {}, started() {}, doing() {}, finished() {} };
    for (const _ of [1, 2]) {
      const { report } = await run({ ...request, worker: WORKER }, silent);
      expect(statuses(report)).toEqual({ 'add/model.onnx': 'pass', 'relu/model.onnx': 'pass' });
      expect(report.timings?.total).toBeLessThan(60_000);
    }
  } finally {
    clock.mockRestore();
  }
});

test('a reader that leaves at once costs nothing: exit code, models and report are as ever', async () => {
  const cwd = folder(relu());
  const ended = await cli(cwd, convert, { shell: 'set -o pipefail; "$@" | true' });
  expect(ended).toEqual({ code: 0, out: '', err: '' });
  expect(statuses(reportOf(cwd))).toEqual({ 'relu/model.onnx': 'unverified' });
  rmSync(path.join(cwd, 'out'), { recursive: true });
  expect(await cli(cwd, convert, { shell: 'exec "$@" >&- 2>&-' })).toMatchObject({ code: 0 });
  expect(statuses(reportOf(cwd))).toEqual({ 'relu/model.onnx': 'unverified' });
});
