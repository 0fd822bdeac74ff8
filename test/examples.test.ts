/** The README's first command, as a user starts it: the bundle in dist/ by itself, with no package to be found. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../src/report/types.js';

const ROOT = join(import.meta.dirname, '..');
let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'onnx2keras-examples-'));
  for (const folder of ['dist', 'examples']) cpSync(join(ROOT, folder), join(home, folder), { recursive: true });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function convert(out: string, ...options: string[]): { status: number | null; printed: string; report: Report } {
  const line = ['dist/cli.js', 'convert', 'examples', '--out', out, ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, line, {
    cwd: home,
    encoding: 'utf8',
    timeout: 150_000,
  });
  const report = JSON.parse(readFileSync(join(home, out, 'report', 'report.json'), 'utf8')) as Report;
  return { status, printed: stdout + stderr, report };
}

/** Every file of a model's folder, with its bytes. */
function contents(out: string): [string, string][] {
  const folder = join(home, out, 'fcn-resnet18', 'fcn-resnet18.onnx');
  return readdirSync(folder)
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), 'base64')]);
}

test.each(['layers-model', 'graph-model'])("the example becomes a %s that gives torch's output", (format) => {
  const { status, printed, report } = convert(format, '--formats', format, '--fail-on', 'unverified');
  expect({ status, printed }).toEqual({
    status: 0,
    printed: expect.stringContaining('fcn-resnet18/fcn-resnet18.onnx'),
  });
  expect(report.models).toEqual([
    expect.objectContaining({ path: 'fcn-resnet18/fcn-resnet18.onnx', status: 'pass', format, diagnostics: [] }),
  ]);
  const [check] = report.models[0]?.checks ?? [];
  expect(check).toMatchObject({ engine: 'wasm', output: 'output_0', reference: { kind: 'stored' }, elements: 64 });
  // onnxruntime is 3e-6 away from torch here
  expect(check?.maxAbs).toBeGreaterThan(0);
  expect(check?.maxAbs).toBeLessThan(2e-5);
});

test('a wrong reference is noticed', () => {
  const file = join(home, 'examples', 'fcn-resnet18', 'test_data_set_0', 'output_0.pb');
  const right = readFileSync(file);
  const wrong = Buffer.from(right);
  // the file ends with the 64 values, float32; the last one becomes twice as large
  wrong.writeFloatLE(right.readFloatLE(right.length - 4) * 2, right.length - 4);
  writeFileSync(file, wrong);
  const { status, report } = convert('wrong');
  writeFileSync(file, right);
  expect({ status, models: report.models.map((model) => model.status) }).toEqual({ status: 1, models: ['mismatch'] });
  expect(report.models[0]?.checks[0]).toMatchObject({ beyond: 1, worst: { index: [0, 31, 0, 1] } });
});

test('a second run writes the same bytes', () => {
  convert('again', '--formats', 'graph-model', '--no-verify', '--concurrency', '1');
  expect(contents('again').map(([name]) => name)).toEqual(expect.arrayContaining(['conversion.json', 'model.json']));
  // Converted above, and verified.
  expect(contents('again')).toEqual(contents('graph-model'));
});
