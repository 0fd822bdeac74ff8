// Runs converted models on tfjs-wasm beside onnxruntime-web running the source, both on one thread, interleaved in one
// process, and prints medians and their ratio (below 1: the converted model is faster).
//   node bench/inference.mjs [--models DIR]… [--formats graph-model,layers-model] [--target any,wasm] [--runs N]
//                            [--off PASS,…] [--json FILE]
// A DIR holds model.onnx, or is a folder of such folders. Needs npm ci and npm run compile. Beside the ratio of medians
// stand that of the fastest tenths and that of the time computed, which other work on the machine disturbs less.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { convertModel } from '../lib/convert/convert.js';

const require = createRequire(import.meta.url);
export const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');
const { loadLayersModel } = require('@tensorflow/tfjs-layers');
const ort = require('onnxruntime-web');

let started = false;
export async function start() {
  if (started) return;
  started = true;
  wasm.setWasmPaths(`${join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist')}/`);
  await tf.setBackend('wasm');
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  ort.env.wasm.wasmPaths = `${dirname(require.resolve('onnxruntime-web'))}/`;
}

/** The folders with a model.onnx: the given one, or those in it. */
export function modelFolders(dir) {
  if (existsSync(join(dir, 'model.onnx'))) return [dir];
  return existsSync(dir)
    ? readdirSync(dir)
        .map((d) => join(dir, d))
        .filter((d) => existsSync(join(d, 'model.onnx')))
    : [];
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
/** Milliseconds that this thread has computed: other work on the machine is not in it (Node 24). */
const computed = () => {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
};
const timed = async (f) => {
  const t = performance.now();
  await f();
  return performance.now() - t;
};

/** Figures of one model in one form; `{ refused }` where it can't be converted. Times in milliseconds. */
export async function measure(dir, { format = 'graph-model', target = 'any', off = [], runs } = {}) {
  await start();
  const path = join(dir, 'model.onnx');
  const home = mkdtempSync(join(tmpdir(), 'bench-'));
  const row = { model: basename(dir), format, target };
  try {
    let began = performance.now();
    const result = convertModel({
      path,
      relativePath: basename(dir),
      formats: [format],
      changeOrdering: true,
      namePolicy: 'keep',
      outputFolder: home,
      limits: { maxModelBytes: 2 ** 31 },
      target,
      passesOff: off,
    });
    const convert = performance.now() - began;
    if (result.status !== 'converted') return { ...row, refused: result.diagnostics[0]?.message ?? result.status };
    const record = JSON.parse(readFileSync(join(home, 'conversion.json'), 'utf8'));
    const json = JSON.parse(readFileSync(join(home, 'model.json'), 'utf8'));
    const files = result.artefacts.filter((a) => a.path !== 'conversion.json').map((a) => join(home, a.path));
    const bytes = files.reduce((n, f) => n + statSync(f).size, 0);
    const zipped = (f) => gzipSync(readFileSync(f), { level: 6 }).length;
    const inputs = record.inputs.map((face) => fed(face));
    began = performance.now();
    const model = await load(format, home, json);
    const loadTf = performance.now() - began;
    const feeds = Object.fromEntries(
      inputs.map(({ face, shape, data }) => [
        face.tfjs.name,
        tf.tidy(() => tf.transpose(tf.tensor(data, shape, face.tfjs.dtype), face.order)),
      ]),
    );
    const runTf = async () => {
      const out = record.async
        ? await model.executeAsync(feeds)
        : format === 'graph-model'
          ? model.execute(feeds)
          : model.predict(record.inputs.map((face) => feeds[face.tfjs.name]));
      for (const t of [out].flat()) {
        t.dataSync();
        t.dispose();
      }
    };
    began = performance.now();
    const session = await ort.InferenceSession.create(readFileSync(path));
    const loadOrt = performance.now() - began;
    const ortFeeds = Object.fromEntries(
      inputs.map(({ face, shape, data }) => [face.onnx.name, ortTensor(face, shape, data)]),
    );
    const runOrt = () => session.run(ortFeeds);
    const firstTf = await timed(runTf);
    const firstOrt = await timed(runOrt);
    const [a, b] = [[], []];
    // Of some runs together, since the system brings a thread's time up to date every few milliseconds only. Those that were
    // often interrupted found the caches empty: the quicker ones count.
    const cpu = [[], []];
    const counted = async (i, f) => {
      const before = computed();
      await f();
      cpu[i].push(computed() - before);
    };
    const [nextTf, nextOrt] = [await timed(runTf), await timed(runOrt)];
    const repeat = Math.max(1, Math.min(40, Math.ceil(60 / Math.min(nextTf, nextOrt))));
    // About six seconds, where it isn't said.
    const most = runs ?? Math.max(5, Math.min(25, Math.round(6000 / (repeat * (nextTf + nextOrt)))));
    for (let i = 0; i < most; i++) {
      await counted(0, async () => {
        for (let k = 0; k < repeat; k++) a.push(await timed(runTf));
      });
      await counted(1, async () => {
        for (let k = 0; k < repeat; k++) b.push(await timed(runOrt));
      });
    }
    model.dispose();
    await session.release();
    tf.dispose(Object.values(feeds));
    a.sort((x, y) => x - y);
    b.sort((x, y) => x - y);
    for (const list of cpu) list.sort((x, y) => x - y);
    const ops =
      format === 'graph-model'
        ? json.modelTopology.node.filter((n) => n.op !== 'Const' && n.op !== 'Placeholder').length
        : json.modelTopology.config.layers.length;
    const spread = (l) => [quantile(l, 0.25), quantile(l, 0.75)];
    return {
      ...row,
      ops,
      tfjs: quantile(a, 0.5),
      ort: quantile(b, 0.5),
      tfjsSpread: spread(a),
      ortSpread: spread(b),
      quiet: quantile(a, 0.1) / quantile(b, 0.1),
      cpu: quantile(cpu[1], 0.1) > 0 ? quantile(cpu[0], 0.1) / quantile(cpu[1], 0.1) : null,
      tfjsCpu: quantile(cpu[0], 0.1) / repeat,
      ortCpu: quantile(cpu[1], 0.1) / repeat,
      loadTf,
      loadOrt,
      firstTf,
      firstOrt,
      convert,
      bytes,
      sourceBytes: statSync(path).size,
      ...(bytes < 2e7 ? { gzip: files.reduce((n, f) => n + zipped(f), 0), sourceGzip: zipped(path) } : {}),
      nodes: record.nodes.length,
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

export function fed(face) {
  const shape = face.onnx.shape.map((d) => (typeof d === 'number' ? d : 1));
  const n = shape.reduce((a, b) => a * b, 1);
  const data =
    face.tfjs.dtype === 'float32'
      ? Float32Array.from({ length: n }, (_, i) => Math.sin(i * 0.7) * 0.5)
      : new Int32Array(n).fill(1);
  return { face, shape, data };
}

function ortTensor({ onnx }, shape, data) {
  const own = {
    int64: () => BigInt64Array.from(data, BigInt),
    bool: () => Uint8Array.from(data),
    uint8: () => Uint8Array.from(data),
  }[onnx.dtype];
  return new ort.Tensor(onnx.dtype, own ? own() : data, shape);
}

export function load(format, home, json) {
  const groups = json.weightsManifest;
  const bytes = Buffer.concat(groups.flatMap((g) => g.paths).map((p) => readFileSync(join(home, p))));
  const artifacts = {
    modelTopology: json.modelTopology,
    signature: json.signature,
    weightSpecs: groups.flatMap((g) => g.weights),
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    format: json.format,
  };
  const handler = { load: async () => artifacts };
  return format === 'graph-model' ? loadGraphModel(handler) : loadLayersModel(handler);
}

const ms = (x) => x.toFixed(x < 10 ? 2 : 0);

async function main() {
  const { values: o } = parseArgs({
    options: {
      models: {
        type: 'string',
        multiple: true,
        default: ['../shared/data/fcn-resnet18', '../shared/data/torchvision-zoo', '../shared/data/light-random'],
      },
      formats: { type: 'string', default: 'graph-model' },
      target: { type: 'string', default: 'any' },
      runs: { type: 'string' },
      off: { type: 'string', default: '' },
      json: { type: 'string' },
    },
  });
  const line = (cells) =>
    process.stdout.write(
      `${cells.map((c, i) => (i === 0 ? String(c).slice(0, 38).padEnd(40) : String(c).padStart(12))).join('')}\n`,
    );
  line([
    'model',
    'format',
    'target',
    'ops',
    'tfjs ms',
    'ort ms',
    'ratio',
    'quiet',
    'cpu',
    'cpu ms',
    'load tfjs',
    'load ort',
    'first tfjs',
    'first ort',
  ]);
  const rows = [];
  for (const dir of o.models.flatMap(modelFolders))
    for (const format of o.formats.split(','))
      for (const target of format === 'graph-model' ? o.target.split(',') : ['any']) {
        const row = await measure(dir, {
          format,
          target,
          off: o.off.split(',').filter((p) => p !== ''),
          runs: o.runs && Number(o.runs),
        }).catch((error) => ({ model: basename(dir), format, target, refused: error.message }));
        rows.push(row);
        if (row.refused) line([row.model, format, target, row.refused.slice(0, 60)]);
        else
          line([
            row.model,
            format,
            target,
            row.ops,
            ms(row.tfjs),
            ms(row.ort),
            (row.tfjs / row.ort).toFixed(2),
            row.quiet.toFixed(2),
            row.cpu?.toFixed(2) ?? '–',
            `${row.tfjsCpu.toFixed(1)}/${row.ortCpu.toFixed(1)}`,
            ms(row.loadTf),
            ms(row.loadOrt),
            ms(row.firstTf),
            ms(row.firstOrt),
          ]);
      }
  if (o.json) {
    mkdirSync(dirname(o.json), { recursive: true });
    writeFileSync(o.json, JSON.stringify(rows, null, 1));
  }
  process.exit(0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
