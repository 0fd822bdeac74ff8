import { crc32, deflateSync } from 'node:zlib';
import { type Markup, raw } from './markup.js';

/** A picture as a data: address of a PNG, ready to be an attribute's value: with a palette, a byte per pixel; without, three. Rows from top to bottom. */
export function pngUrl(width: number, height: number, pixels: Uint8Array, palette?: Uint8Array): Markup {
  const perPixel = palette === undefined ? 3 : 1;
  const rowBytes = width * perPixel;
  // Each row begins with the number of its filter: none.
  const rows = new Uint8Array((rowBytes + 1) * height);
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * rowBytes, (y + 1) * rowBytes), y * (rowBytes + 1) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits; colour type 3 is indexed, 2 is true colour.
  header.set([8, palette === undefined ? 2 : 3, 0, 0, 0], 8);
  const png = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(palette === undefined ? [] : [chunk('PLTE', palette)]),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
  return raw(`data:image/png;base64,${png.toString('base64')}`);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}

/** From dark to bright, told apart without colour, too: some of viridis's colours, and what lies between them. */
export const DARK_TO_BRIGHT = palette([
  '440154',
  '472d7b',
  '3b528b',
  '2c728e',
  '21918c',
  '28ae80',
  '5ec962',
  'addc30',
  'fde725',
]);
/** From nothing (white) to much (dark red), for differences. */
export const WHITE_TO_RED = palette(['ffffff', 'fddbc7', 'f4a582', 'd6604d', 'b2182b', '67001f']);

/** 256 colours by way of the given ones. */
function palette(colours: readonly string[]): Uint8Array {
  const stops = colours.map((c) => [0, 2, 4].map((i) => Number.parseInt(c.slice(i, i + 2), 16)));
  const all = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const from = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c++) {
      const [a, b] = [stops[from]?.[c] as number, stops[from + 1]?.[c] as number];
      all[i * 3 + c] = Math.round(a + (b - a) * (at - from));
    }
  }
  return all;
}
