/**
 * The first diverging node, judged by faults whose place is known: of those that push an output out of tolerance, at least
 * 95 % have to be named rightly. Long; `npm run test:faults`. Networks: this repository's example, and those of the folder
 * that ONNX2KERAS_DATA names, where it is there.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '../../../src/convert/convert.js';
import { judge } from '../../../src/verify/judge.js';
import { damaged, type Fault } from './faults.js';

const ROOT = join(import.meta.dirname, '../../..');
const DATA = process.env.ONNX2KERAS_DATA ?? join(ROOT, '../shared/data');
const PER_NETWORK = Number(process.env.ONNX2KERAS_FAULTS ?? 12);

const NETWORKS = [
  'fcn-resnet18/fcn_resnet18_128x160_bn',
  'torchvision-zoo/mobilenet_v3_small',
  'torchvision-zoo/shufflenet_v2_x0_5',
  'light-random/random_squeezenet',
  'small-modules/lenet',
  'small-modules/autoencoder_2d',
  'small-modules/tcn_conv1d_bn',
  'small-modules/unet_bilinear_ac',
  'small-modules/unet_convtranspose_dynbatch',
  'small-modules/transformer_encoder_post',
  'small-modules/transformer_encoder_dyn',
  'small-modules/transformer_encoder_pre_gelu',
  'small-modules/yolo_head_anchors_bn',
  'small-modules/layernorm2d_axes',
]
  .map((name) => join(DATA, name))
  .filter((folder) => existsSync(folder));
const networks = [join(ROOT, 'examples/fcn-resnet18'), ...NETWORKS];

interface Trial {
  fault: Fault;
  right: boolean;
  said: string;
}

const trials = new Map<string, Trial[]>();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faults-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['layers-model', 'graph-model'] as const)('%s', (format) => {
  test.each(networks)(
    '%s',
    async (network) => {
      const file = readdirSync(network).find((name) => name.endsWith('.onnx')) as string;
      const model = join(network, file);
      const out = mkdtempSync(join(folder, 'out-'));
      const { status } = convertModel({
        path: model,
        relativePath: file,
        formats: [format],
        changeOrdering: true,
        namePolicy: 'keep',
        outputFolder: out,
        limits: { maxModelBytes: 2 ** 31 },
      });
      if (status !== 'converted') return;
      const done: Trial[] = [];
      for (let seed = 0; seed < 3 * PER_NETWORK && done.length < PER_NETWORK; seed++) {
        const copy = join(folder, 'damaged');
        rmSync(copy, { recursive: true, force: true });
        mkdirSync(copy);
        const fault = damaged(out, copy, `${file} ${format} ${seed}`);
        if (!fault) continue;
        const result = await judge({
          folder: copy,
          model,
          relativePath: file,
          workspace: network,
          tolerance: {},
          engines: ['wasm'],
          locate: { milliseconds: 60_000 },
        });
        if (result.verdict !== 'mismatch') continue;
        const { divergence } = result;
        const named = divergence?.group?.map((n) => n.index) ?? [divergence?.index ?? -1];
        const right = fault.nodes.some((n) =>
          format === 'layers-model' ? n === divergence?.index : named.includes(n),
        );
        const codes = result.diagnostics.map((d) => d.code).join();
        done.push({
          fault,
          right,
          said: divergence ? `${divergence.op} ${divergence.node} [${named}] ${divergence.runs} runs` : codes,
        });
      }
      trials.set(`${format} ${network.split('/').at(-1)}`, done);
    },
    900_000,
  );
});

test('at least 95 % are named rightly', () => {
  const lines: string[] = [];
  let all = 0;
  let right = 0;
  for (const [network, done] of trials) {
    const good = done.filter((t) => t.right).length;
    lines.push(`${network}: ${good} of ${done.length}`);
    for (const { fault, said } of done.filter((t) => !t.right))
      lines.push(`  ${fault.what} [${fault.nodes}], said: ${said}`);
    all += done.length;
    right += good;
  }
  process.stdout.write(`${lines.join('\n')}\n${right} of ${all}\n`);
  expect(all).toBeGreaterThan(2 * PER_NETWORK);
  expect(right / all).toBeGreaterThanOrEqual(0.95);
});
