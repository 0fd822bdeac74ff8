import { hdf5, type H5Array, type H5Group } from '../write/hdf5.js';
import { textEntry, writeZip } from '../write/zip.js';
import { isWorthQuantizing, quantizationFor, quantized, rangeOf } from '../tensor/quantization.js';
import type { Weight } from '../tensor/tensor.js';
import { toFloat32, type WeightSpec } from '../write/shards.js';
import type { ConfigValue, Layer, LayerSpec } from './builder.js';
import type { KerasModel } from './model.js';

/** The Keras whose files these are like; every Keras 3 reads them. */
const KERAS_VERSION = '3.15.1';

/**
 * Writes a model as a Keras 3 archive: config.json, metadata.json and model.weights.h5. The same model gives the same
 * bytes.
 * @param half store weights as float16 where they fit; Keras makes its variables' own type of them
 * @param onWeight tells before each weight whose it is
 */
export function writeKerasArchive(
  path: string,
  model: KerasModel,
  half: boolean,
  onWeight: (layer: LayerSpec) => void = () => {},
): { bytes: number; sha256: string; specs: WeightSpec[] } {
  const specs: WeightSpec[] = [];
  const weights = hdf5(
    weightsTree(model, (layer, name, weight) => {
      const { array, spec } = stored(`${layer.name}/${name}`, weight, half, () => onWeight(layer));
      specs.push(spec);
      return array;
    }),
  );
  const written = writeZip(path, [
    textEntry('metadata.json', JSON.stringify({ keras_version: KERAS_VERSION, date_saved: '1980-01-01@00:00:00' })),
    textEntry('config.json', JSON.stringify(modelConfig(model))),
    { name: 'model.weights.h5', bytes: weights.bytes, write: weights.write },
  ]);
  return { ...written, specs };
}

function stored(
  name: string,
  weight: Weight,
  half: boolean,
  onWeight: () => void,
): { array: H5Array; spec: WeightSpec } {
  const load = () => {
    onWeight();
    return toFloat32(weight.load());
  };
  const spec = { name, shape: weight.dims, dtype: 'float32' };
  const quantization =
    half && isWorthQuantizing(weight.dims, 'float16') ? quantizationFor(rangeOf(load()), 'float16') : undefined;
  if (!quantization) return { array: { dims: weight.dims, load }, spec };
  const bits = () => new Uint16Array(quantized(load(), quantization, weight.dims).buffer);
  return { array: { dims: weight.dims, half, load: bits }, spec: { ...spec, quantization } };
}

type Json = ConfigValue | { readonly [key: string]: Json } | readonly Json[];

const serialized = (
  module: string,
  className: string,
  config: Json,
  more: Readonly<Record<string, Json>> = {},
): Json => ({ module, class_name: className, config, registered_name: null, ...more });

/** The model as keras.saving.deserialize_keras_object takes it. */
function modelConfig(model: KerasModel): Json {
  return serialized(
    'keras.src.models.functional',
    'Functional',
    {
      name: model.name,
      trainable: true,
      layers: model.layers.map(layerConfig),
      input_layers: model.inputs.map((l): Json => [l.name, 0, 0]),
      output_layers: model.outputs.map((l): Json => [l.spec.name, 0, l.index]),
    },
    { registered_name: 'Functional' },
  );
}

function layerConfig(layer: LayerSpec): Json {
  const config: Record<string, Json> = { name: layer.name, trainable: true, dtype: layer.dtype, ...layer.config };
  if (layer.className === 'InputLayer') delete config.trainable;
  const inner = config.layer as { class_name: string; config: Json } | undefined;
  if (inner) config.layer = serialized('keras.layers', inner.class_name, inner.config);
  return serialized('keras.layers', layer.className, config, {
    name: layer.name,
    inbound_nodes: layer.inputs.length === 0 ? [] : [call(layer)],
  });
}

/** Layers that take their inputs as one list. */
const MERGING = new Set(['Add', 'Subtract', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Concatenate', 'Dot']);

function call(layer: LayerSpec): Json {
  const [first, ...states] = layer.inputs.map(tensor);
  if (MERGING.has(layer.className)) return { args: [[first, ...states]], kwargs: {} };
  return { args: [first], kwargs: states.length > 0 ? { initial_state: states } : {} };
}

function tensor({ spec, index, shape }: Layer): Json {
  return { class_name: '__keras_tensor__', config: { shape, dtype: spec.dtype, keras_history: [spec.name, 0, index] } };
}

/** Layers whose weights are those of an inner cell, and how its variables are reached. */
const CELLS = new Set(['LSTM', 'GRU', 'SimpleRNN']);

/** layers/<class in snake case, counted>/vars/<number>, as keras.src.saving.saving_lib walks a model. */
function weightsTree(model: KerasModel, arrayOf: (layer: LayerSpec, name: string, weight: Weight) => H5Array): H5Group {
  const layers: Record<string, H5Group> = {};
  const counts = new Map<string, number>();
  for (const layer of model.layers) {
    const name = snakeCase(layer.className);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    if (layer.weights.length === 0) continue;
    const arrays = layer.weights.map(({ name: own, weight }) => arrayOf(layer, own, weight));
    const vars = (list: readonly H5Array[]): H5Group => ({
      vars: Object.fromEntries(list.map((a, i) => [String(i), a])),
    });
    const half = arrays.length / 2;
    layers[count === 0 ? name : `${name}_${count}`] = CELLS.has(layer.className)
      ? { cell: vars(arrays) }
      : layer.className === 'Bidirectional'
        ? { forward_layer: { cell: vars(arrays.slice(0, half)) }, backward_layer: { cell: vars(arrays.slice(half)) } }
        : vars(arrays);
  }
  return { layers };
}

/** keras.src.utils.naming.to_snake_case */
export function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
