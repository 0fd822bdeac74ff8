/** What no stock layer says is refused, with the node and its reason; nothing is said nearly. */
import { tensorOf } from '../../src/tensor/tensor.js';
import { clean, convert, type Sketch } from '../convert/harness.js';

afterEach(clean);

const layers = (s: Sketch, changeOrdering = true) =>
  convert(s, { formats: ['keras'], changeOrdering }).diagnostics.filter((d) => d.code === 'no-keras-layer');

const ramp = (dims: readonly number[]) =>
  tensorOf(
    'float32',
    dims,
    Array.from({ length: dims.reduce((p, q) => p * q, 1) }, (_, i) => i / 7 - 1),
  );

test.each<[string, Sketch, RegExp]>([
  [
    'a softmax over the batch',
    {
      inputs: { x: ['float32', [2, 3]] },
      outputs: ['y'],
      nodes: [{ op: 'Softmax', in: ['x'], out: ['y'], with: { axis: 0 } }],
    },
    /batch \(axis 0\)/,
  ],
  [
    'a constant with a value for each item of the batch',
    {
      inputs: { x: ['float32', [3, 2]] },
      outputs: ['y'],
      weights: { w: ramp([3, 2]) },
      nodes: [{ op: 'Mul', in: ['x', 'w'], out: ['y'] }],
    },
    /each item of the batch/,
  ],
  [
    'a product that sums over the batch',
    {
      inputs: { a: ['float32', [3, 4]], b: ['float32', [4, 3]] },
      outputs: ['y'],
      nodes: [{ op: 'MatMul', in: ['a', 'b'], out: ['y'] }],
    },
    /sums over the batch|not a batch/,
  ],
  [
    'a division by a tensor',
    {
      inputs: { a: ['float32', [2, 4]], b: ['float32', [2, 4]] },
      outputs: ['y'],
      nodes: [{ op: 'Div', in: ['a', 'b'], out: ['y'] }],
    },
    /divides by a tensor/,
  ],
  [
    'the batch merged with another axis',
    {
      inputs: { x: ['float32', [2, 3, 4]] },
      outputs: ['y'],
      weights: { s: tensorOf('int64', [2], [6, 4]) },
      nodes: [{ op: 'Reshape', in: ['x', 's'], out: ['y'] }],
    },
    /merged with other axes/,
  ],
  [
    'an Expand of the batch',
    {
      inputs: { x: ['float32', [1, 3]] },
      outputs: ['y'],
      weights: { s: tensorOf('int64', [2], [4, 3]) },
      nodes: [{ op: 'Expand', in: ['x', 's'], out: ['y'] }],
    },
    /repeats the batch/,
  ],
  [
    'inputs of unlike batches',
    {
      inputs: { a: ['float32', [1, 3]], b: ['float32', [2, 3]] },
      outputs: ['y'],
      nodes: [{ op: 'Add', in: ['a', 'b'], out: ['y'] }],
    },
    /first axis/,
  ],
  [
    'rounding',
    { inputs: { x: ['float32', [2, 3]] }, outputs: ['y'], nodes: [{ op: 'Floor', in: ['x'], out: ['y'] }] },
    /no stock Keras layer says Floor/,
  ],
])('%s', (_, sketch, reason) => {
  for (const ordering of [true, false]) {
    const found = layers(sketch, ordering);
    expect(found.map((d) => d.message).join('; ')).toMatch(reason);
    expect(found.every((d) => d.remedy !== '')).toBe(true);
  }
});

test('where auto writes a graph-model, the report has each node, why, and what else would do', () => {
  const vector: Sketch = {
    inputs: { v: ['float32', ['N']], x: ['float32', ['N', 3]] },
    outputs: ['y', 'z'],
    nodes: [
      { op: 'Relu', name: 'line', in: ['v'], out: ['y'] },
      { op: 'Floor', name: 'down', in: ['x'], out: ['z'] },
    ],
  };
  const c = convert(vector, { formats: ['auto'] });
  expect(c.format).toBe('graph-model');
  expect(c.conversion?.notLayers).toEqual([
    {
      node: 'v',
      op: '',
      reason: expect.stringMatching(/feeds a layers-model no vectors/),
      remedy: 'give it a second axis, or convert to a graph-model',
    },
    { node: 'down', op: 'Floor', reason: 'no stock Keras layer says Floor' },
  ]);
});

test('a GRU with linear_before_reset has a layer in Keras 3, and none in TensorFlow.js', () => {
  const gru: Sketch = {
    opset: 14,
    inputs: { x: ['float32', [2, 5, 3]] },
    outputs: ['y'],
    weights: { w: ramp([1, 12, 3]), r: ramp([1, 12, 4]) },
    nodes: [
      { op: 'Transpose', in: ['x'], out: ['t'], with: { perm: [1, 0, 2] } },
      { op: 'GRU', in: ['t', 'w', 'r'], out: ['', 'h'], with: { hidden_size: 4, linear_before_reset: 1 } },
      { op: 'Squeeze', in: ['h', 'zero'], out: ['y'] },
    ],
  };
  const whole = { ...gru, weights: { ...gru.weights, zero: tensorOf('int64', [1], [0]) } };
  expect(
    convert(whole, { formats: ['layers-model'] })
      .diagnostics.map((d) => d.message)
      .join(),
  ).toMatch(/linear_before_reset/);
});
