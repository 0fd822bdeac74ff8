import { sizeOf } from '../../tensor/tensor.js';
import {
  isWorthQuantizing,
  type Quantization,
  QUANTIZED_BYTES,
  type QuantizedType,
  quantizationFor,
  quantized,
  rangeOf,
} from '../../tensor/quantization.js';
import type { Storage } from '../../report/types.js';
import type { ManifestWeight, WrittenModel } from '../written.js';

/** A float weight and the ways to store it, from float32 down; each takes fewer bytes than the one before. */
export interface Rung {
  readonly as: Storage;
  readonly bytes: number;
}
export interface Weight {
  readonly name: string;
  readonly rungs: readonly Rung[];
}

/** By name; what isn't named is float32. */
export type Choice = ReadonlyMap<string, QuantizedType>;

interface Item {
  readonly spec: ManifestWeight;
  readonly bytes: Uint8Array;
  readonly stored: Map<QuantizedType, { quantization: Quantization; bytes: Uint8Array }>;
}

/**
 * A written model whose weights can be stored in other ways, in memory alone. What comes out is what the converter would
 * have written, so that stock TensorFlow.js reads the quantized weights by itself.
 */
export class Repacked {
  readonly weights: readonly Weight[];
  readonly #model: WrittenModel;
  readonly #items: readonly Item[];

  constructor(model: WrittenModel) {
    this.#model = model;
    this.#items = itemsOf(model);
    this.weights = this.#items.flatMap(({ spec, bytes }): Weight[] => {
      if (spec.dtype !== 'float32' || spec.quantization) return [];
      return [{ name: spec.name, rungs: rungsOf(spec, floatsOf(bytes)) }];
    });
  }

  /** The model with its weights stored so. */
  as(choice: Choice): WrittenModel {
    const parts = this.#items.map((item) => {
      const as = choice.get(item.spec.name);
      return as === undefined ? { spec: item.spec, bytes: item.bytes } : this.#stored(item, as);
    });
    const manifest = [{ paths: ['weights.bin'], weights: parts.map((p) => p.spec) }];
    const shard = () => {
      const all = new Uint8Array(parts.reduce((n, p) => n + p.bytes.byteLength, 0));
      let at = 0;
      for (const { bytes } of parts) {
        all.set(bytes, at);
        at += bytes.byteLength;
      }
      return all;
    };
    return {
      ...this.#model,
      json: { ...this.#model.json, weightsManifest: manifest },
      manifest,
      eachShard: () => [shard()],
      readShards: () => [shard().buffer],
    };
  }

  #stored(item: Item, as: QuantizedType): { spec: ManifestWeight; bytes: Uint8Array } {
    let stored = item.stored.get(as);
    if (!stored) {
      const values = floatsOf(item.bytes);
      const quantization = quantizationFor(rangeOf(values), as) as Quantization;
      stored = { quantization, bytes: quantized(values, quantization, item.spec.shape) };
      item.stored.set(as, stored);
    }
    return { spec: { ...item.spec, quantization: stored.quantization }, bytes: stored.bytes };
  }
}

const ELEMENT_BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, complex64: 8 };

function itemsOf(model: WrittenModel): Item[] {
  const shards = model.readShards();
  const bytes = new Uint8Array(shards.reduce((n, s) => n + s.byteLength, 0));
  let end = 0;
  for (const shard of shards) {
    bytes.set(new Uint8Array(shard), end);
    end += shard.byteLength;
  }
  let at = 0;
  return model.manifest
    .flatMap((group) => group.weights)
    .map((spec) => {
      const perElement = spec.quantization
        ? QUANTIZED_BYTES[spec.quantization.dtype as QuantizedType]
        : ELEMENT_BYTES[spec.dtype];
      const size = sizeOf(spec.shape);
      const length = perElement === undefined ? stringsLength(bytes, at, size) : size * perElement;
      at += length;
      return { spec, bytes: bytes.subarray(at - length, at), stored: new Map() };
    });
}

/** Each string is its length in four bytes, and then its bytes. */
function stringsLength(bytes: Uint8Array, at: number, count: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = at;
  for (let i = 0; i < count; i++) end += 4 + view.getUint32(end, true);
  return end - at;
}

/** A copy where the place isn't one that floats may lie at. */
function floatsOf(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

function rungsOf({ shape }: ManifestWeight, values: Float32Array): Rung[] {
  const rungs: Rung[] = [{ as: 'float32', bytes: values.length * 4 }];
  // A vector saves next to nothing, and as float16 may well cost more error than all matrices as uint16 together.
  if (!isWorthQuantizing(shape, 'uint8')) return rungs;
  const range = rangeOf(values);
  const fits = (as: QuantizedType) => quantizationFor(range, as) !== undefined;
  const add = (as: QuantizedType) => rungs.push({ as, bytes: values.length * QUANTIZED_BYTES[as] });
  const constant = range.min === range.max;
  if (!constant) {
    const [even, floating] = [fits('uint16'), fits('float16')];
    if (even && !(floating && hasLongTails(values, range.max - range.min))) add('uint16');
    else if (floating) add('float16');
  }
  if (fits('uint8')) add('uint8');
  return rungs;
}

/** Whether most values are so small beside the range that float16's steps, which shrink with the value, are the finer ones. */
function hasLongTails(values: Float32Array, range: number): boolean {
  let squares = 0;
  for (const v of values) squares += v * v;
  const usual = Math.sqrt(squares / values.length);
  return range / 65535 > usual * 2 ** -11;
}
