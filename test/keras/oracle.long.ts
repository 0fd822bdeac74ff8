import { FAMILIES } from '../../src/tools/oracle/families.js';
import { Random } from '../../src/tools/oracle/random.js';
import { runCase } from '../../src/tools/oracle/run.js';

/**
 * Modules and networks of torch as its exporters of opset 7 to 17 write them, with batches of 1, of 3, and open, run by
 * onnxruntime-web and, as layers-models, by stock TensorFlow.js: the first of the many that
 * `npm run test:oracle -- --format layers-model` makes. Each is converted in both orders of axes, and with each policy of
 * names in turn.
 */
const POLICIES = ['keep', 'short', 'renumerate'] as const;

/** What no stock layer says; where a module may need it, that is what it has to be refused for. */
const REFUSALS: Readonly<Record<string, RegExp>> = {
  normalize: /no stock layer divides by a tensor/,
  pow: /only whole powers/,
  // TensorFlow.js pads and crops planes alone, and its Reshape leaves one size open.
  'Conv3d of open size, Conv3d of groups of open size, ConvTranspose3d of open size, MaxPool3d of open size, AvgPool3d of open size, BatchNorm of open size, LocalResponseNorm of open size, Inception v3 of open size':
    /a Reshape layer can leave one size open/,
  'AvgPool1d of open size, AvgPool2d of open size':
    /how much of each window counts depends on sizes that are not known/,
  'MaxPool1d of open size, MaxPool2d of open size': /a pool with dilation of an axis whose size is not known/,
};

const refusalOf = (name: string): RegExp | undefined =>
  Object.entries(REFUSALS).find(([names]) => names.split(', ').includes(name))?.[1];

for (const family of ['torch-functions', 'torch-modules', 'torchvision'])
  test.each(Object.entries(FAMILIES[family]))(`${family}: %s`, async (name, generate) => {
    let judged = 0;
    for (let i = 0; i < 8 && judged < 2; i++) {
      const { status, reason } = await runCase(generate(new Random(`1 ${family} ${name} ${i}`)), {
        engines: ['cpu'],
        as: { format: 'layers-model', changeOrdering: judged === 0, namePolicy: POLICIES[i % 3] },
      });
      if (status === 'no-oracle') continue;
      judged++;
      const refusal = status === 'refused' ? refusalOf(name) : undefined;
      if (refusal) expect(reason).toMatch(refusal);
      else expect({ case: i, status, reason }).toEqual({ case: i, status: 'agreed', reason: '' });
    }
    expect(judged).toBe(2);
  });
