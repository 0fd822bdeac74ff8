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

export type ConfigValue =
  | number
  | boolean
  | string
  | null
  | readonly ConfigValue[]
  | { readonly [key: string]: ConfigValue };

export interface LayerWeight {
  /** As Keras gives it: `kernel`, `bias`, `gamma` … */
  readonly name: string;
  readonly weight: Weight;
  readonly trainable: boolean;
}

/** One layer of the model, in Keras's own words. */
export interface LayerSpec {
  readonly className: string;
  readonly name: string;
  /** get_config() without name, trainable and dtype. */
  readonly config: Readonly<Record<string, ConfigValue>>;
  readonly inputs: readonly Layer[];
  /** In the order of layer.weights. */
  readonly weights: readonly LayerWeight[];
  /** Shapes of its outputs. */
  readonly shapes: readonly KerasShape[];
  readonly dtype: string;
  /** The ONNX nodes that it stands for; the one whose output it gives comes first. */
  readonly origin: readonly number[];
  /** Parameters of the source, where the layer holds zeros besides: those of groups, or of a dilation. */
  readonly sourceParameters?: number;
}

/** One output of a layer: what other layers read. */
export interface Layer {
  readonly spec: LayerSpec;
  readonly index: number;
  readonly shape: KerasShape;
}

export interface LayerOptions {
  /** For a helper (`_pad`, `_CHW` …): its name is the node's with this behind. The principal layer has none. */
  readonly suffix?: string;
  /** Of which output of the node it has the name; the first where nothing is said. */
  readonly output?: number;
  readonly weights?: readonly { readonly name: string; readonly weight: Weight; readonly trainable?: boolean }[];
  /** Its output shape; that of the node's first output where nothing is said. */
  readonly shape?: KerasShape;
  readonly dtype?: string;
  readonly sourceParameters?: number;
}

/** What a Flatten has merged without moving it into ONNX's order. */
export interface FlatOrder {
  /** ONNX's sizes, the batch left out. */
  readonly sizes: readonly number[];
  /** The axis that stands at each position in memory, the batch left out. */
  readonly perm: readonly number[];
}

/** Layers that give each element's result where the element was. */
const ELEMENTWISE = new Set(['Activation', 'ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU', 'Dropout']);

interface Draft {
  readonly spec: { -readonly [K in keyof LayerSpec]: LayerSpec[K] };
  readonly suffix: string | undefined;
  readonly output: number;
}

/** Refuses a node whose input i no layer gives. */
export function notFed(i: number): never {
  return refuse(
    `an operand (${i}) is a constant or computed from sizes, and no stock Keras layer gives one`,
    'convert to a graph-model',
  );
}

/**
 * Builds the layers of one model, node by node. Names are given when a node is done: the layer without a suffix has the
 * node's own; where all have one, the layer that gives the output.
 */
export class KerasBuilder {
  readonly dialect: Dialect;
  readonly layers: LayerSpec[] = [];
  private readonly derived: (base: string, suffix: string) => string;
  private readonly orders = new Map<LayerSpec, FlatOrder>();
  /** What `flattenedOrder` has found for layers that pass on what comes in. */
  private readonly passedOn = new Map<LayerSpec, FlatOrder | undefined>();
  private drafts: Draft[] = [];
  private names: readonly ((() => string) | undefined)[] = [];
  private origin: readonly number[] = [];
  private output: Value | undefined;

  /** @param derived makes a legal, unused name from another and a suffix */
  constructor(dialect: Dialect, derived: (base: string, suffix: string) => string) {
    this.dialect = dialect;
    this.derived = derived;
  }

  /**
   * @param names give the names of the node's outputs, undefined for those that nobody asked for; a name is asked for
   * only where a layer gets it or one made from it
   * @param output whose shape is the principal layer's
   */
  begin(origin: readonly number[], names: readonly ((() => string) | undefined)[], output: Value | undefined): void {
    this.drafts = [];
    this.origin = origin;
    this.names = names;
    this.output = output;
  }

  /** Adds a layer and gives its first output. */
  layer(
    className: string,
    inputs: readonly Layer[],
    config: Readonly<Record<string, ConfigValue>>,
    options: LayerOptions = {},
  ): Layer {
    return this.layers_(className, inputs, config, [options.shape ?? this.outputShape()], options)[0];
  }

  /** Adds a layer of several outputs. */
  several(
    className: string,
    inputs: readonly Layer[],
    config: Readonly<Record<string, ConfigValue>>,
    shapes: readonly KerasShape[],
    options: LayerOptions = {},
  ): Layer[] {
    return this.layers_(className, inputs, config, shapes, options);
  }

  private layers_(
    className: string,
    inputs: readonly Layer[],
    config: Readonly<Record<string, ConfigValue>>,
    shapes: readonly KerasShape[],
    options: LayerOptions,
  ): Layer[] {
    inputs.forEach((input, i) => {
      if (!input) notFed(i);
    });
    const spec: LayerSpec = {
      className,
      name: '',
      config,
      inputs,
      weights: (options.weights ?? []).map((w) => ({ trainable: true, ...w })),
      shapes,
      dtype: options.dtype ?? 'float32',
      origin: this.origin,
      ...(options.sourceParameters === undefined ? {} : { sourceParameters: options.sourceParameters }),
    };
    this.drafts.push({ spec, suffix: options.suffix, output: options.output ?? 0 });
    return shapes.map((shape, index) => ({ spec, index, shape }));
  }

  /** Remembers that a Flatten leaves its elements as they lie: the Dense behind it has its rows moved instead. */
  keepOrder(flatten: Layer, order: FlatOrder): void {
    this.orders.set(flatten.spec, order);
  }

  /** The order in which the elements of a flattened layer lie, where it isn't ONNX's. */
  flattenedOrder(x: Layer): FlatOrder | undefined {
    const way: LayerSpec[] = [];
    let order: FlatOrder | undefined;
    for (
      let spec: LayerSpec | undefined = x.spec;
      spec;
      spec = ELEMENTWISE.has(spec.className) ? spec.inputs[0]?.spec : undefined
    ) {
      order = this.orders.get(spec) ?? this.passedOn.get(spec);
      if (order || this.passedOn.has(spec)) break;
      way.push(spec);
    }
    for (const spec of way) this.passedOn.set(spec, order);
    return order;
  }

  /** The shape of the node's first output. */
  outputShape(): KerasShape {
    return this.output ? batchShape(this.output) : refuse('the shape of the layer is not known');
  }

  /**
   * Gives a layer that takes one tensor twice a copy of it, where others take the tensor too: tfjs-layers counts readers by
   * layer and reads by input, and frees the tensor before the others have it.
   */
  separate(): void {
    const readers = new Map<LayerSpec, Set<LayerSpec>>();
    for (const spec of this.layers)
      for (const { spec: from } of spec.inputs) readers.set(from, (readers.get(from) ?? new Set()).add(spec));
    for (const spec of [...this.layers]) {
      const inputs = spec.inputs.map((input, i) => {
        const { spec: from, index } = input;
        const again = spec.inputs.findIndex((other) => other.spec === from && other.index === index) < i;
        if (!again || from.className === 'InputLayer' || (readers.get(from)?.size ?? 0) < 2) return input;
        const copy: LayerSpec = {
          className: 'Activation',
          name: this.derived(from.name, '_copy'),
          config: { activation: 'linear' },
          inputs: [input],
          weights: [],
          shapes: [input.shape],
          dtype: from.dtype,
          origin: spec.origin,
        };
        this.layers.push(copy);
        return { spec: copy, index: 0, shape: input.shape };
      });
      Object.assign(spec, { inputs });
    }
  }

  /**
   * Puts a Maximum of a tensor with itself behind a Cropping2D of open sizes, where a layer further on compares sizes:
   * tfjs-layers subtracts from an open size as if it were 0, and takes only what comes out below 0 for open again. So an
   * open size that nothing is cut off is made one longer and cut.
   */
  settle(): void {
    const settled = new Map<LayerSpec, Layer>();
    const seen = new Set<LayerSpec>();
    for (const reader of [...this.layers]) {
      if (reader.inputs.length < 2 && reader.className !== 'Reshape') continue;
      const stack = reader.inputs.map((input) => input.spec);
      for (let spec = stack.pop(); spec; spec = stack.pop()) {
        if (seen.has(spec)) continue;
        seen.add(spec);
        // What a layer of several inputs, or one that says a shape, makes of them has its own sizes.
        if (spec.inputs.length !== 1 || spec.className === 'Reshape') continue;
        stack.push(spec.inputs[0].spec);
        if (!cropsOpenSize(spec) || settled.has(spec)) continue;
        const [shape] = spec.shapes;
        this.cutAllOpen(spec);
        const input: Layer = { spec, index: 0, shape };
        const copy: LayerSpec = {
          ...spec,
          className: 'Maximum',
          name: this.derived(spec.name, '_open'),
          config: {},
          inputs: [input, input],
          weights: [],
        };
        settled.set(spec, { spec: copy, index: 0, shape });
      }
    }
    for (const spec of this.layers)
      Object.assign(spec, { inputs: spec.inputs.map((input) => settled.get(input.spec) ?? input) });
    for (const { spec } of settled.values()) this.layers.push(spec);
  }

  /** Cuts one off every open size that a Cropping2D leaves as it is, and puts it there before. */
  private cutAllOpen(spec: LayerSpec): void {
    const { config, inputs, shapes } = spec;
    const cropping = config.cropping as readonly (readonly [number, number])[];
    const first = firstSpatial(spec);
    const more = cropping.map(([begin, end], i) => (begin + end === 0 && shapes[0][first + i] === null ? 1 : 0));
    if (more.every((m) => m === 0)) return;
    const longer: LayerSpec = {
      ...spec,
      className: 'ZeroPadding2D',
      name: this.derived(spec.name, '_longer'),
      config: { padding: more.map((m) => [0, m]), data_format: config.data_format },
      shapes: [inputs[0].shape],
    };
    this.layers.push(longer);
    Object.assign(spec, {
      config: { ...config, cropping: cropping.map(([begin, end], i) => [begin, end + more[i]]) },
      inputs: [{ spec: longer, index: 0, shape: inputs[0].shape }],
    });
  }

  /** Names the node's layers and keeps them. */
  end(results: readonly (Layer | undefined)[]): void {
    const principals = new Map<number, Draft>();
    for (const draft of this.drafts)
      if (draft.suffix === undefined && !principals.has(draft.output)) principals.set(draft.output, draft);
    results.forEach((result, i) => {
      const draft = this.drafts.find((d) => d.spec === result?.spec);
      if (draft && this.names[i] !== undefined && !principals.has(i) && ![...principals.values()].includes(draft))
        principals.set(i, draft);
    });
    for (const [i, { spec }] of principals) spec.name = this.names[i]?.() ?? '';
    const base = this.names.find((name) => name !== undefined);
    for (const draft of this.drafts) {
      if (draft.spec.name === '')
        draft.spec.name = this.derived((this.names[draft.output] ?? base)?.() ?? '', draft.suffix ?? '_1');
      this.layers.push(draft.spec);
    }
    this.drafts = [];
  }
}

const firstSpatial = ({ config }: LayerSpec): number => (config.data_format === 'channels_first' ? 2 : 1);

const cropsOpenSize = (spec: LayerSpec): boolean =>
  spec.className === 'Cropping2D' && [0, 1].some((i) => spec.shapes[0][firstSpatial(spec) + i] === null);

/**
 * The shape of a value as a layer sees it: memory order, batch null, unknown sizes null. Refuses scalars, and what does
 * not lie with its batch first.
 */
export function batchShape(v: Value): KerasShape {
  if (v.type.dims.length === 0)
    refuse(`${v.name} is a scalar: it has no batch axis, which every Keras layer needs`, 'convert to a graph-model');
  if (v.layout[0] !== (v.batch ?? 0))
    refuse(`the batch axis of ${v.name} would not stand first`, 'convert to a graph-model');
  return [
    null,
    ...arrange(v.type.dims, v.layout)
      .slice(1)
      .map((d: Dim) => (isKnown(d) ? d : null)),
  ];
}

/** 'channels_last' or 'channels_first', by how an image-like value lies. */
export function dataFormat(v: Value): 'channels_last' | 'channels_first' {
  return v.layout[v.layout.length - 1] === 1 ? 'channels_last' : 'channels_first';
}
