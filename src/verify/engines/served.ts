/** The far end of a remote engine: `engine.*` of the engine's process. */
import type { EngineFacts } from '../checks.js';
import type { TfTensor } from '../tftensor.js';
import { openModel } from '../written.js';
import type { Engine, LibraryOutput, Loaded } from './engine.js';

export interface OpenEngineRequest {
  name: string;
  /** Where tfjs-node is looked for. */
  tfjsNode?: readonly string[];
  /** The browser's program; looked for where absent. */
  chrome?: string;
}
export interface LoadRequest {
  engine: string;
  folder: string;
  /** What diagnostics name as the file. */
  file: string;
}
export interface LoadAnswer {
  model: number;
  inputNames: readonly string[];
  outputNames: readonly string[];
  printed: LibraryOutput;
}
export interface RunRequest {
  model: number;
  inputs: [string, TfTensor][];
  fetch?: readonly string[];
}
export interface RunAnswer {
  outputs: [string, TfTensor][];
  printed: LibraryOutput;
}
export interface DisposeRequest {
  model: number;
}

const engines = new Map<string, Engine>();
const models = new Map<number, Loaded>();
let count = 0;

/** Opens an engine, once for the whole process. */
export async function open({ name, tfjsNode = [], chrome }: OpenEngineRequest): Promise<EngineFacts> {
  const known = engines.get(name);
  if (known) return known.describe();
  const engine =
    name === 'tensorflow'
      ? await (await import('./tensorflow.js')).openTensorflow(tfjsNode)
      : await (await import('../chrome/engine.js')).openChrome(name, chrome);
  engines.set(name, engine);
  return engine.describe();
}

export async function load({ engine: name, folder, file }: LoadRequest): Promise<LoadAnswer> {
  const engine = engines.get(name);
  if (!engine) throw new Error(`the engine ${name} was not opened`);
  const loaded = await engine.load(openModel(folder, file));
  const model = ++count;
  models.set(model, loaded);
  const { inputNames, outputNames, printed } = loaded;
  return { model, inputNames, outputNames, printed };
}

export async function run({ model, inputs, fetch }: RunRequest): Promise<RunAnswer> {
  const loaded = models.get(model);
  if (!loaded) throw new Error(`there is no model ${model}`);
  const { outputs, printed } = await loaded.run(new Map(inputs), fetch);
  return { outputs: [...outputs], printed };
}

export async function dispose({ model }: DisposeRequest): Promise<void> {
  await models.get(model)?.dispose();
  models.delete(model);
}
