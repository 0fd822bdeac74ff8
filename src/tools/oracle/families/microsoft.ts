import type { Family } from '../case.js';
export const MICROSOFT: Family = {};
