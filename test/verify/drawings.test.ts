/** What the report draws of a comparison: expected values are counted by hand or come from NumPy, as noted. */
import { inflateSync } from 'node:zlib';
import { pngUrl } from '../../src/report/html/png.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { drawingsOf } from '../../src/verify/drawings.js';
import type { TfTensor } from '../../src/verify/tftensor.js';

const TOLERANCE = { rtol: 0, atol: 0.01, rangeTol: 0, range: 1 };
const none = new Map<string, Tensor>();

const floats = (dims: number[], data: ArrayLike<number>): Tensor => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from(data),
});
const given = (shape: number[], data: ArrayLike<number>): TfTensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
});
const bytesOf = (base64 = ''): number[] => [...Buffer.from(base64, 'base64')];

/** (1, C, H, W) as (1, H, W, C). */
function channelsLast([, c = 0, h = 0, w = 0]: number[], data: readonly number[]): TfTensor {
  const moved: number[] = [];
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) for (let k = 0; k < c; k++) moved.push(data[(k * h + y) * w + x] as number);
  return given([1, h, w, c], moved);
}

describe('errors', () => {
  it('are counted by decades, with those beyond tolerance, those that are none, and those that are no numbers', () => {
    const expected = [0, 0, 0, 0, 0, 1, Number.NaN, Infinity];
    const actual = [0, 2e-5, 3e-5, 0.5, -0.02, 1, Number.NaN, 1];
    const { histogram } = drawingsOf(floats([8], expected), given([8], actual), [0], TOLERANCE, none);
    // log10: 2e-5 -4.70, 3e-5 -4.52, 0.02 -1.70, 0.5 -0.30; four bins a decade
    expect(histogram).toMatchObject({ equal: 3, nonFinite: 1, perDecade: 4, first: -19 });
    const bins = (counts: number[] = []) => Object.fromEntries(counts.flatMap((n, i) => (n > 0 ? [[i - 19, n]] : [])));
    expect(bins(histogram?.counts)).toEqual({ [-19]: 2, [-7]: 1, [-2]: 1 });
    expect(bins(histogram?.beyond)).toEqual({ [-7]: 1, [-2]: 1 });
  });

  it('far below the largest share the lowest bin', () => {
    const { histogram } = drawingsOf(floats([3], [0, 0, 0]), given([3], [1, 1e-20, 1e-30]), [0], TOLERANCE, none);
    expect(histogram?.counts).toHaveLength(48);
    expect(histogram?.counts[0]).toBe(2);
  });
});

describe('the sample', () => {
  it('holds every pair of a small output, each with its own, whatever the order of axes', () => {
    const data = Array.from({ length: 24 }, (_, i) => i);
    const { sample } = drawingsOf(
      floats([1, 2, 3, 4], data),
      channelsLast([1, 2, 3, 4], data),
      [0, 2, 3, 1],
      TOLERANCE,
      none,
    );
    expect(sample?.expected).toEqual(data);
    expect(sample?.actual).toEqual(data);
  });

  it('holds a few hundred of a large one, and the worst among them', () => {
    const expected = new Float32Array(100_000).map((_, i) => i % 97);
    const actual = expected.slice();
    actual[77_777] = 1000;
    const { sample } = drawingsOf(
      { dtype: 'float32', dims: [1000, 100], data: expected },
      given([1000, 100], actual),
      [0, 1],
      TOLERANCE,
      none,
    );
    expect(sample?.expected.length).toBeGreaterThan(250);
    expect(sample?.expected.length).toBeLessThanOrEqual(300);
    expect(sample?.actual).toContain(1000);
    // spread over the whole output, not over some columns
    expect(new Set(sample?.expected).size).toBeGreaterThan(80);
  });

  it('is not taken of integers, of other shapes, or of nothing', () => {
    const ints: Tensor = { dtype: 'int64', dims: [2], data: BigInt64Array.of(1n, 2n) };
    expect(drawingsOf(ints, { dtype: 'int32', shape: [2], data: Int32Array.of(1, 2) }, [0], TOLERANCE, none)).toEqual(
      {},
    );
    expect(drawingsOf(floats([2], [1, 2]), given([3], [1, 2, 3]), [0], TOLERANCE, none)).toEqual({});
    expect(drawingsOf(floats([0], []), given([0], []), [0], TOLERANCE, none)).toEqual({});
  });
});

describe('classes', () => {
  it('are the five best of both sides after softmax', () => {
    const logits = [1, 3, 2, 0, -1, 5];
    const { top } = drawingsOf(floats([1, 6], logits), given([1, 6], [1, 3, 4, 0, -1, 5]), [0, 1], TOLERANCE, none);
    expect(top?.scores).toBe('softmax');
    expect(top?.expected.map((c) => c.class)).toEqual([5, 1, 2, 0, 3]);
    expect(top?.actual.map((c) => c.class)).toEqual([5, 2, 1, 0, 3]);
    // NumPy: e = np.exp([1, 3, 2, 0, -1, 5]); e / e.sum()
    expect(top?.expected[0]?.score).toBeCloseTo(0.824637, 5);
    expect(top?.expected[4]?.score).toBeCloseTo(0.005556, 5);
  });

  it('of probabilities are taken as they are', () => {
    const { top } = drawingsOf(
      floats([1, 3, 1, 1], [0.2, 0.7, 0.1]),
      given([1, 1, 1, 3], [0.2, 0.7, 0.1]),
      [0, 2, 3, 1],
      TOLERANCE,
      none,
    );
    expect(top).toMatchObject({ scores: 'none', expected: [{ class: 1 }, { class: 0 }, { class: 2 }] });
  });

  it('are none where there are places, or two columns', () => {
    expect(
      drawingsOf(
        floats([1, 3, 2], [1, 2, 3, 4, 5, 6]),
        given([1, 3, 2], [1, 2, 3, 4, 5, 6]),
        [0, 1, 2],
        TOLERANCE,
        none,
      ).top,
    ).toBeUndefined();
    expect(drawingsOf(floats([1, 2], [1, 2]), given([1, 2], [1, 2]), [0, 1], TOLERANCE, none).top).toBeUndefined();
  });
});

describe('maps', () => {
  // Four classes at 2 x 2 places; class 2 is the surest, at the place (1, 0).
  const dims = [1, 4, 2, 2];
  const logits = [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 9, 0, 0, 0, 0, 0];

  it('of classes: the largest score at each place, and the scores of the class that is the surest anywhere', () => {
    const other = [...logits];
    other[10] = 1;
    const { maps } = drawingsOf(floats(dims, logits), channelsLast(dims, other), [0, 2, 3, 1], TOLERANCE, none);
    expect(maps).toMatchObject({ width: 2, height: 2, step: 1, shows: 'class score' });
    expect(maps?.predicted).toMatchObject({ expected: { class: 2 }, actual: { class: 1 } });
    // NumPy: softmax over axis 1 of the logits above
    expect(maps?.predicted?.expected.score).toBeCloseTo(0.99963, 5);
    expect(maps?.predicted?.actual.score).toBeCloseTo(0.711235, 5);
    const score = (pair: { min: number; max: number } | undefined, byte = 0) =>
      (pair?.min ?? 0) + (byte / 255) * ((pair?.max ?? 0) - (pair?.min ?? 0));
    const near = [0.25, 0.174878, 0.99963, 0.096255];
    bytesOf(maps?.response.expected).forEach((byte, i) =>
      expect(score(maps?.response, byte)).toBeCloseTo(near[i] as number, 2),
    );
    const best = [0.25, 0.475367, 0.475367, 0.711235];
    bytesOf(maps?.best?.actual).forEach((byte, i) => expect(score(maps?.best, byte)).toBeCloseTo(best[i] as number, 2));
    expect(bytesOf(maps?.response.difference)).toEqual([0, 0, 255, 0]);
    expect(maps?.response.maxDifference).toBeCloseTo(0.99963 - 0.475367, 4);
  });

  it('of one channel: the values', () => {
    const { maps } = drawingsOf(
      floats([1, 1, 1, 3], [-1, 0, 1]),
      given([1, 1, 3, 1], [-1, 0, 0]),
      [0, 2, 3, 1],
      TOLERANCE,
      none,
    );
    expect(maps).toMatchObject({ shows: 'value', response: { min: -1, max: 1, maxDifference: 1 } });
    expect(bytesOf(maps?.response.expected)).toEqual([0, 128, 255]);
    expect(maps?.predicted).toBeUndefined();
  });

  it('of a large output: only some rows and columns', () => {
    const data = new Float32Array(200 * 300).map((_, i) => i % 300);
    const { maps } = drawingsOf(
      floats([1, 1, 200, 300], data),
      given([1, 200, 300, 1], data),
      [0, 2, 3, 1],
      TOLERANCE,
      none,
    );
    expect(maps).toMatchObject({ step: 4, width: 75, height: 50, response: { min: 0, max: 296 } });
    expect(bytesOf(maps?.response.expected)).toHaveLength(75 * 50);
  });

  it('bring the image along that was fed, as it was before it was normalized', () => {
    // One colour over 32 x 20 pixels, as torchvision normalizes it.
    const [mean, deviation] = [
      [0.485, 0.456, 0.406],
      [0.229, 0.224, 0.225],
    ];
    const colour = [200, 100, 50];
    const image = floats(
      [1, 3, 20, 32],
      Array.from({ length: 3 * 640 }, (_, i) => {
        const c = Math.floor(i / 640);
        return ((colour[c] as number) / 255 - (mean[c] as number)) / (deviation[c] as number);
      }),
    );
    const { maps } = drawingsOf(
      floats(dims, logits),
      channelsLast(dims, logits),
      [0, 2, 3, 1],
      TOLERANCE,
      new Map([['x', image]]),
    );
    expect(maps?.image).toMatchObject({ width: 32, height: 20 });
    expect(bytesOf(maps?.image?.rgb).slice(0, 3)).toEqual(colour);
  });
});

describe('a PNG', () => {
  const parts = (url: string) => {
    const png = Buffer.from(url.replace('data:image/png;base64,', ''), 'base64');
    const chunks: Record<string, Buffer> = {};
    for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
      chunks[png.toString('latin1', at + 4, at + 8)] = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    return chunks;
  };

  it('holds its pixels row by row, each behind a filter byte', () => {
    const { IHDR, IDAT, PLTE } = parts(pngUrl(2, 2, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)).html);
    expect([...(IHDR ?? [])]).toEqual([0, 0, 0, 2, 0, 0, 0, 2, 8, 2, 0, 0, 0]);
    expect([...inflateSync(IDAT as Buffer)]).toEqual([0, 1, 2, 3, 4, 5, 6, 0, 7, 8, 9, 10, 11, 12]);
    expect(PLTE).toBeUndefined();
  });
});
