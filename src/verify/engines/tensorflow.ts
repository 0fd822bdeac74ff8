import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { withConsoleHeard } from './console.js';
import type { Engine } from './engine.js';
import { loadModel } from './loaded.js';
import type { Converter, Core, Layers, Runtime } from './tfjs.js';

type TfjsNode = Core &
  Pick<Converter, 'loadGraphModel'> &
  Pick<Layers, 'loadLayersModel' | 'model'> & { version: Record<string, string> };

const PACKAGES = ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'];

/**
 * TensorFlow itself, by the package @tensorflow/tfjs-node, which is the user's: it is no part of this program, since its
 * installation downloads a library of some hundred megabytes. `places`: where it is looked for, and from there upwards.
 * Its native code may end the process, so that this belongs into one of its own. Throws where it can't be had.
 */
export async function openTensorflow(places: readonly string[]): Promise<Engine> {
  const { result, thrown } = await withConsoleHeard(async () => load(places));
  if (result === undefined) throw thrown;
  const { tf, name } = result;
  const runtime: Runtime = { core: tf, converter: async () => tf, layers: async () => tf };
  const activate = async (): Promise<void> => {
    if (tf.getBackend() !== 'tensorflow' && !(await tf.setBackend('tensorflow')))
      throw new Error(`${name} can't start its backend`);
  };
  await withConsoleHeard(activate);
  return {
    name: 'tensorflow',
    damaged: false,
    async describe() {
      const { binding } = tf.backend() as unknown as { binding?: { TF_Version?: string } };
      return {
        name: 'tensorflow',
        version: tf.version['tfjs-node'] ?? tf.version.tfjs ?? tf.version_core,
        details: { package: name, backend: tf.getBackend(), libtensorflow: binding?.TF_Version ?? 'unknown' },
      };
    },
    load: (model) => loadModel(runtime, model, activate),
    async dispose() {},
  };
}

function load(places: readonly string[]): { tf: TfjsNode; name: string } {
  const found = find(places);
  // tfjs-node 4.22 calls what Node 23 has taken away.
  const old = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
  old.isNullOrUndefined ??= (value) => value === null || value === undefined;
  return { tf: createRequire(join(found.folder, 'package.json'))(found.folder) as TfjsNode, name: found.name };
}

function find(places: readonly string[]): { folder: string; name: string } {
  for (const place of places) {
    const require = createRequire(join(place, 'package.json'));
    const own = nameAt(require);
    if (own !== undefined && PACKAGES.includes(own)) return { folder: place, name: own };
    for (const name of PACKAGES)
      try {
        return { folder: dirname(require.resolve(`${name}/package.json`)), name };
      } catch {
        // not here
      }
  }
  throw new Error(
    `the package ${PACKAGES[0]} is not installed in or above ${[...new Set(places)].join(' or ')}; install it there (npm install ${PACKAGES[0]}), or say where it is by tfjs-node`,
  );
}

/** The name of the package that a folder is itself; undefined where it is none. */
function nameAt(require: NodeJS.Require): string | undefined {
  try {
    return (require('./package.json') as { name?: string }).name;
  } catch {
    return undefined;
  }
}
