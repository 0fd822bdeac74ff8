import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DType } from '../../src/tensor/dtype.js';
import { tensorOf } from '../../src/tensor/tensor.js';
import { fed, fixed, modelOf, single, type Given, type OracleCase } from '../../src/tools/oracle/case.js';
import { convertCase, runCase } from '../../src/tools/oracle/run.js';

const vector = (dtype: DType, values: (number | bigint)[]) => tensorOf(dtype, [values.length], values);
const LARGEST = fixed(tensorOf('int64', [], [9223372036854775807n]));
const SMALLEST = fixed(tensorOf('int64', [], [-9223372036854775808n]));
const some = fed(vector('int64', [-5, 0, 2147483647, -2147483648]));

const node = (op: string, inputs: Given[], attributes = {}, opset = 17): OracleCase =>
  single(op, { opset, inputs, attributes });

describe('64-bit constants that stand for no end', () => {
  test.each([
    ['Clip from 0 on', node('Clip', [some, fixed(tensorOf('int64', [], [0])), LARGEST])],
    ['Clip of no bounds', node('Clip', [some, SMALLEST, LARGEST])],
    ['Min', node('Min', [some, LARGEST])],
    ['Min with some beyond', node('Min', [some, fixed(vector('int64', [1, 9223372036854775807n, 7, 2n ** 40n]))])],
    ['Max', node('Max', [SMALLEST, some])],
    ...['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Equal'].flatMap((op): [string, OracleCase][] => [
      [`${op} the largest`, node(op, [some, LARGEST])],
      [`the largest ${op}`, node(op, [LARGEST, some])],
      [`${op} the smallest`, node(op, [some, SMALLEST])],
      [`the smallest ${op}, broadcast`, node(op, [fixed(tensorOf('int64', [1, 1], [-(2n ** 40n)])), some])],
    ]),
  ] as [string, OracleCase][])('%s is as in onnxruntime', async (_, c) => {
    expect(await runCase(c, { engines: ['wasm', 'cpu'] })).toEqual({ status: 'agreed', reason: '' });
  });
});

/** The codes of what the converter says of a model. */
function findings(c: OracleCase): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'integers-'));
  try {
    return convertCase(modelOf(c), folder).diagnostics.map((d) => d.code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const castAndSum: OracleCase = {
  opsets: { '': 17 },
  nodes: [
    { op: 'Cast', inputs: ['x'], outputs: ['wide'], attributes: { to: 7 } },
    { op: 'ReduceSum', inputs: ['wide'], outputs: ['y'] },
  ],
  inputs: { x: fed(vector('uint8', [200, 100])) },
  outputs: ['y'],
};

const fromAbove: OracleCase = {
  opsets: { '': 17 },
  nodes: [
    { op: 'Cast', inputs: ['x'], outputs: ['wide'], attributes: { to: 13 } },
    { op: 'Sub', inputs: ['top', 'wide'], outputs: ['y'] },
  ],
  inputs: { x: fed(vector('uint8', [200, 100])), top: fixed(vector('uint64', [255])) },
  outputs: ['y'],
};

describe('what is computed in 32 bits', () => {
  const two = (dtype: DType) => [fed(vector(dtype, [1, 2])), fed(vector(dtype, [3, 4]))];
  test.each<[string, OracleCase, string[]]>([
    ['a product of int64', node('Mul', two('int64')), ['integers-in-32-bits']],
    ['a sum of int64', node('ReduceSum', [two('int64')[0]]), ['integers-in-32-bits']],
    ['floats as int64', node('Cast', [two('float32')[0]], { to: 7 }), ['integers-in-32-bits']],
    ['a difference of uint32', node('Sub', two('uint32')), ['unsigned-difference']],
    ['a product of int32, which may wrap in ONNX too', node('Mul', two('int32')), []],
    ['a sum of uint8 as int64, which fits', castAndSum, []],
    ['a difference of uint64 that is shown not to be below zero', fromAbove, []],
  ])('%s', (_, c, codes) => {
    expect(findings(c)).toEqual(codes);
  });
});
