import type { Family } from '../case.js';
import { TREES } from './trees.js';

export const ML: Family = { ...TREES };
