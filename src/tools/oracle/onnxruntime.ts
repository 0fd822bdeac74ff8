import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packRaw, unpackRaw } from '../../tensor/raw.js';
import type { DType } from '../../tensor/dtype.js';
import { sizeOf, tensorOf, type Tensor } from '../../tensor/tensor.js';

/** The few faces of onnxruntime-web that are used here. */
interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayBufferView | readonly string[];
}
interface OrtSession {
  readonly outputNames: readonly string[];
  run(feeds: Record<string, OrtTensor>, options: object): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}
interface Ort {
  readonly env: { logLevel: string; wasm: { numThreads: number; wasmPaths: string } };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
}

let opened: Ort | undefined;

function ort(): Ort {
  if (opened) return opened;
  const require = createRequire(import.meta.url);
  opened = require('onnxruntime-web') as Ort;
  opened.env.logLevel = 'fatal';
  opened.env.wasm.numThreads = 1;
  opened.env.wasm.wasmPaths = `${join(dirname(require.resolve('onnxruntime-web')))}/`;
  return opened;
}

const ORT_NAMES: Partial<Record<DType, string>> = {
  float32: 'float32',
  float64: 'float64',
  float16: 'float16',
  string: 'string',
  bool: 'bool',
  int8: 'int8',
  uint8: 'uint8',
  int16: 'int16',
  uint16: 'uint16',
  int32: 'int32',
  uint32: 'uint32',
  int64: 'int64',
  uint64: 'uint64',
  int4: 'int4',
  uint4: 'uint4',
};

type ArrayMaker = new (buffer: ArrayBuffer) => ArrayBufferView;

/** Newer engines give float16 an array of its own, and onnxruntime-web then asks for it. */
const HALVES = ((globalThis as unknown as Record<string, ArrayMaker | undefined>).Float16Array ??
  Uint16Array) as ArrayMaker;
const ARRAYS: Record<string, ArrayMaker> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: HALVES,
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int4: Uint8Array,
  uint4: Uint8Array,
};

function toOrt(t: Tensor): OrtTensor {
  const name = ORT_NAMES[t.dtype];
  if (!name) throw new Error(`onnxruntime-web takes no ${t.dtype}`);
  const { Tensor: Make } = ort();
  if (t.dtype === 'string') return new Make('string', [...(t.data as readonly string[])], t.dims);
  const raw = packRaw(t);
  const buffer = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength) as ArrayBuffer;
  return new Make(name, new ARRAYS[name](buffer), t.dims);
}

function fromOrt(t: OrtTensor): Tensor {
  const dtype = t.type as DType;
  const dims = [...t.dims];
  if (dtype === 'string') return tensorOf('string', dims, t.data as readonly string[]);
  const view = t.data as ArrayBufferView;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const data = unpackRaw(dtype, sizeOf(dims), (into, offset) => into.set(bytes.subarray(offset, offset + into.length)));
  return { dtype, dims, data };
}

/**
 * What onnxruntime computes, as the model stands (no optimization), for each feed.
 * @throws what onnxruntime says against the model or the feed
 */
export async function runOnnxruntime(
  model: Uint8Array,
  feeds: readonly Readonly<Record<string, Tensor>>[],
): Promise<Record<string, Tensor>[]> {
  const session = await ort().InferenceSession.create(model, {
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
  });
  try {
    const results: Record<string, Tensor>[] = [];
    for (const feed of feeds) {
      const outputs = await session.run(Object.fromEntries(Object.entries(feed).map(([name, t]) => [name, toOrt(t)])), {
        logSeverityLevel: 4,
      });
      results.push(Object.fromEntries(Object.entries(outputs).map(([name, t]) => [name, fromOrt(t)])));
    }
    return results;
  } finally {
    await session.release();
  }
}
