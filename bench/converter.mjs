// The converter and the whole program, by the bundle in dist/: start-up, conversion against copying, ten models at a time.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure } from './inference.mjs';
import { resnet18 } from './networks.mjs';
import { OnnxGraph } from './onnx-graph.mjs';

const CLI = join(import.meta.dirname, '../dist/cli.js');
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

function took(...words) {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  const ms = performance.now() - began;
  if (status !== 0) throw new Error(`${words.slice(1, 3).join(' ')} ended with ${status}: ${stderr}`);
  return ms;
}

function inFolder(work) {
  const home = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    return work(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function oneNode() {
  const g = new OnnxGraph(1);
  g.output(g.relu(g.input('x', [1, 4])));
  return g;
}

/** Milliseconds from start to exit, medians of nine, interleaved: Node alone, the commands, a model of one node. */
export function startUp() {
  return inFolder((home) => {
    writeFileSync(join(home, 'tiny.onnx'), oneNode().bytes());
    writeFileSync(join(home, 'nothing.mjs'), '');
    const convert = [CLI, 'convert', join(home, 'tiny.onnx'), '--out', join(home, 'out')];
    const forms = {
      node: [join(home, 'nothing.mjs')],
      version: [CLI, '--version'],
      help: [CLI, 'convert', '--help'],
      'tiny, not verified': [...convert, '--no-verify', '--fail-on', 'never'],
      'tiny, verified': convert,
    };
    const times = Object.fromEntries(Object.keys(forms).map((k) => [k, []]));
    for (let i = 0; i < 9; i++) for (const [name, words] of Object.entries(forms)) times[name].push(took(...words));
    return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
  });
}

/** Megabytes of the model, and how many tensors they are in. */
const SIZES = [
  [10, 8],
  [50, 8],
  [200, 8],
  [500, 8],
  [500, 64],
];

/** Conversion of models of large MatMuls, not verified: time and peak memory of all processes, beside copying the file. */
export function conversions() {
  return SIZES.map(([megabytes, tensors]) =>
    inFolder((home) => {
      const json = join(home, 'row.json');
      const rounds = megabytes < 100 ? [1, 2, 3] : [1];
      const rows = rounds.map(() => {
        took(
          join(import.meta.dirname, 'big.mjs'),
          ...['--megabytes', megabytes, '--tensors', tensors, '--json', json].map(String),
        );
        return JSON.parse(readFileSync(json, 'utf8'));
      });
      const pick = (key) => median(rows.map((r) => r[key]));
      return { ...rows[0], took: pick('took'), copy: pick('copy'), peak: pick('peak'), idle: pick('idle') };
    }),
  );
}

/** A chain of 2,000 nodes, small weights: what the graph itself costs. */
export function manyNodes(count = 2000) {
  return inFolder((home) => {
    const g = new OnnxGraph(3);
    let x = g.input('x', [1, 8, 8, 8]);
    for (let i = 0; i < count / 4; i++) x = g.add(x, g.relu(g.conv(g.silu(x), 8, 8, { kernel: 1 })));
    g.output(x);
    const file = join(home, 'many.onnx');
    writeFileSync(file, g.bytes());
    const one = () => took(CLI, 'convert', file, '--out', join(home, 'out'), '--no-verify', '--fail-on', 'never');
    return { nodes: g.nodes.length, took: median([one(), one(), one()]) };
  });
}

/**
 * Ten models of ResNet-18's size, converted and verified on WASM against recorded references, after a first time; the same
 * of one node, which is start-up; and one load and first inference of each of the ten.
 */
export async function tenModels() {
  const home = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const models = join(home, 'models');
    for (let i = 0; i < 10; i++) {
      const folder = join(models, `resnet18-${i}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'model.onnx'), resnet18(100 + i).bytes());
      took(CLI, 'record', join(folder, 'model.onnx'), '--form', 'npz');
    }
    const tiny = join(home, 'tiny');
    mkdirSync(tiny);
    writeFileSync(join(tiny, 'model.onnx'), oneNode().bytes());
    took(CLI, 'record', join(tiny, 'model.onnx'), '--form', 'npz');
    const run = (of) => took(CLI, 'convert', of, '--out', join(home, 'out'));
    run(models);
    run(tiny);
    const [all, startUp] = [models, tiny].map((of) => median([run(of), run(of), run(of)]));
    // One load and one first inference of each in a process that has TensorFlow.js loaded already.
    const rows = [];
    for (let i = 0; i < 10; i++) rows.push(await measure(join(models, `resnet18-${i}`), { runs: 1 }));
    const sum = rows.reduce((n, r) => n + r.loadTf + r.firstTf, 0);
    return { all, startUp, sum, bytes: rows[0].sourceBytes };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  const parts = { startUp, conversions, manyNodes, tenModels };
  const wanted = process.argv.slice(2);
  for (const [name, part] of Object.entries(parts))
    if (wanted.length === 0 || wanted.includes(name))
      process.stdout.write(`${JSON.stringify({ [name]: await part() })}\n`);
  process.exit(0);
}
