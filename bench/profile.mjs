// Where the time of a converted model goes on tfjs-wasm: milliseconds of each kernel, and of the executor between them.
//   node bench/profile.mjs MODEL.onnx [--target any|wasm|webgl] [--off PASS,…] [--shapes]
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { convertModel } from '../lib/convert/convert.js';
import { fed, load, start, tf } from './inference.mjs';

const RUNS = 15;
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** `{ total, rows: [{ kernel, shapes, calls, ms }] }`: the median of 15 runs after two, and of each kernel the quickest calls. */
export async function profile(path, { target = 'any', off = [] } = {}) {
  await start();
  const home = mkdtempSync(join(tmpdir(), 'profile-'));
  try {
    const result = convertModel({
      path,
      relativePath: 'model.onnx',
      formats: ['graph-model'],
      changeOrdering: true,
      namePolicy: 'keep',
      outputFolder: home,
      limits: { maxModelBytes: 2 ** 31 },
      target,
      passesOff: off,
    });
    if (result.status !== 'converted') throw new Error(result.diagnostics[0]?.message ?? result.status);
    const record = JSON.parse(readFileSync(join(home, 'conversion.json'), 'utf8'));
    const model = await load('graph-model', home, JSON.parse(readFileSync(join(home, 'model.json'), 'utf8')));
    const feeds = Object.fromEntries(
      record.inputs
        .map((face) => fed(face))
        .map(({ face, shape, data }) => [
          face.tfjs.name,
          tf.tidy(() => tf.transpose(tf.tensor(data, shape, face.tfjs.dtype), face.order)),
        ]),
    );
    const run = () => {
      for (const t of [model.execute(feeds)].flat()) {
        t.dataSync();
        t.dispose();
      }
    };
    run();
    run();
    const times = new Map();
    let within = false;
    const kernels = tf.getKernelsForBackend('wasm');
    for (const kernel of kernels) {
      tf.unregisterKernel(kernel.kernelName, 'wasm');
      tf.registerKernel({
        ...kernel,
        // What a kernel computes by another is its own.
        kernelFunc: (given) => {
          if (within) return kernel.kernelFunc(given);
          within = true;
          const began = performance.now();
          try {
            return kernel.kernelFunc(given);
          } finally {
            const took = performance.now() - began;
            within = false;
            const shapes = Object.values(given.inputs ?? {})
              .flat()
              .flatMap((t) => (t?.shape ? [t.shape.join('×')] : []))
              .slice(0, 2)
              .join(' ');
            const key = `${kernel.kernelName}|${shapes}`;
            times.set(key, [...(times.get(key) ?? []), took]);
          }
        },
      });
    }
    const totals = [];
    for (let i = 0; i < RUNS; i++) {
      const began = performance.now();
      run();
      totals.push(performance.now() - began);
    }
    for (const kernel of kernels) {
      tf.unregisterKernel(kernel.kernelName, 'wasm');
      tf.registerKernel(kernel);
    }
    model.dispose();
    const rows = [...times].map(([key, list]) => {
      const [kernel, shapes] = key.split('|');
      const calls = list.length / RUNS;
      return { kernel, shapes, calls, ms: Math.min(...list) * calls };
    });
    return { total: median(totals), rows: rows.sort((a, b) => b.ms - a.ms) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Kernels alone, the longest first. */
export function byKernel(rows) {
  const sums = new Map();
  for (const { kernel, calls, ms } of rows) {
    const sum = sums.get(kernel) ?? { kernel, shapes: '', calls: 0, ms: 0 };
    sums.set(kernel, { ...sum, calls: sum.calls + calls, ms: sum.ms + ms });
  }
  return [...sums.values()].sort((a, b) => b.ms - a.ms);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values: o, positionals } = parseArgs({
    options: {
      target: { type: 'string', default: 'any' },
      off: { type: 'string', default: '' },
      shapes: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const { total, rows } = await profile(positionals[0], { target: o.target, off: o.off.split(',') });
  const list = o.shapes ? rows.slice(0, 40) : byKernel(rows);
  if (o.json) process.stdout.write(JSON.stringify({ total, rows: list }));
  else {
    const within = rows.reduce((n, r) => n + r.ms, 0);
    process.stdout.write(`${total.toFixed(2)} ms, of which ${within.toFixed(2)} in kernels\n`);
    for (const r of list)
      process.stdout.write(
        `${r.kernel.padEnd(28)}${r.shapes.padEnd(36)}${String(r.calls).padStart(6)}${r.ms.toFixed(3).padStart(10)}\n`,
      );
  }
  process.exit(0);
}
