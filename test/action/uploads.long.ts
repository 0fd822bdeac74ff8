/** Uploads: which, under which names, and what goes wrong on the way. action.test.ts has the most usual. */
import { existsSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { folder, removeFolders } from '../run/folders.js';
import { onnxCase } from '../run/repository.js';
import { type ResultsService, startResultsService } from './results-service.js';
import { download, tree } from './downloads.js';
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
  test('models or the report alone, one artifact per model, and for how long', async () => {
    const workspace = folder({ ...good(), ...onnxCase('add', 'models/a b') });
    const models = await step({
      workspace,
      with: { upload: 'models', 'artifact-name': 'converted', 'retention-days': '3' },
    });
    expect(
      Object.keys(await download(service, models.outputs['artifact-id'] as string, workspace)).some((f) =>
        f.startsWith('report/'),
      ),
    ).toBe(false);
    const days = (Date.parse(service.artifacts[0]?.expiresAt as string) - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(3, 1);
    const report = await step({ workspace, with: { upload: 'report', 'artifact-name': 'found' } });
    expect(
      Object.keys(await download(service, report.outputs['artifact-id'] as string, workspace)).every((f) =>
        f.startsWith('report/'),
      ),
    ).toBe(true);
    await step({ workspace, with: { 'artifact-per-model': 'true', 'artifact-name': 'each' } });
    expect(service.artifacts.map((a) => a.name)).toEqual([
      'converted',
      'found',
      'each-models-a_b-model.onnx',
      'each-models-relu-model.onnx',
      'each',
    ]);
  });

  test.each(['CreateArtifact', 'FinalizeArtifact', 'PUT block', 'PUT blocklist'])(
    'a connection that breaks at %s is tried again',
    async (call) => {
      service.faults.push({ call, answer: 'reset', times: 1 });
      const workspace = folder(good());
      const done = await step({ workspace });
      expect(done.conclusion).toBe('success');
      expect(await download(service, done.outputs['artifact-id'] as string, workspace)).toEqual(
        tree(done.outputs['output-directory'] as string),
      );
      expect(service.artifacts).toHaveLength(1);
    },
  );

  test('an answer that is lost after the artifact was made does not leave two', async () => {
    service.faults.push({ call: 'FinalizeArtifact', answer: 'reset after doing it', times: 1 });
    const done = await step({ workspace: folder(good()) });
    expect(done.conclusion).toBe('success');
    expect(service.artifacts.map((a) => String(a.id))).toEqual([done.outputs['artifact-id']]);
  });

  test('a service that says no is not asked again, and everything stays on disk', async () => {
    service.faults.push({ call: 'CreateArtifact', answer: 403, times: 99 });
    const done = await step({ workspace: folder(good()) });
    expect(done).toMatchObject({ conclusion: 'failure', outputs: { 'models-passed': '1', result: 'success' } });
    expect(service.calls.filter((c) => c === 'CreateArtifact')).toHaveLength(1);
    expect(done.annotations.map((a) => a.message).join('\n')).toContain('Everything is still in');
    expect(existsSync(path.join(done.outputs['output-directory'] as string, 'models/relu/model.onnx/model.json'))).toBe(
      true,
    );
  });

  test('only what this run wrote is uploaded, and no link is followed', async () => {
    const workspace = folder({ ...good(), 'converted/private.txt': 'not for others' });
    const outside = folder({ 'secret.txt': 'secret' });
    symlinkSync(outside, path.join(workspace, 'converted/link'));
    const done = await step({ workspace, with: { 'output-directory': 'converted' } });
    const names = Object.keys(await download(service, done.outputs['artifact-id'] as string, workspace));
    expect(names.filter((n) => /private|secret|link/.test(n))).toEqual([]);
    expect(names).toContain('models/relu/model.onnx/model.json');
  });
});
