import * as say from '../diag/catalogue-onnx.js';
import type { Diagnostic, Place } from '../diag/diagnostic.js';
import { DiagnosticError } from '../diag/diagnostic.js';
import { LIMITS } from '../diag/limits.js';
import { dtypeOfCode } from '../tensor/dtype.js';
import type { Weight } from '../tensor/tensor.js';
import type { TensorRecord } from './decode.js';
import type { Attribute, AttributeKind, Dim, FunctionDef, Graph, OnnxNode, TypeInfo, ValueInfo } from './model.js';
import { ATTRIBUTE_KINDS } from './model.js';
import type * as P from './proto-types.generated.js';
import type { WeightContext } from './weights.js';
import { sparseWeight, weightOfRecord } from './weights.js';
import { isUtf8, textOf } from './wire.js';

/** Findings beyond this many are counted, not listed. */
const MAX_FINDINGS = 100;

/** What converting collects on its way: every problem is noted, and the conversion goes on. */
export class Findings {
  readonly list: Diagnostic[] = [];
  private more = 0;

  add(diagnostic: Diagnostic): void {
    if (this.list.length < MAX_FINDINGS) this.list.push(diagnostic);
    else if (diagnostic.severity === 'error') this.more++;
  }

  /** Throws where an error was noted; else gives the warnings. */
  settle(place: Place): Diagnostic[] {
    if (this.more > 0) this.list.push(say.moreFindings(place, this.more));
    if (this.list.some((d) => d.severity === 'error')) throw new DiagnosticError(this.list);
    return this.list;
  }

  /** Runs a part; where it throws diagnostics, notes them and gives undefined. */
  attempt<T>(part: () => T): T | undefined {
    try {
      return part();
    } catch (e) {
      if (!(e instanceof DiagnosticError)) throw e;
      for (const d of e.diagnostics) this.add(d);
      return undefined;
    }
  }
}

export interface ConvertContext extends WeightContext {
  readonly findings: Findings;
  readonly file: string;
}

/** '' and 'ai.onnx' are one domain. */
export const normalDomain = (domain: string | undefined): string => (domain === 'ai.onnx' ? '' : (domain ?? ''));

/** Whether the message held the field (protobufjs gives absent ones a default by the prototype). */
const has = <T extends object>(message: T, field: keyof T): boolean => Object.hasOwn(message, field);
const record = (tensor: P.TensorProto | undefined): TensorRecord | undefined =>
  tensor as unknown as TensorRecord | undefined;

/** TypeProto. Sizes that are negative or beyond 2^53 count as unknown. */
export function typeInfo(type: P.TypeProto | undefined | null): TypeInfo | undefined {
  if (!type) return undefined;
  const element = type.tensorType ?? type.sparseTensorType;
  if (element) {
    const dims = element.shape ? (element.shape.dim ?? []).map(dimOf) : undefined;
    return { kind: type.tensorType ? 'tensor' : 'sparse', dtype: dtypeOfCode(element.elemType ?? 0), dims };
  }
  if (type.sequenceType) return { kind: 'sequence', element: typeInfo(type.sequenceType.elemType) };
  if (type.optionalType) return { kind: 'optional', element: typeInfo(type.optionalType.elemType) };
  if (type.mapType)
    return { kind: 'map', key: dtypeOfCode(type.mapType.keyType ?? 0), value: typeInfo(type.mapType.valueType) };
  if (type.opaqueType)
    return { kind: 'opaque', domain: type.opaqueType.domain ?? '', name: type.opaqueType.name ?? '' };
  return undefined;
}

function dimOf(d: P.TensorShapeProtoDimension): Dim {
  if (typeof d.dimValue === 'number') return d.dimValue >= 0 ? d.dimValue : null;
  return d.dimParam ? d.dimParam : null;
}

const valueInfoOf = (v: P.ValueInfoProto): ValueInfo => ({ name: v.name ?? '', type: typeInfo(v.type) });

function typesOf(values: readonly P.ValueInfoProto[] | undefined): Map<string, TypeInfo> {
  const map = new Map<string, TypeInfo>();
  for (const v of values ?? []) {
    const type = typeInfo(v.type);
    if (v.name && type) map.set(v.name, type);
  }
  return map;
}

/** GraphProto. `outer`: the place of the node that holds the graph; undefined for the model's own. */
export function graphOf(g: P.GraphProto, context: ConvertContext, outer?: Place): Graph {
  const place: Place = outer ?? { file: context.file };
  const initializers = new Map<string, Weight>();
  const keep = (name: string, read: () => Weight): void => {
    const weight = context.findings.attempt(read);
    if (initializers.has(name)) context.findings.add(say.duplicateInitializer({ ...place, tensor: name }));
    else if (weight) initializers.set(name, weight);
  };
  for (const proto of g.initializer ?? []) {
    const t = record(proto) as TensorRecord;
    keep(t.name, () => weightOfRecord(t, context, place));
  }
  for (const s of g.sparseInitializer ?? [])
    keep(record(s.values)?.name ?? '', () =>
      sparseWeight(record(s.values), record(s.indices), s.dims ?? [], context, place),
    );
  return {
    name: g.name ?? '',
    nodes: (g.node ?? []).map((n, index) => nodeOf(n, context, outer ?? { ...place, index })),
    inputs: (g.input ?? []).map(valueInfoOf),
    outputs: (g.output ?? []).map(valueInfoOf),
    initializers,
    valueInfo: typesOf(g.valueInfo),
  };
}

/** NodeProto. `at` is where it stands; a node within a subgraph or function keeps the index of the outermost one. */
export function nodeOf(n: P.NodeProto, context: ConvertContext, at: Place): OnnxNode {
  const op = n.opType ?? '';
  const name = n.name ?? '';
  const domain = normalDomain(n.domain);
  const place: Place = {
    ...at,
    node: name || n.output?.find((o) => o !== '') || '',
    op,
    ...(domain ? { domain } : {}),
  };
  if (op === '') context.findings.add(say.malformedNode(place, 'a node names no operator'));
  return {
    name,
    op,
    domain,
    overload: n.overload ?? '',
    inputs: n.input ?? [],
    outputs: n.output ?? [],
    attributes: attributesOf(n.attribute, context, place),
  };
}

function attributesOf(
  list: readonly P.AttributeProto[] | undefined,
  context: ConvertContext,
  place: Place,
): Map<string, Attribute> {
  const map = new Map<string, Attribute>();
  for (const a of list ?? []) {
    const name = a.name ?? '';
    if (map.has(name)) context.findings.add(say.duplicateAttribute(place, name));
    const value = context.findings.attempt(() => attributeOf(a, context, place));
    if (value) map.set(name, value);
  }
  return map;
}

/** Models of IR version 1 leave `type` out: then the field that is set says it. */
function kindOf(a: P.AttributeProto): AttributeKind | undefined {
  if (a.type) return ATTRIBUTE_KINDS[a.type - 1];
  const single: [keyof P.AttributeProto, AttributeKind][] = [
    ['f', 'float'],
    ['i', 'int'],
    ['s', 'string'],
    ['t', 'tensor'],
    ['g', 'graph'],
    ['sparseTensor', 'sparse_tensor'],
    ['tp', 'type'],
  ];
  for (const [field, kind] of single) if (has(a, field)) return kind;
  const lists: [unknown[] | undefined, AttributeKind][] = [
    [a.floats, 'floats'],
    [a.ints, 'ints'],
    [a.strings, 'strings'],
    [a.tensors, 'tensors'],
    [a.graphs, 'graphs'],
    [a.sparseTensors, 'sparse_tensors'],
    [a.typeProtos, 'types'],
  ];
  return lists.find(([list]) => list && list.length > 0)?.[1];
}

function attributeOf(a: P.AttributeProto, context: ConvertContext, place: Place): Attribute {
  const name = a.name ?? '';
  const bad = (what: string): never => {
    throw new DiagnosticError([say.malformedNode(place, `the attribute ${say.quoted(name)} ${what}`)]);
  };
  const kind = kindOf(a);
  if (a.refAttrName) return { kind: 'ref', name: a.refAttrName, type: kind };
  const most = LIMITS.attributeElements;
  const length = Math.max(a.floats?.length ?? 0, a.ints?.length ?? 0, a.strings?.length ?? 0);
  if (length > most)
    throw new DiagnosticError([
      say.attributeTooLarge(place, `the attribute ${say.quoted(name)} has ${length} elements, and ${most} are allowed`),
    ]);
  const tensorAt: Place = { ...place, tensor: name };
  const sparse = (s: P.SparseTensorProto) =>
    sparseWeight(record(s.values), record(s.indices), s.dims ?? [], context, tensorAt);
  switch (kind) {
    // proto2 writers may leave a value out that equals the default.
    case 'float':
      return { kind, value: a.f ?? 0 };
    case 'int':
      return { kind, value: has(a, 'i') ? (a.i ?? 0) : 0 };
    case 'string': {
      const bytes = a.s ?? new Uint8Array(0);
      return isUtf8(bytes) ? { kind, value: textOf(bytes) } : { kind, value: textOf(bytes), bytes };
    }
    case 'tensor':
      return a.t
        ? { kind, value: weightOfRecord(record(a.t) as TensorRecord, context, tensorAt) }
        : bad('is a tensor without a value');
    case 'graph':
      return a.g ? { kind, value: graphOf(a.g, context, place) } : bad('is a graph without a value');
    case 'sparse_tensor':
      return a.sparseTensor ? { kind, value: sparse(a.sparseTensor) } : bad('is a sparse tensor without a value');
    case 'type':
      return { kind, value: typeInfo(a.tp) };
    case 'floats':
      return { kind, value: a.floats ?? [] };
    case 'ints':
      return { kind, value: a.ints ?? [] };
    case 'strings': {
      const bytes = a.strings ?? [];
      return bytes.every(isUtf8) ? { kind, value: bytes.map(textOf) } : { kind, value: bytes.map(textOf), bytes };
    }
    case 'tensors':
      return {
        kind,
        value: (a.tensors ?? []).map((t) => weightOfRecord(record(t) as TensorRecord, context, tensorAt)),
      };
    case 'graphs':
      return { kind, value: (a.graphs ?? []).map((g) => graphOf(g, context, place)) };
    case 'sparse_tensors':
      return { kind, value: (a.sparseTensors ?? []).map(sparse) };
    case 'types':
      return { kind, value: (a.typeProtos ?? []).map(typeInfo) };
    default:
      return bad(a.type ? `is of type ${a.type}, which ONNX does not define` : 'has no value');
  }
}

/** opset_import: domain to version; the newest where a domain is named twice. */
export function opsetsOf(
  list: readonly P.OperatorSetIdProto[] | undefined,
  context: ConvertContext,
): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const o of list ?? []) {
    const domain = normalDomain(o.domain);
    const version = has(o, 'version') ? (o.version ?? 0) : 0;
    if (typeof version !== 'number' || version < 1)
      context.findings.add(say.badOpset({ file: context.file }, domain, String(version)));
    else opsets.set(domain, Math.max(version, opsets.get(domain) ?? 0));
  }
  return opsets;
}

/** FunctionProto. */
export function functionOf(f: P.FunctionProto, context: ConvertContext): FunctionDef {
  const place: Place = { file: context.file };
  return {
    name: f.name ?? '',
    domain: normalDomain(f.domain),
    overload: f.overload ?? '',
    inputs: f.input ?? [],
    outputs: f.output ?? [],
    attributes: f.attribute ?? [],
    attributeDefaults: attributesOf(f.attributeProto, context, { ...place, op: f.name ?? '' }),
    nodes: (f.node ?? []).map((n) => nodeOf(n, context, place)),
    opsets: opsetsOf(f.opsetImport, context),
    valueInfo: typesOf(f.valueInfo),
  };
}
