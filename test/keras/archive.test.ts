/** The Keras archive as bytes. That Keras itself reads it is asked by python.long.ts. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { tensorOf } from '../../src/tensor/tensor.js';
import { hdf5 } from '../../src/write/hdf5.js';
import { snakeCase } from '../../src/keras/writer-keras3.js';
import { clean, convert, type Sketch } from '../convert/harness.js';

afterEach(clean);

const sketch: Sketch = {
  inputs: { x: ['float32', ['N', 3]] },
  outputs: ['y'],
  weights: { w: tensorOf('float32', [3, 2], [1, 2, 3, 4, 5, 6]), b: tensorOf('float32', [2], [7, 8]) },
  nodes: [{ op: 'Gemm', in: ['x', 'w', 'b'], out: ['y'] }],
};

/** Entries of a ZIP by its central directory, as APPNOTE 4.3.12 has it. */
function entries(zip: Buffer): { name: string; date: number; bytes: Buffer; sum: number }[] {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const out = [];
  for (let at = zip.readUInt32LE(end + 16), i = 0; i < zip.readUInt16LE(end + 10); i++) {
    const [length, start] = [zip.readUInt16LE(at + 28), zip.readUInt32LE(at + 42)];
    const from = start + 30 + zip.readUInt16LE(start + 26) + zip.readUInt16LE(start + 28);
    out.push({
      name: zip.toString('utf8', at + 46, at + 46 + length),
      date: zip.readUInt32LE(at + 12),
      sum: zip.readUInt32LE(at + 16),
      bytes: zip.subarray(from, from + zip.readUInt32LE(at + 24)),
    });
    at += 46 + length + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return out;
}

test('the same model gives the same bytes, without a date', async () => {
  const digest = () => {
    const c = convert(sketch, { formats: ['layers-model', 'keras'] });
    expect(c.artefacts.map((a) => a.path)).toContain('model.keras');
    const bytes = readFileSync(join(c.folder, 'model.keras'));
    for (const e of entries(bytes)) expect([e.name, e.date, crc32(e.bytes)]).toEqual([e.name, 0x210000, e.sum]);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      c.artefacts.find((a) => a.path === 'model.keras')?.sha256,
    );
    return bytes;
  };
  const first = digest();
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(digest().equals(first)).toBe(true);
});

test('alone, the archive stands beside conversion.json; with another format, beside that', () => {
  const files = (formats: ('keras' | 'layers-model' | 'graph-model')[]) => {
    const home = convert(sketch, { formats: ['layers-model'] });
    expect(home.status).toBe('converted');
    return convert(sketch, { formats: ['layers-model', ...formats] })
      .artefacts.map((a) => a.path)
      .sort();
  };
  expect(files(['keras'])).toEqual([
    'conversion.json',
    'group1-shard1of1.bin',
    'model.d.ts',
    'model.json',
    'model.keras',
  ]);
  expect(files(['keras', 'graph-model'])).toEqual([
    'conversion.json',
    'graph-model/conversion.json',
    'graph-model/group1-shard1of1.bin',
    'graph-model/model.d.ts',
    'graph-model/model.json',
    'group1-shard1of1.bin',
    'model.d.ts',
    'model.json',
    'model.keras',
  ]);
  expect(readdirSync(convert(sketch, { formats: ['layers-model', 'keras'] }).folder)).toContain('model.keras');
});

test('an HDF5 file is as long as it says, however many names a group has', () => {
  for (const count of [0, 1, 8, 9, 256, 257, 9000]) {
    const group = Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`layer_${i}`, { dims: [1], load: () => Float32Array.of(i) }]),
    );
    const file = hdf5({ layers: group });
    let bytes = 0;
    file.write((b) => {
      bytes += b.byteLength;
    });
    expect([count, bytes]).toEqual([count, file.bytes]);
  }
});

test('class names in snake case are those of keras.src.utils.naming', () => {
  // What to_snake_case of Keras 3.15.1 gives.
  expect(
    [
      'Conv2D',
      'Conv2DTranspose',
      'DepthwiseConv2D',
      'PReLU',
      'LSTM',
      'SimpleRNN',
      'BatchNormalization',
      'InputLayer',
    ].map(snakeCase),
  ).toEqual([
    'conv2d',
    'conv2d_transpose',
    'depthwise_conv2d',
    'p_re_lu',
    'lstm',
    'simple_rnn',
    'batch_normalization',
    'input_layer',
  ]);
});
