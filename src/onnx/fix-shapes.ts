import type { Diagnostic } from '../diag/diagnostic.js';
import { DiagnosticError } from '../diag/diagnostic.js';
import * as say from '../diag/catalogue-shapes.js';
import { nearestWord } from '../diag/nearest.js';
import type { Dim, OnnxModel, TypeInfo } from './model.js';

/** Refuses orders of axes for inputs that aren't there, or that are no permutation of an input's axes. */
export function checkInputOrders(model: OnnxModel, orders: Readonly<Record<string, readonly number[]>>): void {
  const problems: Diagnostic[] = [];
  const inputs = model.graph.inputs.filter((i) => !model.graph.initializers.has(i.name));
  const names = inputs.map((i) => i.name);
  for (const [name, order] of Object.entries(orders)) {
    const input = inputs.find((i) => i.name === name);
    if (!input) problems.push(say.noSuchInput(model.file, name, names, nearestWord(name, names)));
    const rank = input?.type?.kind === 'tensor' ? input.type.dims?.length : undefined;
    if (rank !== undefined && (order.length !== rank || !order.every((_, axis) => order.includes(axis))))
      problems.push(say.orderNoPermutation(model.file, name, order, rank));
  }
  if (problems.length > 0) throw new DiagnosticError(problems);
}

/**
 * The model with open sizes of its inputs fixed, by ONNX's names: a symbol that stands elsewhere, too, becomes the same
 * number there. Throws DiagnosticError where there is no such input, or its file says something else.
 */
export function withInputShapes(model: OnnxModel, shapes: Readonly<Record<string, readonly number[]>>): OnnxModel {
  const given = Object.entries(shapes);
  if (given.length === 0) return model;
  const problems: Diagnostic[] = [];
  const symbols = new Map<string, number>();
  const inputs = model.graph.inputs.filter((i) => !model.graph.initializers.has(i.name));
  for (const [name, shape] of given) {
    const names = inputs.map((i) => i.name);
    const input = inputs.find((i) => i.name === name);
    if (!input) {
      problems.push(say.noSuchInput(model.file, name, names, nearestWord(name, names)));
      continue;
    }
    const dims = input.type?.kind === 'tensor' ? input.type.dims : undefined;
    if (!dims) continue;
    if (dims.length !== shape.length) problems.push(say.shapeOfOtherRank(model.file, name, shape, dims));
    else
      for (const [axis, dim] of dims.entries()) {
        const size = shape[axis] as number;
        if (typeof dim === 'number' && dim !== size) problems.push(say.shapeNotTheFiles(model.file, name, shape, dims));
        if (typeof dim !== 'string') continue;
        const known = symbols.get(dim);
        if (known !== undefined && known !== size) problems.push(say.symbolOfTwoSizes(model.file, dim, known, size));
        symbols.set(dim, size);
      }
  }
  if (problems.length > 0) throw new DiagnosticError(problems);
  const sized = (type: TypeInfo | undefined, dims?: readonly Dim[]): TypeInfo | undefined => {
    if (type?.kind !== 'tensor' && type?.kind !== 'sparse') return type;
    const own = dims ?? type.dims;
    return { ...type, dims: own?.map((d) => (typeof d === 'string' ? (symbols.get(d) ?? d) : d)) };
  };
  return {
    ...model,
    graph: {
      ...model.graph,
      inputs: model.graph.inputs.map((i) => ({
        ...i,
        type: sized(i.type, Object.hasOwn(shapes, i.name) ? shapes[i.name] : undefined),
      })),
      outputs: model.graph.outputs.map((o) => ({ ...o, type: sized(o.type) })),
      valueInfo: new Map([...model.graph.valueInfo].map(([name, type]) => [name, sized(type) as TypeInfo])),
    },
  };
}
