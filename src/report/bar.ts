import { numberOf } from './figures.js';
import type { Figure } from './types.js';

const CELLS = 10;

/** How much of a tolerance an error takes, in ten cells; `▶` where it goes beyond. NaN counts as beyond. */
export function bar(used: Figure): string {
  const x = numberOf(used);
  if (!(x <= 1)) return `${'█'.repeat(CELLS)}▶`;
  // From one hundredth on there is something to see.
  return filled(x < 0.01 ? 0 : Math.max(1 / CELLS, x), CELLS);
}

/** So many cells, of which a share between 0 and 1 is full. */
export function filled(share: number, cells: number): string {
  const full = Math.min(cells, Math.max(0, Math.round(share * cells)));
  return '█'.repeat(full) + '░'.repeat(cells - full);
}
