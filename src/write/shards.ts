import { createHash, type Hash } from 'node:crypto';
import { closeSync, fdatasync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { refuse } from '../diag/diagnostic.js';
import { isBig } from '../tensor/dtype.js';
import {
  isWorthQuantizing,
  type Quantization,
  QUANTIZED_BYTES,
  type QuantizedType,
  quantizationFor,
  quantized,
  rangeOf,
} from '../tensor/quantization.js';
import { piecesOf, sizeOf, type Tensor, type Weight } from '../tensor/tensor.js';

/** One written file. */
export interface WrittenFile {
  /** Relative to the model folder. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A weight under the name and type that model.json gives it. */
export interface WeightEntry {
  readonly name: string;
  readonly dtype: 'float32' | 'int32' | 'bool' | 'string' | 'complex64';
  readonly weight: Weight;
}

/** An entry of a weights manifest. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: Quantization;
}

/** Bytes of one shard: what browsers and CDNs cache well. */
export const SHARD_BYTES = 4 * 2 ** 20;

export interface ShardSettings {
  /** The largest size of a shard; SHARD_BYTES where absent. */
  readonly shardBytes?: number;
  /** How a weight of floats is to be stored where it can be and is worth it; as it is where undefined. */
  readonly quantize?: (name: string) => QuantizedType | undefined;
  /** Tells before each weight which one it is. */
  readonly onEntry?: (e: WeightEntry) => void;
}

/**
 * Writes weights one after another into shards, at most one in memory at a time: what stands in the source as it is written
 * goes from file to file.
 * @returns the manifest of model.json, and the files
 * @throws Refusal where a value doesn't fit TensorFlow.js's types; `onEntry` has told which one it is
 */
export function writeShards(
  folder: string,
  entries: readonly WeightEntry[],
  { shardBytes = SHARD_BYTES, quantize = () => undefined, onEntry = () => {} }: ShardSettings = {},
): { manifest: { paths: string[]; weights: WeightSpec[] }[]; files: WrittenFile[] } {
  if (entries.length === 0) return { manifest: [], files: [] };
  const specs = entries.map((e): WeightSpec => {
    onEntry(e);
    return specOf(e, quantize(e.name));
  });
  const total = entries.reduce((n, e, i) => n + bytesFor(e, specs[i] as WeightSpec), 0);
  const count = Math.max(1, Math.ceil(total / shardBytes));
  const files: WrittenFile[] = [];
  const paths: string[] = [];
  let shard: { path: string; fd: number; bytes: number; hash: Hash } | undefined;
  const close = () => {
    if (!shard) return;
    syncedBeside(shard.fd);
    files.push({ path: shard.path, bytes: shard.bytes, sha256: shard.hash.digest('hex') });
    shard = undefined;
  };
  const open = () => {
    const path = `group1-shard${paths.length + 1}of${count}.bin`;
    paths.push(path);
    shard = { path, fd: openSync(join(folder, path), 'w'), bytes: 0, hash: createHash('sha256') };
    return shard;
  };
  const put = (given: Uint8Array) => {
    let bytes = given;
    while (bytes.byteLength > 0) {
      const at = shard && shard.bytes < shardBytes ? shard : (close(), open());
      const part = bytes.subarray(0, shardBytes - at.bytes);
      for (let written = 0; written < part.byteLength; ) written += writeSync(at.fd, part, written);
      at.hash.update(part);
      at.bytes += part.byteLength;
      bytes = bytes.subarray(part.byteLength);
    }
  };
  try {
    for (const [i, entry] of entries.entries()) {
      onEntry(entry);
      const { dtype, weight } = entry;
      const pieces = specs[i]?.quantization || dtype !== weight.dtype ? undefined : piecesOf(weight);
      if (pieces) pieces(put);
      else put(encode(entry, specs[i]?.quantization));
    }
    if (paths.length === 0) open();
  } finally {
    close();
  }
  return { manifest: [{ paths, weights: specs }], files };
}

/** So many files may be open while they are on their way to the disk. */
const MOST_SYNCING = 256;
const syncing = new Set<Promise<NodeJS.ErrnoException | null>>();

/**
 * Closes a written file once the disk has it, while we go on: whoever puts the folder in its place would wait for the disk
 * with all files at the end.
 */
function syncedBeside(fd: number): void {
  if (syncing.size >= MOST_SYNCING) {
    closeSync(fd);
    return;
  }
  const done = new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const over = (error: NodeJS.ErrnoException | null): void => {
      closeSync(fd);
      // Some versions of Node's permission model (20) let nobody sync; the disk hasn't been asked then.
      resolve(error?.code === 'ERR_ACCESS_DENIED' ? null : error);
    };
    try {
      fdatasync(fd, over);
    } catch (error) {
      over(error as NodeJS.ErrnoException);
    }
  });
  syncing.add(done);
}

/**
 * Waits for the files that are on their way to the disk. The system tells whoever syncs first that the disk has failed, and
 * nobody after that. Rejects with that error.
 */
export async function onTheDisk(): Promise<void> {
  const errors = await Promise.all(syncing);
  syncing.clear();
  const error = errors.find((e) => e !== null);
  if (error) throw error;
}

function specOf({ name, dtype, weight }: WeightEntry, as: QuantizedType | undefined): WeightSpec {
  const spec = { name, shape: weight.dims, dtype };
  if (as === undefined || dtype !== 'float32' || !isWorthQuantizing(weight.dims, as)) return spec;
  const quantization = quantizationFor(rangeOf(toFloat32(weight.load())), as);
  return quantization ? { ...spec, quantization } : spec;
}

const ELEMENT_BYTES = { float32: 4, int32: 4, bool: 1, complex64: 8 } as const;

function bytesFor(entry: WeightEntry, { quantization }: WeightSpec): number {
  if (entry.dtype === 'string') return encode(entry).byteLength;
  return sizeOf(entry.weight.dims) * (quantization ? QUANTIZED_BYTES[quantization.dtype] : ELEMENT_BYTES[entry.dtype]);
}

function encode({ dtype, weight }: WeightEntry, quantization?: Quantization): Uint8Array {
  const t = weight.load();
  switch (dtype) {
    case 'float32':
      return quantization ? quantized(toFloat32(t), quantization, weight.dims) : bytesOf(toFloat32(t));
    case 'complex64':
      return bytesOf(toFloat32(t));
    case 'int32':
      return bytesOf(toInt32(t));
    case 'bool':
      return t.data as Uint8Array;
    case 'string':
      return encodeStrings(t.data as readonly string[]);
  }
}

function bytesOf(a: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

/** The narrowing of floats: a finite value beyond float32 is refused. */
export function toFloat32(t: Tensor): Float32Array {
  if (t.data instanceof Float32Array) return t.data;
  const from = t.data as ArrayLike<number>;
  const out = new Float32Array(from.length);
  for (let i = 0; i < from.length; i++) {
    out[i] = Number(from[i]);
    if (!Number.isFinite(out[i]) && Number.isFinite(Number(from[i])))
      refuse(
        `the ${t.dtype} constant ${from[i]} does not fit float32, TensorFlow.js's widest float`,
        'use a value within ±3.4e38, for example -1e30 in the place of a mask of -infinity',
      );
  }
  return out;
}

/** The narrowing of integers: a value beyond int32 is refused. */
function toInt32(t: Tensor): Int32Array {
  if (t.data instanceof Int32Array) return t.data;
  const from = t.data as ArrayLike<number | bigint>;
  const out = new Int32Array(from.length);
  const wide = isBig(t.dtype) || t.dtype === 'uint32';
  for (let i = 0; i < from.length; i++) {
    const v = Number(from[i]);
    if (wide && (v > 2147483647 || v < -2147483648))
      refuse(
        `the ${t.dtype} constant ${from[i]} does not fit int32, TensorFlow.js's widest integer`,
        'use values within ±2147483647, or compute with floats',
      );
    out[i] = v;
  }
  return out;
}

/** Strings as TensorFlow.js stores them: for each its length as little-endian uint32, then its UTF-8. */
function encodeStrings(strings: readonly string[]): Uint8Array {
  const parts: Buffer[] = [];
  for (const s of strings) {
    const bytes = Buffer.from(s, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}
