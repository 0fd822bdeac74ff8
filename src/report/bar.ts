import { numberOf } from './figures.js';
import type { Figure } from './types.js';

const CELLS = 10;

/** How much of a tolerance an error takes, in ten cells; `▶` where it goes beyond. NaN counts as beyond. */
export function bar(used: Figure): string {
  const x = numberOf(used);
  if (!(x <= 1)) return `${'█'.repeat(CELLS)}▶`;
  // From one hundredth on there is something to see.
  const full = x < 0.01 ? 0 : Math.min(CELLS, Math.max(1, Math.round(x * CELLS)));
  return '█'.repeat(full) + '░'.repeat(CELLS - full);
}
