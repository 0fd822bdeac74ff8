import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of a file that a package brings along and that is read at run time: beside the bundle when bundled; else
 * `inPackage` (`@tensorflow/tfjs-backend-wasm/dist`) in the nearest node_modules above this file. Throws where neither has it.
 */
export function shippedFolder(file: string, inPackage: string): string {
  let at = dirname(fileURLToPath(import.meta.url));
  if (existsSync(join(at, file))) return at;
  for (;;) {
    const candidate = join(at, 'node_modules', inPackage);
    if (existsSync(join(candidate, file))) return candidate;
    const above = dirname(at);
    if (above === at) throw new Error(`${file} is neither beside the program nor in node_modules`);
    at = above;
  }
}
