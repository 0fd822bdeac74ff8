import type { Family } from './case.js';
import { MICROSOFT } from './families/microsoft.js';
import { ML } from './families/ml.js';

/** Generators by family: the folders of src/ops. A new family is a file in families/ and a line here. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  ml: ML,
  microsoft: MICROSOFT,
};
