import { truncateSync } from 'node:fs';
import path from 'node:path';
import { findModels } from '../../src/run/find.js';
import { planMemory } from '../../src/run/memory-plan.js';
import { memoryOfMachine } from '../../src/verify/process/memory.js';
import { folder, removeFolders } from './folders.js';

afterAll(removeFolders);

const MB = 2 ** 20;
const EMPTY = 400 * MB;

/** Files of these sizes, sparse: nothing is read of them. */
async function plan(sizes: Record<string, number>, isJudged = true) {
  const base = folder(Object.fromEntries(Object.keys(sizes).map((name) => [name, ''])));
  for (const [name, bytes] of Object.entries(sizes)) truncateSync(path.join(base, name), bytes);
  const { models } = await findModels({ patterns: ['**/*.onnx'], base });
  const planned = await planMemory(models, isJudged);
  return Object.fromEntries(models.map((model) => [model.path, planned.get(model)]));
}

test('a model takes memory by its size, more where it is judged', async () => {
  expect(await plan({ 'm.onnx': 10 * MB })).toEqual({ 'm.onnx': EMPTY + 40 * MB });
  expect(await plan({ 'm.onnx': 10 * MB }, false)).toEqual({ 'm.onnx': EMPTY + 10 * MB });
});

test('external data counts: that which is called after the model, or lies beside the only one', async () => {
  const sizes = {
    'two/a.onnx': MB,
    'two/a.onnx.data': 50 * MB,
    'two/b.onnx': MB,
    'two/B_weights.bin': 20 * MB,
    'one/m.onnx': MB,
    'one/layer1.weight': 30 * MB,
    'one/layer2.weight': 30 * MB,
    'one/m.reference.npz': 500 * MB,
  };
  expect(await plan(sizes)).toEqual({
    'two/a.onnx': EMPTY + 4 * 51 * MB,
    'two/b.onnx': EMPTY + 4 * 21 * MB,
    'one/m.onnx': EMPTY + 4 * 61 * MB,
  });
});

test('what is larger than the machine is planned for all of it', async () => {
  expect(await plan({ 'm.onnx': MB, 'm.data': 2 ** 40 })).toEqual({ 'm.onnx': memoryOfMachine() });
});
