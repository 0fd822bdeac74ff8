/** The command line as a program: what it prints, how it ends. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { folder, removeFolders } from './folders.js';
import { CLI } from './program.js';
import { LFS_POINTER, onnxCase, scratchRepository, withUnknownOperator, withWrongReference } from './repository.js';

afterAll(removeFolders);

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function cli(
  args: string[],
  cwd = folder(),
  meddle: (child: ReturnType<typeof spawn>) => void = () => {},
): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  meddle(child);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

test('exit codes: 0, 1 where something failed, 2 where the command line is wrong', async () => {
  const cwd = folder({ ...onnxCase('relu', 'good'), ...withWrongReference(onnxCase('relu', 'bad')) });
  expect(await cli(['convert', 'bad', '--out', 'out2'], cwd)).toMatchObject({ code: 1, err: '' });
  expect(await cli(['convert', 'bad', '--out', 'out2', '--fail-on', 'error'], cwd)).toMatchObject({ code: 0 });
  expect(await cli(['convert', 'good', '--out', 'out', '--no-verify'], cwd)).toMatchObject({ code: 0, err: '' });
  expect(await cli(['convert', 'nix', '--out', 'out3'], cwd)).toMatchObject({
    code: 2,
    out: '',
    err: 'onnx2keras: there is no file or folder "nix"\n',
  });
  expect(existsSync(path.join(cwd, 'out3'))).toBe(false);
  expect(await cli(['convert', 'good'], cwd)).toMatchObject({ code: 2 });
  expect(await cli([], cwd)).toMatchObject({ code: 2 });
  expect(await cli(['--help'], cwd)).toMatchObject({ code: 0, err: '' });
});

test('--version says the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../package.json'), 'utf8'));
  expect(await cli(['--version'])).toEqual({ code: 0, out: `onnx2keras-action ${version}\n`, err: '' });
});

test('a folder converted earlier is judged again, wherever it stands now', async () => {
  const cwd = folder({ ...onnxCase('relu', 'models/relu'), ...withWrongReference(onnxCase('add', 'models/add')) });
  await cli(['convert', 'models', '--out', 'out', '--no-verify'], cwd);
  const before = readdirSync(path.join(cwd, 'out'), { recursive: true });
  const judged = await cli(['verify', 'out', '--models', 'models', '--engines', 'cpu,wasm'], cwd);
  expect(judged.code).toBe(1);
  expect(judged.out).toMatch(/✗ mismatch +add\/model\.onnx/);
  expect(judged.out).toMatch(/✓ pass +relu\/model\.onnx/);
  expect(readdirSync(path.join(cwd, 'out'), { recursive: true })).toEqual(before);
  expect(
    await cli(['verify', 'out/relu/model.onnx', '--references', 'models/relu/test_data_set_*'], cwd),
  ).toMatchObject({ code: 0, out: expect.stringContaining('✓ pass') });
  expect(await cli(['verify', 'models'], cwd)).toMatchObject({
    code: 2,
    err: expect.stringContaining('there is no conversion.json'),
  });
  expect(await cli(['verify', 'nix'], cwd)).toMatchObject({
    code: 2,
    err: expect.stringContaining('there is no folder'),
  });
});

test('a source that a conversion.json names outside the models is not looked at', async () => {
  const cwd = folder({ 'out/m.onnx/conversion.json': JSON.stringify({ source: { path: '../../../etc/passwd' } }) });
  expect(await cli(['verify', 'out'], cwd)).toMatchObject({
    code: 2,
    err: expect.stringContaining("outside the models' folder"),
  });
});

describe('inspect', () => {
  test('tells opset, inputs, outputs, operators and formats', async () => {
    const { code, out } = await cli(['inspect', 'm/model.onnx'], folder(onnxCase('maxpool_2d_ceil', 'm')));
    expect(code).toBe(0);
    expect(out).toMatch(/opset +22\n/);
    expect(out).toMatch(/Inputs\n {2}x {2}float32 \[1, 1, 4, 4\]/);
    expect(out).toMatch(/Outputs\n {2}y {2}float32 \[1, 1, 2, 2\]/);
    expect(out).toMatch(/Operators\n {2}1 MaxPool/);
    expect(out).toMatch(/graph-model +possible/);
  });
  test('tells what stands against a format, and ends with 1 where there is none', async () => {
    const unknown = withUnknownOperator(onnxCase('relu', '.')['model.onnx'] as Buffer);
    const { code, out } = await cli(['inspect', 'm.onnx'], folder({ 'm.onnx': unknown }));
    expect(code).toBe(1);
    expect(out).toMatch(/graph-model +not possible: 1 obstacle/);
    expect(out).toContain('Xelu');
  });
  test('a Git LFS pointer is told as such', async () => {
    const { code, out } = await cli(['inspect', 'm.onnx'], folder({ 'm.onnx': LFS_POINTER }));
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('LFS') });
  });
});

test('a reader that leaves early does not stop the work', async () => {
  const cwd = scratchRepository();
  const { err } = await cli(['convert', '.', '--out', 'out'], cwd, (child) =>
    child.stdout?.once('data', () => child.stdout?.destroy()),
  );
  expect(err).toBe('');
  expect(existsSync(path.join(cwd, 'out/report/report.json'))).toBe(true);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends soon, with %s, and leaves nothing half done', async (signal, code) => {
  const cwd = scratchRepository();
  rmSync(path.join(cwd, 'models/cut'), { recursive: true });
  let asked = 0;
  const ended = await cli(['convert', 'models', '--out', 'out', '--concurrency', '1'], cwd, (child) => {
    child.stdout?.once('data', () => {
      asked = performance.now();
      child.kill(signal);
    });
  });
  expect(ended).toMatchObject({ code, err: '' });
  expect(performance.now() - asked).toBeLessThan(5000);
  const left = existsSync(path.join(cwd, 'out'))
    ? readdirSync(path.join(cwd, 'out'), { recursive: true, encoding: 'utf8' })
    : [];
  expect(left.filter((name) => name.includes('.partial'))).toEqual([]);
});
