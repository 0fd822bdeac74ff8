/**
 * Runs that are cut off, and what they leave: every model folder that stands is whole, of this run or of the one before,
 * and the next run ends as one that nobody disturbed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Moment } from '../../src/run/place.js';
import { readSettings } from '../../src/run/options.js';
import { type Listener, run } from '../../src/run/run.js';
import { model } from '../onnx/build.js';
import { folder } from './folders.js';
import { WORKER } from './program.js';
import { onnxCase } from './repository.js';

const PROGRAM = path.join(import.meta.dirname, 'killed-run.js');
/** What killed-run.js ends with where it was told to stop. */
const CANCELLED = 143;
const silent: Listener = { found() {}, started() {}, doing() {}, finished() {} };

export interface Kill {
  signal: 'SIGKILL' | 'SIGTERM';
  /** A moment on the way of the first, second … folder; a change in what is being written; milliseconds after the start. */
  at: { moment: Moment; count: number } | { change: number } | { after: number };
  /** Whether the children are hit, too; else they are left to notice. */
  group?: boolean;
  /** Whether an earlier run's folders are to be replaced. */
  replaces: boolean;
}

type Tree = Record<string, string>;

/** Every file below a folder, with its hash; reports aside. */
function tree(root: string): Tree {
  if (!existsSync(root)) return {};
  return Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map(
        (file) => [path.relative(root, file), createHash('sha256').update(readFileSync(file)).digest('hex')] as const,
      )
      .filter(([name]) => !name.startsWith('report'))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The report without what differs from run to run. */
function report(output: string): unknown {
  return JSON.parse(readFileSync(path.join(output, 'report', 'report.json'), 'utf8'), (key, value) =>
    key === 'timings' ? undefined : value,
  );
}

/** 9 MB of weights: three shards. */
function large(): Buffer {
  const side = 1536;
  const rawData = new Uint8Array(Float32Array.from({ length: side * side }, (_, i) => Math.sin(i)).buffer);
  const value = (name: string) => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1 }, { dimValue: side }] } } },
  });
  return Buffer.from(
    model({
      graph: {
        name: 'large',
        node: [{ opType: 'MatMul', input: ['x', 'w'], output: ['y'] }],
        initializer: [{ name: 'w', dims: [side, side], dataType: 1, rawData }],
        input: [value('x')],
        output: [value('y')],
      },
    }),
  );
}

export interface Scene {
  /** Of a run that nobody disturbs, in milliseconds. */
  readonly duration: number;
  /** Cuts a run off, and runs again. Says what was wrong then; nothing, one hopes. */
  cutOff(kill: Kill): Promise<string[]>;
}

/** Three models, and what they are converted to when nobody disturbs. */
export async function setScene(): Promise<Scene> {
  const base = folder({
    'models/large.onnx': large(),
    'models/relu.onnx': onnxCase('relu', '.')['model.onnx'] as Buffer,
    'models/sum/add.onnx': onnxCase('add', '.')['model.onnx'] as Buffer,
  });
  const undisturbed = async (output: string, formats: 'graph-model' | 'layers-model') => {
    const settings = { ...readSettings({}, (key) => key), formats: [formats], verify: false, concurrency: 2 };
    await run({ patterns: ['**/*.onnx'], base, output, strict: false, settings, worker: WORKER }, silent);
  };
  const [before, after] = [folder(), folder()];
  await undisturbed(before, 'graph-model');
  const begun = performance.now();
  await start({ base, output: folder(), formats: 'graph-model', worker: WORKER });
  const duration = performance.now() - begun;
  await undisturbed(after, 'graph-model');
  // The earlier run's folders are of another format.
  const earlier = folder();
  await undisturbed(earlier, 'layers-model');
  const [old, whole] = [tree(earlier), tree(after)];
  if (JSON.stringify(tree(before)) !== JSON.stringify(whole))
    throw new Error('two runs differ without being disturbed');

  return {
    duration,
    async cutOff(kill) {
      const output = folder();
      if (kill.replaces) cpSync(earlier, output, { recursive: true });
      const wasCutOff = await start({ base, output, formats: 'graph-model', worker: WORKER, ...kill }, kill);
      const wrong = [...halfDone(output, kill.replaces ? old : {}, whole)];
      if (!wasCutOff && !('after' in kill.at)) wrong.push('it went to its end');
      await undisturbed(output, 'graph-model');
      const [now, reported] = [tree(output), report(output)];
      if (JSON.stringify(now) !== JSON.stringify(whole)) wrong.push(`the next run left ${difference(now, whole)}`);
      if (JSON.stringify(reported) !== JSON.stringify(report(after))) wrong.push('the next run reports something else');
      return wrong;
    },
  };
}

/** Starts a run in a process group of its own, and waits for its end. Whether it was cut off. */
async function start(request: object, kill?: Kill): Promise<boolean> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(request)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<boolean>((resolve, reject) =>
    child.once('close', (code, signal) => {
      if (code !== null && code !== 0 && code !== CANCELLED) reject(new Error(`the run ended with code ${code}`));
      resolve(signal !== null || code === CANCELLED);
    }),
  );
  if (kill && 'after' in kill.at) {
    const pid = child.pid as number;
    const timer = setTimeout(() => process.kill(kill.group ? -pid : pid, kill.signal), kill.at.after);
    child.once('exit', () => clearTimeout(timer));
  }
  return ended;
}

/** What stands under a final name and is neither whole nor as it was. */
function* halfDone(output: string, old: Tree, whole: Tree): Generator<string> {
  const there = tree(output);
  for (const place of ['large.onnx', 'relu.onnx', 'sum/add.onnx'].map((p) => path.join('models', p))) {
    const of = (all: Tree) =>
      JSON.stringify(Object.entries(all).filter(([name]) => name.startsWith(`${place}${path.sep}`)));
    if (![of({}), of(old), of(whole)].includes(of(there))) yield `${place} is neither whole nor as it was`;
  }
  for (const name of Object.keys(there))
    if (!name.startsWith('.partial-') && !(name in old) && !(name in whole)) yield `${name} was left`;
  for (const name of existsSync(path.join(output, 'report')) ? readdirSync(path.join(output, 'report')) : [])
    if (name === 'report.json') report(output);
}

function difference(a: Tree, b: Tree): string {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]);
  return names.map((name) => `${name} ${name in a ? '' : 'missing'}${name in b ? '' : 'too much'}`).join(', ');
}
