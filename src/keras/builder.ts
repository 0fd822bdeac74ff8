import { refuse } from '../diag/diagnostic.js';
import { isKnown, type Dim } from '../ir/dim.js';
import type { Value } from '../ir/graph.js';
import { arrange } from '../ir/layout.js';
import type { Weight } from '../tensor/tensor.js';

/**
 * The two Keras that are spoken: what tfjs-layers 4.22 loads (a subset of Keras 2), and Keras 3. One builder serves
 * both; a costume asks for the dialect where they differ.
 */
export type Dialect = 'tfjs' | 'keras3';

/** Sizes with the batch, which is always null, first. */
export type KerasShape = readonly (number | null)[];

export type ConfigValue = number | boolean | string | null | readonly ConfigValue[] | { readonly [key: string]: ConfigValue };

/** One layer of the model, in Keras's own words. */
export interface LayerSpec {
  readonly className: string;
  readonly name: string;
  /** get_config() without name, trainable and dtype. */
  readonly config: Readonly<Record<string, ConfigValue>>;
  readonly inputs: readonly Layer[];
  /** In the order of layer.weights; names as Keras gives them (`kernel`, `bias`, `gamma` …). */
  readonly weights: readonly { readonly name: string; readonly weight: Weight; readonly trainable: boolean }[];
  /** Shapes of its outputs. */
  readonly shapes: readonly KerasShape[];
  readonly dtype: string;
  /** The ONNX nodes that it stands for. */
  readonly origin: readonly number[];
}

/** One output of a layer: what other layers read. */
export interface Layer {
  readonly spec: LayerSpec;
  readonly index: number;
  readonly shape: KerasShape;
}

export interface LayerOptions {
  /** For a helper (`_pad`, `_CHW`, `_1` …): its name is the node's with this behind. The principal layer has none. */
  readonly suffix?: string;
  readonly weights?: readonly { readonly name: string; readonly weight: Weight; readonly trainable?: boolean }[];
  /** Its output shape; that of the node's first output where nothing is said. */
  readonly shape?: KerasShape;
  readonly dtype?: string;
}

/** Builds the layers of one model, node by node. */
export class KerasBuilder {
  readonly dialect: Dialect;
  readonly layers: LayerSpec[] = [];
  private readonly nameOf: (suffix: string | undefined) => string;
  origin: readonly number[] = [];
  /** The node's first output: its shape is the principal layer's. */
  output: Value | undefined;

  constructor(dialect: Dialect, nameOf: (suffix: string | undefined) => string) {
    this.dialect = dialect;
    this.nameOf = nameOf;
  }

  /** Adds a layer and gives its output. */
  layer(className: string, inputs: readonly Layer[], config: Readonly<Record<string, ConfigValue>>, options: LayerOptions = {}): Layer {
    inputs.forEach((input, i) => {
      if (!input) refuse(`input ${i} is a constant, and no stock Keras layer holds one`, 'convert to a graph-model');
    });
    const shape = options.shape ?? (this.output ? batchShape(this.output) : refuse('the shape of the layer is not known'));
    const spec: LayerSpec = {
      className, name: this.nameOf(options.suffix), config, inputs,
      weights: (options.weights ?? []).map((w) => ({ trainable: true, ...w })),
      shapes: [shape], dtype: options.dtype ?? 'float32', origin: this.origin,
    };
    this.layers.push(spec);
    return { spec, index: 0, shape };
  }
}

/** The shape of a value as a layer sees it: memory order, batch null, unknown sizes null. Refuses scalars. */
export function batchShape(v: Value): KerasShape {
  if (v.type.dims.length === 0) refuse(`${v.name} is a scalar: it has no batch axis, which every Keras layer needs`, 'convert to a graph-model');
  if (v.layout[0] !== 0) refuse(`the batch axis of ${v.name} would not stand first`, 'convert to a graph-model');
  return [null, ...arrange(v.type.dims, v.layout).slice(1).map((d: Dim) => (isKnown(d) ? d : null))];
}

/** 'channels_last' or 'channels_first', by how an image-like value lies. */
export function dataFormat(v: Value): 'channels_last' | 'channels_first' {
  return v.layout[v.layout.length - 1] === 1 ? 'channels_last' : 'channels_first';
}
