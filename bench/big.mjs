// Converts (without verifying) a generated model of large MatMuls, and prints time and peak memory of all its processes.
//   node bench/big.mjs [--megabytes 500] [--tensors 8] [--external] [--verify]      needs npm run build (or the committed dist/)
// Linux only: peak memory is read from /proc, of the command and its children together, ten times a second.
import { spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: o } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '500' },
    tensors: { type: 'string', default: '8' },
    external: { type: 'boolean', default: false },
    verify: { type: 'boolean', default: false },
    json: { type: 'string' },
    cli: { type: 'string', default: new URL('../dist/cli.js', import.meta.url).pathname },
  },
});
const count = Number(o.tensors);
const side = Math.floor(Math.sqrt((Number(o.megabytes) * 2 ** 20) / 4 / count));
const home = mkdtempSync(join(tmpdir(), 'big-'));
const model = join(home, 'big.onnx');

/** Protobuf by hand, so that no weight has to be in memory. */
const varint = (n) => {
  const out = [];
  for (let rest = BigInt(n); ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...out, Number(rest)]);
    out.push(Number(rest & 127n) | 128);
  }
};
const field = (number, body) => Buffer.concat([varint((number << 3) | 2), varint(body.length), body]);
const int = (number, n) => Buffer.concat([varint(number << 3), varint(n)]);
const text = (number, s) => field(number, Buffer.from(s));
const shape = (...dims) => field(2, Buffer.concat(dims.map((d) => field(1, int(1, d)))));
const info = (number, name, dims) =>
  field(number, Buffer.concat([text(1, name), field(2, field(1, Buffer.concat([int(1, 1), shape(...dims)])))]));
const bytes = side * side * 4;
/** Small numbers that no two weights share. */
const row = (tensor, at) =>
  Buffer.from(
    Float32Array.from({ length: side }, (_, i) => Math.sin(tensor * 7.3 + at * 1.7 + i * 0.013) / side).buffer,
  );

try {
  const head = (t) => Buffer.concat([int(1, side), int(1, side), int(2, 1), text(8, `w${t}`)]);
  const external = (t) =>
    Buffer.concat([
      head(t),
      ...[
        ['location', 'big.data'],
        ['offset', String(t * bytes)],
        ['length', String(bytes)],
      ].map(([k, v]) => field(13, Buffer.concat([text(1, k), text(2, v)]))),
      int(14, 1),
    ]);
  const nodes = Array.from({ length: count }, (_, t) =>
    field(
      1,
      Buffer.concat([
        text(1, t === 0 ? 'x' : `h${t - 1}`),
        text(1, `w${t}`),
        text(2, t === count - 1 ? 'y' : `h${t}`),
        text(4, 'MatMul'),
      ]),
    ),
  );
  const face = Buffer.concat([info(11, 'x', [1, side]), info(12, 'y', [1, side])]);
  const tensorLength = (t) => (o.external ? external(t).length : head(t).length + 1 + varint(bytes).length + bytes);
  const graphLength =
    Buffer.concat(nodes).length +
    face.length +
    Array.from({ length: count }, (_, t) => 1 + varint(tensorLength(t)).length + tensorLength(t)).reduce(
      (a, b) => a + b,
      0,
    );
  const fd = openSync(model, 'w');
  const data = o.external ? openSync(join(home, 'big.data'), 'w') : fd;
  const put = (b, to = fd) => writeSync(to, b);
  put(Buffer.concat([int(1, 8), field(8, int(2, 17)), varint((7 << 3) | 2), varint(graphLength), ...nodes, face]));
  for (let t = 0; t < count; t++) {
    put(
      Buffer.concat([
        varint((5 << 3) | 2),
        varint(tensorLength(t)),
        o.external ? external(t) : Buffer.concat([head(t), varint((9 << 3) | 2), varint(bytes)]),
      ]),
    );
    for (let r = 0; r < side; r++) put(row(t, r), data);
  }
  closeSync(fd);
  if (o.external) closeSync(data);
  const total = statSync(model).size + (o.external ? statSync(join(home, 'big.data')).size : 0);

  const copied = performance.now();
  copyFileSync(o.external ? join(home, 'big.data') : model, join(home, 'copy'));
  const copy = performance.now() - copied;
  rmSync(join(home, 'copy'));

  const began = performance.now();
  const child = spawn(
    process.execPath,
    [
      o.cli,
      'convert',
      model,
      '--out',
      join(home, 'out'),
      ...(o.verify ? [] : ['--no-verify']),
      '--fail-on',
      'error',
      '--max-model-size',
      String(Math.ceil(total / 2 ** 20) + 1),
      '--formats',
      'graph-model',
    ],
    { stdio: 'inherit' },
  );
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(
      peak,
      familyOf(child.pid).reduce((n, pid) => n + residentOf(pid), 0),
    );
  }, 100);
  const code = await new Promise((resolve) => child.on('exit', resolve));
  clearInterval(timer);
  const took = performance.now() - began;
  process.stdout.write(
    `${(total / 2 ** 20).toFixed(0)} MB in ${count} tensors${o.external ? ', external' : ''}: exit ${code}, ${(took / 1000).toFixed(1)} s (copying the file: ${(copy / 1000).toFixed(1)} s), peak ${(peak / 2 ** 20).toFixed(0)} MB resident\n`,
  );
  if (o.json)
    writeFileSync(o.json, JSON.stringify({ bytes: total, tensors: count, largest: bytes, took, copy, peak, code }));
  process.exitCode = code;
} finally {
  rmSync(home, { recursive: true, force: true });
}

function familyOf(pid) {
  const children = new Map();
  for (const name of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
    try {
      const parent = Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1].split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
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
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
