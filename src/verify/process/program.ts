import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A program of this project, such as `worker.js`: beside the bundle, or in the compiled files' topmost folder; where the
 * sources themselves run, in lib/. undefined where there is none.
 */
export function programOf(name: string): string | undefined {
  let at = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    for (const candidate of [join(at, name), join(at, 'lib', name)]) if (existsSync(candidate)) return candidate;
    const above = dirname(at);
    if (above === at) return undefined;
    at = above;
  }
}
