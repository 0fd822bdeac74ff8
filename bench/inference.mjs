// Runs converted models on tfjs-wasm beside onnxruntime-web running the source, both on one thread, interleaved in one
// process, and prints medians and their ratio (below 1: the converted model is faster).
//   node bench/inference.mjs [--models DIR]… [--formats graph-model,layers-model] [--runs 15] [--json FILE]
// A DIR holds model.onnx, or is a folder of such folders. Needs npm ci and npm run compile.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { convertModel } from '../lib/convert.js';

const require = createRequire(import.meta.url);
const { values: o } = parseArgs({
  options: {
    models: {
      type: 'string',
      multiple: true,
      default: ['../shared/data/fcn-resnet18', '../shared/data/torchvision-zoo', '../shared/data/light-random'],
    },
    formats: { type: 'string', default: 'graph-model' },
    runs: { type: 'string', default: '15' },
    json: { type: 'string' },
    target: { type: 'string' },
  },
});
const runs = Number(o.runs);

const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');
const { loadLayersModel } = require('@tensorflow/tfjs-layers');
const ort = require('onnxruntime-web');
wasm.setWasmPaths(`${join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist')}/`);
await tf.setBackend('wasm');
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';
ort.env.wasm.wasmPaths = `${dirname(require.resolve('onnxruntime-web'))}/`;

const found = o.models.flatMap((dir) =>
  existsSync(join(dir, 'model.onnx'))
    ? [dir]
    : existsSync(dir)
      ? readdirSync(dir)
          .map((d) => join(dir, d))
          .filter((d) => existsSync(join(d, 'model.onnx')))
      : [],
);
const rows = [];
const line = (cells) =>
  process.stdout.write(
    `${cells.map((c, i) => (i === 0 ? String(c).slice(0, 38).padEnd(40) : String(c).padStart(13))).join('')}\n`,
  );
line(['model', 'format', 'ops', 'tfjs ms', 'ort ms', 'ratio', 'load tfjs', 'load ort', 'first tfjs', 'first ort']);

for (const dir of found)
  for (const format of o.formats.split(',')) {
    const home = mkdtempSync(join(tmpdir(), 'bench-'));
    try {
      const result = convertModel({
        path: join(dir, 'model.onnx'),
        relativePath: dir,
        formats: [format],
        changeOrdering: true,
        namePolicy: 'keep',
        outputFolder: home,
        limits: { maxModelBytes: 2 ** 31 },
        ...(o.target ? { target: o.target } : {}),
      });
      if (result.status !== 'converted') {
        line([dir.split('/').slice(-1)[0], format, 'refused']);
        continue;
      }
      const record = JSON.parse(readFileSync(join(home, 'conversion.json'), 'utf8'));
      const json = JSON.parse(readFileSync(join(home, 'model.json'), 'utf8'));
      const sizes = (shape) => shape.map((d) => (typeof d === 'number' ? d : 1));
      const fill = (n) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 0.7) * 0.5);
      const inputs = record.inputs.map((row) => {
        const shape = sizes(row.onnx.shape);
        const n = shape.reduce((a, b) => a * b, 1);
        return { row, shape, data: row.tfjs.dtype === 'float32' ? fill(n) : new Int32Array(n).fill(1) };
      });
      let began = performance.now();
      const model = await load(format, home, json);
      const loadTf = performance.now() - began;
      const feeds = Object.fromEntries(
        inputs.map(({ row, shape, data }) => [
          row.tfjs.name,
          tf.tidy(() =>
            tf.transpose(tf.tensor(data, shape, row.tfjs.dtype === 'bool' ? 'bool' : row.tfjs.dtype), row.order),
          ),
        ]),
      );
      const runTf = async () => {
        const out = record.async
          ? await model.executeAsync(feeds)
          : format === 'graph-model'
            ? model.execute(feeds)
            : model.predict(record.inputs.map((r) => feeds[r.tfjs.name]));
        for (const t of [out].flat()) {
          t.dataSync();
          t.dispose();
        }
      };
      began = performance.now();
      const session = await ort.InferenceSession.create(readFileSync(join(dir, 'model.onnx')));
      const loadOrt = performance.now() - began;
      const ortFeeds = Object.fromEntries(
        inputs.map(({ row, shape, data }) => [
          row.onnx.name,
          new ort.Tensor(
            row.onnx.dtype,
            row.onnx.dtype === 'int64'
              ? BigInt64Array.from(data, BigInt)
              : row.onnx.dtype === 'bool'
                ? Uint8Array.from(data)
                : row.onnx.dtype === 'uint8'
                  ? Uint8Array.from(data)
                  : row.onnx.dtype === 'float16'
                    ? undefined
                    : data,
            shape,
          ),
        ]),
      );
      const runOrt = () => session.run(ortFeeds);
      const timed = async (f) => {
        const t = performance.now();
        await f();
        return performance.now() - t;
      };
      const firstTf = await timed(runTf);
      const firstOrt = await timed(runOrt);
      const [a, b] = [[], []];
      const repeat = firstTf < 1 ? 10 : 1;
      for (let i = 0; i < runs; i++) {
        for (let k = 0; k < repeat; k++) a.push(await timed(runTf));
        for (let k = 0; k < repeat; k++) b.push(await timed(runOrt));
      }
      const median = (l) => l.sort((x, y) => x - y)[Math.floor(l.length / 2)];
      const ops =
        format === 'graph-model'
          ? json.modelTopology.node.filter((n) => n.op !== 'Const' && n.op !== 'Placeholder').length
          : json.modelTopology.config.layers.length;
      const row = {
        model: dir.split('/').slice(-1)[0],
        format,
        ops,
        tfjs: median(a),
        ort: median(b),
        loadTf,
        loadOrt,
        firstTf,
        firstOrt,
      };
      rows.push(row);
      const ms = (x) => x.toFixed(x < 10 ? 2 : 0);
      line([
        row.model,
        format,
        ops,
        ms(row.tfjs),
        ms(row.ort),
        (row.tfjs / row.ort).toFixed(2),
        ms(loadTf),
        ms(loadOrt),
        ms(firstTf),
        ms(firstOrt),
      ]);
      model.dispose();
      await session.release();
      tf.dispose(Object.values(feeds));
    } catch (error) {
      line([dir.split('/').slice(-1)[0], format, String(error.message).slice(0, 60)]);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }
if (o.json) {
  mkdirSync(dirname(o.json), { recursive: true });
  writeFileSync(o.json, JSON.stringify(rows, null, 1));
}
process.exit(0);

function load(format, home, json) {
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
