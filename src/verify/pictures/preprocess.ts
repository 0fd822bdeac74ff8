import * as say from '../../diag/catalogue-pictures.js';
import { DiagnosticError } from '../../diag/diagnostic.js';
import { isFloat, isInteger, rangeOf } from '../../tensor/dtype.js';
import { bitsOfFloat, floatOfBits, isNarrowFloat } from '../../tensor/floats.js';
import { sizeOf, type Tensor, tensorOf } from '../../tensor/tensor.js';
import { describeShape, expectedShape, type RecordedTensor } from '../record.js';
import type { Pixels } from './pixels.js';
import { resized } from './resize.js';

/** How a picture becomes an input: the settings file's `preprocess`. */
export interface PictureSettings {
  /** Height and width that it is resized to; as it is where absent. */
  readonly size?: readonly number[] | undefined;
  /** Subtracted from each channel after scaling; one number, or one a channel in their order. */
  readonly mean?: readonly number[] | undefined;
  /** What each channel is divided by afterwards. */
  readonly std?: readonly number[] | undefined;
  /** What 0…255 is multiplied by first. Division by 255 where absent. */
  readonly scale?: number | undefined;
  readonly order?: 'rgb' | 'bgr' | 'gray' | undefined;
  /** Where this stands in the settings file, for messages: `onnx2keras.yml:12`. */
  readonly at?: string;
}

const LETTERS = { rgb: 'RGB', bgr: 'BGR', gray: 'gray' } as const;

/**
 * A picture as the value of an input: made gray or coloured, resized, scaled to 0…1, less `mean`, divided by `std`, each
 * step in float32 as torchvision's ToTensor and Normalize take it, and laid out as the input wants it (channels before or
 * after height and width, a batch of one before). Throws DiagnosticError where it doesn't fit; `shown`: the file.
 */
export function inputOfPicture(picture: Pixels, row: RecordedTensor, settings: PictureSettings, shown: string): Tensor {
  const order = settings.order ?? 'rgb';
  const channels = order === 'gray' ? 1 : 3;
  const [height, width] = settings.size ?? [picture.height, picture.width];
  const { dims, last } = layoutFor(row, channels, [height as number, width as number], settings, shown);
  const image = resized(order === 'gray' ? gray(picture) : coloured(picture), width as number, height as number);
  const tables = Array.from({ length: channels }, (_, c) => tableOf(c, settings, row, shown));
  const pixels = image.width * image.height;
  const values = new Array<number>(pixels * channels);
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < channels; c++) {
      const from = order === 'bgr' ? 2 - c : c;
      values[last ? i * channels + c : c * pixels + i] = tables[c]?.[
        image.data[i * channels + from] as number
      ] as number;
    }
  return tensorOf(row.onnx.dtype, dims, values);
}

/** The shape that the input then has, and whether the channels come last. */
function layoutFor(
  row: RecordedTensor,
  channels: number,
  [height, width]: readonly [number, number],
  { order = 'rgb', size, at = '' }: PictureSettings,
  shown: string,
): { dims: number[]; last: boolean } {
  const wanted = expectedShape(row);
  const rank = wanted.length;
  const no = (why: string, remedy: string): never => {
    throw new DiagnosticError([say.pictureDoesntFit(shown, row.onnx.name, describeShape(wanted), why, remedy, at)]);
  };
  if (rank !== 3 && rank !== 4)
    no(`it has rank ${rank}, and a picture is one of rank 3 or 4`, 'store the input as .npy');
  const [before, after] = [wanted[rank - 3], wanted[rank - 1]];
  // Fixed sizes decide; where all are open, ONNX's own order does.
  const last = before !== channels && (after === channels || typeof before === 'number');
  if (last && typeof after === 'number' && after !== channels) {
    const other = [before, after].includes(1) ? 'order: gray' : [before, after].includes(3) ? 'order: rgb or bgr' : '';
    no(
      `it has no axis of the ${channels} ${channels === 1 ? 'channel' : 'channels'} (${LETTERS[order]}) that the picture is given`,
      other === '' ? 'store the input as .npy' : `give its preprocess ${other}`,
    );
  }
  const dims = last ? [height, width, channels] : [channels, height, width];
  if (rank === 4) dims.unshift(1);
  if (!wanted.every((d, i) => typeof d !== 'number' || d === dims[i])) {
    const [h, w] = last ? wanted.slice(rank - 3, rank - 1) : wanted.slice(rank - 2);
    const right = h === height && w === width;
    no(
      `the picture becomes ${describeShape(dims)}${size ? '' : ', not being resized'}`,
      right
        ? 'a picture is a batch of one: store several as .npy'
        : `give its preprocess size: [${h ?? '?'}, ${w ?? '?'}] (height, width)`,
    );
  }
  return { dims, last };
}

/** What each of the 256 values becomes in a channel. */
function tableOf(channel: number, settings: PictureSettings, row: RecordedTensor, shown: string): number[] {
  const { mean, std, scale, at = '' } = settings;
  const { dtype, name } = row.onnx;
  const of = (list: readonly number[] | undefined) => (list?.length === 1 ? list[0] : list?.[channel]);
  const [less, by] = [of(mean), of(std)];
  const f = Math.fround;
  const values = Array.from({ length: 256 }, (_, v) => {
    let x = scale === undefined ? f(v / 255) : f(v * f(scale));
    if (less !== undefined) x = f(x - f(less));
    if (by !== undefined) x = f(x / f(by));
    return x;
  });
  if (isNarrowFloat(dtype)) return values.map((x) => floatOfBits(dtype, bitsOfFloat(dtype, x)));
  if (isFloat(dtype)) return values;
  const range = isInteger(dtype) ? rangeOf(dtype) : undefined;
  const odd = values.find((x) => !range || !Number.isInteger(x) || BigInt(x) < range.min || BigInt(x) > range.max);
  if (odd !== undefined) throw new DiagnosticError([say.pictureOfOtherType(shown, name, dtype, odd, at)]);
  return values;
}

function coloured(picture: Pixels): Pixels {
  if (picture.channels === 3) return picture;
  const { width, height, data } = picture;
  return {
    width,
    height,
    channels: 3,
    data: Uint8Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)] as number),
  };
}

/** ITU-R 601-2's luma, in 16 bits after the point as Pillow takes it. */
function gray(picture: Pixels): Pixels {
  if (picture.channels === 1) return picture;
  const { width, height, data } = picture;
  const to = new Uint8Array(sizeOf([width, height]));
  for (let i = 0; i < to.length; i++) {
    const [r, g, b] = [data[3 * i] as number, data[3 * i + 1] as number, data[3 * i + 2] as number];
    to[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
  }
  return { width, height, channels: 1, data: to };
}
