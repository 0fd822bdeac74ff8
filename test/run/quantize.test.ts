/** `quantize` from the settings to the report, and what follows where the judge doesn't agree with the search. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { withSmallestWeights } from '../../src/run/auto-quantize.js';
import type { QuantizationPlan } from '../../src/convert/convert-types.js';
import type { Turn } from '../../src/run/judge.js';
import { readSettings, type Settings } from '../../src/run/options.js';
import type { Lease } from '../../src/run/pool.js';
import type { ModelReport, Report, Status } from '../../src/report/types.js';
import { run } from '../../src/run/run.js';
import type { StorageAnswer } from '../../src/verify/storage/find.js';
import { sketched } from '../convert/harness.js';
import { tensorOf } from '../../src/tensor/tensor.js';
import { folder, removeFolders } from './folders.js';
import { WORKER } from './program.js';

afterAll(removeFolders);

const some = (n: number, scale: number, seed: number): number[] =>
  Array.from({ length: n }, (_, i) => scale * Math.sin(seed + i * i * 12.9898));

/** Two layers of which the first is forgiving and the second isn't; onnxruntime-web says what it computes. */
const network = sketched({
  inputs: { x: ['float32', [2, 64]] },
  outputs: ['y'],
  weights: {
    w: tensorOf('float32', [64, 96], some(64 * 96, 0.05, 1)),
    v: tensorOf('float32', [96, 32], some(96 * 32, 1, 2)),
  },
  nodes: [
    { op: 'MatMul', in: ['x', 'w'], out: ['h'] },
    { op: 'Tanh', in: ['h'], out: ['t'] },
    { op: 'MatMul', in: ['t', 'v'], out: ['y'] },
  ],
});

async function runWith(settings: Partial<Settings>, config = '') {
  const base = folder({ 'm.onnx': Buffer.from(network), ...(config === '' ? {} : { 'onnx2keras.yml': config }) });
  const { report } = await run(
    {
      patterns: ['**/*.onnx'],
      base,
      output: path.join(base, 'out'),
      strict: false,
      worker: WORKER,
      settings: { ...readSettings({}, (key) => key), tryIt: false, ...settings },
    },
    { found() {}, started() {}, doing() {}, finished() {} },
  );
  const place = path.join(base, 'out', 'm.onnx');
  const hashes = readdirSync(place)
    .sort()
    .map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(path.join(place, name)))
        .digest('hex'),
    ]);
  return {
    report,
    model: report.models[0] as ModelReport,
    hashes,
    html: readFileSync(path.join(base, 'out/report/index.html'), 'utf8'),
    summary: readFileSync(path.join(base, 'out/report/summary.md'), 'utf8'),
  };
}

const isReport = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(path.join(import.meta.dirname, '../../schema/report.schema.json'), 'utf8')),
);

function valid(report: Report): void {
  isReport(JSON.parse(JSON.stringify(report)));
  expect(isReport.errors ?? []).toEqual([]);
}

test('uint8: the verdict is that of the quantized model', async () => {
  const { report, model, summary } = await runWith({ quantize: 'uint8' });
  valid(report);
  // 256 steps are too few for the usual tolerance.
  expect(model.status).toBe('mismatch');
  expect(model.quantization?.[0]).toMatchObject({ mode: 'uint8', stored: { uint8: { tensors: 2 } } });
  expect(summary).toContain('2 weights as uint8');
});

test('the settings file says it for single models, and how large a shard may be', async () => {
  const { model } = await runWith(
    {},
    'models: { m.onnx: { quantize: uint16, shard-size: 0.005, tolerance: { atol: 0.1 } } }',
  );
  expect(model.status).toBe('pass');
  expect(model.quantization?.[0]).toMatchObject({
    mode: 'uint16',
    stored: { uint16: { tensors: 2, bytes: 2 * 96 * 96 } },
  });
  const shards = model.artefacts.filter((a) => a.path.endsWith('.bin')).map((a) => a.bytes);
  expect(shards).toEqual([5243, 5243, 5243, 2 * 96 * 96 - 3 * 5243]);
});

test('auto: smaller, within tolerance, the same twice, and the report has the curve', async () => {
  const settings = { quantize: 'auto', atol: 0.02, rtol: 0 } as const;
  const [first, second] = [await runWith(settings), await runWith(settings)];
  expect(first.hashes).toEqual(second.hashes);
  const { model, report } = first;
  valid(report);
  expect(model.status).toBe('pass');
  const [facts] = model.quantization ?? [];
  const search = facts?.search;
  expect(search?.references).toEqual(['seed 0', 'seed 1'].map((name) => ({ kind: 'onnxruntime', name })));
  expect(search?.ended).toBe('complete');
  // What was written is what was measured: stock TensorFlow.js reads the same weights.
  const chosen = search?.curve[search.chosen];
  expect(chosen?.bytes).toBe(facts?.bytes);
  expect(Math.max(...model.checks.map((c) => Number(c.maxAbs)))).toBe(chosen?.maxAbs);
  expect(chosen?.passes).toBe(true);
  expect(facts?.bytes).toBeLessThan((facts?.float32Bytes ?? 0) / 2);
  expect(search?.weights.map((w) => w.stored)).toContain('uint8');
  expect(first.html).toContain('Size against error');
  expect(first.summary).toMatch(/\*\*Weights\*\* of the .*-model: .* instead of /);
});

test('auto with a tolerance that nothing narrower meets leaves the model as it is', async () => {
  const { model } = await runWith({ quantize: 'auto', atol: 1e-6, rtol: 1e-6, rangeTol: 0 });
  const [facts] = model.quantization ?? [];
  expect(facts?.bytes).toBe(facts?.float32Bytes);
});

test('auto without a way to measure leaves the model as it is, and says so', async () => {
  for (const settings of [{ whenNoReference: 'skip' }, { verify: false }] as const) {
    const { model } = await runWith({ quantize: 'auto', ...settings });
    expect(model.status).toBe('unverified');
    expect(model.diagnostics.map((d) => d.code)).toContain('quantize-not-measured');
    expect(model.artefacts.filter((a) => a.path.endsWith('.bin')).reduce((n, a) => n + a.bytes, 0)).toBe(4 * 96 * 96);
  }
});

/** What the judge says of one attempt after the other; the plans that were written. */
async function attempts(verdicts: Status[], choices: number) {
  const plans: QuantizationPlan[] = [];
  const answer: StorageAnswer = {
    formats: [
      {
        format: 'graph-model',
        choices: Array.from({ length: choices }, (_, i) => ({
          weights: i === choices - 1 ? {} : { [`w${i}`]: 'uint8' as const },
          trial: i,
        })),
        search: { engine: 'wasm', references: [], curve: [], ended: 'complete' },
        weights: [],
      },
    ],
    diagnostics: [],
    restart: false,
  };
  const turn = {
    lease: { call: async () => ({ ok: true, value: answer }) } as unknown as Lease,
    settings: readSettings({ quantize: 'auto' }, (key) => key),
    place: { file: 'm.onnx' },
    deadline: performance.now() + 1000,
    doing() {},
  } as unknown as Turn;
  const blank = (): ModelReport => ({
    path: 'm.onnx',
    status: 'unverified',
    diagnostics: [],
    checks: [],
    artefacts: [],
    timings: {},
  });
  const report = await withSmallestWeights(
    turn,
    {
      model: { path: 'm.onnx', file: '/m.onnx', root: '/', shown: 'm.onnx', bytes: 1 },
      folder: '/out',
      workspace: '/',
    },
    blank(),
    {
      converted: async (plan) => {
        plans.push(plan);
        return blank();
      },
      judged: async (r) => {
        r.status = verdicts.shift() as Status;
        return r.status;
      },
    },
  );
  return { plans: plans.map((p) => Object.keys((p as Record<string, object>)['graph-model'] ?? {})), report };
}

test('what the judge refuses gives way to a larger storage, and in the end to float32', async () => {
  const one = await attempts(['mismatch', 'pass'], 5);
  expect(one.plans).toEqual([['w0'], ['w1']]);
  expect(one.report.status).toBe('pass');
  expect(one.report.diagnostics.map((d) => d.code)).toEqual(['quantize-stored-larger']);
  const none = await attempts(['mismatch', 'mismatch', 'mismatch', 'mismatch'], 5);
  expect(none.plans).toEqual([['w0'], ['w1'], ['w2'], []]);
  expect(none.report.status).toBe('mismatch');
  const error = await attempts(['error'], 5);
  expect(error.plans).toEqual([['w0']]);
});
