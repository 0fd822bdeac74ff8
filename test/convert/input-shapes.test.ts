/** The settings file's input shapes: what they fix, what is then folded, and what is wrong with them. */
import { tensorOf } from '../../src/tensor/tensor.js';
import { clean, convert, type Sketch } from './harness.js';

afterEach(clean);

/** y: x's rows one after the other, by way of its own sizes, as exporters write it. */
const ROWS: Sketch = {
  inputs: { x: ['float32', ['n', 4, 'w']], z: ['float32', ['n', 'w']] },
  outputs: ['y', 'sum'],
  nodes: [
    { op: 'Shape', name: 'shape', in: ['x'], out: ['s'] },
    { op: 'Gather', name: 'count', in: ['s', 'zero'], out: ['n'] },
    { op: 'Gather', name: 'width', in: ['s', 'two'], out: ['w'] },
    { op: 'Mul', name: 'area', in: ['w', 'four'], out: ['a'] },
    { op: 'Concat', name: 'sizes', in: ['n', 'a'], out: ['to'], with: { axis: 0 } },
    { op: 'Reshape', name: 'rows', in: ['x', 'to'], out: ['y'] },
    { op: 'Relu', name: 'positive', in: ['z'], out: ['sum'] },
  ],
  weights: {
    zero: tensorOf('int64', [1], [0]),
    two: tensorOf('int64', [1], [2]),
    four: tensorOf('int64', [1], [4]),
  },
};
const SHAPE_NODES = ['shape', 'count', 'width', 'area', 'sizes'];

test('fixes the sizes that the file leaves open, wherever their symbols stand, and folds what follows from them', async () => {
  const fixed = convert(ROWS, { inputShapes: { x: [2, 4, 3] }, formats: ['graph-model'], changeOrdering: false });
  expect([fixed.status, fixed.diagnostics.filter((d) => d.severity !== 'note')]).toEqual(['converted', []]);
  expect(fixed.record.inputs.map((i) => [i.onnx.shape, i.tfjs.shape])).toEqual([
    [
      ['n', 4, 'w'],
      [2, 4, 3],
    ],
    [
      ['n', 'w'],
      [2, 3],
    ],
  ]);
  expect(fixed.record.outputs.map((o) => o.tfjs.shape)).toEqual([
    [2, 12],
    [2, 3],
  ]);
  // No size is looked up at run time any more.
  const ops = (fixed.json.modelTopology.node ?? []).map((n) => n.op);
  expect(ops.filter((op) => /Shape$/.test(op) && op !== 'Reshape')).toEqual([]);
  const became = new Map(fixed.record.nodes.map((n) => [n.onnx.name, n.became]));
  expect(SHAPE_NODES.map((name) => became.get(name))).not.toContain('op');
  const data = Float32Array.from({ length: 24 }, (_, i) => i - 12);
  const outputs = await fixed.run('cpu', {
    x: { dtype: 'float32', shape: [2, 4, 3], data },
    z: { dtype: 'float32', shape: [2, 3], data: data.slice(9, 15) },
  });
  expect([outputs.get('y')?.shape, [...(outputs.get('y')?.data ?? [])]]).toEqual([[2, 12], [...data]]);
  expect([...(outputs.get('sum')?.data ?? [])]).toEqual([0, 0, 0, 0, 1, 2]);
});

test.each([
  [{ xx: [2, 4, 3] }, 'no-such-input', 'is "x" meant?'],
  [{ elsewhere: [2] }, 'no-such-input', 'it has "x", "z"'],
  [{ x: [2, 4] }, 'input-shape-rank', "the model's has rank 3: [n, 4, w]"],
  [{ x: [2, 5, 3] }, 'input-shape-fixed', 'the shape [2, 5, 3] where the model has fixed [n, 4, w]'],
  [{ x: [2, 4, 3], z: [1, 3] }, 'input-shape-symbol', 'the size "n" twice, as 2 and as 1'],
])('%j is refused: %s', (inputShapes, code, message) => {
  const { status, diagnostics } = convert(ROWS, { inputShapes: inputShapes as unknown as Record<string, number[]> });
  expect(status).not.toBe('converted');
  expect(diagnostics.map((d) => d.code)).toContain(code);
  expect(diagnostics.find((d) => d.code === code)?.message).toContain(message);
});
