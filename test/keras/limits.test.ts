/** Where tfjs-layers computes shapes and types in a way of its own: values worked out by hand. */
import { tensorOf } from '../../src/tensor/tensor.js';
import { clean, convert, floats, type Sketch } from '../convert/harness.js';

afterEach(clean);

const layers = { formats: ['layers-model' as const] };

test.each([true, false])(
  'a crop of open size can be joined with others (change-ordering %s)',
  async (changeOrdering) => {
    // What a U-Net has: a deconvolution with padding, beside what comes from before. Its only tap is the one in the middle
    // that keeps every element of the half in place, at even rows and columns.
    const kernel = new Array<number>(16).fill(0);
    kernel[4 + 1] = 1;
    const c = convert(
      {
        inputs: { x: ['float32', ['N', 1, 'H', 'W']] },
        outputs: ['y'],
        weights: { w: tensorOf('float32', [1, 1, 4, 4], kernel) },
        nodes: [
          { op: 'MaxPool', in: ['x'], out: ['half'], with: { kernel_shape: [1, 1], strides: [2, 2] } },
          { op: 'ConvTranspose', in: ['half', 'w'], out: ['up'], with: { strides: [2, 2], pads: [1, 1, 1, 1] } },
          { op: 'Concat', in: ['up', 'x'], out: ['y'], with: { axis: 1 } },
        ],
      },
      { ...layers, changeOrdering },
    );
    expect(c.diagnostics).toEqual([]);
    for (const [height, width] of [
      [2, 4],
      [4, 2],
    ]) {
      const x = Array.from({ length: height * width }, (_, i) => i + 1);
      const up = x.map((v, i) => (Math.floor(i / width) % 2 === 0 && (i % width) % 2 === 0 ? v : 0));
      const expected = changeOrdering ? x.flatMap((v, i) => [up[i], v]) : [...up, ...x];
      const dims = changeOrdering ? [1, height, width, 1] : [1, 1, height, width];
      for (const engine of ['cpu', 'wasm'] as const) {
        const outputs = await c.run(engine, { x: floats(dims, x) });
        expect([...(outputs.get('y')?.data ?? [])]).toEqual(expected);
      }
    }
  },
);

test('a product with a vector keeps its batch', async () => {
  const c = convert(
    {
      inputs: { x: ['float32', ['N', 2, 3]] },
      outputs: ['y'],
      weights: { w: tensorOf('float32', [3], [1, 10, 100]) },
      nodes: [{ op: 'MatMul', in: ['x', 'w'], out: ['y'] }],
    },
    layers,
  );
  expect(c.diagnostics).toEqual([]);
  expect(c.record.outputs[0]).toMatchObject({ order: [0, 1], tfjs: { shape: [null, 2] } });
  const outputs = await c.run('cpu', { x: floats([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2]) });
  expect([...([...outputs.values()][0]?.data ?? [])]).toEqual([321, 654, 987, 210]);
});

const integers = (shapes: readonly (readonly number[])[]): Sketch => ({
  inputs: { x: ['int32', ['N', 2, 3]] },
  outputs: [`y${shapes.length - 1}`],
  weights: Object.fromEntries(shapes.map((s, i) => [`s${i}`, tensorOf('int64', [s.length], s)])),
  nodes: shapes.map((_, i) => ({ op: 'Reshape', in: [i === 0 ? 'x' : `y${i - 1}`, `s${i}`], out: [`y${i}`] })),
});

test('integers are an output where they come straight from an input, and else refused: between layers all is float', async () => {
  const one = convert(integers([[0, 6]]), layers);
  expect(one.diagnostics).toEqual([]);
  const x = { dtype: 'int32' as const, shape: [1, 2, 3], data: Int32Array.of(1, 2, 3, 4, 5, 2 ** 24 + 1) };
  const y = (await one.run('cpu', { x })).get('y0');
  expect(y?.dtype).toBe('int32');
  expect([...(y?.data ?? [])]).toEqual([1, 2, 3, 4, 5, 2 ** 24 + 1]);
  const two = [
    [0, 6],
    [0, 3, 2],
  ];
  expect(convert(integers(two), layers).diagnostics.map((d) => d.message)).toEqual([
    expect.stringContaining('makes floats of what goes from layer to layer'),
  ]);
});

test('an input of seven axes is more than TensorFlow.js takes batches of', () => {
  const c = convert(
    {
      inputs: { x: ['float32', ['N', 1, 1, 2, 1, 1, 2]] },
      outputs: ['y'],
      nodes: [{ op: 'Relu', in: ['x'], out: ['y'] }],
    },
    layers,
  );
  expect(c.diagnostics.map((d) => d.message)).toEqual([expect.stringContaining('up to 6')]);
});
