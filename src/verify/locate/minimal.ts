import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeTensor } from '../../onnx/encode.js';
import { encodeWithGraph } from '../../onnx/encode-graph.js';
import type { OnnxModel, TypeInfo } from '../../onnx/model.js';
import { rawLength } from '../../tensor/raw.js';
import { sizeOf, type Tensor } from '../../tensor/tensor.js';
import { makeFolder } from '../make-folder.js';
import { type Checkable, inputsOf } from './values.js';

/** Weights beyond this aren't written into a second model. */
const MAX_WEIGHT_BYTES = 256 * 2 ** 20;

/**
 * A model of a value's group alone: its nodes and weights, and as inputs what it takes. `given`: a value for each of
 * those, for types and shapes. Undefined where its weights are too large to be written once more.
 */
export function minimalModel(
  model: OnnxModel,
  value: Checkable,
  given: ReadonlyMap<string, Tensor>,
): Uint8Array | undefined {
  const nodes = value.group.map((i) => model.graph.nodes[i]).filter((n) => n !== undefined);
  const read = new Set(nodes.flatMap(inputsOf));
  const initializers = new Map([...model.graph.initializers].filter(([name]) => read.has(name) && !given.has(name)));
  const bytes = [...initializers.values()].reduce((sum, w) => sum + rawLength(w.dtype, sizeOf(w.dims)), 0);
  if (bytes > MAX_WEIGHT_BYTES) return undefined;
  const inputs = value.from.map((name) => {
    const tensor = given.get(name);
    const type: TypeInfo | undefined = tensor && { kind: 'tensor', dtype: tensor.dtype, dims: tensor.dims };
    return { name, type };
  });
  return encodeWithGraph(model, {
    name: 'first-diverging-node',
    nodes,
    inputs,
    outputs: [{ name: value.name, type: model.graph.valueInfo.get(value.name) }],
    initializers,
    valueInfo: new Map(),
  });
}

/** Writes the model with what its inputs and its output are in the source, as ONNX's own cases are laid out. */
export function writeMinimal(
  folder: string,
  bytes: Uint8Array,
  value: Checkable,
  source: ReadonlyMap<string, Tensor>,
): string[] {
  const set = join(folder, 'test_data_set_0');
  makeFolder(folder);
  makeFolder(set);
  const files: [string, Uint8Array][] = [['model.onnx', bytes]];
  for (const [i, name] of value.from.entries())
    files.push([`test_data_set_0/input_${i}.pb`, encodeTensor(source.get(name) as Tensor, name)]);
  files.push(['test_data_set_0/output_0.pb', encodeTensor(source.get(value.name) as Tensor, value.name)]);
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  return files.map(([name]) => name);
}
