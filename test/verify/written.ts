/** Model folders as the contract has them, written by hand: what TensorFlow.js is to compute is said in the test itself. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encodeTensor } from '../../src/onnx/encode.js';
import type { DType } from '../../src/tensor/dtype.js';
import { tensorOf } from '../../src/tensor/tensor.js';

export interface Row {
  onnx: { name: string; dtype: string; shape: (number | string | null)[] };
  tfjs: { name: string; dtype: string; shape: (number | null)[] };
  order: number[];
}

/** A row of conversion.json in which nothing is renamed and, by default, nothing moved. */
export function row(
  name: string,
  dtype: string,
  shape: (number | null)[],
  order = shape.map((_, i) => i),
  tfDtype = tfOf(dtype),
): Row {
  return {
    onnx: { name, dtype, shape },
    tfjs: { name: legal(name), dtype: tfDtype, shape: order.map((axis) => shape[axis] as number | null) },
    order,
  };
}

const legal = (name: string): string => name.replace(/^\/+/, '').replace(/[^A-Za-z0-9._-]/g, '_');
const tfOf = (dtype: string): string =>
  dtype.startsWith('float') ? 'float32' : dtype === 'bool' || dtype === 'string' ? dtype : 'int32';

export interface Node {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, unknown>;
}

const TYPES: Record<string, string> = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL', string: 'DT_STRING' };

export const typeAttr = (dtype: string): unknown => ({ type: TYPES[dtype] });

export function placeholder(name: string, dtype: string, shape: (number | null)[]): Node {
  const dim = shape.map((size) => ({ size: String(size ?? -1) }));
  return { name, op: 'Placeholder', attr: { dtype: typeAttr(dtype), shape: { shape: { dim } } } };
}

export interface Weight {
  name: string;
  shape: number[];
  dtype: 'float32' | 'int32';
  values: number[];
}

export interface GraphModel {
  nodes: Node[];
  weights?: Weight[];
  inputs: Row[];
  outputs: Row[];
  /** Signature key to `node:index`; the output's own name where it isn't said. */
  fetch?: Record<string, string>;
  async?: boolean;
}

export function writeGraphModel(folder: string, model: GraphModel): void {
  const weights = model.weights ?? [];
  const constants: Node[] = weights.map((w) => ({ name: w.name, op: 'Const', attr: { dtype: typeAttr(w.dtype) } }));
  const signature = (rows: Row[]) =>
    Object.fromEntries(rows.map((r) => [r.tfjs.name, { name: model.fetch?.[r.tfjs.name] ?? `${r.tfjs.name}:0` }]));
  writeModel(folder, 'graph-model', model, weights, {
    modelTopology: { node: [...model.nodes, ...constants], library: {}, versions: { producer: 1, minConsumer: 1 } },
    signature: { inputs: signature(model.inputs), outputs: signature(model.outputs) },
  });
}

export interface LayersModel {
  layers: { class_name: string; name: string; config: Record<string, unknown>; from: string[] }[];
  weights?: Weight[];
  inputs: Row[];
  outputs: Row[];
}

export function writeLayersModel(folder: string, model: LayersModel): void {
  const config = {
    name: 'model',
    layers: model.layers.map(({ class_name, name, config: own, from }) => ({
      class_name,
      name,
      config: { name, ...own },
      inbound_nodes: from.length > 0 ? [from.map((f) => [f, 0, 0, {}])] : [],
    })),
    input_layers: model.inputs.map((r) => [r.tfjs.name, 0, 0]),
    output_layers: model.outputs.map((r) => [r.tfjs.name, 0, 0]),
  };
  writeModel(folder, 'layers-model', model, model.weights ?? [], {
    modelTopology: { class_name: 'Model', config, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' },
  });
}

function writeModel(
  folder: string,
  format: string,
  model: { inputs: Row[]; outputs: Row[]; async?: boolean },
  weights: Weight[],
  rest: Record<string, unknown>,
): void {
  mkdirSync(folder, { recursive: true });
  const bytes = Buffer.concat(
    weights.map((w) => Buffer.from((w.dtype === 'int32' ? Int32Array : Float32Array).from(w.values).buffer)),
  );
  // Two shards, cut within a weight, as large models have them.
  const cut = Math.floor(bytes.length / 2);
  const paths = weights.length > 0 ? ['group1-shard1of2.bin', 'group1-shard2of2.bin'] : [];
  for (const [i, path] of paths.entries())
    writeFileSync(join(folder, path), i === 0 ? bytes.subarray(0, cut) : bytes.subarray(cut));
  const manifest = [{ paths, weights: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) }];
  writeFileSync(
    join(folder, 'model.json'),
    JSON.stringify({
      format,
      generatedBy: 'test',
      convertedBy: null,
      ...rest,
      weightsManifest: weights.length > 0 ? manifest : [],
    }),
  );
  writeFileSync(
    join(folder, 'conversion.json'),
    JSON.stringify({
      schema: 1,
      source: { path: 'model.onnx', sha256: '', bytes: 0, irVersion: 8, opsets: { '': 17 }, producer: 'test' },
      format,
      async: model.async ?? false,
      inputs: model.inputs,
      outputs: model.outputs,
      nodes: [],
    }),
  );
}

export type Values = Record<string, { dtype: DType; dims: number[]; data: (number | bigint | string | boolean)[] }>;

/** ONNX's own convention: `input_N.pb`, `output_N.pb`, in the order given. */
export function writeDataSet(folder: string, inputs: Values, outputs: Values): void {
  mkdirSync(folder, { recursive: true });
  for (const [kind, values] of [
    ['input', inputs],
    ['output', outputs],
  ] as const)
    for (const [i, [name, { dtype, dims, data }]] of Object.entries(values).entries())
      writeFileSync(join(folder, `${kind}_${i}.pb`), encodeTensor(tensorOf(dtype, dims, data), name));
}

export function writeFile(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** A folder that is gone after the test. */
export function scratch(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'verify-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** 1, 2, 3 … as many as the shape takes. */
export function counting(dims: number[], from = 1): number[] {
  return Array.from({ length: dims.reduce((n, d) => n * d, 1) }, (_, i) => from + i);
}
