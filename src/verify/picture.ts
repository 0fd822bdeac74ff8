import type { Picture } from '../report/types.js';
import { isFloat } from '../tensor/dtype.js';
import type { Tensor } from '../tensor/tensor.js';

/** Of the longer side, in pixels. */
const LARGEST = 256;
/** Smaller inputs are hardly pictures. */
const SMALLEST = 16;
/** ImageNet's mean and deviation, by which torchvision's models want their inputs normalized. */
const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];

/** The first input that can be seen as an image, (N, 3 or 1, H, W) or (N, H, W, 3 or 1), made small. */
export function pictureOf(inputs: ReadonlyMap<string, Tensor>): Picture | undefined {
  for (const tensor of inputs.values()) {
    const image = imageOf(tensor);
    if (image) return small(image);
  }
  return undefined;
}

interface Image {
  width: number;
  height: number;
  channels: number;
  at(c: number, y: number, x: number): number;
}

function imageOf({ dtype, dims, data }: Tensor): Image | undefined {
  if (dims.length !== 4 || !(isFloat(dtype) || dtype === 'uint8')) return undefined;
  const values = data as Float32Array;
  const isColour = (c: number | undefined) => c === 1 || c === 3;
  const [, a = 0, b = 0, c = 0] = dims;
  if (isColour(a) && Math.min(b, c) >= SMALLEST)
    return { channels: a, height: b, width: c, at: (ch, y, x) => values[(ch * b + y) * c + x] as number };
  if (isColour(c) && Math.min(a, b) >= SMALLEST)
    return { channels: c, height: a, width: b, at: (ch, y, x) => values[(y * b + x) * c + ch] as number };
  return undefined;
}

function small(image: Image): Picture {
  const scale = Math.max(1, Math.max(image.width, image.height) / LARGEST);
  const width = Math.round(image.width / scale);
  const height = Math.round(image.height / scale);
  const rgb = new Float64Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      for (let c = 0; c < image.channels; c++) rgb[at + c] = mean(image, c, x, y, scale);
      if (image.channels === 1) rgb.fill(rgb[at] as number, at + 1, at + 3);
    }
  return { width, height, rgb: Buffer.from(Uint8Array.from(rgb, brightness(rgb))).toString('base64') };
}

/** Of the pixels that one pixel of the small picture stands for. */
function mean({ width, height, at }: Image, c: number, x: number, y: number, scale: number): number {
  const [top, left] = [Math.floor(y * scale), Math.floor(x * scale)];
  if (scale === 1) return at(c, top, left);
  const bottom = Math.min(height, Math.max((y + 1) * scale, top + 1));
  const right = Math.min(width, Math.max((x + 1) * scale, left + 1));
  let sum = 0;
  let n = 0;
  for (let v = top; v < bottom; v++)
    for (let u = left; u < right; u++) {
      sum += at(c, v, u);
      n++;
    }
  return n === 0 ? 0 : sum / n;
}

/** From a value and its place to 0 … 255: undoes what was done to the picture, as far as its range tells. */
function brightness(values: Float64Array): (x: number, i: number) => number {
  let [min, max] = [Infinity, -Infinity];
  for (const x of values) {
    min = Math.min(min, x);
    max = Math.max(max, x);
  }
  const byte = (x: number) => Math.min(255, Math.max(0, Math.round(x) || 0));
  if (min >= 0 && max <= 1) return (x) => byte(x * 255);
  if (min >= 0 && max <= 255) return byte;
  if (min >= -2.2 && max <= 2.7)
    return (x, i) => byte((x * (DEVIATION[i % 3] as number) + (MEAN[i % 3] as number)) * 255);
  return (x) => byte(((x - min) / (max - min)) * 255);
}
