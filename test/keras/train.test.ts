/** A layers-model can be trained further: TensorFlow.js loads it, compiles it, and fitting lowers the loss. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensorOf, type Tensor } from '../../src/tensor/tensor.js';
import { clean, convert } from '../convert/harness.js';

afterEach(clean);

/** Numbers that look random and are the same each time. */
function noise(dims: readonly number[], seed: number, scale = 0.5): Tensor {
  let state = seed;
  return tensorOf(
    'float32',
    dims,
    Array.from({ length: dims.reduce((p, q) => p * q, 1) }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state / 2 ** 32 - 0.5) * 2 * scale;
    }),
  );
}

test('BatchNormalization, Dropout and Dense stay, and fitting lowers the loss', async () => {
  const c = convert(
    {
      opset: 13,
      inputs: { x: ['float32', ['N', 2, 6, 6]] },
      outputs: ['y'],
      weights: {
        w: noise([4, 2, 3, 3], 1),
        b: noise([4], 2),
        gamma: tensorOf('float32', [4], [1, 1, 1, 1]),
        beta: noise([4], 3),
        mean: noise([4], 4, 0.1),
        variance: tensorOf('float32', [4], [1, 0.5, 2, 1]),
        k: noise([3, 36], 5),
        bias: noise([3], 6),
        ratio: tensorOf('float32', [], [0.25]),
      },
      nodes: [
        { op: 'Conv', in: ['x', 'w', 'b'], out: ['c'], with: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } },
        { op: 'BatchNormalization', in: ['c', 'gamma', 'beta', 'mean', 'variance'], out: ['n'] },
        { op: 'Relu', in: ['n'], out: ['r'] },
        { op: 'MaxPool', in: ['r'], out: ['p'], with: { kernel_shape: [2, 2], strides: [2, 2] } },
        { op: 'Flatten', in: ['p'], out: ['f'] },
        { op: 'Dropout', in: ['f', 'ratio'], out: ['d'] },
        { op: 'Gemm', in: ['d', 'k', 'bias'], out: ['y'], with: { transB: 1 } },
      ],
    },
    { formats: ['layers-model'] },
  );
  expect(c.diagnostics).toEqual([]);
  await tf.setBackend('cpu');
  const { weightsManifest: manifest, ...json } = JSON.parse(readFileSync(join(c.folder, 'model.json'), 'utf8'));
  const bytes = Buffer.concat(manifest[0].paths.map((p: string) => readFileSync(join(c.folder, p))));
  const model = await loadLayersModel({
    load: async () => ({
      ...json,
      weightSpecs: manifest[0].weights,
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
    }),
  });
  // A Dense behind a Flatten has its rows in the order of memory, and needs no Permute.
  expect(model.layers.map((l) => l.getClassName())).toEqual([
    'InputLayer',
    'ZeroPadding2D',
    'Conv2D',
    'BatchNormalization',
    'Activation',
    'MaxPooling2D',
    'Flatten',
    'Dropout',
    'Dense',
  ]);
  const [x, y] = [
    tf.tensor(noise([8, 6, 6, 2], 7, 1).data as Float32Array, [8, 6, 6, 2]),
    tf.tensor(noise([8, 3], 8, 1).data as Float32Array, [8, 3]),
  ];
  model.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
  const before = tf.losses.meanSquaredError(y, model.predict(x) as tf.Tensor).dataSync()[0];
  const { history } = await model.fit(x, y, { epochs: 20, batchSize: 8, shuffle: false, verbose: 0 });
  const after = tf.losses.meanSquaredError(y, model.predict(x) as tf.Tensor).dataSync()[0];
  expect(history.loss).toHaveLength(20);
  expect(after).toBeLessThan(before / 2);
});
