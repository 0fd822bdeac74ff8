import { type Dim, isKnown, knownProduct } from '../../ir/dim.js';
import { sizeOf, tensorOf } from '../../tensor/tensor.js';
import type { TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { outputsOf, rewrite, type Rewriting } from '../rewrite.js';
import { numbersIn } from '../shapes.js';
import type { Target } from '../target.js';
import { viewSizes } from './merge-views.js';

/** From this rank on, WASM's Slice looks up every element by its place (measured: 100 times as long). */
const SLOW_RANK = 5;
/**
 * Rows (of the last axis) from which on less than a copy of each is worth two changes of sizes, which are nothing on WASM
 * and may be a dispatch each on a GPU: a row takes WASM's Slice 45 ns, and its Pad 25.
 */
const MANY_ROWS = { wasm: 512, any: 4096, webgl: Infinity } as const;

/**
 * Axes that are taken whole go with the one before them:
 *
 *     Slice(x [1, 172, 324, 2]; axis 2)      becomes      Reshape(Slice(Reshape(x, [172, 648]); axis 1))
 *     PadV2(x [1, 172, 324, 2]; axis 2)      becomes      Reshape(PadV2(Reshape(x, [172, 648]); axis 1))
 *
 * as in images of few channels, or where q, k and v are cut out of one product of rank 5. WASM copies row by row of the last
 * axis.
 */
export function mergeAxes(graph: TfGraph, target: Target): TfGraph {
  return rewrite(graph, (node, r) => {
    if ((node.op !== 'Slice' && node.op !== 'PadV2') || r.isOutput(node) || node.dtypes[0] === 'string')
      return undefined;
    const [x] = node.inputs;
    const [dims, to] = [viewSizes(r.dims(x)), viewSizes(r.dims(outputsOf(node)[0]))];
    if (!dims || !to || dims.length < 3) return undefined;
    const taken = takenBy(node, dims, to);
    const groups = taken && groupsOf(dims, taken);
    if (!groups || groups.length >= dims.length) return undefined;
    const rows = knownProduct(to.slice(0, -1));
    const isLastWhole = taken.at(-1) === undefined;
    if (!(node.op === 'Slice' && dims.length >= SLOW_RANK) && !(isLastWhole && rows >= MANY_ROWS[target]))
      return undefined;
    const flat = r.reshape(
      x,
      groups.map((g) => g.size),
    );
    return [r.reshape(flatly(node, flat, groups, r), to)];
  });
}

/** What of an axis is taken or added: elements before and behind, negative where they are cut off. */
interface Change {
  readonly before: number;
  readonly behind: number;
}

/** Of each axis what is changed; undefined for those taken as they are. */
function takenBy(node: TfNode, dims: readonly Dim[], to: readonly Dim[]): (Change | undefined)[] | undefined {
  const [, first, second] = node.inputs;
  const numbers = numbersIn(first);
  if (!numbers) return undefined;
  if (node.op === 'PadV2')
    return dims.map((_, i) => {
      const [before, behind] = [numbers[2 * i], numbers[2 * i + 1]];
      return before === 0 && behind === 0 ? undefined : { before, behind };
    });
  const sizes = numbersIn(second);
  if (!sizes) return undefined;
  const changes: (Change | undefined)[] = [];
  for (const [i, d] of dims.entries()) {
    const size = to[i];
    if (numbers[i] === 0 && (sizes[i] === -1 || sizes[i] === d)) changes.push(undefined);
    else if (isKnown(d) && isKnown(size)) changes.push({ before: -numbers[i], behind: numbers[i] + size - d });
    else return undefined;
  }
  return changes;
}

/** Axes that go together: one that is changed, or the first, and those behind it that are not. */
interface Group {
  readonly size: Dim;
  readonly change: Change | undefined;
}

/** Undefined where a changed axis goes with one of open size. */
function groupsOf(dims: readonly Dim[], changes: readonly (Change | undefined)[]): Group[] | undefined {
  const starts = changes.flatMap((change, i) => (i === 0 || change ? [i] : []));
  const groups = starts.map((start, k): Group | undefined => {
    const own = dims.slice(start, starts[k + 1]);
    const change = changes[start];
    const open = own.find((d) => !isKnown(d));
    if (!change) return { size: open ?? sizeOf(own as number[]), change };
    if (open !== undefined) return undefined;
    const inner = sizeOf(own.slice(1) as number[]);
    return {
      size: sizeOf(own as number[]),
      change: { before: change.before * inner, behind: change.behind * inner },
    };
  });
  return groups.includes(undefined) ? undefined : (groups as Group[]);
}

function flatly(node: TfNode, flat: TfNode['inputs'][number], groups: readonly Group[], r: Rewriting) {
  if (node.op === 'PadV2') {
    const pads = groups.flatMap(({ change }) => [change?.before ?? 0, change?.behind ?? 0]);
    return r.op('PadV2', [flat, r.tensor(tensorOf('int32', [groups.length, 2], pads)), node.inputs[2]], node.attrs);
  }
  return r.slice(
    flat,
    groups.map(({ change }) => -(change?.before ?? 0)),
    groups.map(({ size, change }) => (change && isKnown(size) ? size + change.before + change.behind : -1)),
  );
}
