/**
 * The comparison of the article: torchsummary's table of the source beside Keras's. expected/torchsummary.*.txt is that
 * table as torch 1.13's own modules gave it (a forward hook on each; names, shapes and parameters by torchsummary's rules)
 * for the modules that the ONNX files were exported from.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { layersBeside, pairLayers } from '../../src/report/layers-beside.js';
import { parameterLines } from '../../src/report/parameters.js';
import { layerText, shapeText, sourceSummary } from '../../src/report/source-summary.js';
import { tensorOf } from '../../src/tensor/tensor.js';
import { clean, convert, type Sketch } from '../convert/harness.js';
import { lowered } from './lowered.js';
import { network, networkNames } from './networks.js';

afterEach(clean);

interface Row {
  readonly type: string;
  readonly shape: string;
  readonly params: number;
}

function torchTable(name: string): { rows: Row[]; total: number } {
  const text = readFileSync(join(import.meta.dirname, 'expected', `torchsummary.${name}.txt`), 'utf8');
  const rows = [...text.matchAll(/^ *([A-Za-z0-9]+)-\d+ +(\[.*\]) +([\d,]+)$/gm)].map(([, type, shape, params]) => ({
    type,
    shape,
    params: Number(params.replaceAll(',', '')),
  }));
  return { rows, total: Number(/^Total params: (.*)$/m.exec(text)?.[1].replaceAll(',', '')) };
}

/** Modules that hold others give no node; nodes that are no module of their own are these. */
const HOLDERS = ['BasicBlock', 'Fire'];
const NO_MODULES = ['Add', 'Pad', 'Concat', 'Flatten', 'Reshape'];

test.each([
  ['fcn-resnet18', 'fcn_resnet18_128x160_bn', 0],
  // The exporter leaves a Dropout of an evaluated module out.
  ['squeezenet1_1', 'model_squeezenet1_1', 1],
])('%s: rows, shapes, parameters and total are those of torch', (table, name, dropouts) => {
  const torch = torchTable(table);
  expect(torch.rows.length).toBeGreaterThan(60);
  const { source } = lowered(network(name), 'keep');
  const ours = source.rows
    .map((r) => ({ type: layerText(r).replace(/-\d+$/, ''), shape: shapeText(r), params: r.params }))
    .filter((r) => !NO_MODULES.includes(r.type));
  const theirs = torch.rows.filter((r) => !HOLDERS.includes(r.type) && r.type !== 'Dropout');
  expect(torch.rows.filter((r) => r.type === 'Dropout')).toHaveLength(dropouts);
  expect(ours).toEqual(theirs);
  expect(source.rows.reduce((n, r) => n + r.params, 0)).toBe(torch.total);
  expect(sourceSummary(source)).toContain(`Total params: ${torch.total.toLocaleString('en')}`);
});

test('FCN-ResNet18: every row of the source has its layer beside it, by number, and the totals are explained', () => {
  const { source, summary } = lowered(network('fcn_resnet18_128x160_bn'), 'keep');
  const pairs = pairLayers(source.rows, summary.rows);
  expect(pairs.filter((p) => p.source && !p.layer)).toEqual([]);
  expect(pairs.filter((p) => p.source)).toHaveLength(source.rows.length);
  for (const { source: row, layer } of pairs) if (row) expect(layer?.source).toBe(row.number);
  // What stands beside no row is an input or a helper of the next one.
  for (const { source: row, layer } of pairs)
    if (!row) expect(layer?.className).toMatch(/^(InputLayer|ZeroPadding2D)$/);
  // 20 BatchNormalizations with 4,800 channels: torch's buffers.
  expect(summary.differences).toEqual([{ reason: 'statistics', parameters: 9600, layers: 20 }]);
  expect([summary.trainable, summary.nonTrainable]).toEqual([11_689_512, 9600]);
  expect(layersBeside(source, summary).split('\n').slice(-3)).toEqual([
    'The source counts 11,689,512 parameters,',
    '+ 9,600 running means and variances of BatchNormalization, which are no parameters but buffers in torch (20 layers),',
    '= 11,699,112 in Keras, 9,600 of them not trained.',
  ]);
});

test.each(networkNames())('%s: the source and the differences make up what Keras counts', (name) => {
  for (const dialect of ['tfjs', 'keras3'] as const) {
    const { source, summary } = lowered(network(name), 'keep', dialect);
    const given = source.rows.reduce((n, r) => n + r.params, 0);
    const differences = summary.differences ?? [];
    expect(given + differences.reduce((n, d) => n + d.parameters, 0)).toBe(summary.trainable + summary.nonTrainable);
    expect(parameterLines(source, summary)).toHaveLength(differences.length === 0 ? 1 : differences.length + 2);
  }
});

const zeros = (dims: number[]) => tensorOf('float32', dims, new Array(dims.reduce((p, q) => p * q, 1)).fill(0.5));

/** Counted by hand. */
test.each<[string, Sketch, number, number, object[]]>([
  [
    'a grouped convolution, of which TensorFlow.js has none: 4 filters of 6 channels, 3 of them zeros',
    {
      inputs: { x: ['float32', ['N', 6, 5, 5]] },
      outputs: ['y'],
      weights: { w: zeros([4, 3, 3, 3]), b: zeros([4]) },
      nodes: [{ op: 'Conv', in: ['x', 'w', 'b'], out: ['y'], with: { group: 2 } }],
    },
    112,
    220,
    [{ reason: 'zeros', parameters: 108, layers: 1 }],
  ],
  [
    'a depthwise convolution with a dilation: 5x5 for 3x3',
    {
      inputs: { x: ['float32', ['N', 2, 7, 7]] },
      outputs: ['y'],
      weights: { w: zeros([2, 1, 3, 3]) },
      nodes: [{ op: 'Conv', in: ['x', 'w'], out: ['y'], with: { group: 2, dilations: [2, 2] } }],
    },
    18,
    50,
    [{ reason: 'zeros', parameters: 32, layers: 1 }],
  ],
  [
    'one weight for two nodes, which torchsummary counts twice, too',
    {
      inputs: { x: ['float32', ['N', 3]] },
      outputs: ['z'],
      weights: { w: zeros([3, 3]) },
      nodes: [
        { op: 'Gemm', in: ['x', 'w'], out: ['y'] },
        { op: 'Gemm', in: ['y', 'w'], out: ['z'] },
      ],
    },
    18,
    18,
    [],
  ],
  [
    'a constant in the configuration of a Rescaling',
    {
      inputs: { x: ['float32', ['N', 3]] },
      outputs: ['z'],
      weights: { w: zeros([3, 2]), c: zeros([3]) },
      nodes: [
        { op: 'Mul', in: ['x', 'c'], out: ['y'] },
        { op: 'Gemm', in: ['y', 'w'], out: ['z'] },
      ],
    },
    9,
    6,
    [{ reason: 'configuration', parameters: -3, layers: 1 }],
  ],
])('%s', (_, sketch, source, keras, differences) => {
  const c = convert(sketch, { formats: ['layers-model'] });
  expect(c.diagnostics).toEqual([]);
  expect(c.layers?.rows.reduce((n, r) => n + r.params, 0)).toBe(source);
  expect((c.keras?.trainable ?? 0) + (c.keras?.nonTrainable ?? 0)).toBe(keras);
  expect(c.keras?.differences).toEqual(differences);
});
