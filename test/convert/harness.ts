import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '../../src/convert/convert.js';
import type { ConvertRequest, ConvertResult } from '../../src/convert/convert-types.js';
import { encodeModel, tensorProto } from '../../src/onnx/encode.js';
import type * as P from '../../src/onnx/proto-types.generated.js';
import { codeOfDtype, type DType } from '../../src/tensor/dtype.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { engineOf } from '../../src/verify/engines/index.js';
import type { TfTensor } from '../../src/verify/tftensor.js';
import { openModel } from '../../src/verify/written.js';

/** A model as a test writes it down: small, and complete. */
export interface Sketch {
  readonly opset?: number;
  /** Name to element type and shape; a size may be a symbol's name. */
  readonly inputs?: Readonly<Record<string, readonly [DType, readonly (number | string)[]]>>;
  readonly outputs: readonly string[];
  readonly nodes: readonly SketchNode[];
  readonly weights?: Readonly<Record<string, Tensor>>;
}
export interface SketchNode {
  readonly op: string;
  readonly name?: string;
  readonly domain?: string;
  readonly in: readonly string[];
  readonly out: readonly string[];
  readonly with?: Readonly<Record<string, number | Float | string | readonly number[] | Tensor>>;
}

/** The bytes of the model. Whole numbers become ints; write a float attribute as `{ float: 1 }` through `floatOf`. */
export function sketched(s: Sketch): Uint8Array {
  return encodeModel({
    irVersion: 8,
    opsetImport: [
      { version: s.opset ?? 17 },
      { domain: 'com.microsoft', version: 1 },
      { domain: 'ai.onnx.ml', version: 3 },
    ],
    graph: {
      name: 'g',
      node: s.nodes.map((n) => ({
        opType: n.op,
        name: n.name ?? '',
        domain: n.domain ?? '',
        input: [...n.in],
        output: [...n.out],
        attribute: Object.entries(n.with ?? {}).map(([name, value]) => attribute(name, value)),
      })),
      input: Object.entries(s.inputs ?? {}).map(([name, [dtype, shape]]) => ({
        name,
        type: {
          tensorType: {
            elemType: codeOfDtype(dtype),
            shape: { dim: shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })) },
          },
        },
      })),
      output: s.outputs.map((name) => ({ name })),
      initializer: Object.entries(s.weights ?? {}).map(([name, t]) => tensorProto(t, name)),
    },
  } as P.ModelProto);
}

/** Marks a whole number as a float attribute. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

function attribute(name: string, value: unknown): P.AttributeProto {
  if (value instanceof Float) return { name, type: 1, f: value.value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { name, type: 2, i: value } : { name, type: 1, f: value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if (Array.isArray(value))
    return value.every((v) => Number.isInteger(v))
      ? { name, type: 7, ints: value as number[] }
      : { name, type: 6, floats: value as number[] };
  return { name, type: 4, t: tensorProto(value as Tensor, name) };
}

/** A converted model on disk, for as long as a test needs it. */
export interface Converted extends ConvertResult {
  readonly folder: string;
  /** conversion.json. */
  readonly record: {
    inputs: Face[];
    outputs: Face[];
    nodes: {
      onnx: { name: string; op: string };
      became: string;
      tfjs: string[];
      outputs: { onnx: string; tensor: string | null }[];
    }[];
  };
  readonly json: { modelTopology: { node?: { name: string; op: string; input?: string[] }[] }; [key: string]: unknown };
  /** Runs the written model with stock TensorFlow.js, by tfjs names. */
  run(engine: 'wasm' | 'cpu', inputs: Readonly<Record<string, TfTensor>>): Promise<ReadonlyMap<string, TfTensor>>;
}
interface Face {
  onnx: { name: string; dtype: string; shape: (number | string | null)[] };
  tfjs: { name: string; dtype: string; shape: (number | null)[] };
  order: number[];
}

const folders: string[] = [];
/** To be called after each test: removes what was written. */
export function clean(): void {
  for (const f of folders.splice(0)) rmSync(f, { recursive: true, force: true });
}

/** Converts a sketch (or a model's bytes). */
export function convert(model: Sketch | Uint8Array, settings: Partial<ConvertRequest> = {}): Converted {
  const home = mkdtempSync(join(tmpdir(), 'convert-'));
  folders.push(home);
  const path = join(home, 'model.onnx');
  writeFileSync(path, model instanceof Uint8Array ? model : sketched(model));
  const folder = join(home, 'out');
  mkdirSync(folder);
  const result = convertModel({
    path,
    relativePath: 'model.onnx',
    formats: ['graph-model'],
    changeOrdering: true,
    namePolicy: 'keep',
    outputFolder: folder,
    limits: { maxModelBytes: 2 ** 31 },
    ...settings,
  });
  const read = (name: string) =>
    result.status === 'converted' ? JSON.parse(readFileSync(join(folder, name), 'utf8')) : undefined;
  return {
    ...result,
    folder,
    record: read('conversion.json'),
    json: read('model.json'),
    run: async (name, inputs) => {
      const engine = await engineOf(name);
      const loaded = await engine.load(openModel(folder, 'model.onnx'));
      try {
        const { outputs, printed } = await loaded.run(new Map(Object.entries(inputs)));
        if (printed.failures.length > 0) throw new Error(printed.failures.join('\n'));
        return outputs;
      } finally {
        await loaded.dispose();
      }
    },
  };
}

/** A float32 tensor to feed. */
export const floats = (shape: readonly number[], values: readonly number[]): TfTensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
});
