import { codeOfDtype, type DType } from '../../tensor/dtype.js';
import type { Tensor } from '../../tensor/tensor.js';
import { encodeModel, tensorProto } from '../../onnx/encode.js';
import type { AttributeProto, GraphProto, NodeProto, TypeProto } from '../../onnx/proto-types.generated.js';
import type { ToleranceSettings } from '../../verify/checks.js';
import type { Random } from './random.js';

/** An attribute: a whole number or list of such is an int, unless marked as float. */
export type AttributeGiven =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Tensor
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly graph: GraphGiven };

/** A graph that a node runs; it sees the values around it. */
export interface GraphGiven {
  readonly inputs?: readonly { readonly name: string; readonly dtype: DType; readonly dims?: readonly number[] }[];
  readonly nodes: readonly NodeGiven[];
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly string[];
  /** Of all outputs, where shape inference doesn't find it. */
  readonly outputType?: DType;
}

export interface NodeGiven {
  readonly op: string;
  readonly domain?: string;
  /** '' for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeGiven | undefined>>;
}

/** A tensor that goes into a model: fed when it runs, or an initializer. */
export interface Given {
  readonly tensor: Tensor;
  readonly constant: boolean;
  /** Axes whose size the model leaves open, under these names. */
  readonly symbols?: Readonly<Record<number, string>>;
  /** What to feed in further runs of the same model. */
  readonly others?: readonly Tensor[];
}

/** A model and what to run it with. */
export interface OracleCase {
  readonly opsets: Readonly<Record<string, number>>;
  readonly nodes: readonly NodeGiven[];
  /** What onnxruntime runs in the place of `nodes`, for operators that it has no kernel of on the CPU: the same by others. */
  readonly instead?: readonly NodeGiven[];
  /** The opset of ai.onnx for `instead`, where it is another. */
  readonly insteadOpset?: number;
  readonly inputs: Readonly<Record<string, Given>>;
  readonly outputs: readonly string[];
  readonly tolerance?: Partial<ToleranceSettings>;
}

/** Makes cases of one operator. */
export type Generator = (r: Random) => OracleCase;
/** Generators by what they are shown as: the operator's name, or that and something after a space. */
export type Family = Readonly<Record<string, Generator>>;

export function fed(tensor: Tensor, symbols?: Given['symbols'], others?: readonly Tensor[]): Given {
  return { tensor, constant: false, ...(symbols ? { symbols } : {}), ...(others ? { others } : {}) };
}

export function fixed(tensor: Tensor): Given {
  return { tensor, constant: true };
}

/**
 * Two lists of inputs of the same model as one: what is fed is run with both, and axes whose sizes differ are left open,
 * under a name for each pair of sizes.
 */
export function atTwoSizes(
  first: readonly (Given | undefined)[],
  second: readonly (Given | undefined)[],
): (Given | undefined)[] {
  return first.map((given, i) => {
    const other = second[i];
    if (!given || !other || given.constant) return given;
    const open = given.tensor.dims.flatMap((d, axis) =>
      d === other.tensor.dims[axis] ? [] : [[axis, `size${d}or${other.tensor.dims[axis]}`] as const],
    );
    return fed(given.tensor, Object.fromEntries(open), [other.tensor]);
  });
}

export interface Single {
  readonly domain?: string;
  /** Of the operator's domain. */
  readonly opset: number;
  readonly attributes?: NodeGiven['attributes'];
  readonly inputs: readonly (Given | undefined)[];
  /** How many; 1 where nothing is said. Or for each whether it is asked for. */
  readonly outputs?: number | readonly boolean[];
  /** How many of them are compared, where the others may hold anything. */
  readonly compared?: number;
  readonly tolerance?: Partial<ToleranceSettings>;
  /** See OracleCase. */
  readonly instead?: readonly NodeGiven[];
}

/** A model of one node; its inputs are `i0`, `i1` …, its outputs `o0` …. */
export function single(
  op: string,
  { domain = '', opset, attributes, inputs, outputs = 1, compared, tolerance, instead }: Single,
): OracleCase {
  const wanted = typeof outputs === 'number' ? Array.from({ length: outputs }, () => true) : outputs;
  const names = inputs.map((given, i) => (given ? `i${i}` : ''));
  while (names.at(-1) === '') names.pop();
  const outNames = wanted.map((w, i) => (w ? `o${i}` : ''));
  while (outNames.at(-1) === '') outNames.pop();
  return {
    opsets: domain === '' ? { '': opset } : { '': 21, [domain]: opset },
    nodes: [{ op, domain, inputs: names, outputs: outNames, attributes }],
    inputs: Object.fromEntries(inputs.flatMap((given, i) => (given ? [[`i${i}`, given]] : []))),
    outputs: outNames.filter((n) => n !== '').slice(0, compared),
    ...(tolerance ? { tolerance } : {}),
    ...(instead ? { instead } : {}),
  };
}

function attributeProto(name: string, value: AttributeGiven): AttributeProto {
  const bytes = (s: string) => new TextEncoder().encode(s);
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: bytes(value) };
  if (Array.isArray(value))
    return typeof value[0] === 'string'
      ? { name, type: 8, strings: (value as string[]).map(bytes) }
      : { name, type: 7, ints: [...(value as number[])] };
  const given = value as Exclude<AttributeGiven, number | string | readonly unknown[]>;
  if ('float' in given) return { name, type: 1, f: given.float };
  if ('floats' in given) return { name, type: 6, floats: [...given.floats] };
  if ('graph' in given) return { name, type: 5, g: graphProto(name, given.graph) };
  return { name, type: 4, t: tensorProto(given as Tensor, '') };
}

function nodeProto(n: NodeGiven, name: string): NodeProto {
  return {
    name,
    opType: n.op,
    domain: n.domain ?? '',
    input: [...n.inputs],
    output: [...n.outputs],
    attribute: Object.entries(n.attributes ?? {}).flatMap(([key, value]) =>
      value === undefined ? [] : [attributeProto(key, value)],
    ),
  };
}

function graphProto(name: string, g: GraphGiven): GraphProto {
  return {
    name,
    node: g.nodes.map((n, i) => nodeProto(n, `${name}${i}`)),
    input: (g.inputs ?? []).map((v) => ({
      name: v.name,
      type: v.dims ? typeProto(v.dtype, v.dims, undefined) : { tensorType: { elemType: codeOfDtype(v.dtype) } },
    })),
    initializer: Object.entries(g.constants ?? {}).map(([key, t]) => tensorProto(t, key)),
    output: g.outputs.map((key) => ({
      name: key,
      ...(g.outputType ? { type: { tensorType: { elemType: codeOfDtype(g.outputType) } } } : {}),
    })),
  };
}

function typeProto(dtype: DType, dims: readonly number[], symbols: Given['symbols']): TypeProto {
  const dim = dims.map((size, axis) =>
    symbols?.[axis] === undefined ? { dimValue: size } : { dimParam: symbols[axis] },
  );
  return { tensorType: { elemType: codeOfDtype(dtype), shape: { dim } } };
}

/** The case's model as the bytes of a file; with other nodes for the oracle where it asks for that. */
export function modelOf(c: OracleCase, nodes: readonly NodeGiven[] = c.nodes): Uint8Array {
  const given = Object.entries(c.inputs);
  return encodeModel({
    irVersion: 10,
    opsetImport: Object.entries(
      nodes === c.instead && c.insteadOpset ? { ...c.opsets, '': c.insteadOpset } : c.opsets,
    ).map(([domain, version]) => ({ domain, version })),
    producerName: 'oracle',
    graph: {
      name: 'oracle',
      node: nodes.map((n, i) => nodeProto(n, `node${i}`)),
      input: given
        .filter(([, g]) => !g.constant)
        .map(([name, g]) => ({ name, type: typeProto(g.tensor.dtype, g.tensor.dims, g.symbols) })),
      initializer: given.filter(([, g]) => g.constant).map(([name, g]) => tensorProto(g.tensor, name)),
      output: c.outputs.map((name) => ({ name })),
    },
  });
}

/** What to feed in each run. */
export function feedsOf(c: OracleCase): Record<string, Tensor>[] {
  const fedOnes = Object.entries(c.inputs).filter(([, g]) => !g.constant);
  const runs = 1 + Math.max(0, ...fedOnes.map(([, g]) => g.others?.length ?? 0));
  return Array.from({ length: runs }, (_, run) =>
    Object.fromEntries(fedOnes.map(([name, g]) => [name, run === 0 ? g.tensor : (g.others?.[run - 1] ?? g.tensor)])),
  );
}
