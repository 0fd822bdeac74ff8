/**
 * Nodes whose inputs, outputs or attributes are not what ONNX's specification (for com.microsoft: ONNX Runtime's
 * ContribOperators) allows: each is the model's fault, and is said so.
 */
import type { DType } from '../../src/tensor/dtype.js';
import { clean, convert, type Sketch, type SketchNode } from '../convert/harness.js';

afterEach(clean);

type Inputs = Record<string, readonly [DType, readonly (number | string)[]]>;

const f = (...dims: (number | string)[]) => ['float32', dims] as const;

function sketch(node: SketchNode, inputs: Inputs, opset = 18): Sketch {
  return { opset, inputs, outputs: node.out.filter((o) => o !== ''), nodes: [node] };
}

/** What is said of the node: code, message and place. */
function said(node: SketchNode, inputs: Inputs, opset?: number): string {
  const { diagnostics } = convert(sketch(node, inputs, opset));
  return diagnostics.map((d) => `${d.code} ${d.place.op ?? ''}: ${d.message}`).join('\n');
}

describe('is refused as the fault of the model', () => {
  test.each<[string, SketchNode, Inputs, RegExp]>([
    [
      'weights of another rank than the image',
      { op: 'Conv', in: ['x', 'w'], out: ['y'] },
      { x: f(1, 3, 8, 8), w: f(4, 3, 3) },
      /^invalid-node Conv: input 1 \(W\) of Conv has the shape \[4, 3, 3\], .*…s is 1 axis by input 0 \(X\)$/,
    ],
    [
      'a bias for other filters',
      { op: 'Conv', in: ['x', 'w', 'b'], out: ['y'] },
      { x: f(1, 3, 8, 8), w: f(4, 3, 3, 3), b: f(5) },
      /^invalid-node Conv: input 2 \(B\) .*M is 4 by input 1 \(W\)$/,
    ],
    [
      'statistics for other channels, which would broadcast',
      { op: 'BatchNormalization', in: ['x', 's', 'b', 'm', 'v'], out: ['y'] },
      { x: f(1, 3, 8, 8), s: f(1), b: f(3), m: f(3), v: f(3) },
      /^invalid-node BatchNormalization: input 1 \(scale\) .*C is 3 by input 0 \(X\)$/,
    ],
    [
      'a C that is larger than the product',
      { op: 'Gemm', in: ['a', 'b', 'c'], out: ['y'], with: { transB: 1 } },
      { a: f(1, 3), b: f(4, 3), c: f(2, 4) },
      /^invalid-node Gemm: input 2 \(C\) .*M is 1 by input 0 \(A\)/,
    ],
    [
      'matrices that have no depth in common',
      { op: 'Gemm', in: ['a', 'b'], out: ['y'], with: { transA: 1 } },
      { a: f(3, 2), b: f(4, 5) },
      /^invalid-node Gemm: input 1 \(B\) .*K is 3 by input 0 \(A\)$/,
    ],
    [
      'a first state for another hidden size',
      { op: 'LSTM', in: ['x', 'w', 'r', '', '', 'h'], out: ['y'], with: { hidden_size: 2 } },
      { x: f(5, 1, 3), w: f(1, 8, 3), r: f(1, 8, 2), h: f(1, 1, 4) },
      /^invalid-node LSTM: input 5 \(initial_h\) .*H is 2 by input 1 \(W\)/,
    ],
    [
      'updates of another shape than the indices',
      { op: 'ScatterElements', in: ['x', 'i', 'u'], out: ['y'] },
      { x: f(4, 4), i: ['int64', [2, 2]], u: f(2, 3) },
      /^invalid-node ScatterElements: input 2 \(updates\)/,
    ],
    [
      'a determinant of what is not square',
      { op: 'Det', in: ['x'], out: ['y'] },
      { x: f(2, 3, 4) },
      /^invalid-node Det: input 0 \(X\) of Det has the shape \[2, 3, 4\], where \[…, M, M\] is wanted$/,
    ],
    [
      'an input that ONNX Runtime asks for, and that is not there',
      { op: 'SkipLayerNormalization', domain: 'com.microsoft', in: ['x', 's'], out: ['y'] },
      { x: f(2, 3, 4), s: f(2, 3, 4) },
      /^invalid-node SkipLayerNormalization: input 2 of SkipLayerNormalization is missing$/,
    ],
    [
      'an input in the middle that is not there',
      { op: 'Where', in: ['c', '', 'x'], out: ['y'] },
      { c: ['bool', [2]], x: f(2) },
      /^invalid-node Where: input 1 \(X\) of Where is missing$/,
    ],
    [
      'types that an operator of ONNX Runtime mixes',
      { op: 'BiasAdd', domain: 'com.microsoft', in: ['x', 'b', 's'], out: ['y'] },
      { x: f(2, 3), b: ['int32', [3]], s: f(2, 3) },
      /^invalid-node BiasAdd: input 1 \(B\) of Add is int32 and A is float32: ONNX wants one type$/,
    ],
    [
      'an attribute that the operator needs',
      { op: 'Concat', in: ['x', 'x'], out: ['y'] },
      { x: f(2) },
      /^invalid-node Concat: attribute axis of Concat is missing$/,
    ],
    [
      'more outputs than the operator has',
      { op: 'Relu', in: ['x'], out: ['y', 'z'] },
      { x: f(2) },
      /^invalid-node Relu: Relu has 2 outputs, where opset 18 allows 1$/,
    ],
    [
      'more inputs than an operator takes that is said by a body of ONNX',
      { op: 'HannWindow', in: ['n', 'n'], out: ['y'] },
      { n: ['int64', []] },
      /^invalid-node HannWindow: HannWindow has 2 inputs, where opset 18 allows 1$/,
    ],
    [
      'a type that such an operator does not take',
      { op: 'HannWindow', in: ['n'], out: ['y'] },
      { n: f() },
      /^invalid-node HannWindow: input 0 \(size\) of HannWindow is float32, which ONNX doesn't allow it to be$/,
    ],
  ])('%s', (_, node, inputs, message) => {
    expect(said(node, inputs)).toMatch(message);
  });

  test('a sequence where a tensor is expected', () => {
    const { diagnostics } = convert({
      opset: 18,
      inputs: { x: f(2) },
      outputs: ['y'],
      nodes: [
        { op: 'SequenceConstruct', in: ['x', 'x'], out: ['s'] },
        { op: 'Relu', in: ['s'], out: ['y'] },
      ],
    });
    expect(diagnostics.map((d) => `${d.code}: ${d.message}`)).toEqual([
      "invalid-node: input 0 (X) of Relu is a sequence, which ONNX doesn't allow it to be",
    ]);
  });

  test('an output that the operator does not give, where somebody reads it', () => {
    const node = {
      op: 'SkipSimplifiedLayerNormalization',
      domain: 'com.microsoft',
      in: ['x', 's', 'g'],
      out: ['y', 'mean'],
    };
    const inputs = { x: f(2, 3, 4), s: f(2, 3, 4), g: f(4) };
    expect(convert({ ...sketch(node, inputs), outputs: ['y'] }).status).toBe('converted');
    const asked = convert(sketch(node, inputs));
    expect(asked.diagnostics.map((d) => `${d.code} ${d.place.tensor}`)).toEqual(['unsupported-node mean']);
    const read = convert({
      ...sketch(node, inputs),
      outputs: ['z'],
      nodes: [node, { op: 'Relu', in: ['mean'], out: ['z'] }],
    });
    expect(read.diagnostics.map((d) => `${d.code} ${d.place.op} ${d.place.tensor}`)).toEqual([
      'unsupported-node Relu mean',
    ]);
  });
});

describe('is right, and stays', () => {
  test.each<[string, SketchNode, Inputs]>([
    ['one number with an axis', { op: 'Clip', in: ['x', 'low'], out: ['y'] }, { x: f(2, 3), low: f(1) }],
    [
      'a batch normalization of a list',
      { op: 'BatchNormalization', in: ['x', 's', 's', 's', 's'], out: ['y'] },
      { x: f('n', 3), s: f(3) },
    ],
    [
      'sizes that only the run tells',
      { op: 'Conv', in: ['x', 'w', 'b'], out: ['y'] },
      { x: f('n', 'c', 'h', 'w'), w: f(4, 3, 3, 3), b: f('m') },
    ],
    ['a C of one number', { op: 'Gemm', in: ['a', 'b', 'c'], out: ['y'] }, { a: f(2, 3), b: f(3, 4), c: f() }],
    [
      'one score per row where the batch comes first',
      { op: 'RNN', in: ['x', 'w', 'r', '', '', 'h'], out: ['y'], with: { hidden_size: 4, layout: 1 } },
      { x: f(2, 5, 3), w: f(1, 4, 3), r: f(1, 4, 4), h: f(2, 1, 4) },
    ],
  ])('%s', (_, node, inputs) => {
    expect(said(node, inputs)).toBe('');
  });
});
