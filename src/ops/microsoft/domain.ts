import { composition } from '../compose.js';
import type { Op } from '../../ir/op.js';

export const DOMAIN = 'com.microsoft';

type Spec<A> = Omit<Parameters<typeof composition<A>>[0], 'domain'>;

/** A composition in com.microsoft. Its operators have no schema here, so that readers say the defaults themselves. */
export function microsoft<A = Record<string, never>>(spec: Spec<A>): Op {
  return composition<A>({ ...spec, domain: DOMAIN });
}
