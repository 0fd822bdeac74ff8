/** Artifacts that are refused, and names of models that attack. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { folder, removeFolders } from '../run/folders.js';
import { onnxCase, withUnknownOperator, withWrongReference } from '../run/repository.js';
import { type ResultsService, startResultsService } from './results-service.js';
import { runStep, type Step, type StepRequest } from './runner.js';

let service: ResultsService;
beforeEach(async () => {
  service = await startResultsService();
});
afterEach(() => service.close());
afterAll(removeFolders);

const step = (request: StepRequest): Promise<Step> => runStep({ ...request, env: { ...service.env, ...request.env } });

const good = () => onnxCase('relu', 'models/relu');

describe('artifacts', () => {
  test('a name that is taken is a clear error, unless overwrite says otherwise', async () => {
    const workspace = folder(good());
    await step({ workspace });
    const taken = await step({ workspace });
    expect(taken).toMatchObject({ conclusion: 'failure', outputs: { 'models-passed': '1' } });
    expect(taken.annotations.map((a) => a.message).join('\n')).toContain(
      'there is an artifact named onnx2keras in this workflow run already',
    );
    expect(existsSync(path.join(taken.outputs['output-directory'] as string, 'report/report.json'))).toBe(true);
    expect(await step({ workspace, with: { overwrite: 'true' } })).toMatchObject({ conclusion: 'success' });
    expect(service.artifacts.map((a) => a.id)).toEqual([101]);
  });

  test.each([
    ['there is no service', { ACTIONS_RUNTIME_TOKEN: '' }],
    ['GitHub Enterprise Server takes none', { GITHUB_SERVER_URL: 'https://git.example.com' }],
  ])('where %s, a warning says so', async (_, env) => {
    const done = await step({ workspace: folder(good()), env });
    expect(done.conclusion).toBe('success');
    expect(done.annotations).toMatchObject([
      { level: 'warning', message: expect.stringContaining('nothing was uploaded') },
    ]);
  });
});

describe('names that attack', () => {
  const EVIL = [
    'a\n::error file=x::forged',
    'b\n::add-mask::1',
    'c\n::stop-commands::token',
    '##[error]forged',
    '::set-output name=result::success',
    'd\r\n##[add-mask]1',
    'e ##[stop-commands]token',
    '\u001b[2Jcleared',
    '\u202etxt.exe',
    '::group::never closed',
    '%0A::error::forged',
    '</details><script>',
    '$(reboot)',
  ];
  test('as paths of models, bad and good, forge no annotation, mask, output or group', async () => {
    const relu = onnxCase('relu', '.');
    const wrong = withWrongReference(relu);
    const unknown = withUnknownOperator(relu['model.onnx'] as Buffer);
    const workspace = folder(
      Object.fromEntries(
        EVIL.flatMap((name, i) => [
          [`${name}/good.onnx`, relu['model.onnx'] as Buffer],
          [`${name}/test_data_set_0/input_0.pb`, relu['test_data_set_0/input_0.pb'] as Buffer],
          [`${name}/test_data_set_0/output_0.pb`, (i % 2 ? relu : wrong)['test_data_set_0/output_0.pb'] as Buffer],
          [`${name}/bad.onnx`, unknown],
          [`${name}/cut.onnx`, unknown.subarray(0, 40)],
        ]),
      ),
    );
    const done = await step({ workspace, with: { 'artifact-per-model': 'true', concurrency: '' } });
    expect(done.outputs).toMatchObject({ 'models-found': String(3 * EVIL.length), result: 'failure' });
    expect(Number(done.outputs['models-passed'])).toBe(Math.floor(EVIL.length / 2));
    expect(service.artifacts.map((a) => a.name)).toContain('onnx2keras');
    expect(done.annotations.filter((a) => a.message.startsWith('not uploaded, since GitHub allows no'))).toHaveLength(
      1,
    );
    expect(done.masks.filter((m) => !/^(upload|download)-/.test(m))).toEqual([]);
    expect(
      [...done.annotations, ...done.dropped].filter((a) => a.message.startsWith('forged') || a.file === 'x'),
    ).toEqual([]);
    expect(
      done.commands.filter((c) => ['stop-commands', 'set-output', 'set-env', 'add-path'].includes(c.name)),
    ).toEqual([]);
    expect(done.commands.filter((c) => c.name === 'group')).toHaveLength(3 * EVIL.length + 1);
    expect(done.commands.filter((c) => c.name === 'endgroup')).toHaveLength(3 * EVIL.length + 1);
    expect(done.stdout).not.toMatch(/[\u001b\u202e]/);
    expect(done.annotations.filter((a) => a.level === 'error')).toHaveLength(10);
    expect(done.dropped).toEqual([]);
    for (const { name } of service.artifacts) expect(name).toMatch(/^[A-Za-z0-9._-]+$/);
  });
});

describe('inputs', () => {
  test('working-directory moves the base; annotations and outputs keep to the workspace', async () => {
    const files = withWrongReference(onnxCase('relu', 'sub/models/relu'));
    const done = await step({
      workspace: folder(files),
      with: { 'working-directory': 'sub', models: 'models/*/*.onnx' },
    });
    expect(JSON.parse(done.outputs.models as string)).toMatchObject([{ path: 'relu/model.onnx', status: 'mismatch' }]);
    expect(done.annotations[0]).toMatchObject({ file: 'sub/models/relu/model.onnx' });
  });

  test('an output directory inside the workspace is taken from there, and not searched the next time', async () => {
    const workspace = folder(good());
    const request = { workspace, with: { 'output-directory': 'converted', upload: 'none' } };
    expect((await step(request)).outputs['output-directory']).toBe(path.join(workspace, 'converted'));
    expect((await step(request)).outputs).toMatchObject({ 'models-found': '1', result: 'success' });
    expect(service.calls).toEqual([]);
  });

  test('annotations and the summary can be switched off', async () => {
    const done = await step({
      workspace: folder(withWrongReference(good())),
      with: { annotations: 'false', 'job-summary': 'false', upload: 'none' },
    });
    expect(done.annotations.filter((a) => a.file)).toEqual([]);
    expect(done.summary).toBe('');
    expect(done.conclusion).toBe('failure');
  });
});
