import { invalid, refuse } from '../../diag/diagnostic.js';
import type { Value } from '../../ir/graph.js';
import type { RawNode } from '../../ir/view.js';
import { numbersOf, tensorOf } from '../../tensor/tensor.js';
import type { Composer } from '../compose.js';
import { depthOf, Grower, MODES, type Forest, type Mode, type Vote } from './forest.js';

/** How the votes of all trees become one score per target. */
export type Aggregate = 'AVERAGE' | 'SUM' | 'MIN' | 'MAX';

/** Numbers of an attribute, or of its `_as_tensor` (double); undefined where there is neither. */
export function numbersFor(n: RawNode, name: string): number[] | undefined {
  const given = n.optFloats(name);
  if (given && given.length > 0) return given;
  const tensor = n.optTensor(`${name}_as_tensor`);
  return tensor && numbersOf(tensor.load());
}

/**
 * The forest of a TreeEnsembleClassifier or -Regressor (versions 1 and 3): nodes found by tree and number, votes by the
 * attributes that begin with `prefix`.
 */
export function readForest(n: RawNode, prefix: 'class' | 'target'): Forest {
  const trees = n.optInts('nodes_treeids') ?? [];
  const count = trees.length;
  const column = <T>(name: string, given: readonly T[] | undefined): readonly T[] =>
    given?.length === count
      ? given
      : invalid(`${name} has ${given?.length ?? 0} entries, and there are ${count} nodes`);
  const ids = column('nodes_nodeids', n.optInts('nodes_nodeids'));
  const modes = column('nodes_modes', n.optStrings('nodes_modes'));
  const features = column('nodes_featureids', n.optInts('nodes_featureids'));
  const values = column('nodes_values', numbersFor(n, 'nodes_values'));
  const trueIds = column('nodes_truenodeids', n.optInts('nodes_truenodeids'));
  const falseIds = column('nodes_falsenodeids', n.optInts('nodes_falsenodeids'));
  const tracks = n.optInts('nodes_missing_value_tracks_true') ?? [];
  if (count === 0) return invalid('there are no nodes');

  const grower = new Grower(n.input(0)?.type.dtype ?? 'float32');
  const places = new Map<string, number>();
  const key = (tree: number, id: number) => `${tree} ${id}`;
  trees.forEach((tree, i) => {
    if (places.has(key(tree, ids[i]))) invalid(`node ${ids[i]} of tree ${tree} is there twice`);
    places.set(key(tree, ids[i]), grower.node());
  });
  const child = (tree: number, id: number) => places.get(key(tree, id)) ?? invalid(`tree ${tree} has no node ${id}`);
  const children = new Set<number>();
  trees.forEach((tree, i) => {
    if (modes[i] === 'LEAF') return;
    const mode =
      MODES.find((m) => m === modes[i] && m !== 'BRANCH_MEMBER') ??
      invalid(`a node's mode is ${JSON.stringify(modes[i])}`);
    const [yes, no] = [child(tree, trueIds[i]), child(tree, falseIds[i])];
    grower.branch(i, mode, features[i], values[i], [], tracks[i] === 1, yes, no);
    children.add(yes).add(no);
  });
  const rooted = new Set<number>();
  trees.forEach((tree, i) => {
    if (children.has(i) || rooted.has(tree)) return;
    rooted.add(tree);
    grower.forest.roots.push(i);
  });
  addVotes(n, prefix, grower, child);
  return grower.forest;
}

function addVotes(n: RawNode, prefix: string, grower: Grower, place: (tree: number, id: number) => number): void {
  const trees = n.optInts(`${prefix}_treeids`) ?? [];
  const nodes = n.optInts(`${prefix}_nodeids`) ?? [];
  const targets = n.optInts(`${prefix}_ids`) ?? [];
  const weights = numbersFor(n, `${prefix}_weights`) ?? [];
  if (nodes.length !== trees.length || targets.length !== trees.length || weights.length !== trees.length)
    invalid(`the attributes of ${prefix}_ differ in length`);
  const votes = new Map<number, Vote[]>();
  trees.forEach((tree, i) => {
    const at = place(tree, nodes[i]);
    const vote = { target: targets[i], weight: weights[i] };
    const known = votes.get(at);
    if (known) known.push(vote);
    else votes.set(at, [vote]);
  });
  for (const [at, list] of votes) grower.leaf(at, list);
}

/** The forest of a TreeEnsemble (version 5): inner nodes and leaves in columns of their own, a vote for each leaf. */
export function readTreeEnsemble(n: RawNode): Forest {
  const need = (name: string) => n.ints(name);
  const numbers = (name: string) => numbersOf(n.tensor(name).load());
  const modes = numbers('nodes_modes').map((m): Mode => MODES[m] ?? invalid(`a node's mode is ${m}`));
  const [features, splits] = [need('nodes_featureids'), numbers('nodes_splits')];
  const [trueIds, falseIds, trueLeaves, falseLeaves] = [
    need('nodes_truenodeids'),
    need('nodes_falsenodeids'),
    need('nodes_trueleafs'),
    need('nodes_falseleafs'),
  ];
  const [weights, targets] = [numbers('leaf_weights'), need('leaf_targetids')];
  const tracks = n.optInts('nodes_missing_value_tracks_true') ?? [];
  if ([features, splits, trueIds, falseIds, trueLeaves, falseLeaves].some((c) => c.length !== modes.length))
    return invalid('the attributes of nodes_ differ in length');
  if (weights.length !== targets.length) return invalid('the attributes of leaf_ differ in length');
  const members = memberSets(n);

  const grower = new Grower(n.input(0)?.type.dtype ?? 'float32');
  for (const _ of modes) grower.node();
  const leaves = weights.map((weight, i) => {
    const at = grower.node();
    grower.leaf(at, [{ target: targets[i], weight }]);
    return at;
  });
  const next = (isLeaf: number, id: number): number => {
    const to = isLeaf === 1 ? leaves[id] : id < modes.length ? id : undefined;
    return to ?? invalid(`a node goes on to ${isLeaf === 1 ? 'leaf' : 'node'} ${id}, which isn't there`);
  };
  modes.forEach((mode, i) => {
    const own =
      mode === 'BRANCH_MEMBER'
        ? (members.shift() ?? invalid('membership_values has fewer sets than there are nodes of mode BRANCH_MEMBER'))
        : [];
    grower.branch(
      i,
      mode,
      features[i],
      splits[i],
      own,
      tracks[i] === 1,
      next(trueLeaves[i], trueIds[i]),
      next(falseLeaves[i], falseIds[i]),
    );
  });
  grower.forest.roots.push(
    ...need('tree_roots').map((r) =>
      r >= 0 && r < modes.length ? r : invalid(`a tree begins at node ${r}, which isn't there`),
    ),
  );
  return grower.forest;
}

/** Sets of members, each ended by a NaN. */
function memberSets(n: RawNode): number[][] {
  const given = n.optTensor('membership_values');
  const sets: number[][] = [[]];
  for (const v of given ? numbersOf(given.load()) : []) {
    if (Number.isNaN(v)) sets.push([]);
    else sets[sets.length - 1].push(v);
  }
  return sets;
}

/** Features as float32 of shape [N, F]. */
export function featuresOf(c: Composer, x: Value): Value {
  const rows = x.type.dims.length === 1 ? c.unsqueeze(x, [0]) : x;
  if (rows.type.dims.length !== 2)
    return invalid(`the features are of rank ${rows.type.dims.length}, where rows of features are expected`);
  return c.cast(rows, 'float32');
}

/** The number of the leaf that each row of x [N, F] reaches in each tree: [N, T]. */
function walk(c: Composer, x: Value, forest: Forest): Value {
  const nodes = forest.yes.length;
  const ints = (v: readonly number[]) => c.constant('int64', [v.length], v);
  const flags = (v: readonly boolean[]) => c.constant('int64', [nodes], v.map(Number));
  return c.e.one(
    'TreeWalk',
    [
      x,
      ints(forest.feature),
      c.floats(forest.threshold),
      flags(forest.strict),
      flags(forest.missing),
      ints(forest.yes),
      ints(forest.no),
      ints(forest.roots),
    ],
    { depth: depthOf(forest) },
    'internal',
  );
}

/** Scores before base values and transforms, and which targets have got a vote. */
export interface Scores {
  /** [N, targets] float32; 0 where there was no vote. */
  readonly sum: Value;
  /** Per target: 'all' rows have a vote for it, 'none' has, or a bool value [N, targets] says which. */
  readonly voted: readonly ('all' | 'none' | 'some')[];
  hasVote(): Value;
}

/** Runs the forest on x [N, F] and aggregates the votes. */
export function scoresOf(c: Composer, x: Value, forest: Forest, targets: number, aggregate: Aggregate): Scores {
  for (const list of forest.votes)
    for (const v of list)
      if (v.target < 0 || v.target >= targets)
        return invalid(`a leaf votes for target ${v.target}, and there are ${targets}`);
  const leaf = walk(c, x, forest);
  const byTree = leavesByTree(forest);
  const voted = Array.from({ length: targets }, (_, target) => {
    const counts = byTree.map(
      (leaves) => leaves.filter((l) => forest.votes[l].some((v) => v.target === target)).length,
    );
    return counts.some((n, tree) => n === byTree[tree].length) ? 'all' : counts.every((n) => n === 0) ? 'none' : 'some';
  });
  const single = aggregate === 'SUM' || aggregate === 'AVERAGE' ? targetOfTrees(forest, byTree) : undefined;
  const total = single
    ? sumBySelection(c, leaf, forest, single, targets)
    : overVotes(c, leaf, forest, targets, aggregate, voted);
  const sum = aggregate === 'AVERAGE' ? c.div(total, forest.roots.length) : total;
  return {
    sum,
    voted,
    hasVote: () =>
      c.greater(
        overTable(c, leaf, forest, targets, 'ReduceMax', (list, t) => (list.some((v) => v.target === t) ? 1 : 0)),
        0.5,
      ),
  };
}

function leavesByTree(forest: Forest): number[][] {
  return forest.roots.map((root) => {
    const seen = new Set([root]);
    const leaves: number[] = [];
    const stack = [root];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (forest.yes[at] === at) leaves.push(at);
      else
        for (const next of [forest.yes[at], forest.no[at]])
          if (!seen.has(next)) {
            seen.add(next);
            stack.push(next);
          }
    }
    return leaves;
  });
}

/** The one target that each tree votes for, where that is so: boosted trees, and any forest with one target. */
function targetOfTrees(forest: Forest, byTree: readonly (readonly number[])[]): number[] | undefined {
  const out: number[] = [];
  for (const leaves of byTree) {
    const targets = new Set(leaves.flatMap((l) => forest.votes[l].map((v) => v.target)));
    if (targets.size > 1) return undefined;
    out.push([...targets][0] ?? 0);
  }
  return out;
}

/** [N, T] weights of the leaves, times a matrix [T, targets] that says which tree counts where. */
function sumBySelection(c: Composer, leaf: Value, forest: Forest, target: readonly number[], targets: number): Value {
  const weight = forest.votes.map((list) => list.reduce((sum, v) => sum + v.weight, 0));
  const reached = c.op('Gather', [c.floats(weight), leaf], { axis: 0 });
  if (targets === 1) return c.reduce('ReduceSum', reached, [1]);
  const selection = target.flatMap((t) => Array.from({ length: targets }, (_, k) => (k === t ? 1 : 0)));
  return c.matmul(reached, c.floats(selection, [target.length, targets]));
}

function overVotes(
  c: Composer,
  leaf: Value,
  forest: Forest,
  targets: number,
  aggregate: Aggregate,
  voted: Scores['voted'],
): Value {
  if (aggregate === 'SUM' || aggregate === 'AVERAGE')
    return overTable(c, leaf, forest, targets, 'ReduceSum', (list, t) =>
      list.reduce((sum, v) => (v.target === t ? sum + v.weight : sum), 0),
    );
  // Beyond every weight, so that it is seen where no leaf has voted.
  const none = aggregate === 'MIN' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const best = aggregate === 'MIN' ? Math.min : Math.max;
  const score = overTable(c, leaf, forest, targets, aggregate === 'MIN' ? 'ReduceMin' : 'ReduceMax', (list, t) =>
    list.reduce((b, v) => (v.target === t ? best(b, v.weight) : b), none),
  );
  return voted.every((v) => v === 'all') ? score : c.where(c.equal(score, none), 0, score);
}

/** Gathers a row per leaf from a table [nodes, targets] and reduces over the trees: [N, targets]. */
function overTable(
  c: Composer,
  leaf: Value,
  forest: Forest,
  targets: number,
  reduction: string,
  entry: (votes: readonly Vote[], target: number) => number,
): Value {
  const cells = forest.votes.length * targets;
  if (cells > MOST_CELLS)
    return refuse(`leaves and targets give a table of ${cells} numbers`, 'train fewer or smaller trees');
  const table = forest.votes.flatMap((list) => Array.from({ length: targets }, (_, t) => entry(list, t)));
  const rows = c.op('Gather', [c.e.constant(tensorOf('float32', [forest.votes.length, targets], table)), leaf], {
    axis: 0,
  });
  return c.reduce(reduction, rows, [1], false);
}

/** A table of 512 MB. */
const MOST_CELLS = 1 << 27;
