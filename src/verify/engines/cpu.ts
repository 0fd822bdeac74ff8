import { withConsoleHeard } from './console.js';
import type { Engine } from './engine.js';
import { loadModel } from './loaded.js';
import { bundled, type Core, tfjsCpu } from './tfjs.js';

/** TensorFlow.js's plain JavaScript backend: slow, and right more often than any other. */
export async function openCpu(): Promise<Engine> {
  const { result, thrown } = await withConsoleHeard(async () => {
    const runtime = await bundled();
    await tfjsCpu();
    return runtime;
  });
  if (result === undefined) throw thrown;
  const { core } = result;
  return {
    name: 'cpu',
    damaged: false,
    async describe() {
      return { name: 'cpu', version: core.version_core, details: { backend: 'cpu' } };
    },
    load: (model) => loadModel(result, model, () => activate(core, 'cpu')),
    async dispose() {},
  };
}

/** Makes a backend the current one; throws where TensorFlow.js falls back to another. */
export async function activate(core: Core, backend: string): Promise<void> {
  if (!(await core.setBackend(backend)) || core.getBackend() !== backend)
    throw new Error(`TensorFlow.js can't start its backend ${backend}`);
}
