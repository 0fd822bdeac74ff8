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

/** Throws PictureError where there are too many pixels, or none. */
export function checkSize(width: number, height: number): void {
  if (width * height === 0 || width * height > MOST_PIXELS)
    throw new PictureError(`it has ${width} by ${height} pixels; 1 to ${MOST_PIXELS} pixels are allowed`);
}
