import type { Place } from '../diag/diagnostic.js';
import type { Bound } from '../ir/graph.js';
import type { Attribute, TypeInfo } from '../onnx/model.js';

/** A name whose value isn't known, since what should give it was refused. */
export interface Poison {
  readonly kind: 'poison';
  /** The operator, where nothing was refused, but it doesn't give this one of its outputs: who reads it is refused. */
  readonly absentOf?: string;
}
export const POISON: Poison = { kind: 'poison' };

/** Names and what they are bound to; what a scope doesn't know, the one around it may. */
export class Scope {
  private readonly names = new Map<string, Bound | Poison>();
  private readonly parent: Scope | undefined;
  constructor(parent?: Scope) {
    this.parent = parent;
  }
  get(name: string): Bound | Poison | undefined {
    return this.names.get(name) ?? this.parent?.get(name);
  }
  set(name: string, value: Bound | Poison): void {
    this.names.set(name, value);
  }
}

/** What surrounds the nodes that are being read: names, opsets, and how names of values are made unique. */
export interface Context {
  readonly scope: Scope;
  readonly opsets: ReadonlyMap<string, number>;
  readonly valueInfo: ReadonlyMap<string, TypeInfo>;
  /** Put before names of values; '' at the top. */
  readonly prefix: string;
  readonly origin: readonly number[];
  readonly place: Place | undefined;
  readonly depth: number;
  /** The functions that are being called, by key. */
  readonly calls: readonly string[];
  /** In a function body: the calling node's attributes. */
  readonly attributes?: ReadonlyMap<string, Attribute>;
}
