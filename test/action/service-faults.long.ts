/** An artifact service that is ill: asked again within bounds, then one clear sentence, with everything on disk. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { jest } from '@jest/globals';
import { folder, removeFolders } from '../run/folders.js';
import { onnxCase } from '../run/repository.js';
import { type Fault, type ResultsService, startResultsService } from './results-service.js';
import { runStep } from './runner.js';

jest.setTimeout(90_000);
afterAll(removeFolders);

let service: ResultsService;
beforeEach(async () => {
  service = await startResultsService();
});
afterEach(() => service.close());

async function stepWith(fault: Fault) {
  service.faults.push(fault);
  const hurry = `--import=${path.join(import.meta.dirname, 'hurry.js')}`;
  const workspace = folder(onnxCase('relu', 'models/relu'));
  const done = await runStep({ workspace, env: { ...service.env, NODE_OPTIONS: hurry } });
  // whatever the service says
  expect(done.outputs).toMatchObject({ result: 'success', 'models-passed': '1' });
  const output = done.outputs['output-directory'] as string;
  for (const file of ['report/report.json', 'models/relu/model.onnx/model.json'])
    expect(existsSync(path.join(output, file))).toBe(true);
  expect(done.environment).toBe('');
  return { done, asked: service.calls.filter((call) => call === fault.call).length };
}

test.each<[string, Fault]>([
  ['is out of order twice', { call: 'CreateArtifact', answer: 503, times: 2 }],
  ['is out of order at the end', { call: 'FinalizeArtifact', answer: 500, times: 2 }],
  ['asks for patience', { call: 'CreateArtifact', answer: 429, times: 1 }],
  ['says nothing, once', { call: 'CreateArtifact', answer: 'silence', times: 1 }],
  ['is slow', { call: 'FinalizeArtifact', answer: 'late', times: 9 }],
  ['has a store that is out of order', { call: 'PUT block', answer: 503, times: 1 }],
  ['has a store that is slow', { call: 'PUT blocklist', answer: 'late', times: 9 }],
])('a service that %s takes the artifact in the end', async (_, fault) => {
  const { done, asked } = await stepWith(fault);
  expect(done.conclusion).toBe('success');
  expect(service.artifacts.map((a) => String(a.id))).toEqual([done.outputs['artifact-id']]);
  expect(asked).toBeGreaterThanOrEqual(typeof fault.answer === 'number' || fault.answer === 'silence' ? 2 : 1);
});

test.each<[string, Fault, RegExp, number]>([
  ['is out of order', { call: 'CreateArtifact', answer: 503, times: 999 }, /could not be uploaded: .*503/, 5],
  ['breaks each connection', { call: 'CreateArtifact', answer: 'reset', times: 999 }, /could not be uploaded/, 4],
  ['never says a word', { call: 'CreateArtifact', answer: 'silence', times: 999 }, /could not be uploaded/, 5],
  ['has a store that is out of order', { call: 'PUT block', answer: 503, times: 999 }, /could not be uploaded/, 30],
  ['says that the name is taken', { call: 'CreateArtifact', answer: 409, times: 999 }, /there is an artifact named/, 1],
])('a service that %s is left at last', async (_, fault, words, most) => {
  const { done, asked } = await stepWith(fault);
  expect(done).toMatchObject({ conclusion: 'failure', exitCode: 1 });
  expect(asked).toBeLessThanOrEqual(most);
  const errors = done.annotations.filter((a) => a.level === 'error').map((a) => a.message);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(words);
  expect(errors[0]).toContain('Everything is still in ');
  expect(done.stdout).not.toMatch(/\n\s+at /);
});
