/**
 * The first diverging node, judged by faults whose place is known: of those that push an output out of tolerance, at least
 * 95 % have to be named rightly. Long; `npm run test:faults`. Networks: this repository's example, and those of the folder
 * that ONNX2KERAS_DATA names, where it is there. FAULTS: how many of each network and format; FAULTS_SEED draws others.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '../../../src/convert/convert.js';
import { judge } from '../../../src/verify/judge.js';
import { damaged, type Fault } from './faults.js';

const ROOT = join(import.meta.dirname, '../../..');
const DATA = process.env.ONNX2KERAS_DATA ?? join(ROOT, '../shared/data');
const PER_NETWORK = Number(process.env.FAULTS ?? 12);
const SEED = process.env.FAULTS_SEED ?? '0';
/** A larger group is no answer, even where it holds the fault. A GELU fused to the product before it has nine. */
const MOST_IN_GROUP = 12;

/** A trial of these takes seconds, so that they get a quarter of them. */
const LARGE = [
  'light-random/random_squeezenet',
  'light-random/random_densenet121',
  'torchvision-zoo/mobilenet_v3_small',
  'torchvision-zoo/shufflenet_v2_x0_5',
  'fcn-resnet18/fcn_resnet18_128x160_bn',
];
const NETWORKS = [
  'small-modules/lenet',
  'small-modules/autoencoder_2d',
  'small-modules/tcn_conv1d_bn',
  'small-modules/layernorm2d_axes',
  'small-modules/lstm_l1_bi0',
  'small-modules/lstm_l1_bi1',
  'small-modules/lstm_l2_bi1',
  'small-modules/gru_l2_bi0',
  'small-modules/rnn_relu',
  'small-modules/unet_bilinear_ac',
  'small-modules/unet_convtranspose_dynbatch',
  'small-modules/diffusion_unet_step',
  'small-modules/transformer_encoder_post',
  'small-modules/transformer_encoder_dyn',
  'small-modules/transformer_encoder_pre_gelu',
  'small-modules/yolo_head_anchors_bn',
  ...LARGE,
]
  .map((name) => join(DATA, name))
  .filter((folder) => existsSync(folder));
const wantedOf = (network: string): number =>
  LARGE.some((name) => network.endsWith(name)) ? Math.floor(PER_NETWORK / 4) : PER_NETWORK;
const networks = [join(ROOT, 'examples/fcn-resnet18'), ...NETWORKS];

interface Trial {
  fault: Fault;
  right: boolean;
  said: string;
}

const trials = new Map<string, Trial[]>();
/** Trials asked for, of what is converted. */
let expected = 0;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faults-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['layers-model', 'graph-model'] as const)('%s', (format) => {
  test.each(networks)(
    '%s',
    async (network) => {
      const wanted = wantedOf(network);
      if (wanted === 0) return;
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
      expected += wanted;
      const done: Trial[] = [];
      for (let seed = 0; seed < 3 * wanted + 6 && done.length < wanted; seed++) {
        const copy = join(folder, 'damaged');
        rmSync(copy, { recursive: true, force: true });
        mkdirSync(copy);
        const fault = damaged(out, copy, `${file} ${format} ${SEED}/${seed}`, seed);
        if (!fault) continue;
        const result = await judge({
          folder: copy,
          model,
          relativePath: file,
          workspace: network,
          tolerance: {},
          engines: ['wasm'],
          locate: { milliseconds: 300_000 },
        });
        if (result.verdict !== 'mismatch') continue;
        const { divergence } = result;
        const named = divergence?.group?.map((n) => n.index) ?? [divergence?.index ?? -1];
        const right =
          format === 'layers-model'
            ? fault.nodes.includes(divergence?.index ?? -1)
            : named.length <= MOST_IN_GROUP && fault.nodes.some((n) => named.includes(n));
        done.push({
          fault,
          right,
          said: divergence
            ? `${divergence.op} ${divergence.node} [${named}] ${divergence.runs} runs`
            : result.diagnostics.map((d) => d.message).join('; '),
        });
      }
      trials.set(`${format} ${network.split('/').at(-1)}`, done);
      process.stdout.write(`${told(`${format} ${network.split('/').at(-1)}`, done).join('\n')}\n`);
    },
    900_000,
  );
});

function told(network: string, done: readonly Trial[]): string[] {
  const wrong = done
    .filter((t) => !t.right)
    .map(({ fault, said }) => `  ${fault.what} [${fault.nodes}], said: ${said}`);
  return [`${network}: ${done.length - wrong.length} of ${done.length}`, ...wrong];
}

test('at least 95 % are named rightly, of every kind', () => {
  const all = [...trials.values()].flat();
  const right = all.filter((t) => t.right);
  const count = (of: readonly Trial[], kind: Fault['kind']) => of.filter((t) => t.fault.kind === kind).length;
  const kinds = (['weight', 'pad', 'axis', 'activation'] as const).map(
    (kind) => [kind, count(right, kind), count(all, kind)] as const,
  );
  process.stdout.write(
    `${right.length} of ${all.length} (${kinds.map(([kind, good, of]) => `${kind} ${good} of ${of}`).join(', ')})\n`,
  );
  for (const [, , of] of kinds) expect(of).toBeGreaterThan(0);
  expect(all.length).toBeGreaterThanOrEqual(0.8 * expected);
  expect(right.length / all.length).toBeGreaterThanOrEqual(0.95);
});
