import { closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import {
  formatDisagrees,
  modelJsonInvalid,
  notAModelFolder,
  nothingToLoad,
  shardMissing,
  shardOutside,
  weightsDontFit,
} from '../diag/catalogue-verify.js';
import { type Diagnostic, DiagnosticError } from '../diag/diagnostic.js';
import { sizeOf } from '../tensor/tensor.js';
import { type ConversionRecord, readRecord } from './record.js';
import { TF_DTYPES } from './tftensor.js';

/** One group of model.json's weightsManifest. */
export interface ManifestGroup {
  readonly paths: readonly string[];
  readonly weights: readonly ManifestWeight[];
}

export interface ManifestWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string };
}

/** A converted model as it lies on disk, its files checked and not yet in memory. */
export interface WrittenModel {
  readonly folder: string;
  /** What diagnostics name as the file: the model's path in the repository, equal on every machine. */
  readonly file: string;
  readonly format: 'layers-model' | 'graph-model';
  readonly record: ConversionRecord;
  /** model.json, parsed: whatever it holds is TensorFlow.js's to judge, but for the manifest. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly manifest: readonly ManifestGroup[];
  /** Bytes that the weights take in TensorFlow.js's memory. */
  readonly weightBytes: number;
  /** Reads all shards, one buffer each, in the manifest's order. Throws DiagnosticError where they changed since. */
  readShards(): ArrayBuffer[];
  /** The same one after the other, each good until the next one. */
  eachShard(): Iterable<Uint8Array>;
}

/**
 * Opens a model folder as a stranger would: from its files alone, each held against what the others say of it. Throws
 * DiagnosticError with every fault: a file missing, cut off, too long or outside the folder, a manifest that can't be.
 * `file`: what the diagnostics name as the file.
 */
export function openModel(folder: string, file: string): WrittenModel {
  const record = readRecord(folder, file);
  if (record.format === 'keras') throw new DiagnosticError([nothingToLoad(file)]);
  let text: string;
  try {
    text = readFileSync(join(folder, 'model.json'), 'utf8');
  } catch (e) {
    throw new DiagnosticError([notAModelFolder(file, 'model.json', (e as NodeJS.ErrnoException).code ?? String(e))]);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (e) {
    throw new DiagnosticError([modelJsonInvalid(file, `it is not JSON (${(e as Error).message})`)]);
  }
  if (!isObject(json)) throw new DiagnosticError([modelJsonInvalid(file, 'it is not an object')]);
  const model = json;
  const found: Diagnostic[] = [];
  if (model.format !== record.format) found.push(formatDisagrees(file, String(model.format), record.format));
  if (!isObject(model.modelTopology)) found.push(modelJsonInvalid(file, 'it has no modelTopology'));

  const manifest = manifestOf(model.weightsManifest, file, found);
  const shards: Shard[] = [];
  let weightBytes = 0;
  for (const group of manifest) {
    const files = group.paths.map((path) => shardOf(folder, path, file, found));
    const present = files.filter((shard) => shard !== undefined);
    shards.push(...present);
    if (present.length === files.length) checkGroup(group, present, file, found);
    weightBytes += group.weights.reduce((sum, w) => sum + bytesInMemory(w), 0);
  }
  if (found.length > 0) throw new DiagnosticError(found);
  return {
    folder,
    file,
    format: record.format,
    record,
    json: model,
    manifest,
    weightBytes,
    readShards: () => shards.map((shard) => readShard(shard, file).buffer),
    *eachShard() {
      const room = new Uint8Array(Math.max(0, ...shards.map((shard) => shard.bytes)));
      for (const shard of shards) yield readShard(shard, file, room);
    },
  };
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

function manifestOf(value: unknown, file: string, found: Diagnostic[]): ManifestGroup[] {
  if (!Array.isArray(value)) {
    found.push(modelJsonInvalid(file, 'it has no weightsManifest'));
    return [];
  }
  const names = new Set<string>();
  const groups: ManifestGroup[] = [];
  for (const group of value as unknown[]) {
    const paths = isObject(group) ? group.paths : undefined;
    const weights = isObject(group) ? group.weights : undefined;
    if (!Array.isArray(paths) || !paths.every((p) => typeof p === 'string') || !Array.isArray(weights)) {
      found.push(modelJsonInvalid(file, 'a group of weightsManifest has no paths or no weights'));
      continue;
    }
    for (const weight of weights as unknown[]) {
      const fault = faultOf(weight);
      const name = isObject(weight) ? String(weight.name) : '?';
      if (fault) found.push(modelJsonInvalid(file, `the weight ${JSON.stringify(name)} ${fault}`));
      else if (names.has(name)) found.push(modelJsonInvalid(file, `the weight ${JSON.stringify(name)} is there twice`));
      names.add(name);
    }
    if (found.length === 0) groups.push({ paths: paths as string[], weights: weights as ManifestWeight[] });
  }
  return groups;
}

const QUANTIZED_BYTES: Record<string, number> = { uint8: 1, uint16: 2, float16: 2 };
const BYTES: Record<string, number> = { float32: 4, int32: 4, bool: 1, complex64: 8 };

function faultOf(weight: unknown): string | undefined {
  if (!isObject(weight) || typeof weight.name !== 'string') return 'has no name';
  if (!Array.isArray(weight.shape) || !weight.shape.every((d) => Number.isSafeInteger(d) && (d as number) >= 0))
    return `has the shape ${JSON.stringify(weight.shape)}`;
  if (!Number.isSafeInteger(sizeOf(weight.shape as number[]))) return 'is too large to be counted';
  if (!TF_DTYPES.some((d) => d === weight.dtype)) return `has the dtype ${JSON.stringify(weight.dtype)}`;
  const { quantization } = weight;
  if (quantization === undefined) return undefined;
  if (!isObject(quantization) || QUANTIZED_BYTES[String(quantization.dtype)] === undefined)
    return 'has an unknown quantization';
  return undefined;
}

function bytesInMemory(weight: ManifestWeight): number {
  return sizeOf(weight.shape) * (BYTES[weight.dtype] ?? 16);
}

interface Shard {
  /** As the manifest has it. */
  readonly path: string;
  /** On disk. */
  readonly place: string;
  readonly bytes: number;
}

function shardOf(folder: string, path: string, file: string, found: Diagnostic[]): Shard | undefined {
  const place = join(folder, path);
  const way = relative(folder, place);
  if (
    isAbsolute(path) ||
    path.includes('\0') ||
    way === '' ||
    way === '..' ||
    way.startsWith(`..${sep}`) ||
    isAbsolute(way)
  ) {
    found.push(shardOutside(file, path));
    return undefined;
  }
  try {
    const real = relative(realpathSync(folder), realpathSync(place));
    if (real === '..' || real.startsWith(`..${sep}`) || isAbsolute(real)) {
      found.push(shardOutside(file, path));
      return undefined;
    }
    const stat = statSync(place);
    if (!stat.isFile()) {
      found.push(shardMissing(file, path, 'it is no regular file'));
      return undefined;
    }
    return { path, place, bytes: stat.size };
  } catch (e) {
    const code = (e as NodeJS.ErrnoException).code ?? String(e);
    found.push(shardMissing(file, path, code === 'ENOENT' ? 'it does not exist' : code));
    return undefined;
  }
}

/** The shards of a group are one string of bytes, which the weights have to fill exactly. */
function checkGroup(group: ManifestGroup, shards: readonly Shard[], file: string, found: Diagnostic[]): void {
  const have = shards.reduce((sum, s) => sum + s.bytes, 0);
  let need = 0;
  for (const weight of group.weights) {
    const perElement = weight.quantization ? QUANTIZED_BYTES[weight.quantization.dtype] : BYTES[weight.dtype];
    if (perElement !== undefined) need += sizeOf(weight.shape) * perElement;
    else need = stringsEnd(shards, file, need, sizeOf(weight.shape));
  }
  if (need === have) return;
  // Writers fill every shard but the last, so a shorter one before it is the one that was cut off.
  const full = Math.max(0, ...shards.map((s) => s.bytes));
  const short = shards.slice(0, -1).find((s) => s.bytes < full);
  const suspect = (short ?? shards.at(-1))?.path;
  found.push(weightsDontFit(file, suspect, have, need, shards.length));
}

/** Where `count` strings that begin at byte `at` end: each is its length in four bytes, and then its bytes. */
function stringsEnd(shards: readonly Shard[], file: string, at: number, count: number): number {
  const total = shards.reduce((sum, s) => sum + s.bytes, 0);
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const shard of shards) {
    bytes.set(readShard(shard, file), offset);
    offset += shard.bytes;
  }
  const view = new DataView(bytes.buffer);
  let end = at;
  for (let i = 0; i < count; i++) {
    if (end + 4 > total) return end + 4 * (count - i);
    end += 4 + view.getUint32(end, true);
  }
  return end;
}

/** Its bytes, in a buffer of their own or in `room`. */
function readShard(shard: Shard, file: string, room?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const fd = openSync(shard.place, 'r');
  try {
    const { size } = fstatSync(fd);
    if (size !== shard.bytes) throw new DiagnosticError([weightsDontFit(file, shard.path, size, shard.bytes, 1)]);
    const bytes = room?.subarray(0, size) ?? new Uint8Array(size);
    for (let done = 0; done < size; ) {
      const n = readSync(fd, bytes, done, size - done, done);
      if (n === 0) throw new DiagnosticError([weightsDontFit(file, shard.path, done, size, 1)]);
      done += n;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}
