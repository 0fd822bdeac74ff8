import { invalid, refuse } from '../../diag/diagnostic.js';
import type { DType } from '../../tensor/dtype.js';

/** What a leaf gives: a weight for one target (or class). A leaf may have several votes, or none. */
export interface Vote {
  readonly target: number;
  readonly weight: number;
}

/**
 * The nodes of all trees. An inner node asks x <= threshold (x < threshold where strict) of one feature and goes on to `yes`
 * or `no`; a leaf goes on to itself. What ONNX's seven comparisons say is said by these two alone: the others change the
 * sides, or are two nodes.
 */
export interface Forest {
  readonly feature: number[];
  readonly threshold: number[];
  readonly strict: boolean[];
  /** Whether NaN goes to `yes`. */
  readonly missing: boolean[];
  readonly yes: number[];
  readonly no: number[];
  readonly votes: (readonly Vote[])[];
  readonly roots: number[];
}

export type Mode = (typeof MODES)[number];
/** In the order of TreeEnsemble's numbers. */
export const MODES = [
  'BRANCH_LEQ',
  'BRANCH_LT',
  'BRANCH_GTE',
  'BRANCH_GT',
  'BRANCH_EQ',
  'BRANCH_NEQ',
  'BRANCH_MEMBER',
] as const;

/** Grows a forest node by node. Numbers are given out in advance, so that a parent can stand before its children. */
export class Grower {
  readonly forest: Forest = {
    feature: [],
    threshold: [],
    strict: [],
    missing: [],
    yes: [],
    no: [],
    votes: [],
    roots: [],
  };
  private readonly input: DType;

  /** @param input the type of the features, which decides how thresholds beyond float32 are rounded */
  constructor(input: DType) {
    this.input = input;
  }

  /** A node of which nothing is said yet: a leaf without votes. */
  node(): number {
    const f = this.forest;
    const at = f.yes.length;
    f.feature.push(0);
    f.threshold.push(0);
    f.strict.push(false);
    f.missing.push(false);
    f.yes.push(at);
    f.no.push(at);
    f.votes.push([]);
    return at;
  }

  leaf(at: number, votes: readonly Vote[]): void {
    this.forest.votes[at] = votes;
  }

  /** @param missing whether NaN counts as true; it never is where the comparison alone decides, but for "not equal" */
  branch(
    at: number,
    mode: Mode,
    feature: number,
    value: number,
    members: readonly number[],
    missing: boolean,
    ifTrue: number,
    ifFalse: number,
  ): void {
    switch (mode) {
      case 'BRANCH_LEQ':
        this.ask(at, feature, value, false, missing, ifTrue, ifFalse);
        break;
      case 'BRANCH_LT':
        this.ask(at, feature, value, true, missing, ifTrue, ifFalse);
        break;
      case 'BRANCH_GTE':
        this.ask(at, feature, value, true, !missing, ifFalse, ifTrue);
        break;
      case 'BRANCH_GT':
        this.ask(at, feature, value, false, !missing, ifFalse, ifTrue);
        break;
      case 'BRANCH_EQ':
        this.equal(at, feature, value, missing, ifTrue, ifFalse);
        break;
      // NaN is not equal to anything, so that it goes to the true branch either way.
      case 'BRANCH_NEQ':
        this.equal(at, feature, value, false, ifFalse, ifTrue);
        break;
      case 'BRANCH_MEMBER':
        this.member(
          at,
          feature,
          [...new Set(members)].sort((a, b) => a - b),
          missing,
          ifTrue,
          ifFalse,
        );
        break;
    }
  }

  private ask(
    at: number,
    feature: number,
    value: number,
    strict: boolean,
    missing: boolean,
    yes: number,
    no: number,
  ): void {
    const f = this.forest;
    f.feature[at] = feature;
    f.threshold[at] = this.rounded(value, strict);
    f.strict[at] = strict;
    f.missing[at] = missing;
    f.yes[at] = yes;
    f.no[at] = no;
  }

  private equal(at: number, feature: number, value: number, missing: boolean, ifTrue: number, ifFalse: number): void {
    const second = this.node();
    this.ask(at, feature, value, false, missing, second, ifFalse);
    this.ask(second, feature, value, true, false, ifFalse, ifTrue);
  }

  /** A search among sorted members. NaN comes to the largest, since no comparison holds for it. */
  private member(
    at: number,
    feature: number,
    sorted: readonly number[],
    missing: boolean,
    ifTrue: number,
    ifFalse: number,
  ): void {
    if (sorted.length === 0) invalid('a node of mode BRANCH_MEMBER has no members');
    if (sorted.length === 1) {
      this.equal(at, feature, sorted[0], missing, ifTrue, ifFalse);
      return;
    }
    const middle = sorted.length >> 1;
    const [low, high] = [this.node(), this.node()];
    this.ask(at, feature, sorted[middle], true, false, low, high);
    this.member(low, feature, sorted.slice(0, middle), false, ifTrue, ifFalse);
    this.member(high, feature, sorted.slice(middle), missing, ifTrue, ifFalse);
  }

  /**
   * A threshold as float32. Where the features are float32 (or fewer bits), to the side that leaves the comparison true and
   * false for the same of them. Where they are double, TensorFlow.js sees them rounded to nearest, and the threshold has to
   * be rounded alike, so that a feature that equals it still does.
   */
  private rounded(value: number, strict: boolean): number {
    const nearest = Math.fround(value);
    if (this.input === 'float64' || nearest === value || Number.isNaN(value)) return nearest;
    return strict
      ? nearest < value
        ? neighbour(nearest, 1)
        : nearest
      : nearest > value
        ? neighbour(nearest, -1)
        : nearest;
  }
}

const bits = new DataView(new ArrayBuffer(4));

/** The next float32 above (1) or below (-1). */
function neighbour(v: number, direction: 1 | -1): number {
  if (v === 0) return direction * 2 ** -149;
  bits.setFloat32(0, v);
  bits.setInt32(0, bits.getInt32(0) + (v > 0 ? direction : -direction));
  return bits.getFloat32(0);
}

/** The number of steps on the longest path from any root. Refuses paths that come back to where they were. */
export function depthOf(forest: Forest): number {
  const depth = new Int32Array(forest.yes.length).fill(-1);
  const onPath = new Uint8Array(forest.yes.length);
  const stack: number[] = [...forest.roots];
  while (stack.length > 0) {
    const at = stack[stack.length - 1];
    const [yes, no] = [forest.yes[at], forest.no[at]];
    if (depth[at] >= 0 || (yes === at && no === at)) {
      depth[at] = Math.max(depth[at], 0);
      onPath[at] = 0;
      stack.pop();
      continue;
    }
    if (onPath[at] === 1) {
      if (depth[yes] < 0 || depth[no] < 0) return invalid('the nodes of a tree form a circle');
      depth[at] = 1 + Math.max(depth[yes], depth[no]);
      onPath[at] = 0;
      stack.pop();
      continue;
    }
    onPath[at] = 1;
    for (const next of [yes, no]) {
      if (onPath[next] === 1) return invalid('the nodes of a tree form a circle');
      if (depth[next] < 0) stack.push(next);
    }
  }
  const most = Math.max(0, ...forest.roots.map((r) => depth[r]));
  if (most > MOST_LEVELS)
    return refuse(
      `a tree is ${most} levels deep, and each level is some ten operations of the graph`,
      `train with a limit of the depth below ${MOST_LEVELS}`,
    );
  return most;
}

/** More levels than any trained tree has; a chain of nodes beyond it is hardly a tree. */
const MOST_LEVELS = 512;
