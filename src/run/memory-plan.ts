/** How much memory a model will take, guessed before anybody has read it: by its own size and that of data beside it. */
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { FoundModel } from './find.js';
import { memoryOfMachine } from '../verify/process/memory.js';

/** A child, before it has read anything. */
const OF_PROCESS = 400 * 2 ** 20;
/** A judge holds the weights several times over: the engine's, TensorFlow.js's, onnxruntime's. A converter, one at a time. */
const PER_BYTE = { judged: 4, converted: 1 };

/** Bytes of memory for each model; what the machine has at most, since whoever is alone may run. */
export async function planMemory(
  models: readonly FoundModel[],
  isJudged: boolean,
): Promise<ReadonlyMap<FoundModel, number>> {
  const folders = new Map<string, Promise<Beside>>();
  const most = memoryOfMachine();
  const factor = isJudged ? PER_BYTE.judged : PER_BYTE.converted;
  const plan = new Map<FoundModel, number>();
  for (const model of models) {
    const folder = path.dirname(model.file);
    if (!folders.has(folder)) folders.set(folder, lookBeside(folder));
    const data = dataOf(path.basename(model.file), await (folders.get(folder) as Promise<Beside>));
    plan.set(model, Math.min(OF_PROCESS + factor * (model.bytes + data), most));
  }
  return plan;
}

interface Beside {
  models: number;
  files: { name: string; bytes: number }[];
}

async function lookBeside(folder: string): Promise<Beside> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  const others = names.filter((name) => !/\.(onnx|npz|md|json|ya?ml|txt|py)$/i.test(name));
  const files = [];
  for (const name of others)
    files.push({ name, bytes: (await lstat(path.join(folder, name)).catch(() => undefined))?.size ?? 0 });
  return { models: names.filter((name) => /\.onnx$/i.test(name)).length, files };
}

/** External data is called after its model, or is that of the only one; else, as exporters with a file a tensor do, shared. */
function dataOf(model: string, { models, files }: Beside): number {
  const stem = model.replace(/\.onnx$/i, '').toLowerCase();
  const own = files.filter(({ name }) => models === 1 || name.toLowerCase().startsWith(stem));
  return own.reduce((sum, { bytes }) => sum + bytes, 0);
}
