/**
 * Builds dist/ from lib/ (what tsc wrote): `node lib/tools/build.js`, or with `--check` builds in memory, compares with
 * dist/ and ends with 1 where it differs. The same sources and lockfile give the same bytes on every machine.
 *
 * The program has several doors (DOORS) but one bundle: what they share is in it once, and every dynamic import is a chunk
 * of its own, read only when it is needed. dist/cli.js, action.js, worker.js and engine.js only open the door.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { minify } from '@swc/core';
import { BROWSER_FILE, BROWSER_PARTS, joinedParts } from '../verify/browser/runtime.js';
import { licencesOf, type Package, packageOf } from './licences.js';
import { sbomOf } from './sbom.js';
import { SOURCES_FILE, sourcesDigest } from './sources.js';

const ROOT = join(import.meta.dirname, '..', '..');
const DIST = join(ROOT, 'dist');

/** One file of lib/ a door. Each does its work when it is imported. */
const DOORS = ['cli', 'action', 'worker', 'engine'];

/** Files that a bundled package reads at run time from the folder of its own code, so they go beside the bundle. */
const RUNTIME_FILES: Record<string, string[]> = {
  '@cornerstonejs/codec-libjpeg-turbo-8bit': ['dist/libjpegturbowasm_decode.wasm'],
  '@tensorflow/tfjs-backend-wasm': [
    'wasm-out/tfjs-backend-wasm.wasm',
    'wasm-out/tfjs-backend-wasm-simd.wasm',
    'wasm-out/tfjs-backend-wasm-threaded-simd.wasm',
  ],
  'onnxruntime-web': ['dist/ort-wasm-simd-threaded.mjs', 'dist/ort-wasm-simd-threaded.wasm'],
};

/** Packages that others do without where they are not installed; the bundle does without them too. */
const LEFT_OUT = ['encoding', 'kerberos'];

interface Module {
  resource?: string;
  modules?: Module[];
}
interface Bundle {
  code: string;
  assets: Record<string, { source: string | Buffer }>;
  stats: { compilation: { modules: Iterable<Module> } };
}
type Ncc = (entry: string, options: Record<string, unknown>) => Promise<Bundle>;

type Files = Map<string, Buffer>;

/** Every file of dist/, by its path inside, in memory. */
async function build(): Promise<Files> {
  const ncc = createRequire(import.meta.url)('@vercel/ncc') as Ncc;
  const entry = join(ROOT, 'lib', 'bundle.js');
  writeFileSync(entry, DOORS.map((door) => `export const ${door} = () => import('./${door}.js');\n`).join(''));
  // ncc keeps assets of the working directory only, and names modules relative to it
  process.chdir(ROOT);
  const bundle = await ncc(entry, { cache: false, filename: 'bundle.js', quiet: true, target: 'es2022' });

  const files: Files = new Map();
  files.set('bundle.js', await shrink(bundle.code));
  for (const [name, { source }] of Object.entries(bundle.assets))
    files.set(name, name.endsWith('.bundle.js') ? await shrink(String(source)) : Buffer.from(source));
  for (const door of DOORS)
    files.set(
      `${door}.js`,
      Buffer.from(`#!/usr/bin/env node\nimport { ${door} } from './bundle.js';\nawait ${door}();\n`),
    );

  refuseMissing(bundle.stats.compilation.modules);
  const packages = bundledPackages(bundle.stats.compilation.modules);
  for (const { name, folder } of packages)
    for (const file of RUNTIME_FILES[name] ?? [])
      files.set(file.slice(file.lastIndexOf('/') + 1), readFileSync(join(folder, file)));
  const tensorflow = join(ROOT, 'node_modules', '@tensorflow');
  files.set(BROWSER_FILE, Buffer.from(joinedParts(tensorflow)));
  for (const part of BROWSER_PARTS) {
    const owner = packageOf(join(tensorflow, part));
    if (owner && !packages.some((p) => p.name === owner.name)) packages.push(owner);
  }
  files.set('licenses.txt', Buffer.from(licencesOf(packages, readFileSync(join(ROOT, 'LICENSE'), 'utf8'))));
  const json = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
  files.set(SOURCES_FILE, Buffer.from(`${sourcesDigest(ROOT)}\n`));
  files.set('sbom.cdx.json', Buffer.from(sbomOf(packages, json('package-lock.json').packages, json('package.json'))));
  return files;
}

/**
 * Shorter names and no white space, nothing cleverer: class and function names stay, for stack traces that help.
 * CommonJS packages find their own folder by `__dirname`, which a chunk hasn't got by itself.
 */
async function shrink(code: string): Promise<Buffer> {
  const names = ['__dirname', '__filename'].filter((name) => code.includes(name));
  const head = names.map((name) => `const ${name} = import.meta.${name.slice(2)};\n`).join('');
  const { code: short } = await minify(head + code, {
    module: true,
    compress: false,
    mangle: { keep_classnames: true, keep_fnames: true },
    format: { comments: false },
  });
  return Buffer.from(`${short}\n`);
}

/** The bundler leaves what it can't find to fail at run time; our own files and packages have to be there. */
function refuseMissing(modules: Iterable<Module>): void {
  const missing = [...resources(modules)]
    .flatMap((file) => file.split('@@notfound.js?').slice(1))
    .filter((name) => !LEFT_OUT.includes(name));
  if (missing.length > 0) throw new Error(`nothing was found for: ${missing.join(', ')}`);
}

/** The files that went into the bundle; where the bundler joined several modules to one, each of them. */
function* resources(modules: Iterable<Module>): Generator<string> {
  for (const module of modules) {
    if (module.resource !== undefined) yield module.resource;
    yield* resources(module.modules ?? []);
  }
}

/** The packages that have a module in the bundle, by name and version, each once. */
function bundledPackages(modules: Iterable<Module>): Package[] {
  const found = new Map<string, Package>();
  for (const file of resources(modules)) {
    const owner = packageOf(file);
    if (owner) found.set(`${owner.name} ${owner.version}`, owner);
  }
  return [...found.keys()].sort().map((key) => found.get(key) as Package);
}

/** One line for each file that is missing from dist/, is too many there, or differs. */
function differences(files: Files): string[] {
  let there: string[] = [];
  try {
    there = readdirSync(DIST, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(DIST.length + 1)
          .replaceAll('\\', '/'),
      );
  } catch {}
  const lines = there.filter((name) => !files.has(name)).map((name) => `${name} is not built from the sources`);
  for (const [name, bytes] of files)
    if (!there.includes(name)) lines.push(`${name} is missing`);
    else if (!bytes.equals(readFileSync(join(DIST, name)))) lines.push(`${name} differs`);
  return lines.sort();
}

function write(files: Files): void {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST);
  for (const [name, bytes] of files)
    writeFileSync(join(DIST, name), bytes, { mode: name === 'cli.js' ? 0o755 : 0o644 });
}

const files = await build();
if (process.argv.includes('--check')) {
  const lines = differences(files);
  for (const line of lines) console.error(`dist/${line}`);
  console.error(lines.length > 0 ? 'dist/ is not what the sources build to: run `npm run build`' : 'dist/ is fresh');
  if (lines.length > 0) process.exitCode = 1;
} else {
  write(files);
  for (const [name, bytes] of [...files].sort()) console.log(`${String(bytes.length).padStart(10)}  dist/${name}`);
}
