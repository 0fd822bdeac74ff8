import { codeOfDtype } from '../tensor/dtype.js';
import { encodeModel, tensorProto } from './encode.js';
import type { Attribute, FunctionDef, Graph, OnnxModel, OnnxNode, TypeInfo, ValueInfo } from './model.js';
import { ATTRIBUTE_KINDS } from './model.js';
import type * as P from './proto-types.generated.js';

const encoder = new TextEncoder();

/** A TypeProto again; what isn't known is left out. */
export function typeProto(type: TypeInfo): P.TypeProto {
  switch (type.kind) {
    case 'tensor':
    case 'sparse': {
      const tensor = {
        elemType: type.dtype ? codeOfDtype(type.dtype) : 0,
        ...(type.dims
          ? {
              shape: {
                dim: type.dims.map((d) =>
                  typeof d === 'number' ? { dimValue: d } : typeof d === 'string' ? { dimParam: d } : {},
                ),
              },
            }
          : {}),
      };
      return type.kind === 'tensor' ? { tensorType: tensor } : { sparseTensorType: tensor };
    }
    case 'sequence':
      return { sequenceType: type.element ? { elemType: typeProto(type.element) } : {} };
    case 'optional':
      return { optionalType: type.element ? { elemType: typeProto(type.element) } : {} };
    case 'map':
      return {
        mapType: {
          keyType: type.key ? codeOfDtype(type.key) : 0,
          ...(type.value ? { valueType: typeProto(type.value) } : {}),
        },
      };
    case 'opaque':
      return { opaqueType: { domain: type.domain, name: type.name } };
  }
}

/** A ValueInfoProto. */
export function valueProto({ name, type }: ValueInfo): P.ValueInfoProto {
  return type ? { name, type: typeProto(type) } : { name };
}

/** A NodeProto, its subgraphs and tensors included. */
export function nodeProto(node: OnnxNode): P.NodeProto {
  return {
    name: node.name,
    opType: node.op,
    domain: node.domain,
    ...(node.overload === '' ? {} : { overload: node.overload }),
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: [...node.attributes].map(([name, value]) => attributeProto(name, value)),
  };
}

function attributeProto(name: string, a: Attribute): P.AttributeProto {
  const type = (kind: (typeof ATTRIBUTE_KINDS)[number]): number => ATTRIBUTE_KINDS.indexOf(kind) + 1;
  switch (a.kind) {
    case 'int':
      return { name, type: type('int'), i: a.value };
    case 'ints':
      return { name, type: type('ints'), ints: [...a.value] };
    case 'float':
      return { name, type: type('float'), f: a.value };
    case 'floats':
      return { name, type: type('floats'), floats: [...a.value] };
    case 'string':
      return { name, type: type('string'), s: a.bytes ?? encoder.encode(a.value) };
    case 'strings':
      return { name, type: type('strings'), strings: a.value.map((s, i) => a.bytes?.[i] ?? encoder.encode(s)) };
    // A sparse tensor is dense by now, and operators take the one for the other but for Constant's attribute name.
    case 'tensor':
    case 'sparse_tensor':
      return {
        name: name === 'sparse_value' ? 'value' : name,
        type: type('tensor'),
        t: tensorProto(a.value.load(), ''),
      };
    case 'tensors':
    case 'sparse_tensors':
      return { name, type: type('tensors'), tensors: a.value.map((w) => tensorProto(w.load(), '')) };
    case 'graph':
      return { name, type: type('graph'), g: graphProto(a.value) };
    case 'graphs':
      return { name, type: type('graphs'), graphs: a.value.map(graphProto) };
    case 'type':
      return { name, type: type('type'), ...(a.value ? { tp: typeProto(a.value) } : {}) };
    case 'types':
      return { name, type: type('types'), typeProtos: a.value.map((t) => (t ? typeProto(t) : {})) };
    case 'ref':
      return { name, refAttrName: a.name, ...(a.type ? { type: type(a.type) } : {}) };
  }
}

/** A GraphProto with all its weights inside. */
export function graphProto(graph: Graph): P.GraphProto {
  return {
    name: graph.name,
    node: graph.nodes.map(nodeProto),
    input: graph.inputs.map(valueProto),
    output: graph.outputs.map(valueProto),
    initializer: [...graph.initializers].map(([name, weight]) => tensorProto(weight.load(), name)),
    valueInfo: [...graph.valueInfo].map(([name, type]) => valueProto({ name, type })),
  };
}

function functionProto(f: FunctionDef): P.FunctionProto {
  return {
    name: f.name,
    domain: f.domain,
    ...(f.overload === '' ? {} : { overload: f.overload }),
    input: [...f.inputs],
    output: [...f.outputs],
    attribute: [...f.attributes],
    attributeProto: [...f.attributeDefaults].map(([name, value]) => attributeProto(name, value)),
    node: f.nodes.map(nodeProto),
    opsetImport: [...f.opsets].map(([domain, version]) => ({ domain, version })),
  };
}

/** A model's bytes with another graph in the place of its own; opsets and functions stay. */
export function encodeWithGraph(model: OnnxModel, graph: Graph): Uint8Array {
  return encodeModel({
    irVersion: model.irVersion,
    opsetImport: [...model.opsets].map(([domain, version]) => ({ domain, version })),
    graph: graphProto(graph),
    functions: model.functions.map(functionProto),
  });
}
