/** Files of stored values, bent: .pb, .npy, .npz, .json, PNG and JPEG. */
import { crc32, deflateRawSync, deflateSync } from 'node:zlib';
import { mutateBytes } from './mutate.js';
import { encode, message, varint } from './proto.js';
import type { Random } from './random.js';
import { FLOATS, INTEGERS, NAMES } from './words.js';

const NUMBERS = [
  '0',
  '1',
  '2',
  '3',
  '8',
  '64',
  '-1',
  '1L',
  '2147483647',
  '4294967296',
  '9007199254740993',
  '1e9',
  '99999999999999999999999',
];

/** A .npy file whose header may be anything. */
function npy(r: Random): Uint8Array {
  const shape = r.once(2) ? ['2', '3'] : Array.from({ length: r.once(20) ? 2000 : r.below(5) }, () => r.pick(NUMBERS));
  const descr = r.pick([
    "'<f4'",
    "'<f4'",
    "'>f8'",
    "'|b1'",
    "'<i8'",
    "'<U3'",
    "'|S2'",
    "'|O'",
    "'<c16'",
    "'<U99999999'",
    "'<U0'",
    "'|V4'",
    "[('a', '<f4')]",
    "''",
    "'<f999'",
  ]);
  const dict = r.pick([
    `{'descr': ${descr}, 'fortran_order': ${r.pick(['False', 'True', 'None'])}, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`,
    `{'shape': (${shape.join(', ')})${' '.repeat(r.pick([0, 1, 50000]))}, 'descr': ${descr}, 'fortran_order': False}`,
    `{'shape': (${r.pick([',', '(', ' ', '1'])}`.padEnd(r.pick([20, 60000]), r.pick([' ', ',', '1', '('])),
  ]);
  const wide = r.once(4);
  const head = Buffer.concat([
    Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, r.once(20) ? r.below(256) : wide ? 2 : 1, 0),
    wide ? uint(BigInt(dict.length + 1), 4) : uint(BigInt(r.once(20) ? r.below(65536) : dict.length + 1), 2),
    Buffer.from(`${dict}\n`, 'latin1'),
  ]);
  const bytes = Buffer.concat([head, r.once(2) ? Buffer.alloc(24, 0x3d) : r.bytes(r.below(100))]);
  return r.once(3) ? mutateBytes(bytes, r) : bytes;
}

function uint(value: bigint, bytes: 2 | 4 | 8): Uint8Array {
  const out = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) out[i] = Number((value >> BigInt(8 * i)) & 255n);
  return out;
}

interface Packed {
  name: string;
  method: number;
  body: Uint8Array;
  crc: number;
  size: bigint;
  packed: bigint;
}

/** A ZIP archive; entries may overlap, claim other sizes, or use the 64-bit forms. */
function zip(entries: readonly Packed[], r: Random): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0n;
  let first = 0n;
  for (const [i, e] of entries.entries()) {
    const name = Buffer.from(e.name);
    const wide = r.once(4);
    const shared = (own: bigint): Uint8Array =>
      Buffer.concat([
        uint(own, 4),
        uint(wide ? 0xffffffffn : e.packed, 4),
        uint(wide ? 0xffffffffn : e.size, 4),
        uint(BigInt(name.length), 2),
      ]);
    const extra = wide
      ? Buffer.concat([uint(1n, 2), uint(r.once(6) ? BigInt(r.below(40)) : 16n, 2), uint(e.size, 8), uint(e.packed, 8)])
      : new Uint8Array(0);
    const fixed = Buffer.concat([uint(0x800n, 2), uint(BigInt(e.method), 2), uint(0x210000n, 4)]);
    const local = Buffer.concat([
      uint(0x04034b50n, 4),
      uint(20n, 2),
      fixed,
      shared(BigInt(e.crc)),
      uint(BigInt(extra.length), 2),
      name,
      extra,
      e.body,
    ]);
    // Two entries of the directory may share one body.
    const place = i > 0 && r.once(5) ? first : at;
    parts.push(local);
    directory.push(
      Buffer.concat([
        uint(0x02014b50n, 4),
        uint(20n, 2),
        uint(20n, 2),
        fixed,
        shared(BigInt(e.crc)),
        uint(BigInt(extra.length), 2),
        uint(0n, 2),
        uint(0n, 2),
        uint(0n, 2),
        uint(0n, 4),
        uint(r.once(30) ? BigInt(r.below(99999)) : place, 4),
        name,
        extra,
      ]),
    );
    if (i === 0) first = at;
    at += BigInt(local.length);
  }
  const central = Buffer.concat(directory);
  const n = BigInt(r.once(20) ? r.below(65536) : entries.length);
  const far = r.once(6)
    ? [
        Buffer.concat([
          uint(0x06064b50n, 4),
          uint(44n, 8),
          uint(45n, 2),
          uint(45n, 2),
          uint(0n, 4),
          uint(0n, 4),
          uint(n, 8),
          uint(r.once(2) ? n : r.pick(INTEGERS) & (2n ** 64n - 1n), 8),
          uint(BigInt(central.length), 8),
          uint(r.once(3) ? r.pick(INTEGERS) & (2n ** 64n - 1n) : at, 8),
        ]),
        Buffer.concat([uint(0x07064b50n, 4), uint(0n, 4), uint(at + BigInt(central.length), 8), uint(1n, 4)]),
      ]
    : [];
  return Buffer.concat([
    ...parts,
    central,
    ...far,
    uint(0x06054b50n, 4),
    uint(0n, 2),
    uint(0n, 2),
    uint(n & 0xffffn, 2),
    uint(n & 0xffffn, 2),
    uint(BigInt(central.length), 4),
    uint(at, 4),
    uint(0n, 2),
  ]);
}

/** An array of zeros that claims `shape`, and packs to next to nothing. */
function zeros(n: number): Uint8Array {
  const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${n},), }\n`;
  return Buffer.concat([
    Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0),
    uint(BigInt(dict.length), 2),
    Buffer.from(dict),
    Buffer.alloc(4 * n),
  ]);
}

let bomb: { body: Uint8Array; size: number; crc: number } | undefined;

function npz(r: Random): Uint8Array {
  const entries = Array.from({ length: 1 + r.below(4) }, (): Packed => {
    const name = `${r.pick(['x', 'y', 'x', 'y', ...NAMES])}${r.once(10) ? '' : '.npy'}`;
    if (r.once(8)) {
      if (!bomb) {
        const plain = zeros(16 * 2 ** 20);
        bomb = { body: deflateRawSync(plain, { level: 9 }), size: plain.length, crc: crc32(plain) };
      }
      const claimed = r.pick([BigInt(bomb.size), BigInt(bomb.size), 100n, 2n ** 31n, 2n ** 32n - 2n]);
      return { name, method: 8, body: bomb.body, crc: bomb.crc, size: claimed, packed: BigInt(bomb.body.length) };
    }
    const plain = npy(r);
    const method = r.pick([0, 8, 8, 9, 12]);
    const body = method === 8 ? deflateRawSync(plain) : plain;
    const lie = r.once(8);
    return {
      name,
      method,
      body,
      crc: r.once(12) ? 0 : crc32(plain),
      size: lie ? r.pick(INTEGERS) & 0xffffffffn : BigInt(plain.length),
      packed: lie && r.once(2) ? r.pick(INTEGERS) & 0xffffffffn : BigInt(body.length),
    };
  });
  const bytes = zip(entries, r);
  return r.once(3) ? mutateBytes(bytes, r) : bytes;
}

/** A tensor, sequence or optional of onnx-data.proto, nested or plain. */
function pb(r: Random, real: readonly Uint8Array[]): Uint8Array {
  if (real.length > 0 && r.once(2)) return mutateBytes(r.pick(real), r);
  const tensor = message('TensorProto', {
    1: Array.from({ length: r.below(4) }, () => (r.once(3) ? r.pick(INTEGERS) : BigInt(r.below(4)))),
    2: BigInt(r.below(30)),
    8: r.pick(['x', 'y', ...NAMES]),
    [r.pick([4, 5, 6, 7, 9, 10, 11])]: r.bytes(r.below(64)),
    ...(r.once(6) ? { 13: message('StringStringEntryProto', { 1: 'location', 2: r.pick(NAMES) }), 14: 1n } : {}),
  });
  let out = message('SequenceProto', { 1: r.pick(NAMES), 2: BigInt(r.below(9)), [r.pick([3, 3, 4, 5, 6, 7])]: tensor });
  for (let n = r.once(4) ? r.pick([2, 50, 99, 101, 5000]) : 0; n > 0; n--)
    out = message('SequenceProto', { [r.pick([5, 7])]: encode(out) });
  const bytes = encode(r.once(2) ? tensor : out);
  return r.once(3) ? mutateBytes(bytes, r) : bytes;
}

function json(r: Random): Uint8Array {
  const number = (): string =>
    r.pick([
      ...FLOATS.map(String),
      '1',
      '2',
      '"1"',
      '"NaN"',
      '"-Infinity"',
      'null',
      'true',
      '1e999',
      '-0',
      '"9223372036854775808"',
      '{}',
      '[]',
      '"\\ud800"',
    ]);
  const list = (depth: number): string =>
    depth === 0
      ? number()
      : `[${Array.from({ length: r.once(9) ? r.below(300) : 2 }, () => list(depth - 1)).join(',')}]`;
  const text = r.pick([
    () => list(r.below(5)),
    () => {
      const n = r.pick([65, 1000, 100000]);
      return `${'['.repeat(n)}${r.once(2) ? ']'.repeat(n) : ''}`;
    },
    () =>
      `{"shape": [${Array.from({ length: r.below(4) }, () => r.pick(NUMBERS).replace('L', '')).join(',')}], "data": ${list(1)}, "dtype": ${r.pick(['"float32"', '"string"', '1', '"__proto__"'])}}`,
    () =>
      `{"__proto__": {"shape": [1], "data": [1]}, "constructor": {"prototype": {"polluted": 1}}, "shape": ${list(1)}, "data": ${list(1)}}`,
    () => `${list(2)}${r.pick([',', ' ', '\u0000', 'x'])}`,
  ])();
  const bytes = Buffer.from(text);
  return r.once(4) ? mutateBytes(bytes, r) : bytes;
}

function chunk(type: string, body: Uint8Array, r: Random): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(r.once(30) ? r.below(2 ** 31) : body.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(r.once(20) ? 0 : crc32(Buffer.concat([Buffer.from(type, 'latin1'), body])));
  return Buffer.concat([length, Buffer.from(type, 'latin1'), body, sum]);
}

function png(r: Random): Uint8Array {
  const size = (): number => r.pick([0, 1, 4, 4, 4, 17, 1000, 65536, 2 ** 30, 2 ** 31 - 1, 2 ** 32 - 1]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size(), 0);
  header.writeUInt32BE(size(), 4);
  header[8] = r.pick([8, 8, 16, 1, 2, 4, 0, 3]);
  header[9] = r.pick([0, 2, 2, 3, 4, 6, 1, 5]);
  header[12] = r.pick([0, 0, 1, 7]);
  const pixels = r.once(4) ? Buffer.alloc(r.pick([2 ** 20, 2 ** 24])) : r.bytes(r.below(200));
  return mutateSometimes(
    Buffer.concat([
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
      chunk('IHDR', header, r),
      ...(r.once(3) ? [chunk('PLTE', r.bytes(r.below(30)), r)] : []),
      ...(r.once(4)
        ? [
            chunk(
              r.pick(['iCCP', 'tEXt', 'acTL', 'tRNS', 'zzZz', 'IHDR']),
              Buffer.concat([Buffer.from('n\0\0'), deflateSync(Buffer.alloc(r.pick([10, 2 ** 22])))]),
              r,
            ),
          ]
        : []),
      chunk('IDAT', deflateSync(pixels), r),
      ...(r.once(8) ? [] : [chunk('IEND', new Uint8Array(0), r)]),
    ]),
    r,
  );
}

const mutateSometimes = (bytes: Uint8Array, r: Random): Uint8Array => (r.once(3) ? mutateBytes(bytes, r) : bytes);

/** Segments of a baseline or progressive JPEG with figures that may be anything. */
function jpeg(r: Random): Uint8Array {
  const segment = (marker: number, body: Uint8Array): Uint8Array =>
    Buffer.concat([Uint8Array.of(0xff, marker), Uint8Array.of((body.length + 2) >> 8, (body.length + 2) & 255), body]);
  const size = (): number[] => {
    const n = r.pick([0, 1, 8, 8, 16, 4096, 65535]);
    return [n >> 8, n & 255];
  };
  const parts = r.pick([1, 1, 3, 3, 4, 0, 255]);
  const codes = Array.from({ length: 16 }, () => r.below(r.once(5) ? 256 : 3));
  return mutateSometimes(
    Buffer.concat([
      Uint8Array.of(0xff, 0xd8),
      segment(0xdb, Buffer.concat([Uint8Array.of(0), Buffer.alloc(64, 1 + r.below(255))])),
      segment(
        r.pick([0xc0, 0xc0, 0xc1, 0xc2, 0xc3, 0xc9]),
        Uint8Array.from([
          8,
          ...size(),
          ...size(),
          parts,
          ...Array.from({ length: Math.min(parts, 4) }, (_, i) => [
            i + 1,
            r.pick([0x11, 0x22, 0x41, 0, 0xff]),
            0,
          ]).flat(),
        ]),
      ),
      segment(0xc4, Uint8Array.from([0, ...codes, ...r.bytes(codes.reduce((a, b) => a + b, 0))])),
      segment(0xc4, Uint8Array.from([0x10, ...codes, ...r.bytes(codes.reduce((a, b) => a + b, 0))])),
      ...(r.once(4) ? [segment(0xdd, Uint8Array.of(0, r.below(9)))] : []),
      segment(
        0xda,
        Uint8Array.from([parts, ...Array.from({ length: Math.min(parts, 4) }, (_, i) => [i + 1, 0]).flat(), 0, 63, 0]),
      ),
      r.bytes(r.below(400)),
      Uint8Array.of(0xff, 0xd9),
    ]),
    r,
  );
}

/** One file: its name and its bytes. `real`: files of others to begin from, by extension. */
export function referenceFile(
  r: Random,
  real: Readonly<Record<string, readonly Uint8Array[]>>,
): [name: string, bytes: Uint8Array] {
  const kind = r.pick(['pb', 'pb', 'npy', 'npz', 'npz', 'json', 'png', 'jpg']);
  const stem = r.pick(['x', 'y', 'input_0', 'output_0', 'input_7', 'x y']);
  const known = real[kind] ?? [];
  const made = (): Uint8Array => {
    if (known.length > 0 && r.once(3)) return mutateBytes(r.pick(known), r);
    switch (kind) {
      case 'pb':
        return pb(r, known);
      case 'npy':
        return npy(r);
      case 'npz':
        return npz(r);
      case 'json':
        return json(r);
      case 'png':
        return png(r);
      default:
        return jpeg(r);
    }
  };
  return [`${stem}.${kind}`, r.once(200) ? varint(0n) : made()];
}
