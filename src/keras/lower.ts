import { noLayer, ourBug } from '../diag/catalogue-convert.js';
import { DiagnosticError, Refusal, type Diagnostic, type Place } from '../diag/diagnostic.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import type { Names } from '../ir/names.js';
import { Fresh, View } from '../ir/view.js';
import { narrow } from '../tf/builder.js';
import { batchShape, KerasBuilder, type Dialect, type Layer, type LayerSpec } from './builder.js';
import { kerasModel, type KerasModel } from './model.js';

/** The model, and what each value became. */
export interface LoweredKeras {
  readonly model: KerasModel;
  readonly values: ReadonlyMap<Value, Layer>;
}

/**
 * Gives each node its Keras costume.
 * @throws DiagnosticError with the reason of every node that no stock layer can say
 */
export function lowerToKeras(graph: Graph, names: Names, dialect: Dialect, placeOf: (node: Node) => Place): LoweredKeras {
  const values = new Map<Value, Layer>();
  const problems: Diagnostic[] = [];
  let principal = '';
  let used = false;
  const k = new KerasBuilder(dialect, (suffix) => {
    if (suffix === undefined && !used) {
      used = true;
      return principal;
    }
    return names.derived(principal, suffix ?? '_1');
  });

  const inputs: LayerSpec[] = [];
  for (const value of graph.inputs) {
    try {
      principal = names.input(value.name);
      used = false;
      k.origin = [];
      const shape = batchShape(value);
      const dtype = narrow(value.type.dtype);
      const layer = k.layer('InputLayer', [], { batch_input_shape: shape, sparse: false, ragged: false }, { shape, dtype });
      inputs.push(layer.spec);
      values.set(value, layer);
    } catch (error) {
      problems.push(problem(error, { ...placeOf(graph.nodes[0] ?? ({ origin: [] } as unknown as Node)), tensor: value.name }));
    }
  }

  for (const node of graph.nodes) {
    const names_ = node.outputs.map((v, i) => v && names.output(v.label?.tensor ?? v.name, node.origin[0] ?? 0, i, node.outputs.length, v.label?.suffix));
    principal = names_.find((n) => n !== undefined) ?? '';
    used = false;
    k.origin = node.origin;
    k.output = node.outputs.find((v) => v !== undefined);
    try {
      if (!node.op.keras) throw new Refusal(`no stock Keras layer says ${node.op.name}`, 'convert to a graph-model (formats: auto or graph-model)');
      // What was refused before is reported there; here only what this node itself can't say.
      const view = new View(node.op.name, node.attrs, node.inputs, node.outputs, node.outputs.length, node.name, new Fresh());
      const ready = node.inputs.every((v) => !v || v.constant || values.has(v));
      const given = node.inputs.map((v): Layer => (v ? values.get(v) ?? (v.constant ? (undefined as unknown as Layer) : stand(v)) : (undefined as unknown as Layer)));
      const before = k.layers.length;
      const result = node.op.keras(view, given, k);
      const outs = Array.isArray(result) ? result : [result];
      if (!ready) k.layers.length = before;
      node.outputs.forEach((v, i) => {
        const out = outs[i];
        if (v && out && ready) values.set(v, out);
      });
    } catch (error) {
      problems.push(problem(error, placeOf(node)));
    }
  }

  const taken = new Set<LayerSpec>(inputs);
  const outputs = graph.outputs.map(({ name, value }) => {
    const layer = values.get(value);
    if (!layer) {
      if (value.constant) problems.push(noLayer({ tensor: name }, `the output ${name} is a constant, and no stock Keras layer holds one`, 'convert to a graph-model'));
      return undefined;
    }
    if (layer.spec.shapes.length === 1 && !taken.has(layer.spec)) {
      taken.add(layer.spec);
      return layer;
    }
    // An output that is an input or appears twice has a layer of its own to fetch.
    principal = names.input(name);
    used = false;
    k.origin = [];
    return k.layer('Activation', [layer], { activation: 'linear' }, { shape: layer.shape, dtype: layer.spec.dtype });
  });
  if (problems.length > 0) throw new DiagnosticError(problems);
  return { model: kerasModel('model', inputs, outputs as Layer[]), values };
}

/** Stands for the output of a node that was refused, so that the nodes after it can still be asked. */
function stand(v: Value): Layer {
  const spec: LayerSpec = { className: '', name: '', config: {}, inputs: [], weights: [], shapes: [], dtype: 'float32', origin: [] };
  return { spec, index: 0, shape: batchShape(v) };
}

function problem(error: unknown, place: Place): Diagnostic {
  return error instanceof Refusal ? noLayer(place, error.message, error.remedy) : ourBug(place, error);
}
