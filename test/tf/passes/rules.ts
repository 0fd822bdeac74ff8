/** For each pass a graph on which it does its work, with the ops before and after. */
import type { Rule } from './rule.js';
import { MOVES } from './rules-moves.js';
import { PRODUCTS } from './rules-products.js';

export const RULES: readonly Rule[] = [...MOVES, ...PRODUCTS];
