import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shippedFolder } from '../shipped.js';
import untyped from './libjpeg-turbo.cjs';
import { checkSize, PictureError, type Pixels } from './pixels.js';

const BINARY = 'libjpegturbowasm_decode.wasm';

/** What is used of the codec, as emscripten's glue hands it out. */
interface Decoder {
  /** Where the file's bytes are to be written. */
  getEncodedBuffer(length: number): Uint8Array;
  /** Both throw a number where the file won't do. */
  readHeader(): void;
  decode(): void;
  /** A view into the codec's memory: one channel where the file is gray, else red, green, blue. */
  getDecodedBuffer(): Uint8Array;
  /** Frees its memory. */
  delete(): void;
}
interface Codec {
  JPEGDecoder: new () => Decoder;
}
interface Start extends Partial<Codec> {
  instantiateWasm(imports: unknown, done: (instance: Instance) => void): unknown;
}
/** Adds the codec to what it is given, before it returns where `instantiateWasm` is done by then. */
const openCodec = untyped as (start: Start) => unknown;

interface Instance {
  readonly exports: unknown;
}
/** Node has it, and Node's types leave it out. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object, imports: unknown) => Instance;
  };
};

let codec: Codec | undefined;

/**
 * Decodes a baseline or progressive JPEG by libjpeg-turbo, which Pillow, torchvision and OpenCV use as well, with its
 * defaults (accurate DCT, halved colours spread by a triangle): every value is theirs. What it warns of is an error here.
 * Throws PictureError.
 */
export function jpeg(bytes: Uint8Array): Pixels {
  const { width, height, components, orientation } = headOf(bytes);
  checkSize(width, height);
  if (components !== 1 && components !== 3)
    throw new PictureError(`it has ${components} components (CMYK?) where gray or three colours are taken`);
  if (orientation !== 1)
    throw new PictureError(
      `its EXIF data say that it is to be turned (orientation ${orientation}), which some libraries do and others don't; store it upright`,
    );
  codec ??= opened();
  const decoder = new codec.JPEGDecoder();
  try {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    attempt(
      () => decoder.readHeader(),
      'its header is damaged, or its colours are stored at a size that libjpeg-turbo does not take; store it as PNG',
    );
    attempt(() => decoder.decode(), 'it is damaged, or cut off');
    const data = Uint8Array.from(decoder.getDecodedBuffer());
    const channels = components === 1 ? 1 : 3;
    if (data.length !== width * height * channels)
      throw new PictureError(`it holds ${data.length} values where ${width * height * channels} are due`);
    return { width, height, channels, data };
  } finally {
    if (codec) decoder.delete();
  }
}

function attempt(step: () => void, why: string): void {
  try {
    step();
  } catch (e) {
    // What the codec throws is a place in its own memory, which says no more. All else is an instance gone wrong.
    if (typeof e !== 'number') codec = undefined;
    throw new PictureError(why);
  }
}

/** The codec, started from a module that is compiled already: so it is there at once, and nothing needs to be awaited. */
function opened(): Codec {
  const folder = shippedFolder(BINARY, '@cornerstonejs/codec-libjpeg-turbo-8bit/dist');
  const compiled = new WebAssembly.Module(readFileSync(join(folder, BINARY)));
  const start: Start = {
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(compiled, imports);
      done(instance);
      return instance.exports;
    },
  };
  openCodec(start);
  const { JPEGDecoder } = start;
  if (!JPEGDecoder) throw new Error('the JPEG codec did not start at once');
  return { JPEGDecoder };
}

interface Frame {
  width: number;
  height: number;
  components: number;
  /** EXIF's, 1 where it isn't said. */
  orientation: number;
}

function headOf(bytes: Uint8Array): Frame {
  try {
    return frameOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (e) {
    if (!(e instanceof RangeError)) throw e;
    throw new PictureError('its header is cut off, or leads outside of the file');
  }
}

/** The frame header (ITU T.81, B.2.2) and what stands before it. Throws PictureError, or RangeError where it is cut off. */
function frameOf(view: DataView): Frame {
  let orientation = 1;
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
    if (marker === 0xe1 && length >= 16 && text(at + 4, 4) === 'Exif') orientation = orientationOf(view, at + 10);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      if (marker > 0xc2) throw new PictureError('it is a lossless or arithmetic-coded JPEG; store it as PNG');
      if (view.getUint8(at + 4) !== 8) throw new PictureError('it has more than 8 bits a channel; store it as PNG');
      return {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
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
