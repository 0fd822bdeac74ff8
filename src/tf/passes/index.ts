import type { TfGraph } from '../lower.js';
import { prune } from '../rewrite.js';
import type { Target } from '../target.js';
import { chainConcats } from './chain-concats.js';
import { dropNoops } from './drop-noops.js';
import { mergeAxes } from './merge-axes.js';
import { foldAffine } from './fold-affine.js';
import { coverTaps } from './cover-taps.js';
import { cutProducts } from './cut-products.js';
import { foldForward } from './fold-forward.js';
import { foldPads } from './fold-pads.js';
import { fuseActivation } from './fuse-activation.js';
import { gates } from './gates.js';
import { gatherParts } from './gather-parts.js';
import { liftConcats } from './lift-concats.js';
import { liftViews } from './lift-views.js';
import { loopProducts } from './loop-products.js';
import { mergeConcats } from './merge-concats.js';
import { mergeMoves } from './merge-moves.js';
import { mergeViews } from './merge-views.js';
import { ownOperands } from './own-operands.js';
import { phases } from './phases.js';
import { poolMeans } from './pool-means.js';
import { raiseScales } from './raise-scales.js';
import { scaleShift } from './scale-shift.js';
import { share } from './share.js';
import { sinkScales } from './sink-scales.js';
import { splitConcats } from './split-concats.js';
import { splitHidden } from './split-hidden.js';
import { spreadOperands } from './spread-operands.js';
import { stackConcats } from './stack-concats.js';

/** A pass by its name, so that it can be switched off. */
export interface TfPass {
  readonly name: string;
  /** Absent: for every target. */
  readonly target?: Target;
  readonly run: (graph: TfGraph, target: Target) => TfGraph;
}

/** In this order, since: scales and biases stand between a product and its activation. */
export const TF_PASSES: readonly TfPass[] = [
  { name: 'drop-noops', run: dropNoops },
  { name: 'merge-moves', run: mergeMoves },
  { name: 'merge-views', run: mergeViews },
  { name: 'lift-views', run: liftViews },
  { name: 'merge-views', run: mergeViews },
  { name: 'drop-noops', run: dropNoops },
  { name: 'gates', run: gates },
  { name: 'fold-pads', run: foldPads },
  { name: 'fold-affine', run: foldAffine },
  { name: 'fold-forward', run: foldForward },
  { name: 'raise-scales', run: raiseScales },
  { name: 'pool-means', run: poolMeans },
  { name: 'lift-concats', run: liftConcats },
  { name: 'sink-scales', run: sinkScales },
  { name: 'scale-shift', run: scaleShift },
  { name: 'fuse-activation', run: fuseActivation },
  { name: 'merge-concats', run: mergeConcats },
  { name: 'cover-taps', run: coverTaps },
  { name: 'phases', run: phases },
  { name: 'loop-products', run: loopProducts },
  { name: 'cut-products', run: cutProducts },
  { name: 'merge-axes', run: mergeAxes },
  { name: 'split-concats', target: 'wasm', run: splitConcats },
  { name: 'split-hidden', target: 'wasm', run: splitHidden },
  { name: 'chain-concats', run: chainConcats },
  { name: 'stack-concats', run: stackConcats },
  { name: 'gather-parts', run: gatherParts },
  { name: 'merge-moves', run: mergeMoves },
  { name: 'merge-views', run: mergeViews },
  { name: 'drop-noops', run: dropNoops },
  { name: 'spread-operands', run: spreadOperands },
  { name: 'share', run: share },
];

/** How the written graph is made good. */
export interface Optimizing {
  readonly target?: Target;
  /** Names of passes to leave out. */
  readonly off?: ReadonlySet<string>;
}

/** Makes the written graph as good as it can be for its target. */
export function optimize(graph: TfGraph, options: Optimizing = {}): TfGraph {
  const { target = 'any', off = new Set() } = options;
  const best = TF_PASSES.filter((p) => !off.has(p.name) && (p.target ?? target) === target).reduce(
    (g, p) => p.run(g, target),
    prune(graph),
  );
  const whole = ownOperands(best);
  // What control flow runs is a graph like others.
  return graph.functions
    ? { ...whole, functions: graph.functions.map((f) => ({ ...f, graph: optimize(f.graph, options) })) }
    : whole;
}
