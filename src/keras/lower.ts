import { noLayer, ourBug } from '../diag/catalogue-convert.js';
import { DiagnosticError, Refusal, type Diagnostic, type Place } from '../diag/diagnostic.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import type { Names } from '../ir/names.js';
import { Fresh, View } from '../ir/view.js';
import { narrow } from '../tf/builder.js';
import {
  batchShape,
  KerasBuilder,
  notFed,
  type Dialect,
  type KerasShape,
  type Layer,
  type LayerSpec,
} from './builder.js';
import { kerasModel, type KerasModel } from './model.js';

/** The model, and what each value became. */
export interface LoweredKeras {
  readonly model: KerasModel;
  /** Those that can be fetched in the order of axes that they have. */
  readonly values: ReadonlyMap<Value, Layer>;
}

/** Which output of its ONNX node a value is, and how many that node has in the file. */
export interface Own {
  readonly output: number;
  readonly outputs: number;
}

/** Of what predict() cuts into batches. */
const MOST_AXES = 6;

/**
 * Gives each node its Keras costume.
 * @param own the values that ONNX's own nodes give; the others, which expansions made, get names derived from these
 * @param lost nodes that leave no batch, and why
 * @throws DiagnosticError with the reason of every node that no stock layer can say
 */
export function lowerToKeras(
  graph: Graph,
  names: Names,
  dialect: Dialect,
  placeOf: (node: Node) => Place,
  own: ReadonlyMap<Value, Own>,
  lost: ReadonlyMap<Node, string>,
): LoweredKeras {
  const values = new Map<Value, Layer>();
  const problems: Diagnostic[] = [];
  const k = new KerasBuilder(dialect, (base, suffix) => names.derived(base, suffix));
  const input = (name: string, shape: KerasShape, dtype: string): Layer => {
    k.begin([], [() => names.input(name)], undefined);
    const layer = k.layer(
      'InputLayer',
      [],
      dialect === 'keras3'
        ? { batch_shape: shape, sparse: false, ragged: false }
        : { batch_input_shape: shape, sparse: false, ragged: false },
      { shape, dtype },
    );
    k.end([layer]);
    return layer;
  };

  const inputs: LayerSpec[] = [];
  for (const value of graph.inputs) {
    try {
      const shape = batchShape(value);
      if (dialect === 'tfjs' && shape.length > MOST_AXES)
        throw new Refusal(
          `the input ${value.name} has ${shape.length} axes, and TensorFlow.js takes batches of tensors of up to ${MOST_AXES}`,
          'convert to a graph-model',
        );
      // TensorFlow.js makes a column of a vector that it is fed.
      if (dialect === 'tfjs' && shape.length === 1)
        throw new Refusal(
          `the input ${value.name} has no axis beside the batch, and TensorFlow.js feeds a layers-model no vectors`,
          'give it a second axis, or convert to a graph-model',
        );
      const layer = input(value.name, shape, narrow(value.type.dtype));
      inputs.push(layer.spec);
      values.set(value, layer);
    } catch (error) {
      problems.push(problem(error, { ...placeOf({ origin: [] } as unknown as Node), tensor: value.name }));
    }
  }

  const counts = new Set(graph.inputs.map((v) => v.type.dims[v.batch ?? 0]).filter((d) => typeof d === 'number'));
  if (counts.size > 1)
    problems.push(
      noLayer(
        { ...placeOf({ origin: [] } as unknown as Node), tensor: graph.inputs[0].name },
        `the inputs have ${[...counts].join(' and ')} items on their first axis, so it is not a batch, which the inputs of a layers-model have in common`,
        'convert to a graph-model',
      ),
    );

  const nameOf = namer(graph, names, own);
  // Sizes that are computed are no tensors of a layer: what reads them says why it can't.
  const sizes = new Set<Value>();
  for (const node of graph.nodes) {
    if (computesSizes(node, sizes)) {
      for (const v of node.outputs) if (v) sizes.add(v);
      continue;
    }
    const outputNames = node.outputs.map((v, i) => v && (() => nameOf(node, v, i)));
    k.begin(
      node.origin,
      outputNames,
      node.outputs.find((v) => v !== undefined),
    );
    try {
      const why = lost.get(node);
      if (why !== undefined) throw new Refusal(why, 'convert to a graph-model');
      if (!node.op.keras)
        throw new Refusal(
          `no stock Keras layer says ${node.op.name}`,
          'convert to a graph-model (formats: auto or graph-model)',
        );
      const view = new View(
        node.op.name,
        node.attrs,
        node.inputs,
        node.outputs,
        node.outputs.length,
        node.name,
        new Fresh(),
      );
      // What was refused before is reported there; here only what this node itself can't say.
      const ready = node.inputs.every((v) => !v || v.constant || values.has(v) || sizes.has(v));
      const given = node.inputs.map(
        (v): Layer =>
          v
            ? (values.get(v) ?? (v.constant || sizes.has(v) ? (undefined as unknown as Layer) : stand(v)))
            : (undefined as unknown as Layer),
      );
      if (node.inputs.length > 0 && node.inputs.every((v) => !v || v.constant))
        throw new Refusal(
          'all that it reads is constant, and a layer works on what is fed',
          'convert to a graph-model',
        );
      if (node.inputs[0] && !given[0] && !node.op.constantFirst) notFed(0);
      // Operands that may change places are fed, or constant.
      const odd = node.op.constantFirst ? node.inputs.findIndex((v, i) => v && !v.constant && !given[i]) : -1;
      if (odd >= 0) notFed(odd);
      const result = node.op.keras(view, given, k);
      if (!ready) continue;
      const results = Array.isArray(result) ? result : [result];
      k.end(results);
      node.outputs.forEach((v, i) => {
        const out = results[i];
        if (v && out) values.set(v, out);
      });
    } catch (error) {
      problems.push(problem(error, placeOf(node)));
    }
  }

  const taken = new Set<LayerSpec>(inputs);
  const outputs = graph.outputs.map(({ name, value }) => {
    const layer = values.get(value);
    if (!layer) {
      if (sizes.has(value))
        problems.push(
          noLayer(
            { tensor: name },
            `the output ${name} is computed from sizes, and no stock Keras layer gives a size`,
            'convert to a graph-model',
          ),
        );
      if (value.constant)
        problems.push(
          noLayer(
            { tensor: name },
            `the output ${name} is a constant, and no stock Keras layer holds one`,
            'convert to a graph-model',
          ),
        );
      return undefined;
    }
    if (layer.spec.shapes.length === 1 && !taken.has(layer.spec)) {
      taken.add(layer.spec);
      return layer;
    }
    // An output that is an input, appears twice, or is one of several of its layer has a layer of its own to fetch.
    k.begin(layer.spec.origin, [() => names.input(name)], undefined);
    const copy = k.layer(
      'Activation',
      [layer],
      { activation: 'linear' },
      { shape: layer.shape, dtype: layer.spec.dtype },
    );
    k.end([copy]);
    taken.add(copy.spec);
    return copy;
  });
  if (dialect === 'tfjs')
    graph.outputs.forEach(({ name, value }, i) => {
      const layer = outputs[i];
      if (layer && narrow(value.type.dtype) !== 'float32' && !staysInteger(layer.spec))
        problems.push(
          noLayer(
            { tensor: name },
            `the output ${name} is ${value.type.dtype}, and TensorFlow.js makes floats of what goes from layer to layer`,
            'convert to a graph-model, or cast it to float in the model',
          ),
        );
    });
  if (problems.length > 0) throw new DiagnosticError(problems);
  if (dialect === 'tfjs') {
    k.settle();
    k.separate();
  }
  for (const [value, layer] of values) if (k.flattenedOrder(layer) && layer.shape.length === 2) values.delete(value);
  return { model: kerasModel('model', inputs, outputs as Layer[]), values };
}

/**
 * Names for what nodes give, made when a layer first needs one: that of ONNX's output; for what an expansion put before
 * it, a name made from that.
 */
function namer(
  graph: Graph,
  names: Names,
  own: ReadonlyMap<Value, Own>,
): (node: Node, v: Value, output: number) => string {
  const given = new Map<Value, string>();
  // What each ONNX node gives first, by its index.
  const principals = new Map<number, { node: Node; v: Value; output: number }>();
  for (const node of graph.nodes)
    node.outputs.forEach((v, output) => {
      const [index] = node.origin;
      if (v && index !== undefined && own.has(v) && !v.label?.suffix && !principals.has(index))
        principals.set(index, { node, v, output });
    });
  const nameOf = (node: Node, v: Value, output: number): string => {
    const known = given.get(v);
    if (known !== undefined) return known;
    const index = node.origin[0] ?? 0;
    const principal = principals.get(index);
    const name =
      own.has(v) || v.label || !principal
        ? names.output(
            v.label?.tensor ?? v.name,
            index,
            own.get(v)?.output ?? output,
            own.get(v)?.outputs ?? node.outputs.length,
            v.label?.suffix,
          )
        : names.derived(nameOf(principal.node, principal.v, principal.output), `_${node.op.name}`);
    given.set(v, name);
    return name;
  };
  return nameOf;
}

/** Whether a node reads nothing but sizes and constants. */
function computesSizes(node: Node, sizes: ReadonlySet<Value>): boolean {
  if (!node.op.domain && (node.op.name === 'Shape' || node.op.name === 'Size')) return true;
  const read = node.inputs.filter((v) => v && !v.constant);
  return read.length > 0 && read.every((v) => v && sizes.has(v));
}

/** Layers that move elements, whatever their type. */
const MOVING = new Set(['Reshape', 'Permute', 'Flatten', 'Concatenate', 'Cropping2D', 'ZeroPadding2D']);

/** Whether tfjs-layers gives what isn't float as what it was fed: between two layers all is cast to float32. */
function staysInteger({ className, config, inputs }: LayerSpec): boolean {
  if (className === 'InputLayer') return true;
  const moves = MOVING.has(className) || (className === 'Activation' && config.activation === 'linear');
  return moves && inputs.every(({ spec }) => spec.className === 'InputLayer');
}

/** Stands for the output of a node that was refused, so that the nodes after it can still be asked. */
function stand(v: Value): Layer {
  const spec: LayerSpec = {
    className: '',
    name: '',
    config: {},
    inputs: [],
    weights: [],
    shapes: [],
    dtype: 'float32',
    origin: [],
  };
  return { spec, index: 0, shape: batchShape(v) };
}

function problem(error: unknown, place: Place): Diagnostic {
  return error instanceof Refusal ? noLayer(place, error.message, error.remedy) : ourBug(place, error);
}
