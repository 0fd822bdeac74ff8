/**
 * The fuzzer: `npm run fuzz -- --minutes 10 --seed 1 [--held N] [--target convert,reader,references,config] [--corpus FOLDER]…
 * [--out FOLDER] [--folder FOLDER]`, or `npm run fuzz -- --replay FOLDER` for one finding. Ends with 1 where something was
 * found, with --held only where it was among the first N cases: what lies beyond depends on how fast a machine is. With
 * --folder a run goes on where the last one with that folder ended, having learned what that had. For Linux.
 */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Case, Finding, TargetName } from './case.js';
import { CPU_LIMIT_MS, FOUND, notedCase, readCase, TARGETS, writeCase } from './case.js';
import type { Order, Tally } from './child.js';

const HERE = path.dirname(fileURLToPath(import.meta.url));
/** lib/fuzz/test/fuzz, as compiled. */
const REPOSITORY = path.resolve(HERE, '../../../..');

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    corpus: { type: 'string', multiple: true },
    out: { type: 'string' },
    folder: { type: 'string' },
    held: { type: 'string', default: 'Infinity' },
    replay: { type: 'string' },
    repository: { type: 'string', default: REPOSITORY },
  },
});

/** Bytes of a file that is printed with its finding. */
const MOST_PRINTED = 4096;

const LIMITS = { cpu: CPU_LIMIT_MS, memory: 3000 * 2 ** 20 };
/** Nothing has happened for so long, nor has the child had processor time: it waits for what won't come, and is ended. */
const STALLED_MS = 180_000;

/** What the thread beside the cases takes while nothing happens is less than a third of it. */
const COMPUTES_TICKS = 200;

/** Processor time that a process has had, in clock ticks. Source: proc_pid_stat(5). */
function ticks(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs a child to its end; kills it where it stalls or where `until` is over. */
function child(
  order: Order,
  until: () => number,
): Promise<{ code: number | null; signal: string | null; stderr: string; ours: boolean }> {
  return new Promise((resolve) => {
    const process_ = spawn(
      process.execPath,
      ['--max-old-space-size=4000', '--no-warnings', path.join(HERE, 'child.js'), JSON.stringify(order)],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { PATH: process.env.PATH, TMPDIR: tmpdir() },
      },
    );
    let stderr = '';
    let ours = false;
    let last = '';
    let counted = 0;
    let moved = performance.now();
    process_.stderr.on('data', (piece: Buffer) => {
      stderr = (stderr + piece.toString('utf8')).slice(-8000);
    });
    const timer = setInterval(() => {
      const now = existsSync(path.join(order.root, 'tally.json'))
        ? readFileSync(path.join(order.root, 'tally.json'), 'utf8')
        : '';
      // A busy machine may leave it little time for minutes; how much a case takes is watched by a thread of its own.
      const had = ticks(process_.pid);
      if (now !== last || had - counted >= COMPUTES_TICKS) {
        counted = had;
        last = now;
        moved = performance.now();
      }
      if (performance.now() > until() || performance.now() - moved > STALLED_MS) {
        ours = performance.now() > until();
        process_.kill('SIGKILL');
      }
    }, 500);
    process_.on('close', (code, signal) => {
      clearInterval(timer);
      resolve({ code, signal, stderr, ours });
    });
  });
}

function json<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

const root = values.folder ? path.resolve(values.folder) : mkdtempSync(path.join(tmpdir(), 'fuzz-'));
mkdirSync(root, { recursive: true });
const findings = path.resolve(values.out ?? path.join(root, 'findings'));
mkdirSync(findings, { recursive: true });
const beside = path.resolve(values.repository, '../shared/data');
const order: Order = {
  root,
  findings,
  protoFile: path.join(values.repository, 'src/onnx/onnx.proto'),
  corpus: values.corpus ?? [path.join(values.repository, 'test'), ...(existsSync(beside) ? [beside] : [])],
  seed: Number(values.seed),
  from: 0,
  ...(values.target ? { targets: values.target.split(',') as TargetName[] } : {}),
  limits: LIMITS,
};

if (values.replay) {
  const end = await child({ ...order, replay: path.resolve(values.replay) }, () => Number.POSITIVE_INFINITY);
  const verdict = readFileSync(path.join(root, 'verdict.json'), 'utf8');
  print(verdict === 'null' ? 'nothing is wrong' : verdict);
  if (end.stderr) print(end.stderr);
  rmSync(root, { recursive: true, force: true });
  process.exit(verdict === 'null' ? 0 : 1);
}

let until = performance.now() + Number(values.minutes) * 60_000;
// Whoever ends it gets the account of what was done.
process.on('SIGTERM', () => {
  until = 0;
});
const total: Record<string, number> = {};
let reached: Record<string, number> = {};
let learned = 0;
let cpu = 0;
let restarts = 0;
let longest: Tally['longest'] = { ms: 0, index: 0 };
let largest: Tally['largest'] = { bytes: 0, index: 0 };
/** The case to go on from. */
const nextFile = path.join(root, 'next.json');
let from = json<number>(nextFile) ?? 0;
let told = 0;
// What was learned in cases behind it is learned again.
const learnedFolder = path.join(root, 'learned');
for (const name of from > 0 && existsSync(learnedFolder) ? readdirSync(learnedFolder) : [])
  if (Number.parseInt(name, 10) >= from) rmSync(path.join(learnedFolder, name));

function report(): void {
  const counts = TARGETS.map((t) => `${t} ${total[t] ?? 0} (${reached[t] ?? 0} functions)`).join(', ');
  const sum = Object.values(total).reduce((a, b) => a + b, 0);
  print(
    `${sum} executions: ${counts}; ${learned} learned; ${Math.round(cpu / 60)} minutes of processor time; ${restarts} restarts; ${readdirSync(findings).length} findings; at most ${Math.round(longest.ms)} ms (case ${longest.index}) and ${Math.round(largest.bytes / 2 ** 20)} MB (case ${largest.index})`,
  );
}

while (performance.now() < until) {
  const verdictFile = path.join(root, 'verdict.json');
  const tallyFile = path.join(root, 'tally.json');
  rmSync(verdictFile, { force: true });
  rmSync(tallyFile, { force: true });
  rmSync(path.join(root, 'current.json'), { force: true });
  const end = await child({ ...order, from }, () => until);
  const tally = json<Tally>(tallyFile);
  if (tally) {
    for (const [target, n] of Object.entries(tally.byTarget)) total[target] = (total[target] ?? 0) + n;
    reached = tally.reached;
    learned = tally.learned;
    cpu += tally.cpu;
    if (tally.longest.ms > longest.ms) longest = tally.longest;
    if (tally.largest.bytes > largest.bytes) largest = tally.largest;
  }
  if (end.ours) {
    from = tally?.next ?? from;
    break;
  }
  restarts++;
  const verdict = json<Finding & { index: number }>(verdictFile);
  if (!existsSync(path.join(root, 'current.json'))) {
    print(`The child ended before its first case (${end.code ?? end.signal}):\n${end.stderr}`);
    process.exit(2);
  }
  const current = notedCase(path.join(root, 'current.json'), path.join(root, 'work/a/b/in'));
  if (verdict) {
    from = verdict.index + 1;
    appendFileSync(path.join(root, FOUND), `${verdict.index}\n`);
    keep(verdict, current);
  } else if (end.code === 0 && tally) from = tally.next;
  else {
    appendFileSync(path.join(root, FOUND), `${tally?.next ?? from}\n`);
    keep(
      {
        kind: 'crash',
        signature: `${end.code} ${end.signal} ${end.stderr.replace(/\d+/g, '#').slice(0, 200)}`,
        text: end.stderr,
      },
      current,
    );
    from = Math.max(from, tally?.next ?? from) + 100;
  }
  if (performance.now() - told > 30_000) {
    told = performance.now();
    report();
  }
}

function keep(finding: Finding, current: Case): void {
  const c = current;
  let hash = 5381;
  for (const ch of finding.signature) hash = ((hash * 33) ^ (ch.codePointAt(0) as number)) >>> 0;
  const folder = path.join(findings, `${c.target}-${finding.kind}-${hash.toString(16)}`);
  if (!existsSync(folder)) writeCase(folder, c, finding);
}

report();
writeFileSync(nextFile, JSON.stringify(from));
const names = readdirSync(findings).sort();
for (const name of names) {
  const { finding, origin, files, options } = readCase(path.join(findings, name));
  print(`\nFOUND ${name} (${origin})\n${finding?.signature}\n${finding?.text.slice(0, 1500)}`);
  // Where the folder is lost, as in CI, this is what to go by.
  print(`options ${JSON.stringify(options)}`);
  for (const [file, bytes] of Object.entries(files))
    if (bytes.length <= MOST_PRINTED && file !== 'weights.bin')
      print(`${file} ${Buffer.from(bytes).toString('base64')}`);
}
if (names.length === 0) {
  print(`Seed ${values.seed}, ${values.minutes} minutes, ${from} cases: nothing found.`);
  if (!values.folder) rmSync(root, { recursive: true, force: true });
} else print(`\n${names.length} findings in ${findings}; one of them again: npm run fuzz -- --replay FOLDER`);
const first = Math.min(
  ...(existsSync(path.join(root, FOUND))
    ? readFileSync(path.join(root, FOUND), 'utf8').trim().split('\n').map(Number)
    : []),
);
if (names.length > 0 && first >= Number(values.held))
  print(`The first ${values.held} cases hold; the first finding is case ${first}. It waits to be mended.`);
process.exit(first < Number(values.held) ? 1 : 0);
