// What a browser has to fetch before the first inference, runtime by runtime, and what dist/ is made of.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const require = createRequire(import.meta.url);
const ROOT = join(import.meta.dirname, '..');
const tensorflow = (name, file) => join(dirname(require.resolve(`@tensorflow/${name}/package.json`)), file);
const onnxruntime = (file) => join(dirname(require.resolve('onnxruntime-web')), file);

const CORE = [
  tensorflow('tfjs-core', 'dist/tf-core.min.js'),
  tensorflow('tfjs-backend-wasm', 'dist/tf-backend-wasm.min.js'),
  tensorflow('tfjs-backend-wasm', 'dist/tfjs-backend-wasm-simd.wasm'),
];
const FILES = {
  'graph-model': [...CORE, tensorflow('tfjs-converter', 'dist/tf-converter.min.js')],
  'layers-model': [...CORE, tensorflow('tfjs-layers', 'dist/tf-layers.min.js')],
  onnxruntime: ['ort.wasm.min.js', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'].map(onnxruntime),
};

/** By runtime: bytes as they are, and gzip -6. The WASM backend of TensorFlow.js, and that of onnxruntime-web. */
export function runtimes() {
  return Object.fromEntries(
    Object.entries(FILES).map(([name, files]) => {
      const all = files.map((f) => readFileSync(f));
      const sum = (f) => all.reduce((n, b) => n + f(b), 0);
      return [name, { bytes: sum((b) => b.length), gzip: sum((b) => gzipSync(b, { level: 6 }).length) }];
    }),
  );
}

/** What each part of dist/ is for, by what its text names: a chunk counts for the first that is in it. */
const PARTS = [
  [/^ort-wasm.*/, 'onnxruntime-web, WASM: what the source computes'],
  [/^tfjs-backend-wasm.*\.wasm$/, 'TensorFlow.js, WASM binaries: the judge'],
  [/^tf-browser\.js$/, 'TensorFlow.js for the report’s pages and for Chrome'],
  [/^licenses\.txt$/, 'licences of what is bundled'],
];
const CHUNKS = [
  ['OrtRun', 'onnxruntime-web, JavaScript'],
  ['MathBackendWebGL', 'TensorFlow.js for the report’s pages and for Chrome'],
  ['BackendWasm', 'TensorFlow.js, JavaScript: the judge'],
  ['MathBackendCPU', 'TensorFlow.js, JavaScript: the judge'],
  ['LayersModel', 'TensorFlow.js, JavaScript: the judge'],
  ['GraphModel', 'TensorFlow.js, JavaScript: the judge'],
  ['KernelBackend', 'TensorFlow.js, JavaScript: the judge'],
  ['dagre', 'the report’s drawings of graphs'],
  ['ArtifactService', 'GitHub: artifacts, releases, checks'],
  ['BlobServiceClient', 'GitHub: artifacts, releases, checks'],
  ['octokit', 'GitHub: artifacts, releases, checks'],
  ['ACTIONS_', 'GitHub: artifacts, releases, checks'],
  ['ModelProto', 'the converter'],
  ['picomatch', 'finding models, settings'],
];

/** Bytes of dist/ by what they are for, and those of all. */
export function parts() {
  const sums = new Map();
  const dist = join(ROOT, 'dist');
  for (const file of readdirSync(dist)) {
    const bytes = readFileSync(join(dist, file));
    const named = PARTS.find(([name]) => name.test(file))?.[1];
    const text = named ? '' : bytes.toString('latin1');
    const part = named ?? CHUNKS.find(([word]) => text.includes(word))?.[1] ?? 'everything else';
    const [count, size] = sums.get(part) ?? [0, 0];
    sums.set(part, [count + 1, size + bytes.length]);
  }
  return [...sums]
    .map(([part, [files, bytes]]) => ({ part, files, bytes }))
    .sort((a, b) => b.bytes - a.bytes || (a.part < b.part ? -1 : 1));
}

if (process.argv[1] === import.meta.filename)
  process.stdout.write(`${JSON.stringify({ runtimes: runtimes(), parts: parts() }, null, 1)}\n`);
