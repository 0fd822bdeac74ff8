import { engineNotAvailable } from '../../diag/catalogue-verify.js';
import { DiagnosticError } from '../../diag/diagnostic.js';
import type { Engine } from './engine.js';

/** Engines by name: each opens its own when it is first asked for, so that what isn't used isn't loaded. */
const OPENERS: Record<string, () => Promise<Engine>> = {
  wasm: async () => (await import('./wasm.js')).openWasm(),
  cpu: async () => (await import('./cpu.js')).openCpu(),
};

/** The engines that this version has. */
export const ENGINES: readonly string[] = Object.keys(OPENERS);

const open = new Map<string, Promise<Engine>>();

/**
 * The engine of this name, one for the whole process. Throws DiagnosticError where it can't be had; that is an error for
 * those which the program brings along, and a warning for the others.
 */
export async function engineOf(name: string): Promise<Engine> {
  const opener = Object.hasOwn(OPENERS, name) ? OPENERS[name] : undefined;
  if (!opener) throw new DiagnosticError([engineNotAvailable(name, `known are ${ENGINES.join(', ')}`, true)]);
  const known = open.get(name) ?? opener();
  open.set(name, known);
  try {
    return await known;
  } catch (thrown) {
    open.delete(name);
    if (thrown instanceof DiagnosticError) throw thrown;
    throw new DiagnosticError([
      engineNotAvailable(name, thrown instanceof Error ? thrown.message : String(thrown), true),
    ]);
  }
}
