/**
 * Converts every case of a data folder, judges what was written with stock TensorFlow.js, prints the rates per set and
 * operator, and compares with test/conformance/expected.txt (layers-models with --order false: expected.onnx-order.txt): a
 * regression fails, and so does an unexpected pass.
 *
 *   npm run conformance -- [--data DIR] [--set NAME]… [--engine wasm,cpu,…] [--tfjs-node DIR] [--chrome FILE]
 *                          [--format graph-model|layers-model]
 *                          [--order true|false] [--target any|wasm|webgl] [--shuffle SEED] [--match REGEX] [--json FILE] [--update] [--verbose]
 *
 * --shuffle feeds every input in an order of axes drawn at random: whatever the order, the outputs have to be the same. It
 * shows what an operator's layout rule is worth.
 *
 * The cases and their index are described in the data folder's README. Where the folder isn't there, this says so.
 */
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { convertModel } from '../convert/convert.js';
import { TARGETS, type Target } from '../tf/target.js';
import type { Diagnostic } from '../diag/diagnostic.js';
import type { EnginePlaces } from '../verify/engines/index.js';
import { judge } from '../verify/judge.js';
import { compareWith, readExpected, writeExpected } from './expected.js';

/** A row of index.json, as far as it matters here. */
interface Case {
  readonly case: string;
  readonly set: string;
  readonly path: string;
  readonly ops?: readonly string[];
  readonly inputs?: readonly {
    readonly name: string;
    readonly kind?: string;
    readonly dtype?: string;
    readonly shape?: readonly unknown[];
  }[];
  readonly outputs?: readonly { readonly kind?: string; readonly dtype?: string }[];
}

/** What came out, per engine; the same for all where the conversion already ended it. */
export interface Outcome {
  readonly id: string;
  readonly set: string;
  readonly kind: string;
  readonly ops: readonly string[];
  /** Element types of inputs and outputs. */
  readonly dtypes: readonly string[];
  readonly engines: Record<string, { status: Status; reason: string; warnings?: string[] }>;
  /** All that stands against a layers-model: operator and reason. */
  readonly obstacles?: readonly { readonly op: string; readonly reason: string }[];
  readonly milliseconds: number;
  /** The judge says that the process should not be used for another case. */
  readonly restart?: boolean;
}
export type Status = 'pass' | 'refused' | 'mismatch' | 'unverified' | 'error' | 'bug';

interface Job {
  readonly row: Case;
  readonly data: string;
  readonly engines: readonly string[];
  readonly format: 'graph-model' | 'layers-model';
  readonly order: boolean;
  readonly inputOrders?: Record<string, number[]>;
  readonly target: Target;
  /** Of the engines that are no part of this program. */
  readonly places: EnginePlaces;
}

/** An order of axes for each input, the same for the same seed and case. */
function shuffled(row: Case, seed: number): Record<string, number[]> {
  const out: Record<string, number[]> = {};
  for (const { name, shape } of row.inputs ?? []) {
    const order = (shape ?? []).map((_, i) => i);
    let state = [...`${seed}${row.case}${name}`].reduce(
      (h, c) => Math.imul(h ^ c.charCodeAt(0), 16777619) >>> 0,
      2166136261,
    );
    for (let i = order.length - 1; i > 0; i--) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const j = Math.floor((state / 2 ** 32) * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    if (order.length > 1) out[name] = order;
  }
  return out;
}

/** Rows that are counted apart, and why; all others are `tensors`. */
function kindOf(row: Case): string {
  const faces = [...(row.inputs ?? []), ...(row.outputs ?? [])];
  const has = (pattern: RegExp) => (row.ops ?? []).some((op) => pattern.test(op));
  if (faces.some((f) => f.kind !== undefined)) return 'sequences and optionals';
  if (has(/training::/)) return 'training';
  if (has(/^ImageDecoder$/)) return 'images';
  if (faces.some((f) => f.dtype === 'string') || has(/^(String|Regex)/)) return 'strings';
  if (has(/^(Random|Bernoulli|Multinomial)/)) return 'random';
  return 'tensors';
}

function dtypesOf(row: Case): string[] {
  return [
    ...new Set([...(row.inputs ?? []), ...(row.outputs ?? [])].map((f) => f.dtype).filter((d) => d !== undefined)),
  ].sort();
}

/** ONNX judges its own cases by rtol 1e-3, atol 1e-7; real networks get a share of their outputs' range. */
function toleranceOf(set: string): { rtol: number; atol: number; rangeTol: number } {
  if (set === 'onnx-head-node') return { rtol: 1e-3, atol: 1e-7, rangeTol: 0 };
  return { rtol: 1e-3, atol: 1e-5, rangeTol: set.startsWith('wild') || set === 'torchvision-zoo' ? 1e-4 : 1e-5 };
}

async function runCase({ row, data, engines, format, order, inputOrders, target, places }: Job): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  const begun = performance.now();
  const all = (status: Status, reason: string): Outcome['engines'] =>
    Object.fromEntries(engines.map((e) => [e, { status, reason }]));
  let result: Outcome['engines'];
  let obstacles: Outcome['obstacles'];
  let restart = false;
  try {
    const model = join(data, row.path, 'model.onnx');
    const converted = convertModel({
      path: model,
      relativePath: `${row.set}/${row.case}`,
      formats: [format],
      changeOrdering: order,
      namePolicy: 'keep',
      inputOrders,
      target,
      outputFolder: folder,
      limits: { maxModelBytes: 2 ** 31 },
    });
    if (converted.status !== 'converted') {
      const bug = converted.diagnostics.find((d) => d.code === 'internal-error');
      result = all(bug ? 'bug' : 'refused', reasonOf(bug ? [bug] : converted.diagnostics));
      obstacles = converted.diagnostics
        .filter((d) => d.code === 'no-keras-layer' && d.place.op !== undefined)
        .map((d) => ({
          op: d.place.domain ? `${d.place.domain}::${d.place.op}` : (d.place.op ?? ''),
          reason: d.message.slice(0, 300),
        }));
    } else {
      result = {};
      for (const engine of engines) {
        const verdict = await judge({
          folder,
          model,
          relativePath: row.case,
          workspace: join(data, row.path),
          tolerance: toleranceOf(row.set),
          engines: [engine],
          enginePlaces: places,
        });
        restart ||= verdict.restart;
        // Where an engine isn't there, the judge takes another.
        const absent = verdict.diagnostics.find((d) => d.code === 'engine-not-available');
        result[engine] = absent
          ? { status: 'error', reason: absent.message }
          : {
              status: verdict.verdict,
              reason: verdict.verdict === 'pass' ? '' : reasonOf(verdict.diagnostics),
              warnings: verdict.diagnostics.filter((d) => d.severity === 'warning').map((d) => d.code),
            };
      }
    }
  } catch (error) {
    result = all('bug', String(error instanceof Error ? error.stack : error));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    id: `${row.set}/${row.case}`,
    set: row.set,
    kind: kindOf(row),
    ops: row.ops ?? [],
    dtypes: dtypesOf(row),
    engines: result,
    ...(obstacles && obstacles.length > 0 ? { obstacles } : {}),
    milliseconds: performance.now() - begun,
    ...(restart ? { restart } : {}),
  };
}

function reasonOf(diagnostics: readonly Diagnostic[]): string {
  const d = diagnostics.find((x) => x.severity !== 'note' && x.severity !== 'warning') ?? diagnostics[0];
  if (!d) return '';
  return `${d.place.op ? `${d.place.op}: ` : ''}${d.message}`.replace(/\s+/g, ' ').slice(0, 300);
}

/** Hands out jobs to as many processes as there are cores; one that dies costs its job alone. */
async function runAll(jobs: readonly Job[], done: (o: Outcome) => void): Promise<void> {
  let next = 0;
  const lane = async () => {
    let child: ReturnType<typeof fork> | undefined;
    while (next < jobs.length) {
      const job = jobs[next++];
      child ??= fork(fileURLToPath(import.meta.url), ['--worker'], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
      const current = child;
      const outcome = await new Promise<Outcome>((resolve) => {
        const lost = (why: string): Outcome => ({
          id: `${job.row.set}/${job.row.case}`,
          set: job.row.set,
          kind: kindOf(job.row),
          ops: job.row.ops ?? [],
          dtypes: dtypesOf(job.row),
          engines: Object.fromEntries(job.engines.map((e) => [e, { status: 'bug', reason: why }])),
          milliseconds: 0,
        });
        const timer = setTimeout(() => current.kill('SIGKILL'), 300_000);
        const onExit = (code: number | null, signal: string | null) => {
          clearTimeout(timer);
          child = undefined;
          resolve(lost(`the process ended with ${signal ?? code}`));
        };
        current.once('exit', onExit);
        current.once('message', (m) => {
          clearTimeout(timer);
          current.off('exit', onExit);
          resolve(m as Outcome);
        });
        current.send(job);
      });
      if (outcome.restart) {
        child?.kill();
        child = undefined;
      }
      done(outcome);
    }
    child?.kill();
  };
  await Promise.all(Array.from({ length: Math.min(jobs.length, availableParallelism()) }, lane));
}

function table(outcomes: readonly Outcome[], engines: readonly string[], print: (line: string) => void): void {
  const groups = new Map<string, Outcome[]>();
  for (const o of outcomes) {
    const key = o.kind === 'tensors' ? o.set : `${o.set}, ${o.kind}`;
    groups.set(key, [...(groups.get(key) ?? []), o]);
  }
  print(
    `${'set'.padEnd(44)}${'cases'.padStart(6)}${engines.map((e) => `${e} pass`.padStart(20)).join('')}${'refused'.padStart(9)}${'wrong'.padStart(7)}`,
  );
  for (const [key, list] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const passes = engines.map((e) => list.filter((o) => o.engines[e].status === 'pass').length);
    const refused = list.filter((o) => o.engines[engines[0]].status === 'refused').length;
    const wrong = list.filter((o) => engines.some((e) => !['pass', 'refused'].includes(o.engines[e].status))).length;
    print(
      `${key.padEnd(44)}${String(list.length).padStart(6)}${passes.map((p) => `${p} (${((100 * p) / list.length).toFixed(1)} %)`.padStart(20)).join('')}${String(refused).padStart(9)}${String(wrong).padStart(7)}`,
    );
  }
}

function perOperator(outcomes: readonly Outcome[], engine: string, print: (line: string) => void): void {
  const counts = new Map<string, [number, number]>();
  for (const o of outcomes)
    for (const op of o.ops) {
      const c = counts.get(op) ?? [0, 0];
      c[1]++;
      if (o.engines[engine].status === 'pass') c[0]++;
      counts.set(op, c);
    }
  const short = [...counts]
    .filter(([, [p, n]]) => p < n)
    .sort((a, b) => a[1][0] / a[1][1] - b[1][0] / b[1][1] || (a[0] < b[0] ? -1 : 1));
  print(`\noperators that don't pass everywhere they occur (${engine}):`);
  for (const [op, [p, n]] of short) print(`  ${op.padEnd(40)} ${p} of ${n}`);
}

/** What the judge warns of though the case passes: for files that are as they should be, there should be little. */
function warnings(outcomes: readonly Outcome[], print: (line: string) => void): void {
  const cases = new Map<string, Set<string>>();
  for (const { id, engines } of outcomes)
    for (const { status, warnings: codes = [] } of Object.values(engines))
      if (status === 'pass') for (const code of codes) cases.set(code, (cases.get(code) ?? new Set()).add(id));
  print(`\nwarnings beside a pass: ${cases.size === 0 ? 'none' : ''}`);
  for (const [code, ids] of [...cases].sort()) print(`  ${code.padEnd(40)} ${ids.size}, such as ${[...ids][0]}`);
}

async function main(): Promise<number> {
  const { values: o } = parseArgs({
    options: {
      data: { type: 'string', default: '../shared/data' },
      set: { type: 'string', multiple: true },
      engine: { type: 'string', default: 'wasm,cpu' },
      format: { type: 'string', default: 'graph-model' },
      order: { type: 'string', default: 'true' },
      shuffle: { type: 'string' },
      target: { type: 'string', default: 'any' },
      match: { type: 'string' },
      json: { type: 'string' },
      update: { type: 'boolean', default: false },
      'tfjs-node': { type: 'string' },
      chrome: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      expected: { type: 'string' },
    },
  });
  const print = (line: string) => process.stdout.write(`${line}\n`);
  if (!existsSync(join(o.data, 'index.json'))) {
    print(`there is no ${join(o.data, 'index.json')}: the conformance cases are not here, nothing was run`);
    return 0;
  }
  const engines = o.engine.split(',');
  const format = o.format === 'layers-model' ? 'layers-model' : 'graph-model';
  const rows = (JSON.parse(readFileSync(join(o.data, 'index.json'), 'utf8')) as Case[]).filter(
    (r) => (!o.set || o.set.includes(r.set)) && (!o.match || new RegExp(o.match).test(r.case)),
  );
  const expected =
    o.expected ??
    `test/conformance/expected${o.order === 'false' && format === 'layers-model' ? '.onnx-order' : ''}.txt`;
  const target = TARGETS.find((t) => t === o.target) ?? 'any';
  const jobs = rows.map(
    (row): Job => ({
      row,
      data: o.data,
      engines,
      format,
      target,
      places: {
        tfjsNode: [resolve(o['tfjs-node'] ?? '.')],
        ...(o.chrome === undefined ? {} : { chrome: resolve(o.chrome) }),
      },
      order: o.order !== 'false',
      ...(o.shuffle ? { inputOrders: shuffled(row, Number(o.shuffle)) } : {}),
    }),
  );
  const outcomes: Outcome[] = [];
  await runAll(jobs, (outcome) => {
    outcomes.push(outcome);
    if (o.verbose)
      for (const e of engines)
        if (outcome.engines[e].status !== 'pass')
          print(`${outcome.engines[e].status} ${e} ${outcome.id}: ${outcome.engines[e].reason}`);
  });
  outcomes.sort((a, b) => (a.id < b.id ? -1 : 1));
  table(outcomes, engines, print);
  perOperator(outcomes, engines[0], print);
  warnings(outcomes, print);
  if (o.json) {
    mkdirSync(join(o.json, '..'), { recursive: true });
    writeFileSync(o.json, `${JSON.stringify({ format, engines, outcomes }, null, 1)}\n`);
  }
  const variant = `${format}${o.order === 'false' ? ' in ONNX order' : ''}`;
  if (o.update) {
    writeExpected(expected, variant, engines, outcomes);
    print(`\n${expected} says now what was found`);
    return 0;
  }
  const surprises = compareWith(readExpected(expected), variant, outcomes);
  for (const line of surprises) print(line);
  const passed = outcomes.length - surprises.length;
  print(`\n${passed} passed, ${surprises.length} failed`);
  return surprises.length > 0 ? 1 : 0;
}

if (process.argv.includes('--worker')) {
  process.on('message', (job: Job) => {
    void runCase(job).then((outcome) => process.send?.(outcome));
  });
} else process.exitCode = await main();
