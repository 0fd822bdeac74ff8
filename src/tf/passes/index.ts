import type { TfGraph } from '../lower.js';
import { prune } from '../rewrite.js';
import { mergeTransposes } from './cleanup.js';
import { foldAffine } from './fold-affine.js';
import { fuseActivation } from './fuse-activation.js';

/** A pass by its name, so that it can be switched off. */
export interface TfPass {
  readonly name: string;
  readonly run: (graph: TfGraph) => TfGraph;
}

/** In this order, since: scales and biases stand between a product and its activation. */
export const TF_PASSES: readonly TfPass[] = [
  { name: 'merge-transposes', run: mergeTransposes },
  { name: 'fold-affine', run: foldAffine },
  { name: 'fuse-activation', run: fuseActivation },
];

/** Makes the written graph as good as it can be; `off` names passes to leave out. */
export function optimize(graph: TfGraph, off: ReadonlySet<string> = new Set()): TfGraph {
  return TF_PASSES.filter((p) => !off.has(p.name)).reduce((g, p) => p.run(g), prune(graph));
}
