import { readFileSync } from 'node:fs';
import { NumpyError, readNpy, writeNpy } from '../../src/tensor/npy.js';
import { readNpz, writeNpz } from '../../src/tensor/npz.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { tensorOf } from '../../src/tensor/tensor.js';

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));

const FILES: [string, Tensor][] = [
  ['f2.npy', tensorOf('float16', [6], [1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 2 ** -24, 65504])],
  ['f4-2x3.npy', tensorOf('float32', [2, 3], [0, 0.25, 0.5, 0.75, 1, 1.25])],
  ['i8-scalar.npy', tensorOf('int64', [], [-(2n ** 63n)])],
  ['text.npy', tensorOf('string', [2, 2], ['a', 'bç', '😀', ''])],
  ['bool-1.npy', tensorOf('bool', [3], [true, false, true])],
];

test.each(FILES)("%s reads, and is written back as NumPy's own bytes", (name, tensor) => {
  expect(readNpy(fixture(name))).toEqual(tensor);
  expect(Buffer.from(writeNpy(tensor))).toEqual(Buffer.from(fixture(name)));
});

test('a compressed .npz with both byte orders, Fortran order, bytes, complex and empty arrays', () => {
  const arrays = readNpz(fixture('mixed.npz'));
  expect([...arrays.keys()]).toEqual(['half', 'big', 'fortran', 'flags', 'bytes', 'complex', 'empty', 'u64']);
  expect(Array.from(arrays.get('half')?.data as Float32Array)).toEqual([Math.fround(0.0999755859375), -2]);
  expect(arrays.get('big')).toEqual(tensorOf('float32', [2, 3], [0, 1, 2, 3, 4, 5]));
  expect(arrays.get('fortran')).toEqual(
    tensorOf(
      'int64',
      [2, 3, 4],
      Array.from({ length: 24 }, (_, i) => i),
    ),
  );
  expect(arrays.get('bytes')).toEqual(tensorOf('string', [2], ['xy', 'z']));
  expect(arrays.get('complex')).toEqual({ dtype: 'complex64', dims: [2], data: Float32Array.of(1, 2, 3, -4) });
  expect(arrays.get('empty')).toEqual(tensorOf('float32', [0, 3], []));
  expect(arrays.get('u64')).toEqual(tensorOf('uint64', [1], [2n ** 64n - 1n]));
});

test('a stored .npz, and one of ours', () => {
  const arrays = readNpz(fixture('stored.npz'));
  expect(arrays).toEqual(
    new Map([
      ['x', tensorOf('int32', [3], [1, 2, 3])],
      ['y', tensorOf('float64', [], [0.5])],
    ]),
  );
  expect(readNpz(writeNpz(arrays))).toEqual(arrays);
  expect(Buffer.from(writeNpz(arrays))).toEqual(Buffer.from(writeNpz(arrays)));
});

test('types that NumPy has not become ones that hold all their values', () => {
  expect(readNpy(writeNpy(tensorOf('bfloat16', [2], [1.5, -0.0078125]))).dtype).toBe('float32');
  expect(readNpy(writeNpy(tensorOf('int4', [2], [-8, 7])))).toEqual(tensorOf('int8', [2], [-8, 7]));
  expect(readNpy(writeNpy(tensorOf('uint2', [2], [3, 0])))).toEqual(tensorOf('uint8', [2], [3, 0]));
});

const header = (dict: string, body = 0): Uint8Array => {
  const text = Buffer.from(`${dict}\n`);
  return Uint8Array.from(
    Buffer.concat([
      Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]),
      text,
      Buffer.alloc(body),
    ]),
  );
};
test.each([
  ['nothing', new Uint8Array(0), /does not begin/],
  ['pickled objects', fixture('object.npy'), /pickled/],
  ['records', fixture('record.npy'), /records/],
  ['a cut header', fixture('f2.npy').subarray(0, 40), /ends within its header/],
  ['a cut body', fixture('f2.npy').subarray(0, 135), /needs 12 bytes, and it holds 7/],
  ['extra bytes', Uint8Array.from([...fixture('f2.npy'), 0]), /needs 12 bytes, and it holds 13/],
  [
    'a huge shape',
    header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999), }"),
    /out of bounds/,
  ],
  [
    'a shape beyond the file',
    header("{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000,), }", 4),
    /needs 8000000000 bytes/,
  ],
  ['no shape', header("{'descr': '<f4', 'fortran_order': False}"), /malformed/],
  ['an unknown type', header("{'descr': '<f16', 'fortran_order': False, 'shape': (1,), }", 16), /no counterpart/],
  ['text cut short', header("{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", 0), /needs 4 bytes/],
])('.npy with %s is refused with a reason', (_, bytes, message) => {
  expect(() => readNpy(bytes)).toThrow(NumpyError);
  expect(() => readNpy(bytes)).toThrow(message);
});

describe('.npz that is hostile or damaged', () => {
  const good = fixture('mixed.npz');
  const changed = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = good.slice();
    copy.set(bytes, at < 0 ? copy.length + at : at);
    return copy;
  };
  const directory = new DataView(good.buffer, good.byteOffset).getUint32(good.length - 6, true);
  test.each([
    ['no directory', good.subarray(0, 200), 2 ** 31, /no ZIP archive/],
    ['more entries than it holds', changed(-12, 0xff, 0xff), 2 ** 31, /more entries/],
    ['a directory elsewhere', changed(-6, 1, 0, 0, 0), 2 ** 31, /malformed/],
    ['a false checksum', changed(directory + 16, 1, 2, 3, 4), 2 ** 31, /damaged/],
    ['a size below the real one (a bomb)', changed(directory + 24, 1, 0, 0, 0), 2 ** 31, /larger than it claims/],
    ['an unknown method', changed(directory + 10, 14), 2 ** 31, /method 14/],
    ['encryption', changed(directory + 8, 1), 2 ** 31, /encrypted/],
    ['more bytes than allowed', good, 100, /100 are allowed/],
    // 300 MB are claimed, by a file of a kilobyte
    [
      'a ratio that nothing honest has (a bomb)',
      changed(directory + 24, 0, 0, 0, 0x12),
      2 ** 31,
      /times those of the file/,
    ],
  ])('%s', (_, bytes, limit, message) => {
    expect(() => readNpz(bytes, limit)).toThrow(NumpyError);
    expect(() => readNpz(bytes, limit)).toThrow(message);
  });
});
