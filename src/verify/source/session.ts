/** onnxruntime-web in this process: what `source.*` of the engine's process does. Tensors are ONNX's own, on both ways. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InferenceSession, OnnxValue } from 'onnxruntime-web';
import type { DType } from '../../tensor/dtype.js';
import { decodeFloats } from '../../tensor/floats.js';
import { packRaw } from '../../tensor/raw.js';
import type { Tensor, TensorData } from '../../tensor/tensor.js';
import { shippedFolder } from '../shipped.js';

type Ort = typeof import('onnxruntime-web');

export interface OpenRequest {
  /** The model, absolute. */
  path: string;
  /** Bytes to append to it: extraOutputs of onnx/encode. Or a model of its own, where `path` is ''. */
  more: Uint8Array;
  /** As the model names them, and where they are. */
  externals: { location: string; path: string }[];
}
export interface OpenAnswer {
  session: number;
  version: string;
  inputs: string[];
  outputs: string[];
}
export interface RunRequest {
  session: number;
  inputs: Record<string, Tensor>;
  fetch: string[];
}
export interface RunAnswer {
  /** What is no tensor, or of a type that onnxruntime-web doesn't give, is left out. */
  outputs: Record<string, Tensor>;
}
export interface CloseRequest {
  session: number;
}

const BINARY = 'ort-wasm-simd-threaded.wasm';
const LOADER = 'ort-wasm-simd-threaded.mjs';

let loaded: Promise<Ort> | undefined;
const sessions = new Map<number, InferenceSession>();
let opened = 0;

/** Opens a model. Throws what onnxruntime throws. */
export async function openSession({ path, more, externals }: OpenRequest): Promise<OpenAnswer> {
  const ort = await onnxruntime();
  const own = path === '' ? new Uint8Array(0) : readFileSync(path);
  const bytes = more.length === 0 ? own : concatenated(own, more);
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    // The source as it is written, node by node: what an optimizer makes of it is not what is to be proven.
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
    externalData: externals.map((e) => ({ path: e.location, data: readFileSync(e.path) })),
  });
  const id = ++opened;
  sessions.set(id, session);
  return {
    session: id,
    version: ort.env.versions.web ?? '',
    inputs: [...session.inputNames],
    outputs: [...session.outputNames],
  };
}

/** Runs an open model. Throws what onnxruntime throws. */
export async function runSession({ session: id, inputs, fetch }: RunRequest): Promise<RunAnswer> {
  const ort = await onnxruntime();
  const session = sessions.get(id);
  if (!session) throw new Error(`there is no session ${id}`);
  const feeds = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, feed(ort, tensor)]));
  const given = await session.run(feeds, fetch);
  const outputs: Record<string, Tensor> = {};
  for (const name of fetch) {
    const value = given[name];
    const tensor = value && fetched(value);
    if (tensor) outputs[name] = tensor;
    value?.dispose();
  }
  return { outputs };
}

export async function closeSession({ session: id }: CloseRequest): Promise<void> {
  await sessions.get(id)?.release();
  sessions.delete(id);
}

function onnxruntime(): Promise<Ort> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Ort> {
  const module = (await import('./ort.cjs')) as unknown as { default: Ort };
  const ort = module.default;
  const folder = shippedFolder(BINARY, 'onnxruntime-web/dist');
  ort.env.logLevel = 'fatal';
  // One thread: models are judged side by side, and a sum is then always taken in the same order.
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = {
    mjs: pathToFileURL(join(folder, LOADER)).href,
    wasm: pathToFileURL(join(folder, BINARY)).href,
  };
  return ort;
}

function concatenated(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

/** Types that onnxruntime-web takes and gives, by our names; what is absent can't be fed or fetched. */
const TYPES: Partial<Record<DType, string>> = {
  float32: 'float32',
  float64: 'float64',
  float16: 'float16',
  int8: 'int8',
  uint8: 'uint8',
  int16: 'int16',
  uint16: 'uint16',
  int32: 'int32',
  uint32: 'uint32',
  int64: 'int64',
  uint64: 'uint64',
  bool: 'bool',
  string: 'string',
};

/** The types that can be fed and fetched. */
export const RUNNABLE: ReadonlySet<string> = new Set(Object.keys(TYPES));

function feed(ort: Ort, tensor: Tensor): OnnxValue {
  const type = TYPES[tensor.dtype];
  if (!type) throw new Error(`onnxruntime-web takes no ${tensor.dtype}`);
  const data = tensor.dtype === 'float16' ? new Uint16Array(packRaw(tensor).slice().buffer) : tensor.data;
  return new ort.Tensor(type as 'float32', data as Float32Array, [...tensor.dims]);
}

function fetched(value: OnnxValue): Tensor | undefined {
  const { type, dims } = value;
  const dtype = (Object.keys(TYPES) as DType[]).find((d) => TYPES[d] === type);
  if (!dtype || dims === undefined) return undefined;
  const data = value.data as unknown;
  if (dtype !== 'float16') return { dtype, dims: [...dims], data: data as TensorData };
  // A Float16Array where Node has one, the bits in a Uint16Array where not.
  const { buffer, byteOffset, length } = data as Uint16Array;
  return { dtype, dims: [...dims], data: decodeFloats('float16', new Uint16Array(buffer, byteOffset, length)) };
}
