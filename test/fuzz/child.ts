/**
 * The process that runs cases, one after the other, until it is ended. A thread beside it looks at time and memory, and
 * can say where the main thread stands.
 *
 *     node child.js '{"root": …, "seed": …, "from": …, …}'
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Finding, TargetName } from './case.js';
import { noteCase, readCase, writeCase, FOUND } from './case.js';
import { readCorpus } from './corpus.js';
import { learnable, makeCase, type Learned } from './make.js';
import { minimise } from './minimise.js';
import { decode, readSchema } from './proto.js';
import { runCase } from './targets.js';

export interface Order {
  /** A folder of its own, and of nobody else. */
  readonly root: string;
  readonly findings: string;
  readonly protoFile: string;
  readonly corpus: readonly string[];
  readonly seed: number;
  readonly from: number;
  readonly targets?: readonly TargetName[];
  /** Of one case: processor time in milliseconds, resident bytes of the process. */
  readonly limits: { readonly cpu: number; readonly memory: number };
  /** Only this case (a folder), once. */
  readonly replay?: string;
}

export interface Tally {
  from: number;
  next: number;
  byTarget: Record<string, number>;
  /** Functions of src/ reached, by target. */
  reached: Record<string, number>;
  learned: number;
  /** Seconds of processor time. */
  cpu: number;
  /** The case that took the most processor time, in milliseconds, and the one that took the process to its size, in bytes. */
  longest: { ms: number; index: number };
  largest: { bytes: number; index: number };
  /** Milliseconds spent on making, running, minimising and measuring what was reached. */
  spent: Record<string, number>;
}

const order = JSON.parse(process.argv[2] as string) as Order;
/** Share of the limit of processor time from which on a case is kept to be looked at. */
const SLOW = 0.15;
const RECYCLE = 700 * 2 ** 20;

const work = path.join(order.root, 'work');
rmSync(work, { recursive: true, force: true });
mkdirSync(path.join(work, 'cwd'), { recursive: true });
mkdirSync(order.findings, { recursive: true });
process.chdir(path.join(work, 'cwd'));

/** [0]: the number of the case, [1]: whether one runs. */
const shared = new Float64Array(new SharedArrayBuffer(16));
const watch = new Worker(new URL('./watch.js', import.meta.url), {
  workerData: { shared: shared.buffer, limits: order.limits, verdict: path.join(order.root, 'verdict.json') },
});
watch.unref();
await new Promise((resolve) => watch.once('message', resolve));

if (order.replay) {
  const c = readCase(order.replay);
  shared[1] = 1;
  const found = runCase(c, work);
  shared[1] = 0;
  writeFileSync(path.join(order.root, 'verdict.json'), JSON.stringify(found ?? null));
  process.exit(0);
}

const schema = readSchema(order.protoFile);
const corpus = readCorpus(schema, order.corpus);
const learned: Learned = { models: [] };
const learnedFolder = path.join(order.root, 'learned');
mkdirSync(learnedFolder, { recursive: true });
for (const name of readdirSync(learnedFolder).sort()) {
  const model = decode(schema, 'ModelProto', readFileSync(path.join(learnedFolder, name)));
  if (model) learned.models.push(model);
}

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
const reachedFile = path.join(order.root, 'reached.json');
const reached = new Map<string, Set<string>>(
  existsSync(reachedFile)
    ? Object.entries(JSON.parse(readFileSync(reachedFile, 'utf8')) as Record<string, string[]>).map(([k, v]) => [
        k,
        new Set(v),
      ])
    : [],
);
/** Functions of src/ run since the last call that this target hadn't reached. */
function newlyReached(target: string): number {
  let fresh = 0;
  const known = reached.get(target) ?? new Set();
  reached.set(target, known);
  session.post('Profiler.takePreciseCoverage', (error, taken) => {
    if (error) return;
    for (const script of taken.result) {
      const at = script.url.lastIndexOf('/src/');
      if (at < 0 || script.url.includes('node_modules')) continue;
      const file = script.url.slice(at + 5);
      for (const f of script.functions) {
        const range = f.ranges[0];
        if (!range?.count) continue;
        const key = `${file}:${f.functionName}:${range.startOffset}`;
        if (known.has(key)) continue;
        known.add(key);
        fresh++;
      }
    }
  });
  return fresh;
}

const tally: Tally = {
  cpu: 0,
  longest: { ms: 0, index: order.from },
  largest: { bytes: 0, index: order.from },
  spent: {},
  from: order.from,
  next: order.from,
  byTarget: {},
  reached: {},
  learned: learned.models.length,
};
const milliseconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const writeTally = () => {
  tally.reached = Object.fromEntries([...reached].map(([k, v]) => [k, v.size]));
  tally.learned = learned.models.length;
  tally.cpu = milliseconds() / 1000;
  writeFileSync(path.join(order.root, 'tally.json'), JSON.stringify(tally));
  writeFileSync(reachedFile, JSON.stringify(Object.fromEntries([...reached].map(([k, v]) => [k, [...v]]))));
};

function timed<T>(what: string, part: () => T): T {
  const began = performance.now();
  try {
    return part();
  } finally {
    tally.spent[what] = (tally.spent[what] ?? 0) + performance.now() - began;
  }
}

const slug = (target: string, { kind, signature }: Finding): string => {
  let hash = 5381;
  for (const c of signature) hash = ((hash * 33) ^ (c.codePointAt(0) as number)) >>> 0;
  return `${target}-${kind}-${hash.toString(16)}`;
};

for (let index = order.from; ; index++) {
  const c = timed('making', () => makeCase(corpus, learned, order.seed, index, order.targets));
  timed('writing', () => noteCase(path.join(order.root, 'current.json'), c));
  shared[0] = index;
  shared[1] = 1;
  const before = milliseconds();
  const found = timed(c.target, () => runCase(c, work));
  shared[1] = 0;
  const ms = milliseconds() - before;
  if (ms > tally.longest.ms) tally.longest = { ms, index };
  // Near to being a finding: on a slower machine it would be one.
  if (ms > order.limits.cpu * SLOW && !found) writeCase(path.join(order.root, 'slow', String(index)), c);
  const bytes = process.resourceUsage().maxRSS * 1024;
  if (bytes > tally.largest.bytes) tally.largest = { bytes, index };
  tally.byTarget[c.target] = (tally.byTarget[c.target] ?? 0) + 1;
  tally.next = index + 1;
  if (found) {
    appendFileSync(path.join(order.root, FOUND), `${index}\n`);
    const folder = path.join(order.findings, slug(c.target, found));
    if (!existsSync(folder)) {
      writeCase(folder, c, found);
      const small = timed('minimising', () =>
        minimise(schema, c, (t) => runCase(t, work)?.signature === found.signature, 8000),
      );
      writeCase(folder, small, runCase(small, work) ?? found);
    } else appendFileSync(path.join(folder, 'again'), `${index}\n`);
  }
  if (index % 8 === 0 || found) {
    const fresh = timed('measuring', () => newlyReached(c.target));
    if (
      fresh > 0 &&
      !found &&
      index > order.from &&
      (c.target === 'reader' || c.target === 'convert') &&
      learned.models.length < 3000
    ) {
      const bytes = c.files['model.onnx'] as Uint8Array;
      const model = learnable(corpus, bytes);
      if (model) {
        learned.models.push(model);
        writeFileSync(path.join(learnedFolder, `${String(index).padStart(9, '0')}.onnx`), bytes);
      }
    }
  }
  if (index % 100 === 0) {
    writeTally();
    if (process.memoryUsage.rss() > RECYCLE) process.exit(0);
  }
}
