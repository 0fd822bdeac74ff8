/**
 * The engines in a real Chrome or Chromium; a part of `npm run test:browser`. Networks: this repository's example, and
 * those of the folder that ONNX2KERAS_DATA names, where it is there.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '../../../src/convert/convert.js';
import { Browser } from '../../../src/verify/chrome/browser.js';
import { findChrome } from '../../../src/verify/chrome/find.js';
import { PageServer } from '../../../src/verify/chrome/server.js';
import type { Judgement } from '../../../src/verify/checks.js';
import { judge } from '../../../src/verify/judge.js';
import { placeholder, row, typeAttr, writeDataSet, writeGraphModel } from '../written.js';

const ROOT = join(import.meta.dirname, '../../..');
const DATA = process.env.ONNX2KERAS_DATA ?? join(ROOT, '../shared/data');

const home = mkdtempSync(join(tmpdir(), 'chrome-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const verdicts = (j: Judgement, engine: string): string[] =>
  j.checks.filter((c) => c.engine === engine && !c.guarded).map((c) => c.status);
const codes = (j: Judgement): string[] => j.diagnostics.map((d) => d.code);

async function convertAndJudge(folder: string, engines: string[]): Promise<Judgement | undefined> {
  const file = existsSync(join(folder, 'model.onnx')) ? 'model.onnx' : 'fcn-resnet18.onnx';
  const out = mkdtempSync(join(home, 'out-'));
  const { status } = convertModel({
    path: join(folder, file),
    relativePath: file,
    formats: ['auto'],
    changeOrdering: true,
    namePolicy: 'keep',
    outputFolder: out,
    limits: { maxModelBytes: 2 ** 31 },
  });
  if (status !== 'converted') return undefined;
  return judge({
    folder: out,
    model: join(folder, file),
    relativePath: file,
    workspace: folder,
    tolerance: { rangeTol: 1e-4 },
    engines,
    runSource: true,
  });
}

const CASES = [
  'fcn-resnet18/fcn_resnet18_128x160_bn',
  'torchvision-zoo/mobilenet_v3_small',
  'torchvision-zoo/shufflenet_v2_x0_5',
  ...[
    'lenet',
    'autoencoder_2d',
    'tcn_conv1d_bn',
    'unet_bilinear_ac',
    'unet_convtranspose_dynbatch',
    'transformer_encoder_dyn',
    'yolo_head_anchors_bn',
    'activations_all',
    'lstm_l1_bi0',
    'uint8_image_input',
    'weight_norm_conv',
    'broadcasting',
  ].map((name) => `small-modules/${name}`),
]
  .map((name) => join(DATA, name))
  .filter((folder) => existsSync(folder));

test.each([join(ROOT, 'examples/fcn-resnet18'), ...CASES])(
  '%s: WASM in the browser says what WASM in Node says, and WebGL agrees',
  async (folder) => {
    const result = await convertAndJudge(folder, ['wasm', 'chrome-wasm', 'chrome-webgl']);
    if (!result) return;
    expect(verdicts(result, 'chrome-wasm').length).toBeGreaterThan(0);
    expect(verdicts(result, 'chrome-wasm')).toEqual(verdicts(result, 'wasm'));
    expect(verdicts(result, 'chrome-webgl')).toEqual(verdicts(result, 'wasm'));
    const facts = Object.fromEntries(result.engines.map((e) => [e.name, e.details]));
    expect(facts['chrome-webgl']).toMatchObject({
      backend: 'webgl',
      webgl: '2',
      renderer: expect.stringContaining('SwiftShader'),
    });
    expect(facts['chrome-wasm']).toMatchObject({ backend: 'wasm', simd: 'true', isolated: 'true' });
  },
  240_000,
);

test.each([join(ROOT, 'examples/fcn-resnet18'), ...CASES.filter((c) => /lenet|transformer|autoencoder/.test(c))])(
  '%s: WebGPU agrees, where the browser has it',
  async (folder) => {
    const result = await convertAndJudge(folder, ['wasm', 'chrome-webgpu']);
    if (!result) return;
    if (codes(result).includes('engine-not-available')) {
      process.stdout.write(`left out: ${result.diagnostics[0]?.message}\n`);
      return;
    }
    expect(verdicts(result, 'chrome-webgpu')).toEqual(verdicts(result, 'wasm'));
  },
  240_000,
);

test('what WebGPU does not say by an exception is an error all the same', async () => {
  // PadV2 of rank 5: only a validation error on the device, and memory that nobody wrote.
  const folder = mkdtempSync(join(home, 'pad-'));
  const dims = [1, 2, 2, 2, 2];
  const padded = [1, 4, 4, 4, 4];
  writeGraphModel(join(folder, 'out'), {
    nodes: [
      placeholder('x', 'float32', dims),
      {
        name: 'y',
        op: 'PadV2',
        input: ['x', 'p', 'v'],
        attr: { T: typeAttr('float32'), Tpaddings: typeAttr('int32') },
      },
    ],
    weights: [
      { name: 'p', shape: [5, 2], dtype: 'int32', values: [0, 0, 1, 1, 1, 1, 1, 1, 1, 1] },
      { name: 'v', shape: [], dtype: 'float32', values: [0] },
    ],
    inputs: [row('x', 'float32', dims)],
    outputs: [row('y', 'float32', padded)],
  });
  const inner = (i: number): boolean => [64, 16, 4, 1].every((step) => [1, 2].includes(Math.floor(i / step) % 4));
  let next = 0;
  const y = Array.from({ length: 256 }, (_, i) => (inner(i) ? ++next : 0));
  writeDataSet(
    join(folder, 'test_data_set_0'),
    { x: { dtype: 'float32', dims, data: Array.from({ length: 16 }, (_, i) => i + 1) } },
    { y: { dtype: 'float32', dims: padded, data: y } },
  );
  const result = await judge({
    folder: join(folder, 'out'),
    model: join(folder, 'model.onnx'),
    relativePath: 'model.onnx',
    workspace: folder,
    tolerance: {},
    engines: ['cpu', 'chrome-webgpu'],
  });
  expect(verdicts(result, 'cpu')).toEqual(['pass']);
  if (codes(result).includes('engine-not-available')) return;
  expect(verdicts(result, 'chrome-webgpu')).toEqual(['error']);
  expect(codes(result)).toEqual(['device-failed']);
}, 60_000);

describe('the browser', () => {
  test('reaches nothing but the page’s own server, and its end rejects what waits for it', async () => {
    let hits = 0;
    const other = createServer((_, response) => {
      hits++;
      response.setHeader('access-control-allow-origin', '*').end('x');
    });
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    const server = await PageServer.start();
    server.put('page.html', Buffer.from('<!doctype html>'));
    server.put('own', Buffer.from('own'));
    const { browser, version } = await Browser.start(findChrome(undefined), server.port);
    try {
      expect(version).toMatch(/Chrome\/\d+/);
      const lines: string[] = [];
      const page = await browser.open(server.address('page.html'), (line) => lines.push(line));
      expect(await page.evaluate('fetch("own").then((r) => r.text())')).toBe('own');
      const { port } = other.address() as AddressInfo;
      for (const address of [`http://127.0.0.1:${port}/`, `http://localhost:${port}/`, 'http://192.0.2.1/'])
        await expect(page.evaluate(`fetch(${JSON.stringify(address)}).then((r) => r.text())`)).rejects.toThrow(
          'Failed to fetch',
        );
      expect(hits).toBe(0);
      await page.evaluate('console.warn("one", 2)');
      expect(lines).toContain('one 2');
      const never = page.evaluate('new Promise(() => {})');
      browser.close();
      await expect(never).rejects.toThrow('the browser ended');
    } finally {
      browser.close();
      server.close();
      other.close();
    }
  }, 60_000);
});
