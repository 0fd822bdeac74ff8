import { engineNotAvailable } from '../../diag/catalogue-verify.js';
import { DiagnosticError } from '../../diag/diagnostic.js';
import type { Engine } from './engine.js';
import type { OpenEngineRequest } from './served.js';

/** Where engines that are no part of this program are to be found. Absolute paths. */
export interface EnginePlaces {
  /** Folders in or above which @tensorflow/tfjs-node is looked for. */
  readonly tfjsNode?: readonly string[];
  /** Chrome's or Chromium's program; looked for in the usual places where absent. */
  readonly chrome?: string;
}

type Opener = (places: EnginePlaces) => Promise<Engine>;

/** Engines by name: each opens its own when it is first asked for, so that what isn't used isn't loaded. */
const OWN: Readonly<Record<string, Opener>> = {
  wasm: async () => (await import('./wasm.js')).openWasm(),
  cpu: async () => (await import('./cpu.js')).openCpu(),
};

/** Engines that need what the user or the machine has to provide: that one isn't there is said, and is no failure. */
const OPTIONAL: Readonly<Record<string, Opener>> = {
  tensorflow: ({ tfjsNode }) => remote({ name: 'tensorflow', tfjsNode }),
  'chrome-webgl': ({ chrome }) => remote({ name: 'chrome-webgl', chrome }),
  'chrome-webgpu': ({ chrome }) => remote({ name: 'chrome-webgpu', chrome }),
  'chrome-wasm': ({ chrome }) => remote({ name: 'chrome-wasm', chrome }),
};

async function remote(request: OpenEngineRequest): Promise<Engine> {
  return (await import('./remote.js')).openRemote(request);
}

const OPENERS: Readonly<Record<string, Opener>> = { ...OWN, ...OPTIONAL };

/** The engines that this version knows. */
export const ENGINES: readonly string[] = Object.keys(OPENERS);

/** Those which the program brings along. */
export const isOwn = (name: string): boolean => Object.hasOwn(OWN, name);

const open = new Map<string, Promise<Engine>>();

/**
 * The engine of this name, one for the whole process. Throws DiagnosticError where it can't be had; that is an error for
 * those which the program brings along, and a warning for the others.
 */
export async function engineOf(name: string, places: EnginePlaces = {}): Promise<Engine> {
  const opener = Object.hasOwn(OPENERS, name) ? OPENERS[name] : undefined;
  if (!opener) throw new DiagnosticError([engineNotAvailable(name, `known are ${ENGINES.join(', ')}`, true)]);
  const known = open.get(name) ?? opener(places);
  open.set(name, known);
  try {
    return await known;
  } catch (thrown) {
    open.delete(name);
    if (thrown instanceof DiagnosticError) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new DiagnosticError([engineNotAvailable(name, why, isOwn(name))]);
  }
}
