/** The package as others get it: packed, installed with nothing else, and started by npx. `npm run test:package`. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import type { Report } from '../src/report/types.js';
import { TOOL } from '../src/version.js';

jest.setTimeout(180_000);

const ROOT = path.join(import.meta.dirname, '..');
let home: string;
let packed: string;

const npm = (program: 'npm' | 'npx', words: readonly string[], cwd: string): string =>
  execFileSync(program, words, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

beforeAll(() => {
  home = realpathSync(mkdtempSync(path.join(tmpdir(), 'onnx2keras-package-')));
  npm('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', home], ROOT);
  packed = path.join(home, readdirSync(home).find((name) => name.endsWith('.tgz')) as string);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Offline: whatever it needed beside itself would be missed. */
const npx = (...words: string[]) =>
  npm(
    'npx',
    ['--yes', '--offline', '--cache', path.join(home, 'cache'), '--package', packed, 'onnx2keras', ...words],
    home,
  );

test('npx starts it, and it needs no other package', () => {
  expect(npx('--version').trim()).toContain(TOOL.version);
  expect(npx('--help')).toMatch(/convert/);
});

test('it converts and judges the example, and writes every report', () => {
  cpSync(path.join(ROOT, 'examples'), path.join(home, 'examples'), { recursive: true });
  npx('convert', 'examples', '--out', 'out', '--fail-on', 'unverified');
  const report = JSON.parse(readFileSync(path.join(home, 'out/report/report.json'), 'utf8')) as Report;
  expect(report.models).toMatchObject([{ status: 'pass', checks: [{ engine: 'wasm' }] }]);
  for (const name of ['summary.md', 'index.html', 'junit.xml', 'runtime/tf.js'])
    expect(existsSync(path.join(home, 'out/report', name))).toBe(true);
});

test('it holds what users need, and nothing that only we do', () => {
  const listed = JSON.parse(npm('npm', ['pack', '--json', '--dry-run', '--ignore-scripts'], ROOT)) as {
    files: { path: string }[];
  }[];
  const files = listed[0]?.files.map((f) => f.path) ?? [];
  for (const file of [
    'action.yml',
    'README.md',
    'LICENSE',
    'dist/cli.js',
    'dist/action.js',
    'dist/worker.js',
    'schema/report.schema.json',
  ])
    expect(files).toContain(file);
  expect(files.filter((file) => /^(src|test|lib|\.ci|\.github|bench|node_modules)\//.test(file))).toEqual([]);
});
