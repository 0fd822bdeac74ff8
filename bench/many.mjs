// Converts many small models in one run, for several numbers of them, and prints time and memory per model.
//   node bench/many.mjs [--counts 250,500,1000,2000] [--verify]      needs npm run build (or the committed dist/)
// Linux only: memory is read from /proc ten times a second: of the parent before its reports are written (the largest of
// the second tenth of the run, and of the last), at its end, and of all processes together.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: o } = parseArgs({
  options: {
    counts: { type: 'string', default: '250,500,1000,2000' },
    verify: { type: 'boolean', default: false },
    cli: { type: 'string', default: new URL('../dist/cli.js', import.meta.url).pathname },
  },
});
const SIDE = 32;
const MB = 2 ** 20;

/** A MatMul and a Relu, in protobuf by hand, with weights of their own. */
const varint = (n) => (n < 128 ? Buffer.from([n]) : Buffer.concat([Buffer.from([(n & 127) | 128]), varint(n >>> 7)]));
const field = (number, body) => Buffer.concat([varint((number << 3) | 2), varint(body.length), body]);
const int = (number, n) => Buffer.concat([varint(number << 3), varint(n)]);
const text = (number, s) => field(number, Buffer.from(s));
const info = (number, name) => {
  const dims = field(2, Buffer.concat([1, SIDE].map((d) => field(1, int(1, d)))));
  return field(number, Buffer.concat([text(1, name), field(2, field(1, Buffer.concat([int(1, 1), dims])))]));
};
const node = (op, inputs, output) =>
  field(1, Buffer.concat([...inputs.map((name) => text(1, name)), text(2, output), text(4, op)]));
function model(seed) {
  const weights = Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.sin(seed * 7.3 + i) / SIDE);
  const tensor = [int(1, SIDE), int(1, SIDE), int(2, 1), text(8, 'w'), field(9, Buffer.from(weights.buffer))];
  const parts = [node('MatMul', ['x', 'w'], 'h'), node('Relu', ['h'], 'y'), field(5, Buffer.concat(tensor))];
  return Buffer.concat([
    int(1, 8),
    field(7, Buffer.concat([...parts, info(11, 'x'), info(12, 'y')])),
    field(8, int(2, 17)),
  ]);
}

for (const count of o.counts.split(',').map(Number)) {
  const home = mkdtempSync(join(tmpdir(), 'many-'));
  try {
    for (let i = 0; i < count; i += 1) {
      const folder = join(home, 'models', String(i % 50));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${i}.onnx`), model(i));
    }
    await run(count, home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function run(count, home) {
  const began = performance.now();
  const words = ['convert', join(home, 'models'), '--out', join(home, 'out'), '--fail-on', 'error'];
  const child = spawn(process.execPath, [o.cli, ...words, ...(o.verify ? [] : ['--no-verify'])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let done = 0;
  child.stdout.setEncoding('utf8').on('data', (lines) => {
    done += lines.match(/^\[\d+\/\d+\] /gm)?.length ?? 0;
  });
  const parent = { early: 0, late: 0, end: 0 };
  let family = 0;
  const timer = setInterval(() => {
    const now = residentOf(child.pid);
    const share = done / count;
    if (share >= 0.1 && share < 0.2) parent.early = Math.max(parent.early, now);
    if (share >= 0.9 && share < 1) parent.late = Math.max(parent.late, now);
    parent.end = Math.max(parent.end, now);
    family = Math.max(
      family,
      familyOf(child.pid).reduce((n, pid) => n + residentOf(pid), 0),
    );
  }, 100);
  const code = await new Promise((resolve) => child.on('exit', resolve));
  clearInterval(timer);
  const took = performance.now() - began;
  const mb = (bytes) => `${(bytes / MB).toFixed(0)} MB`;
  process.stdout.write(
    `${count} models: exit ${code}, ${(took / 1000).toFixed(1)} s, ${(took / count).toFixed(0)} ms each; ` +
      `parent ${mb(parent.early)} early, ${mb(parent.late)} late, ${mb(parent.end)} at most; all processes ${mb(family)} at most\n`,
  );
  process.exitCode ||= code;
}

function familyOf(pid) {
  const children = new Map();
  for (const name of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
    try {
      const above = Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1].split(' ')[1]);
      children.set(above, [...(children.get(above) ?? []), Number(name)]);
    } catch {
      // It ended meanwhile.
    }
  }
  const all = [pid];
  for (const p of all) all.push(...(children.get(p) ?? []));
  return all;
}

function residentOf(pid) {
  try {
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
