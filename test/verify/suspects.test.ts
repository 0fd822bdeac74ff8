/**
 * Each case is a graph whose result follows by hand, and which the stock WASM backend of TensorFlow.js 4.22.0 gets wrong or
 * refuses: the verdict has to say so, and the guarded run has to name the kernel. A case that begins to pass shows that
 * TensorFlow.js was mended, and its row of suspects.ts can go.
 */
import { join } from 'node:path';
import type { DType } from '../../src/tensor/dtype.js';
import { judge } from '../../src/verify/judge.js';
import {
  counting,
  type Node,
  placeholder,
  row,
  scratch,
  typeAttr,
  type Weight,
  writeDataSet,
  writeGraphModel,
} from './written.js';

let home: ReturnType<typeof scratch>;
beforeEach(() => {
  home = scratch();
});
afterEach(() => home.remove());

interface Value {
  dtype: DType;
  dims: number[];
  data: (number | bigint | boolean)[];
}
const float = (dims: number[], data: number[] = counting(dims)): Value => ({ dtype: 'float32', dims, data });
const int = (dims: number[], data: number[] = counting(dims)): Value => ({ dtype: 'int32', dims, data });
const bool = (dims: number[], data: number[]): Value => ({ dtype: 'bool', dims, data: data.map(Boolean) });
const ints = (name: string, ...values: number[]): Weight => ({ name, shape: [values.length], dtype: 'int32', values });

interface Case {
  name: string;
  x: Value;
  op: string;
  input?: string[];
  attr?: Record<string, unknown>;
  weights?: Weight[];
  /** Further nodes between x and y. */
  nodes?: Node[];
  y: Value;
  kernel: string;
}

const T = (dtype: string) => ({ T: typeAttr(dtype) });

const CASES: Case[] = [
  {
    // Row b of x is read at row b of the indices.
    name: 'gather with batch_dims',
    x: float([2, 3]),
    op: 'GatherV2',
    input: ['x', 'at', 'axis'],
    attr: { Tparams: typeAttr('float32'), batch_dims: { i: '1' } },
    weights: [
      { name: 'at', shape: [2, 3], dtype: 'int32', values: [2, 0, 1, 1, 1, 0] },
      { name: 'axis', shape: [], dtype: 'int32', values: [1] },
    ],
    y: float([2, 3], [3, 1, 2, 5, 5, 4]),
    kernel: 'GatherV2 (batch_dims)',
  },
  {
    name: 'clip of int32',
    x: int([4], [-5, 0, 5, 9]),
    op: 'ClipByValue',
    input: ['x', 'lo', 'hi'],
    attr: T('int32'),
    weights: [
      { name: 'lo', shape: [], dtype: 'int32', values: [-1] },
      { name: 'hi', shape: [], dtype: 'int32', values: [6] },
    ],
    y: int([4], [-1, 0, 5, 6]),
    kernel: 'ClipByValue (int32)',
  },
  {
    name: 'strided slice of int32',
    x: int([6]),
    op: 'StridedSlice',
    input: ['x', 'from', 'to', 'by'],
    attr: T('int32'),
    weights: [ints('from', 0), ints('to', 6), ints('by', 2)],
    y: int([3], [1, 3, 5]),
    kernel: 'StridedSlice (int32 or bool)',
  },
  {
    name: 'PReLU whose slope has more axes',
    x: float([1, 2], [-1, -2]),
    op: 'Prelu',
    input: ['x', 'alpha'],
    attr: T('float32'),
    weights: [{ name: 'alpha', shape: [3, 1], dtype: 'float32', values: [1, 2, 3] }],
    y: float([3, 2], [-1, -2, -2, -4, -3, -6]),
    kernel: 'Prelu (int32, or broadcasting that grows the output)',
  },
  {
    name: 'any of nothing',
    x: bool([2, 0], []),
    op: 'Any',
    input: ['x', 'axis'],
    attr: { keep_dims: { b: false } },
    weights: [ints('axis', 1)],
    y: bool([2], [0, 0]),
    kernel: 'Any (of nothing)',
  },
  {
    name: 'product of matrices over nothing',
    x: float([2, 0], []),
    op: 'MatMul',
    input: ['x', 'w'],
    attr: T('float32'),
    weights: [
      { name: 'w', shape: [0, 3], dtype: 'float32', values: [] },
      { name: 'unused', shape: [2], dtype: 'float32', values: [1, 2] },
    ],
    y: float([2, 3], [0, 0, 0, 0, 0, 0]),
    kernel: 'BatchMatMul (of nothing)',
  },
  {
    name: 'product of int32 matrices',
    x: int([2, 2]),
    op: 'MatMul',
    input: ['x', 'w'],
    attr: T('int32'),
    weights: [{ name: 'w', shape: [2, 1], dtype: 'int32', values: [10, 100] }],
    y: int([2, 1], [210, 430]),
    kernel: 'BatchMatMul (integers)',
  },
  {
    name: 'reverse of bool',
    x: bool([8], [1, 1, 0, 1, 0, 0, 0, 0]),
    op: 'ReverseV2',
    input: ['x', 'axis'],
    attr: T('bool'),
    weights: [ints('axis', 0)],
    y: bool([8], [0, 0, 0, 0, 1, 0, 1, 1]),
    kernel: 'Reverse (bool)',
  },
  {
    name: 'isNaN of int32',
    x: int([2], [-1, 1]),
    op: 'IsNan',
    attr: T('int32'),
    y: bool([2], [0, 0]),
    kernel: 'IsNan (int32)',
  },
  {
    // log1p(1e-7) is 1e-7 but for a hundred-millionth part.
    name: 'log1p of tiny values',
    x: float([3], [1e-7, 3e-7, 1e-6]),
    op: 'Log1p',
    attr: T('float32'),
    y: float([3], [1e-7, 3e-7, 9.999995e-7]),
    kernel: 'Log1p (tiny values)',
  },
  {
    // [[1, 2], [3, 4], [5, 6]] and [[1, 2, 3], [4, 5, 6]] are one weight: x times the first, and that times the second.
    name: 'one weight as two matrices',
    x: float([1, 3], [1, 1, 1]),
    op: 'MatMul',
    input: ['first', 'second'],
    attr: T('float32'),
    nodes: [
      { name: 'first', op: 'MatMul', input: ['x', 'w'], attr: T('float32') },
      { name: 'second', op: 'Reshape', input: ['w', 'shape'], attr: T('float32') },
    ],
    weights: [{ name: 'w', shape: [3, 2], dtype: 'float32', values: [1, 2, 3, 4, 5, 6] }, ints('shape', 2, 3)],
    y: float([1, 3], [9 * 1 + 12 * 4, 9 * 2 + 12 * 5, 9 * 3 + 12 * 6]),
    kernel: 'one weight under two shapes',
  },
  {
    name: 'the greater of NaN and a number',
    x: float([2], [Number.NaN, 1]),
    op: 'Maximum',
    input: ['zero', 'x'],
    attr: T('float32'),
    weights: [{ name: 'zero', shape: [], dtype: 'float32', values: [0] }],
    y: float([2], [Number.NaN, 1]),
    kernel: 'Maximum (NaN)',
  },
];

test.each(CASES)('$name', async ({ x, op, input = ['x'], attr = {}, weights = [], nodes = [], y, kernel }) => {
  const out = join(home.folder, 'out');
  writeGraphModel(out, {
    nodes: [placeholder('x', x.dtype, x.dims), ...nodes, { name: 'y', op, input, attr }],
    weights,
    inputs: [row('x', x.dtype, x.dims)],
    outputs: [row('y', y.dtype, y.dims)],
  });
  writeDataSet(join(home.folder, 'test_data_set_0'), { x }, { y });
  const request = {
    folder: out,
    model: join(home.folder, 'model.onnx'),
    relativePath: 'model.onnx',
    workspace: home.folder,
    tolerance: { atol: 1e-12, rangeTol: 0 },
  };
  const cpu = await judge({ ...request, engines: ['cpu'] });
  expect(cpu.diagnostics).toEqual([]);
  expect(cpu.verdict).toBe('pass');
  const wasm = await judge({ ...request, engines: ['wasm'] });
  expect(['mismatch', 'error']).toContain(wasm.verdict);
  expect(wasm.diagnostics.map((d) => d.code)).toContain('kernel-at-fault');
  expect(wasm.checks.find((c) => c.guarded)?.kernels?.join()).toContain(kernel);
  expect(wasm.checks.filter((c) => c.guarded).map((c) => c.status)).toEqual(['pass']);
});
