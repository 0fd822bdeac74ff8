import { convertIndexedToRgb, decode as decodePng } from 'fast-png';
import { decode as decodeJpeg } from 'jpeg-js';

/** Why a picture can't be taken, as the end of a sentence: `the picture can't be read: …`. */
export class PictureError extends Error {}

/** Eight bits a channel, rows from the top, channels innermost: 1 (gray) or 3 (red, green, blue). */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** A picture of more pixels is no input of a network. */
const MOST_PIXELS = 2 ** 26;
const JPEG_MEGABYTES = 1024;

/** Reads a PNG or a baseline or progressive JPEG, by its first bytes. An alpha channel is dropped. Throws PictureError. */
export function decodePicture(bytes: Uint8Array): Pixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = bytes.length >= 26 ? view.getUint32(0) : 0;
  try {
    if (head === 0x89504e47) return png(bytes, view);
    if (head >>> 8 === 0xffd8ff) return jpeg(bytes, view);
  } catch (e) {
    if (e instanceof PictureError) throw e;
    // What the libraries throw on a file that is damaged.
    throw new PictureError(`it is damaged (${(e as Error).message})`);
  }
  throw new PictureError('it begins neither as a PNG nor as a JPEG does');
}

function checkSize(width: number, height: number): void {
  if (width * height === 0 || width * height > MOST_PIXELS)
    throw new PictureError(`it has ${width} by ${height} pixels; 1 to ${MOST_PIXELS} pixels are allowed`);
}

/** The PNG specification's colour types with a palette. */
const INDEXED = 3;

function png(bytes: Uint8Array, view: DataView): Pixels {
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  checkSize(width, height);
  const [depth, colour] = [view.getUint8(24), view.getUint8(25)];
  if (depth === 16) throw new PictureError('it has 16 bits a channel where 8 are taken; store it with 8, or as .npy');
  const interlaced = view.byteLength > 28 && view.getUint8(28) !== 0;
  if (interlaced && depth < 8)
    throw new PictureError(`it is interlaced and has ${depth} bits a pixel; store it with 8 bits a channel`);
  const image = decodePng(bytes, { checkCrc: true });
  if (colour === INDEXED) {
    const each = image.palette?.[0]?.length ?? 3;
    return picked(convertIndexedToRgb(image), each, { width, height, channels: 3 });
  }
  const values = depth < 8 ? unpacked(image.data as Uint8Array, width, height, depth) : (image.data as Uint8Array);
  return picked(values, image.channels, { width, height, channels: image.channels < 3 ? 1 : 3 });
}

/** The first channels of each pixel. */
function picked(data: Uint8Array, each: number, face: Omit<Pixels, 'data'>): Pixels {
  const { width, height, channels } = face;
  const n = width * height;
  if (data.length !== n * each) throw new PictureError(`it holds ${data.length} values where ${n * each} are due`);
  if (each === channels) return { ...face, data: Uint8Array.from(data) };
  const to = new Uint8Array(n * channels);
  for (let i = 0; i < n; i++) for (let c = 0; c < channels; c++) to[i * channels + c] = data[i * each + c] as number;
  return { ...face, data: to };
}

/** Gray values of 1, 2 or 4 bits, rows beginning at a byte, as 0 to 255. */
function unpacked(data: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const row = Math.ceil((width * depth) / 8);
  const most = 2 ** depth - 1;
  const to = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * row + (bit >> 3)] as number;
      to[y * width + x] = (((byte >> (8 - depth - (bit & 7))) & most) * 255) / most;
    }
  return to;
}

function jpeg(bytes: Uint8Array, view: DataView): Pixels {
  const { width, height, components, rgb, orientation } = frameOf(view);
  checkSize(width, height);
  if (components !== 1 && components !== 3)
    throw new PictureError(`it has ${components} components (CMYK?) where gray or three colours are taken`);
  if (orientation !== 1)
    throw new PictureError(
      `its EXIF data say that it is to be turned (orientation ${orientation}), which some libraries do and others don't; store it upright`,
    );
  const image = decodeJpeg(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    colorTransform: components === 3 && !rgb,
    maxResolutionInMP: MOST_PIXELS / 1e6,
    maxMemoryUsageInMB: JPEG_MEGABYTES,
  });
  return picked(image.data, 3, { width, height, channels: components === 1 ? 1 : 3 });
}

interface Frame {
  width: number;
  height: number;
  components: number;
  /** Red, green, blue as they are, and not YCbCr. */
  rgb: boolean;
  /** EXIF's, 1 where it isn't said. */
  orientation: number;
}

/** The frame header (ITU T.81, B.2.2) and what stands before it. Throws PictureError, or RangeError where it is cut off. */
function frameOf(view: DataView): Frame {
  let orientation = 1;
  let jfif = false;
  let adobe: number | undefined;
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) throw new PictureError('it is damaged (no marker where one is due)');
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = view.getUint16(at + 2);
    const text = (from: number, n: number) =>
      String.fromCharCode(...Array.from({ length: n }, (_, i) => view.getUint8(from + i)));
    if (marker === 0xe0 && length >= 7) jfif ||= text(at + 4, 4) === 'JFIF';
    if (marker === 0xe1 && length >= 16 && text(at + 4, 4) === 'Exif') orientation = orientationOf(view, at + 10);
    if (marker === 0xee && length >= 14 && text(at + 4, 5) === 'Adobe') adobe = view.getUint8(at + 15);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      if (marker > 0xc2) throw new PictureError('it is a lossless or arithmetic-coded JPEG; store it as PNG');
      if (view.getUint8(at + 4) !== 8) throw new PictureError('it has more than 8 bits a channel; store it as PNG');
      const components = view.getUint8(at + 9);
      const ids = components === 3 ? String.fromCharCode(...[0, 3, 6].map((i) => view.getUint8(at + 10 + i))) : '';
      return {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components,
        rgb: adobe === undefined ? !jfif && ids === 'RGB' : adobe === 0,
        orientation,
      };
    }
    at += 2 + length;
  }
}

/** Tag 0x0112 of a TIFF header's first directory. */
function orientationOf(view: DataView, start: number): number {
  const little = view.getUint16(start) === 0x4949;
  const directory = start + view.getUint32(start + 4, little);
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little);
  }
  return 1;
}
