import type { ClassScore } from '../types.js';

/** `281`, or `281 tabby` where the configuration gives labels. */
export function className({ class: number, label }: ClassScore): string {
  return label === undefined ? String(number) : `${number} ${label}`;
}
