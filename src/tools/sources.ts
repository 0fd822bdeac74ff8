/** Which sources a program was built from. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of dist/: holds what `sourcesDigest` gave when it was built. */
export const SOURCES_FILE = 'sources.sha256';

/**
 * A digest of all that a bundle is made from: the sources but for our tools, the settings of the compiler, and what is
 * installed. Equal digests mean equal bundles; other comments give another digest, and the same bundle.
 */
export function sourcesDigest(root: string): string {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .filter((name) => /\.(?:ts|js|mjs|json)$/.test(name) && !name.startsWith('src/tools/'));
  const hash = createHash('sha256');
  for (const name of [...sources.sort(), 'src/tools/build.ts', 'tsconfig.json', 'package-lock.json']) {
    const bytes = readFileSync(join(root, name));
    hash.update(`${name}\n${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}
