import { composition } from '../compose.js';
import type { Op } from '../../ir/op.js';

export const DOMAIN = 'com.microsoft';

type Composition<A> = Parameters<typeof composition<A>>[0];
type Spec<A> = Omit<Composition<A>, 'domain'> & Required<Pick<Composition<A>, 'shapes'>>;

/**
 * A composition in com.microsoft. Its operators have no schema here, so that readers say the defaults themselves, and
 * `shapes` which inputs may be left out.
 */
export function microsoft<A = Record<string, never>>(spec: Spec<A>): Op {
  return composition<A>({ ...spec, domain: DOMAIN });
}
