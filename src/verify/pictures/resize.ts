import type { Pixels } from './pixels.js';

/** Bits after the point of Pillow's weights, so that a sum of 8-bit values fits 32 bits with two to spare. */
const PRECISION = 32 - 8 - 2;
const ONE = 2 ** PRECISION;

/**
 * Resizes as Pillow's `Image.resize(size, BILINEAR)` does, bit for bit, and so as torchvision's `Resize` on a Pillow image: a
 * triangle as wide as the reduction, so that all pixels count, first along the rows and then along the columns, each time
 * rounded to 8 bits. Source: "Image.resize" in Pillow's handbook and the filter's definition there; the weights are
 * integers of PRECISION bits.
 */
export function resized(image: Pixels, width: number, height: number): Pixels {
  return alongHeight(alongWidth(image, width), height);
}

interface Weights {
  readonly first: number;
  readonly weights: readonly number[];
}

/** For each place of the result: which pixels count, and how much. */
function weightsFor(from: number, to: number): Weights[] {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(from, Math.trunc(center + support + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((k + first - center + 0.5) / support)),
    );
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((w) => Math.trunc(0.5 + (w / sum) * ONE)) };
  });
}

const byte = (sum: number): number => Math.min(255, Math.floor((sum + ONE / 2) / ONE));

function alongWidth(image: Pixels, width: number): Pixels {
  if (width === image.width) return image;
  const { height, channels, data } = image;
  const to = new Uint8Array(width * height * channels);
  for (const [x, { first, weights }] of weightsFor(image.width, width).entries())
    for (let y = 0; y < height; y++)
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const [k, w] of weights.entries())
          sum += w * (data[(y * image.width + first + k) * channels + c] as number);
        to[(y * width + x) * channels + c] = byte(sum);
      }
  return { width, height, channels, data: to };
}

function alongHeight(image: Pixels, height: number): Pixels {
  if (height === image.height) return image;
  const { width, channels, data } = image;
  const row = width * channels;
  const to = new Uint8Array(row * height);
  for (const [y, { first, weights }] of weightsFor(image.height, height).entries())
    for (let x = 0; x < row; x++) {
      let sum = 0;
      for (const [k, w] of weights.entries()) sum += w * (data[(first + k) * row + x] as number);
      to[y * row + x] = byte(sum);
    }
  return { width, height, channels, data: to };
}
