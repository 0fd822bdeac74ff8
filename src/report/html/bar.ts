import { numberOf, shareOfAllowed, share } from '../figures.js';
import type { Figure } from '../types.js';
import { h, type Markup } from './markup.js';

/** The share of the tolerance as a bar with its figure; the whole width is what is allowed. */
export function errorBar(used: Figure | undefined): Markup {
  if (used === undefined) return h`–`;
  const x = numberOf(used);
  const beyond = !(x <= 1);
  // What isn't nothing can be seen.
  const width = beyond ? 100 : x === 0 ? 0 : Math.max(2, Math.round(x * 100));
  return h`<span class="share"><svg class="bar${beyond ? ' beyond' : ''}" viewBox="0 0 106 10" role="img" aria-label="${shareOfAllowed(used)}"><rect class="all" x="0.5" y="0.5" width="99" height="9"/><rect class="part" x="0.5" y="0.5" width="${width}" height="9"/>${beyond && h`<path class="part" d="M100 0l6 5l-6 5z"/>`}</svg> <span aria-hidden="true">${share(used)}</span></span>`;
}
