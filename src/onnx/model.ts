import { LIMITS } from '../diag/limits.js';
import type { Diagnostic } from '../diag/diagnostic.js';
import type { DType } from '../tensor/dtype.js';
import type { Weight } from '../tensor/tensor.js';

/** A 64-bit integer of the file: a number where that is exact, else a bigint. */
export type Int = number | bigint;

/** A size: known, a symbol (dim_param), or null where the file says nothing (a negative size counts as nothing). */
export type Dim = number | string | null;

/** TypeProto. `dtype` is undefined where the file leaves it out; `dims` is undefined where even the rank is unknown. */
export type TypeInfo =
  | { readonly kind: 'tensor' | 'sparse'; readonly dtype: DType | undefined; readonly dims: readonly Dim[] | undefined }
  | { readonly kind: 'sequence' | 'optional'; readonly element: TypeInfo | undefined }
  | { readonly kind: 'map'; readonly key: DType | undefined; readonly value: TypeInfo | undefined }
  | { readonly kind: 'opaque'; readonly domain: string; readonly name: string };

/** An input or output, with what the file says about its type. */
export interface ValueInfo {
  readonly name: string;
  readonly type: TypeInfo | undefined;
}

/**
 * One attribute. A string whose bytes are no UTF-8 has each odd byte written as `\xNN` in `value`, and the bytes as they
 * stand in `bytes`. A sparse tensor's weight is dense when loaded. `ref` stands in function bodies only: the value is that
 * of the calling node's attribute `name`, of kind `type`.
 */
export type Attribute =
  | { readonly kind: 'int'; readonly value: Int }
  | { readonly kind: 'ints'; readonly value: readonly Int[] }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'string'; readonly value: string; readonly bytes?: Uint8Array }
  | { readonly kind: 'strings'; readonly value: readonly string[]; readonly bytes?: readonly Uint8Array[] }
  | { readonly kind: 'tensor' | 'sparse_tensor'; readonly value: Weight }
  | { readonly kind: 'tensors' | 'sparse_tensors'; readonly value: readonly Weight[] }
  | { readonly kind: 'graph'; readonly value: Graph }
  | { readonly kind: 'graphs'; readonly value: readonly Graph[] }
  | { readonly kind: 'type'; readonly value: TypeInfo | undefined }
  | { readonly kind: 'types'; readonly value: readonly (TypeInfo | undefined)[] }
  | { readonly kind: 'ref'; readonly name: string; readonly type: AttributeKind | undefined };

/** The kinds an attribute's value may have, by AttributeProto.AttributeType less one: code 1 is a float. */
export const ATTRIBUTE_KINDS = [
  'float',
  'int',
  'string',
  'tensor',
  'graph',
  'floats',
  'ints',
  'strings',
  'tensors',
  'graphs',
  'sparse_tensor',
  'sparse_tensors',
  'type',
  'types',
] as const;
export type AttributeKind = (typeof ATTRIBUTE_KINDS)[number];

/** NodeProto. An absent optional input or output is ''. `domain` is '' for ai.onnx. */
export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** GraphProto, of the model or of an attribute. Sparse initializers stand among the others. All maps keep file order. */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<string, Weight>;
  readonly valueInfo: ReadonlyMap<string, TypeInfo>;
}

/** FunctionProto. `attributes` are the parameters without a default. */
export interface FunctionDef {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly string[];
  readonly attributeDefaults: ReadonlyMap<string, Attribute>;
  readonly nodes: readonly OnnxNode[];
  readonly opsets: ReadonlyMap<string, number>;
  readonly valueInfo: ReadonlyMap<string, TypeInfo>;
}

/** A file beside the model that holds weights: `location` as the model says it, `path` on this machine. */
export interface ExternalFile {
  readonly location: string;
  readonly path: string;
  readonly bytes: number;
}

/** ModelProto, without training information. Weights are handles: nothing of them is in memory. */
export interface OnnxModel {
  /** The file as the caller named it. */
  readonly file: string;
  /** Of model.onnx alone, without external files. */
  readonly sha256: string;
  readonly bytes: number;
  readonly irVersion: number;
  /** Domain to version; '' is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>;
  /** producer_name and producer_version, separated by a space. */
  readonly producer: string;
  readonly domain: string;
  readonly modelVersion: Int;
  readonly graph: Graph;
  readonly functions: readonly FunctionDef[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly externalFiles: readonly ExternalFile[];
  /** Warnings; errors are thrown. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What reading may cost. A model beyond these is refused with a diagnostic. */
export interface Limits {
  /** Bytes of the model and its external files together. */
  readonly maxBytes: number;
  /** Elements of one tensor. */
  readonly maxElements: number;
  /** Estimated bytes of memory that nodes, names and attributes (everything but weights) may take. */
  readonly maxStructure: number;
}

export const DEFAULT_LIMITS: Limits = { maxBytes: 2048 * 2 ** 20, maxElements: LIMITS.elements, maxStructure: 2 ** 30 };

/** The limits given, and the defaults for those that are not. */
export function limitsOf(given: Partial<Limits>): Limits {
  return {
    maxBytes: given.maxBytes ?? DEFAULT_LIMITS.maxBytes,
    maxElements: given.maxElements ?? DEFAULT_LIMITS.maxElements,
    maxStructure: given.maxStructure ?? DEFAULT_LIMITS.maxStructure,
  };
}
