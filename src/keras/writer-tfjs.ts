import type { WeightEntry } from '../write/shards.js';
import type { ConfigValue, Layer, LayerSpec } from './builder.js';
import type { KerasModel } from './model.js';

/** A layers-model, ready to be written but for its weights. */
export interface LayersModelJson {
  readonly modelTopology: object;
  readonly weights: readonly WeightEntry[];
  readonly weightOrigins: ReadonlyMap<string, readonly number[]>;
}

/** The model as tfjs-layers loads it: Keras 2's JSON. */
export function layersModelJson(model: KerasModel): LayersModelJson {
  const weights: WeightEntry[] = [];
  const weightOrigins = new Map<string, readonly number[]>();
  for (const layer of model.layers)
    for (const { name, weight } of layer.weights) {
      const full = `${layer.name}/${name}`;
      weights.push({ name: full, dtype: 'float32', weight });
      weightOrigins.set(full, layer.origin);
    }
  return {
    modelTopology: {
      class_name: 'Functional',
      config: {
        name: model.name,
        trainable: true,
        layers: model.layers.map(layerJson),
        input_layers: model.inputs.map((l) => [l.name, 0, 0]),
        output_layers: model.outputs.map((l) => [l.spec.name, 0, l.index]),
      },
      keras_version: '2.15.0',
      backend: 'tensorflow',
    },
    weights,
    weightOrigins,
  };
}

function layerJson(layer: LayerSpec): object {
  const config: Record<string, ConfigValue> = {
    name: layer.name,
    trainable: true,
    dtype: layer.dtype,
    ...layer.config,
  };
  return {
    class_name: layer.className,
    config,
    name: layer.name,
    inbound_nodes: layer.inputs.length === 0 ? [] : [layer.inputs.map((l: Layer) => [l.spec.name, 0, l.index, {}])],
  };
}
