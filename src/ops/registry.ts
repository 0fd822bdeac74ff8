import type { Op } from '../ir/op.js';
import { OPERATORS } from './registry.generated.js';

let byName: Map<string, Op> | undefined;

/** The operator of a domain ('' is ai.onnx), where the project knows it. */
export function opFor(domain: string, name: string): Op | undefined {
  byName ??= new Map(OPERATORS.map((op) => [`${op.domain ?? ''}::${op.name}`, op]));
  return byName.get(`${domain}::${name}`);
}

/** All operators that the project knows. */
export function allOps(): readonly Op[] {
  return OPERATORS;
}
