/** LRN by stock layers, against ONNX's own formula in doubles; and tensors that a layer takes twice. */
import { clean, convert, Float } from '../convert/harness.js';

afterEach(clean);

const [N, C, H, W] = [2, 7, 3, 3];

/** Source: ONNX, LRN-13. x and the result are [N, C, H, W]. */
function expected(x: Float32Array, alpha: number, beta: number, bias: number, size: number): number[] {
  return Array.from(x, (v, i) => {
    const c = Math.floor(i / (H * W)) % C;
    const image = Math.floor(i / (C * H * W));
    let sum = 0;
    for (let j = Math.max(0, c - Math.floor((size - 1) / 2)); j <= Math.min(C - 1, c + Math.ceil((size - 1) / 2)); j++)
      sum += x[image * C * H * W + j * H * W + (i % (H * W))] ** 2;
    return v / (bias + (alpha / size) * sum) ** beta;
  });
}

test.each([
  [1e-4, 0.75, 1, 5],
  [2e-3, 0.75, 2, 4],
  [0.5, 0.5, 0.25, 3],
  [1, 0.25, 1, 7],
  [0.1, 1, 3, 1],
])('alpha %d, beta %d, bias %d, size %d, for inputs from 1e-3 to 1e9', async (alpha, beta, bias, size) => {
  const x = Float32Array.from(
    { length: N * C * H * W },
    (_, i) => 10 ** (((i * 37) % 121) / 10 - 3) * (i % 2 === 0 ? 1 : -1),
  );
  for (const changeOrdering of [false, true]) {
    const model = convert(
      {
        inputs: { x: ['float32', ['N', C, H, W]] },
        outputs: ['y'],
        nodes: [
          {
            op: 'LRN',
            in: ['x'],
            out: ['y'],
            with: { alpha: new Float(alpha), beta: new Float(beta), bias: new Float(bias), size },
          },
        ],
      },
      { formats: ['layers-model'], changeOrdering },
    );
    const order = model.record.inputs[0].order;
    const at = (i: number): number => {
      const [n, c, p] = [Math.floor(i / (C * H * W)), Math.floor(i / (H * W)) % C, i % (H * W)];
      return order[1] === 1 ? i : (n * H * W + p) * C + c;
    };
    const data = new Float32Array(x.length);
    x.forEach((v, i) => {
      data[at(i)] = v;
    });
    const shape = order[1] === 1 ? [N, C, H, W] : [N, H, W, C];
    const { inputs, outputs } = model.record;
    const y = (await model.run('wasm', { [inputs[0].tfjs.name]: { dtype: 'float32', shape, data } })).get(
      outputs[0].tfjs.name,
    );
    const worst = expected(x, alpha, beta, bias, size).reduce(
      (most, e, i) => Math.max(most, Math.abs(Number(y?.data[at(i)]) - e) / Math.abs(e)),
      0,
    );
    expect(worst).toBeLessThan(2e-6);
  }
});

test('a power that products do not reach is refused', () => {
  const model = convert(
    {
      inputs: { x: ['float32', [1, C, H, W]] },
      outputs: ['y'],
      nodes: [{ op: 'LRN', in: ['x'], out: ['y'], with: { beta: new Float(0.6), size: 3 } }],
    },
    { formats: ['layers-model'] },
  );
  expect(model.status).not.toBe('converted');
  expect(model.diagnostics.map((d) => d.message).join()).toMatch(/beta 0\.6/);
});

test('a tensor that a layer takes twice and others take too is there for all of them', async () => {
  const model = convert(
    {
      inputs: { x: ['float32', ['N', 3]] },
      outputs: ['y'],
      nodes: [
        { op: 'Sigmoid', in: ['x'], out: ['s'] },
        { op: 'Mul', in: ['s', 's'], out: ['square'] },
        { op: 'Tanh', in: ['s'], out: ['t'] },
        { op: 'Add', in: ['square', 't'], out: ['y'] },
      ],
    },
    { formats: ['layers-model'] },
  );
  const { inputs, outputs } = model.record;
  const x = Float32Array.of(-1, 0, 2);
  const y = (await model.run('cpu', { [inputs[0].tfjs.name]: { dtype: 'float32', shape: [1, 3], data: x } })).get(
    outputs[0].tfjs.name,
  );
  x.forEach((v, i) => {
    const s = 1 / (1 + Math.exp(-v));
    expect(Number(y?.data[i])).toBeCloseTo(s * s + Math.tanh(s), 5);
  });
});
