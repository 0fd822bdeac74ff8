import { convertIndexedToRgb, decode as decodePng } from 'fast-png';
import { jpeg } from './jpeg.js';
import { checkSize, PictureError, type Pixels } from './pixels.js';

/** Reads a PNG or a baseline or progressive JPEG, by its first bytes. An alpha channel is dropped. Throws PictureError. */
export function decodePicture(bytes: Uint8Array): Pixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = bytes.length >= 26 ? view.getUint32(0) : 0;
  if (head === 0x89504e47)
    try {
      return png(bytes, view);
    } catch (e) {
      if (e instanceof PictureError) throw e;
      // What the library throws on a file that is damaged.
      throw new PictureError(`it is damaged (${(e as Error).message})`);
    }
  if (head >>> 8 === 0xffd8ff) return jpeg(bytes);
  throw new PictureError('it begins neither as a PNG nor as a JPEG does');
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
