import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { DType } from '../../src/tensor/dtype.js';
import type { NarrowFloat } from '../../src/tensor/floats.js';
import { bitsOfFloat, decodeFloats, floatOfBits, isNarrowFloat, roundTo } from '../../src/tensor/floats.js';
import { packRaw, unpackRaw } from '../../src/tensor/raw.js';
import { sizeOf } from '../../src/tensor/tensor.js';

interface Stored {
  dtype: DType;
  dims: number[];
  raw: string;
}
const { cases } = JSON.parse(readFileSync(new URL('fixtures/onnx-casts.json', import.meta.url), 'utf8')) as {
  cases: { case: string; saturate: boolean; mode: 'up' | 'down' | 'nearest' | null; input: Stored; output: Stored }[];
};
const bytesOf = (s: Stored): Uint8Array => Uint8Array.from(Buffer.from(s.raw, 'hex'));
const unpack = (s: Stored) =>
  unpackRaw(s.dtype, sizeOf(s.dims), (into, at) => into.set(bytesOf(s).subarray(at, at + into.length)));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe("ONNX's own cast cases", () => {
  test.each(cases.filter((c) => isNarrowFloat(c.output.dtype)).map((c) => [c.case, c] as const))(
    '%s rounds as the reference',
    (_, c) => {
      const rounding = { saturate: c.saturate, ...(c.mode ? { mode: c.mode } : {}) };
      const got = Array.from(unpack(c.input) as Float32Array, (x) => roundTo(c.output.dtype, Number(x), rounding));
      expect(got).toEqual(Array.from(unpack(c.output) as Float32Array));
    },
  );

  test.each(
    cases
      .filter((c) => isNarrowFloat(c.input.dtype) && ['float32', 'float64'].includes(c.output.dtype))
      .map((c) => [c.case, c] as const),
  )('%s decodes as the reference', (_, c) => {
    expect(Array.from(unpack(c.input) as Float32Array)).toEqual(Array.from(unpack(c.output) as Float32Array));
  });

  test.each(cases.flatMap((c) => [c.input, c.output]).map((s) => [`${s.dtype} [${s.dims}]`, s] as const))(
    '%s packs again to the same bytes',
    (_, s) => {
      const data = unpack(s);
      const nan = Array.from(data as Float32Array, Number).some(Number.isNaN);
      const again = packRaw({ dtype: s.dtype, dims: s.dims, data });
      // A NaN has many bit patterns; which one is not part of the value.
      if (nan)
        expect(
          unpackRaw(s.dtype, sizeOf(s.dims), (into, at) => into.set(again.subarray(at, at + into.length))),
        ).toEqual(data);
      else expect(Buffer.from(again).toString('hex')).toBe(s.raw);
    },
  );
});

describe('float16 against NumPy (SHA-256 of what numpy.ndarray.astype gives, NaNs made canonical)', () => {
  test('decodes all 65536 patterns', () => {
    const values = decodeFloats(
      'float16',
      Uint16Array.from({ length: 65536 }, (_, i) => i),
    );
    const words = new Uint32Array(values.buffer.slice(0));
    for (let i = 0; i < words.length; i++) if (Number.isNaN(values[i])) words[i] = 0x7fc00000;
    expect(sha256(new Uint8Array(words.buffer))).toBe(
      '385ff5fe69182797cda5f1827e20cf423f4416bc9246f27d0eec27cac9039259',
    );
  });

  test('rounds 65536 floats spread over all of float32', () => {
    const floats = new Float32Array(Uint32Array.from({ length: 65536 }, (_, i) => i * 65537).buffer);
    const halves = Uint16Array.from(floats, (x) => bitsOfFloat('float16', x));
    expect(sha256(new Uint8Array(halves.buffer))).toBe(
      '1873a6f5b912bff7c2130624d39088734d8e5d5f9832e195a6835f13a98bb8a0',
    );
  });

  test('rounds doubles once, not by way of float32', () => {
    const halves = Uint16Array.from({ length: 40000 }, (_, k) =>
      bitsOfFloat('float16', (k - 20000) * 1.0009765625e-3 * 2 ** ((k % 37) - 20)),
    );
    expect(sha256(new Uint8Array(halves.buffer))).toBe(
      '1fac975c62b3d224b89eccc2bc45f76111a43ec22df0b8eacd586ecfa98ea82a',
    );
  });
});

test('bfloat16 is the upper half of a float32', () => {
  const word = new Uint32Array(1);
  const float = new Float32Array(word.buffer);
  const wrong: number[] = [];
  for (let bits = 0; bits < 65536; bits++) {
    word[0] = bits * 65536;
    const x = float[0] as number;
    if (!Object.is(floatOfBits('bfloat16', bits), x)) wrong.push(bits);
    if (!Number.isNaN(x) && bitsOfFloat('bfloat16', x) !== bits) wrong.push(bits);
  }
  expect(wrong).toEqual([]);
});

// From the tables of OCP OFP8 1.0, OCP MX 1.0 and of "8-bit Numerical Formats for Deep Neural Networks" (fnuz).
const TABLE: [
  NarrowFloat,
  { bits: number; max: number; minNormal: number; minSubnormal: number; nans: number[]; infs: number[] },
][] = [
  ['float8e4m3fn', { bits: 8, max: 448, minNormal: 2 ** -6, minSubnormal: 2 ** -9, nans: [0x7f, 0xff], infs: [] }],
  ['float8e4m3fnuz', { bits: 8, max: 240, minNormal: 2 ** -7, minSubnormal: 2 ** -10, nans: [0x80], infs: [] }],
  [
    'float8e5m2',
    {
      bits: 8,
      max: 57344,
      minNormal: 2 ** -14,
      minSubnormal: 2 ** -16,
      nans: [0x7d, 0x7e, 0x7f, 0xfd, 0xfe, 0xff],
      infs: [0x7c, 0xfc],
    },
  ],
  ['float8e5m2fnuz', { bits: 8, max: 57344, minNormal: 2 ** -15, minSubnormal: 2 ** -17, nans: [0x80], infs: [] }],
  ['float6e2m3', { bits: 6, max: 7.5, minNormal: 1, minSubnormal: 0.125, nans: [], infs: [] }],
  ['float6e3m2', { bits: 6, max: 28, minNormal: 0.25, minSubnormal: 0.0625, nans: [], infs: [] }],
  ['float4e2m1', { bits: 4, max: 6, minNormal: 1, minSubnormal: 0.5, nans: [], infs: [] }],
];
test.each(TABLE)('%s has the values of its specification, and rounds between them', (dtype, spec) => {
  const half = 2 ** (spec.bits - 1);
  const all = Array.from({ length: 2 * half }, (_, bits) => floatOfBits(dtype, bits));
  expect(all.flatMap((x, bits) => (Number.isNaN(x) ? [bits] : []))).toEqual(spec.nans);
  expect(all.flatMap((x, bits) => (Math.abs(x) === Number.POSITIVE_INFINITY ? [bits] : []))).toEqual(spec.infs);
  const finite = all.slice(0, half).filter(Number.isFinite);
  expect(Math.max(...finite)).toBe(spec.max);
  expect(finite[1]).toBe(spec.minSubnormal);
  expect(finite).toContain(spec.minNormal);
  for (let bits = 0; bits + 1 < finite.length; bits++) {
    const [x, next] = [finite[bits] as number, finite[bits + 1] as number];
    expect(next).toBeGreaterThan(x);
    expect(bitsOfFloat(dtype, x)).toBe(bits);
    const middle = (x + next) / 2;
    const even = bits % 2 === 0 ? x : next;
    expect(roundTo(dtype, middle)).toBe(even);
    expect(roundTo(dtype, -middle)).toBe(even === 0 && dtype.endsWith('uz') ? 0 : -even);
    expect(roundTo(dtype, middle * (1 + 2 ** -40))).toBe(next);
    expect(roundTo(dtype, middle * (1 - 2 ** -40))).toBe(x);
  }
});

// The table of the Cast operator's specification for "saturate + up" and "non-saturate + nearest".
test.each([
  [0, 2 ** -127, Number.NaN],
  [Number.NaN, Number.NaN, Number.NaN],
  [Number.POSITIVE_INFINITY, 2 ** 127, Number.NaN],
  [1e300, 2 ** 127, Number.NaN],
  [1e-300, 2 ** -127, Number.NaN],
  [3, 4, 4],
  [2.9, 4, 2],
  [2, 2, 2],
])('float8e8m0: %p', (x, up, nearest) => {
  expect(roundTo('float8e8m0', x, { saturate: true, mode: 'up' })).toBe(up);
  expect(roundTo('float8e8m0', x, { saturate: false, mode: 'nearest' })).toBe(nearest);
});
