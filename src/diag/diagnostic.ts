/** How bad a finding is, worst first. `fail-on` compares against this order. */
export const SEVERITIES = ['error', 'mismatch', 'unsupported', 'unverified', 'warning', 'note'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Where in the user's files a finding stands. All names are as the model has them: hostile text until escaped. */
export interface Place {
  file?: string;
  /** In a file of text, from 1. */
  line?: number;
  /** Index of the node in the top-level graph, in file order. */
  index?: number;
  node?: string;
  op?: string;
  domain?: string;
  opset?: number;
  /** A tensor, input or output that the finding is about. */
  tensor?: string;
}

/** One finding about the user's model, settings or references. Made by the functions of the catalogue alone. */
export interface Diagnostic {
  /** Stable, kebab-case; tests assert it, users search for it. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  readonly place: Place;
}

/**
 * Thrown where a conversion can't go on because of the user's model; carries what to tell them. Anything else that is
 * thrown is our bug and is reported as one.
 */
export class DiagnosticError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => d.message).join('\n'));
    this.name = 'DiagnosticError';
    this.diagnostics = diagnostics;
  }
}

/** The limits of src/diag/limits.ts that an operator may run into. */
export type LimitCode =
  | 'rank-too-high'
  | 'tensor-too-large'
  | 'too-many-nodes'
  | 'nested-too-deep'
  | 'size-too-complex'
  | 'output-too-large';

/**
 * Thrown by an operator (reading, inferring or lowering) that can't be said in the target: the reason alone, since who
 * catches it knows file, node and opset.
 */
export class Refusal extends Error {
  readonly remedy: string;
  /** 'unsupported': valid ONNX that we can't say; 'invalid': the model breaks ONNX's rules; 'limit': it asks for too much. */
  readonly kind: 'unsupported' | 'invalid' | 'limit';
  /** Of the limit. */
  readonly code: LimitCode | undefined;
  constructor(
    reason: string,
    remedy: string,
    kind: 'unsupported' | 'invalid' | 'limit' = 'unsupported',
    code?: LimitCode,
  ) {
    super(reason);
    this.name = 'Refusal';
    this.remedy = remedy;
    this.kind = kind;
    this.code = code;
  }
}

/** Refuse: the model is valid, but this can't be said in the target. Never returns. */
export function refuse(reason: string, remedy = 'export the model without this, or ask for it in an issue'): never {
  throw new Refusal(reason, remedy);
}

/** Refuse: the model breaks a rule of ONNX. Never returns. */
export function invalid(reason: string, remedy = 'check the model with onnx.checker and export it again'): never {
  throw new Refusal(reason, remedy, 'invalid');
}

/** Refuse: the model asks for more than a limit allows. Never returns. */
export function beyond(code: LimitCode, reason: string, remedy: string): never {
  throw new Refusal(reason, remedy, 'limit', code);
}
