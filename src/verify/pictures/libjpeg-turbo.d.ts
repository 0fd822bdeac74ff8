/** Of WebAssembly, which Node has and its types leave out: what starting the codec takes. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: unknown);
    readonly exports: unknown;
  }
}

/** What is used of the codec, which brings no types along: its decoder, as emscripten's glue hands it out. */
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export interface Decoder {
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
  export interface Codec {
    JPEGDecoder: new () => Decoder;
  }
  interface Settings extends Partial<Codec> {
    instantiateWasm(imports: unknown, done: (instance: WebAssembly.Instance) => void): unknown;
  }
  /** Adds the codec to `settings`, before it returns where `instantiateWasm` is done by then. */
  export default function open(settings: Settings): Promise<Codec>;
}
