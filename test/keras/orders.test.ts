/**
 * The order of axes of layers-models: several inputs of different kinds, with and without change-ordering, and inputs whose
 * own order the settings name. The truth is computed here, element by element.
 */
import { tensorOf } from '../../src/tensor/tensor.js';
import { clean, convert, floats, type Converted, type Sketch } from '../convert/harness.js';

afterEach(clean);

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 7) % 11) / 4 - 1);

/** An image (1, 2, 2, 3) and a line (1, 2, 3), each convolved, and a vector (1, 3): the image's product, their mean, the vector. */
const mixed: Sketch = {
  inputs: { image: ['float32', [1, 2, 2, 3]], line: ['float32', [1, 2, 3]], vector: ['float32', [1, 3]] },
  outputs: ['image_out', 'flat'],
  weights: {
    w: tensorOf('float32', [2, 2, 1, 1], [1, -2, 3, 0.5]),
    half: tensorOf('float32', [1, 2, 1], [0.5, 0.5]),
    shape: tensorOf('int64', [2], [0, -1]),
    k: tensorOf('float32', [12, 3], range(36)),
  },
  nodes: [
    { op: 'Conv', in: ['image', 'w'], out: ['image_out'] },
    { op: 'Reshape', in: ['image_out', 'shape'], out: ['f'] },
    { op: 'Gemm', in: ['f', 'k'], out: ['g'] },
    { op: 'Add', in: ['g', 'vector'], out: ['h'] },
    { op: 'Conv', in: ['line', 'half'], out: ['c'] },
    { op: 'Reshape', in: ['c', 'shape'], out: ['m'] },
    { op: 'Add', in: ['h', 'm'], out: ['flat'] },
  ],
};
const image = range(12);
const line = range(6).reverse();
const vector = [0.25, -3, 8];

function expected(): { image: number[]; flat: number[] } {
  const [w, k] = [[1, -2, 3, 0.5], range(36)];
  const out = Array.from({ length: 12 }, (_, i) => {
    const [o, at] = [Math.floor(i / 6), i % 6];
    return w[o * 2] * image[at] + w[o * 2 + 1] * image[6 + at];
  });
  const flat = vector.map((v, j) => v + out.reduce((s, x, i) => s + x * k[i * 3 + j], 0) + (line[j] + line[3 + j]) / 2);
  return { image: out, flat };
}

/** Elements in another order of axes: position i of the result is axis order[i]. */
function moved(values: readonly number[], dims: readonly number[], order: readonly number[]): number[] {
  const strides = dims.map((_, i) => dims.slice(i + 1).reduce((p, q) => p * q, 1));
  const sizes = order.map((a) => dims[a]);
  return Array.from({ length: values.length }, (_, i) => {
    let [rest, from] = [i, 0];
    for (let p = sizes.length - 1; p >= 0; p--) {
      from += (rest % sizes[p]) * strides[order[p]];
      rest = Math.floor(rest / sizes[p]);
    }
    return values[from];
  });
}

async function check(c: Converted, orders: readonly (readonly number[])[]): Promise<void> {
  expect(c.diagnostics).toEqual([]);
  expect(c.record.inputs.map((i) => i.order)).toEqual(orders);
  const feed = [
    { name: 'image', dims: [1, 2, 2, 3], values: image },
    { name: 'line', dims: [1, 2, 3], values: line },
    { name: 'vector', dims: [1, 3], values: vector },
  ];
  const inputs = Object.fromEntries(
    feed.map(({ name, dims, values }, i) => [
      name,
      floats(
        orders[i].map((a) => dims[a]),
        moved(values, dims, orders[i]),
      ),
    ]),
  );
  const want = expected();
  for (const engine of ['cpu', 'wasm'] as const) {
    const outputs = await c.run(engine, inputs);
    const close = (name: string, values: readonly number[]) => {
      const given = [...(outputs.get(name)?.data ?? [])] as number[];
      expect(given).toHaveLength(values.length);
      given.forEach((v, i) => {
        expect(v).toBeCloseTo(values[i], 4);
      });
    };
    close('image_out', moved(want.image, [1, 2, 2, 3], c.record.outputs[0].order));
    close('flat', want.flat);
  }
}

test.each<[string, boolean, Record<string, number[]>, number[][], number[]]>([
  [
    'channels last',
    true,
    {},
    [
      [0, 2, 3, 1],
      [0, 2, 1],
      [0, 1],
    ],
    [0, 2, 3, 1],
  ],
  [
    "ONNX's order",
    false,
    {},
    [
      [0, 1, 2, 3],
      [0, 1, 2],
      [0, 1],
    ],
    [0, 1, 2, 3],
  ],
  [
    'channels last, but for the image',
    true,
    { image: [0, 1, 2, 3] },
    [
      [0, 1, 2, 3],
      [0, 2, 1],
      [0, 1],
    ],
    [0, 2, 3, 1],
  ],
  [
    "ONNX's order, but for the line",
    false,
    { line: [0, 2, 1] },
    [
      [0, 1, 2, 3],
      [0, 2, 1],
      [0, 1],
    ],
    [0, 1, 2, 3],
  ],
  [
    'width before height',
    true,
    { image: [0, 3, 2, 1] },
    [
      [0, 3, 2, 1],
      [0, 2, 1],
      [0, 1],
    ],
    [0, 2, 3, 1],
  ],
])('%s', async (_, changeOrdering, inputOrders, orders, output) => {
  const c = convert(mixed, { formats: ['layers-model'], changeOrdering, inputOrders });
  await check(c, orders);
  expect(c.record.outputs[0].order).toEqual(output);
});

test('a recurrent input of torch, time first, is a layers-model where its order puts the batch first', async () => {
  const rnn: Sketch = {
    opset: 14,
    inputs: { x: ['float32', [2, 1, 1]] },
    outputs: ['h'],
    weights: {
      w: tensorOf('float32', [1, 1, 1], [1]),
      r: tensorOf('float32', [1, 1, 1], [0.5]),
      zero: tensorOf('int64', [1], [0]),
    },
    nodes: [
      { op: 'RNN', in: ['x', 'w', 'r'], out: ['', 'last'], with: { hidden_size: 1 } },
      { op: 'Squeeze', in: ['last', 'zero'], out: ['h'] },
    ],
  };
  const refused = convert(rnn, { formats: ['layers-model'] });
  expect(refused.diagnostics.map((d) => d.message).join()).toMatch(/batch/);
  const c = convert(rnn, { formats: ['layers-model'], inputOrders: { x: [1, 0, 2] } });
  expect(c.diagnostics).toEqual([]);
  const outputs = await c.run('cpu', { x: floats([1, 2, 1], [0.3, -0.8]) });
  const first = Math.tanh(0.3);
  expect([...(outputs.get('h')?.data ?? [])][0]).toBeCloseTo(Math.tanh(-0.8 + 0.5 * first), 6);
});
