import type { Attribute, FunctionDef } from './model.js';
import { normalDomain } from './convert-proto.js';
import { readFunction } from './read.js';
import { SCHEMAS } from './schema.generated.js';

/** AttributeProto.AttributeType, as ONNX writes it. */
export type AttributeTypeName =
  | 'FLOAT'
  | 'INT'
  | 'STRING'
  | 'TENSOR'
  | 'GRAPH'
  | 'SPARSE_TENSOR'
  | 'TYPE_PROTO'
  | 'FLOATS'
  | 'INTS'
  | 'STRINGS'
  | 'TENSORS'
  | 'GRAPHS'
  | 'SPARSE_TENSORS'
  | 'TYPE_PROTOS';

export interface AttributeSchema {
  readonly name: string;
  readonly type: AttributeTypeName;
  readonly required: boolean;
  /** As a node's attribute would be; undefined where the operator has no default. */
  readonly default: Attribute | undefined;
}

/** A formal input or output. `type`: a name in `OpSchema.types`, or a type such as `tensor(int64)`. */
export interface ParameterSchema {
  readonly name: string;
  readonly type: string;
  readonly option: 'single' | 'optional' | 'variadic';
  /** Of a variadic one: the fewest values it may stand for, and whether they are all of one type. */
  readonly minArity: number;
  readonly homogeneous: boolean;
}

/** One version of an operator, as ONNX defines it. */
export interface OpSchema {
  readonly domain: string;
  readonly name: string;
  /** The opset that brought this version. */
  readonly since: number;
  readonly deprecated: boolean;
  readonly attributes: readonly AttributeSchema[];
  /** The attributes that have a default. */
  readonly defaults: ReadonlyMap<string, Attribute>;
  readonly inputs: readonly ParameterSchema[];
  readonly outputs: readonly ParameterSchema[];
  /** How many inputs and outputs a node has at least (optional ones at the end left out) and at most (Infinity). */
  readonly minInputs: number;
  readonly maxInputs: number;
  readonly minOutputs: number;
  readonly maxOutputs: number;
  /** Type constraints: parameter to the types it may be, such as `tensor(float)`, `seq(tensor(int64))`. */
  readonly types: ReadonlyMap<string, readonly string[]>;
  /** Opset to FunctionProto (base64) where ONNX defines the operator by others; see functionBody. */
  readonly bodies: ReadonlyMap<number, string>;
  /** ONNX has a body for it that depends on the node's types and attributes, and thus can't be stored. */
  readonly contextDependentBody: boolean;
}

type FormalRow = [name: string, type: string, option?: number, minArity?: number, homogeneous?: number];
type AttributeRow = [name: string, type: AttributeTypeName, required?: number, value?: unknown];
type Row = [
  domain: number,
  name: string,
  since: number,
  attributes: AttributeRow[],
  inputs: FormalRow[],
  outputs: FormalRow[],
  types: Record<string, number>,
  flags?: number,
  bodies?: Record<string, string>,
];
interface Stored {
  readonly domains: string[];
  readonly types: string[];
  readonly lists: number[][];
  readonly rows: Row[];
}

interface Index {
  readonly stored: Stored;
  /** Domain, then operator, to its versions, oldest first. */
  readonly rows: Map<string, Map<string, Row[]>>;
}
let index: Index | undefined;
const made = new Map<Row, OpSchema>();

/** Parsed at first use: a run that needs no schema pays nothing. */
function indexed(): Index {
  if (!index) {
    const stored = JSON.parse(SCHEMAS) as Stored;
    const rows: Index['rows'] = new Map();
    for (const row of stored.rows) {
      const domain = stored.domains[row[0]] as string;
      const ops = rows.get(domain) ?? new Map<string, Row[]>();
      rows.set(domain, ops);
      ops.set(row[1], [...(ops.get(row[1]) ?? []), row]);
    }
    index = { stored, rows };
  }
  return index;
}

const versions = (domain: string, op: string): readonly Row[] =>
  indexed().rows.get(normalDomain(domain))?.get(op) ?? [];

/**
 * What an operator is at an opset: its newest version that is not above it. Undefined where there is none. A version that
 * only says the operator is deprecated counts (see `deprecated`).
 */
export function schemaFor(domain: string, op: string, opset: number): OpSchema | undefined {
  const row = versions(domain, op)
    .filter((r) => r[2] <= opset)
    .at(-1);
  return row && schemaOf(row);
}

/** The opsets that brought a version of an operator, ascending; empty where ONNX has no such operator. */
export function versionsOf(domain: string, op: string): number[] {
  return versions(domain, op).map((r) => r[2]);
}

/** All operators that a domain has ever had, sorted. */
export function operators(domain: string): string[] {
  return [...(indexed().rows.get(normalDomain(domain))?.keys() ?? [])];
}

/** The domains that ONNX defines operators in. */
export function schemaDomains(): string[] {
  return [...indexed().rows.keys()];
}

/**
 * The body by which ONNX defines an operator, written for an opset of its own (see `opsets` in it): the newest that is not
 * above `opset`, or the oldest where all are. Undefined where the operator is primitive or its body depends on context.
 */
export function functionBody(schema: OpSchema, opset: number = schema.since): FunctionDef | undefined {
  const opsets = [...schema.bodies.keys()].sort((a, b) => a - b);
  const best = opsets.filter((o) => o <= opset).at(-1) ?? opsets[0];
  if (best === undefined) return undefined;
  return readFunction(Buffer.from(schema.bodies.get(best) as string, 'base64'), `${schema.name} of opset ${best}`);
}

function schemaOf(row: Row): OpSchema {
  const known = made.get(row);
  if (known) return known;
  const { domains, types, lists } = indexed().stored;
  const [domain, name, since, attributeRows, inputRows, outputRows, constraints, flags = 0, bodies = {}] = row;
  const attributes = attributeRows.map(attributeSchema);
  const inputs = inputRows.map(parameterSchema);
  const outputs = outputRows.map(parameterSchema);
  const [minInputs, maxInputs] = arity(inputs);
  const [minOutputs, maxOutputs] = arity(outputs);
  const schema: OpSchema = {
    domain: domains[domain] as string,
    name,
    since,
    deprecated: (flags & 1) !== 0,
    attributes,
    defaults: new Map(attributes.flatMap((a) => (a.default ? [[a.name, a.default]] : []))),
    inputs,
    outputs,
    minInputs,
    maxInputs,
    minOutputs,
    maxOutputs,
    types: new Map(
      Object.entries(constraints).map(([key, list]) => [key, (lists[list] as number[]).map((t) => types[t] as string)]),
    ),
    bodies: new Map(Object.entries(bodies).map(([opset, body]) => [Number(opset), body])),
    contextDependentBody: (flags & 2) !== 0,
  };
  made.set(row, schema);
  return schema;
}

function parameterSchema([name, type, option = 0, minArity = 1, homogeneous = 1]: FormalRow): ParameterSchema {
  return {
    name,
    type,
    option: (['single', 'optional', 'variadic'] as const)[option] as ParameterSchema['option'],
    minArity,
    homogeneous: homogeneous === 1,
  };
}

function attributeSchema([name, type, required = 0, value]: AttributeRow): AttributeSchema {
  return { name, type, required: required === 1, default: defaultOf(type, value) };
}

function defaultOf(type: AttributeTypeName, value: unknown): Attribute | undefined {
  if (value === undefined) return undefined;
  switch (type) {
    case 'FLOAT':
      return { kind: 'float', value: value as number };
    case 'INT':
      return { kind: 'int', value: value as number };
    case 'STRING':
      return { kind: 'string', value: value as string };
    case 'FLOATS':
      return { kind: 'floats', value: value as number[] };
    case 'INTS':
      return { kind: 'ints', value: value as number[] };
    case 'STRINGS':
      return { kind: 'strings', value: value as string[] };
    default:
      throw new Error(`the schema has a default of type ${type}`);
  }
}

function arity(parameters: readonly ParameterSchema[]): [min: number, max: number] {
  let [min, max] = [0, 0];
  for (const p of parameters) {
    if (p.option === 'variadic') {
      min = max + p.minArity;
      max = Number.POSITIVE_INFINITY;
    } else {
      max++;
      if (p.option === 'single') min = max;
    }
  }
  return [min, max];
}
