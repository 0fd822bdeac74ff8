import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Check, Figure, Finding, Report } from '../../src/report/types.js';
import { REPORTS, report } from './fixtures.js';

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
const compiled = (name: string) =>
  ajv.compile(JSON.parse(readFileSync(`${import.meta.dirname}/../../schema/${name}.schema.json`, 'utf8')));
const isReport = compiled('report');
const isConversion = compiled('conversion');

describe('report.schema.json', () => {
  it.each([...REPORTS])('accepts %s', (_, given) => {
    isReport(given);
    expect(isReport.errors ?? []).toEqual([]);
  });

  it.each<[string, (r: Report) => void]>([
    ['an unknown status', (r) => Object.assign(r.models[0] as object, { status: 'passed' })],
    ['a field that nobody knows', (r) => Object.assign(r.models[0] as object, { colour: 'red' })],
    ['another version', (r) => Object.assign(r, { schema: 2 })],
    ['no totals', (r) => Object.assign(r, { totals: undefined })],
    [
      'null for NaN',
      (r) => {
        (r.models[0]?.checks[0] as Check).maxAbs = null as unknown as Figure;
      },
    ],
    ['a hash that is none', (r) => Object.assign(r.models[0]?.source as object, { sha256: 'xyz' })],
    ['a diagnostic without a remedy', (r) => r.models[0]?.diagnostics.push({ code: 'x' } as Finding)],
    ['an unknown fate', (r) => Object.assign(r.models[0]?.conversion?.fates as object, { lost: 1 })],
  ])('refuses %s', (_, spoil) => {
    const given = report('all-pass');
    spoil(given);
    expect(isReport(JSON.parse(JSON.stringify(given)))).toBe(false);
  });
});

describe('conversion.schema.json', () => {
  /** The output contract's own example, with what its dots stand for. */
  const example = (): Record<string, unknown> => ({
    schema: 1,
    source: {
      path: 'models/fcn.onnx',
      sha256: 'ab'.repeat(32),
      bytes: 46827520,
      irVersion: 8,
      opsets: { '': 17 },
      producer: 'pytorch 2.1.0',
    },
    format: 'layers-model',
    async: false,
    inputs: [
      {
        onnx: { name: 'input_0', dtype: 'float32', shape: [1, 3, 725, 1920] },
        tfjs: { name: 'input_0', dtype: 'float32', shape: [null, 725, 1920, 3] },
        order: [0, 2, 3, 1],
      },
    ],
    outputs: [
      {
        onnx: { name: 'output_0', dtype: 'float32', shape: ['N', 1000, null, 8] },
        tfjs: { name: 'output_0', dtype: 'float32', shape: [null, 3, 8, 1000] },
        order: [0, 2, 3, 1],
      },
    ],
    nodes: [
      {
        onnx: { name: 'Conv_0', op: 'Conv' },
        became: 'layer',
        tfjs: ['125_pad', '125'],
        outputs: [{ onnx: '125', tensor: '125', dtype: 'float32', order: [0, 2, 3, 1] }],
      },
    ],
  });

  it("accepts the contract's example", () => {
    isConversion(example());
    expect(isConversion.errors ?? []).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['an axis twice', { inputs: [{ ...(example().inputs as object[])[0], order: [0, 2, 2, 1] }] }],
    [
      "a dtype that tf.tensor doesn't take",
      {
        inputs: [{ ...(example().inputs as object[])[0], tfjs: { name: 'a', dtype: 'int64', shape: [] } }],
      },
    ],
    ['an unknown format', { format: 'tflite' }],
    ['no nodes', { nodes: undefined }],
  ])('refuses %s', (_, change) => {
    expect(isConversion(JSON.parse(JSON.stringify({ ...example(), ...change })))).toBe(false);
  });
});
