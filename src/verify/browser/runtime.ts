/** TensorFlow.js for a page: the stock packages' own files for browsers, with every backend. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** In the order in which they have to run; each adds itself to the global `tf`. */
export const BROWSER_PARTS: readonly string[] = [
  'tfjs-core/dist/tf-core.es2017.min.js',
  'tfjs-backend-cpu/dist/tf-backend-cpu.es2017.min.js',
  'tfjs-backend-webgl/dist/tf-backend-webgl.es2017.min.js',
  'tfjs-backend-webgpu/dist/tf-backend-webgpu.es2017.min.js',
  'tfjs-backend-wasm/dist/tf-backend-wasm.es2017.min.js',
  'tfjs-converter/dist/tf-converter.es2017.min.js',
  'tfjs-layers/dist/tf-layers.es2017.min.js',
];
/** All parts in one, beside the bundle. */
export const BROWSER_FILE = 'tf-browser.js';
/** Of the WASM backend: what browsers take that can do SIMD, which all can since 2021. Threads would need workers. */
export const BROWSER_BINARIES: readonly string[] = ['tfjs-backend-wasm-simd.wasm'];

/** One script. `packages`: the folder of the `@tensorflow` packages. */
export function joinedParts(packages: string): string {
  const parts = BROWSER_PARTS.map((part) =>
    readFileSync(join(packages, part), 'utf8').replace(/^\/\/# sourceMappingURL=.*$/gm, ''),
  );
  return `${parts.map((part) => part.trimEnd()).join('\n;\n')}\n`;
}

/** The files that a page needs, by name: the script, and of the WASM backend's binaries those named. */
export function browserRuntime(binaryNames: readonly string[] = BROWSER_BINARIES): Map<string, Buffer> {
  const here = dirname(fileURLToPath(import.meta.url));
  const bundled = existsSync(join(here, BROWSER_FILE));
  const packages = bundled ? here : packagesAbove(here);
  const script = bundled ? readFileSync(join(here, BROWSER_FILE)) : Buffer.from(joinedParts(packages));
  const binaries = bundled ? here : join(packages, 'tfjs-backend-wasm', 'dist');
  return new Map([
    ['tf.js', script],
    ...binaryNames.map((name): [string, Buffer] => [name, readFileSync(join(binaries, name))]),
  ]);
}

function packagesAbove(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    const packages = join(at, 'node_modules', '@tensorflow');
    if (existsSync(join(packages, BROWSER_PARTS[0] as string))) return packages;
    if (dirname(at) === at)
      throw new Error('TensorFlow.js for browsers is neither beside the program nor in node_modules');
  }
}
