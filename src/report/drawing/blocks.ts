import type { Net, NetNode } from '../types.js';

/** A node as it is drawn: one of the net's, or a block of several. */
export interface Drawn {
  /** In the net's order; one where it isn't a block. */
  members: readonly NetNode[];
  /** The places of the ONNX nodes that it stands for, in order. */
  onnx: readonly number[];
  /** Something is wrong with a member. */
  marked: boolean;
}

export interface DrawnNet {
  nodes: Drawn[];
  /** As places in `nodes`; each pair once, none from a node to itself. */
  edges: [number, number][];
}

/**
 * Both nets with at most about `limit` nodes each. A source that is too large is cut into runs of nodes that follow each
 * other in the file, where as few values as can be run from one to the next (so that a residual block stays whole); marked
 * nodes keep to themselves. A written model that is too large is put together by the source's nodes or blocks.
 *
 * @param marked places of ONNX nodes in the file
 */
export function drawnNets(
  source: Net,
  written: Net | undefined,
  limit: number,
  marked: ReadonlySet<number>,
): { source: DrawnNet; written: DrawnNet | undefined } {
  const isMarked = (node: NetNode) => node.onnx.some((place) => marked.has(place));
  const blocks = source.nodes.length <= limit ? singles(source) : runs(source, limit, isMarked);
  const blockOf = new Map<number, number>();
  source.nodes.forEach((node, i) => {
    for (const place of node.onnx) blockOf.set(place, blocks[i] as number);
  });
  const writtenBlocks =
    written === undefined || written.nodes.length <= limit
      ? written && singles(written)
      : // A node that does the work of several gives the value of the last.
        written.nodes.map((node, i) => blockOf.get(node.onnx.at(-1) ?? -1) ?? -1 - i);
  return {
    source: quotient(source, blocks, isMarked),
    written: written && writtenBlocks && quotient(written, writtenBlocks, isMarked),
  };
}

const singles = (net: Net): number[] => net.nodes.map((_, i) => i);

/** For each node the number of its block. What is fed or fetched is a block of its own. */
function runs(net: Net, limit: number, isMarked: (node: NetNode) => boolean): number[] {
  const order = net.nodes.flatMap((node, i) => (node.kind === 'node' ? [i] : []));
  const position = new Map(order.map((i, p) => [i, p]));
  const widths = crossings(net, position, order.length);
  const target = Math.ceil((2 * order.length) / limit);
  const block = net.nodes.map((_, i) => -1 - i);
  let start = 0;
  for (let n = 0; start < order.length; n++) {
    const end = endOfRun(start, order, net, widths, target, isMarked);
    for (let p = start; p < end; p++) block[order[p] as number] = n;
    start = end;
  }
  return block;
}

/** widths[p]: how many nodes before position p + 1 give something that a later one reads. */
function crossings(net: Net, position: ReadonlyMap<number, number>, n: number): Int32Array {
  const last = new Map<number, number>();
  for (const [from, to] of net.edges) {
    const [a, b] = [position.get(from), position.get(to)];
    if (a !== undefined && b !== undefined) last.set(a, Math.max(last.get(a) ?? a, b));
  }
  const change = new Int32Array(n + 1);
  for (const [a, b] of last) {
    change[a] = (change[a] as number) + 1;
    change[b] = (change[b] as number) - 1;
  }
  for (let p = 1; p <= n; p++) change[p] = (change[p] as number) + (change[p - 1] as number);
  return change;
}

/** The narrowest place between half the target and twice the target behind `start`, the nearest to the target among several. */
function endOfRun(
  start: number,
  order: readonly number[],
  net: Net,
  widths: Int32Array,
  target: number,
  isMarked: (node: NetNode) => boolean,
): number {
  const marked = (p: number) => isMarked(net.nodes[order[p] as number] as NetNode);
  if (marked(start)) return start + 1;
  let best = Math.min(start + target, order.length);
  let narrowest = Number.POSITIVE_INFINITY;
  for (let end = start + 1; end <= Math.min(start + 2 * target, order.length); end++) {
    if (end < order.length && marked(end)) return end;
    if (end < start + target / 2) continue;
    const width = end === order.length ? 0 : (widths[end - 1] as number);
    const isNearer = Math.abs(end - start - target) < Math.abs(best - start - target);
    if (width < narrowest || (width === narrowest && isNearer)) {
      narrowest = width;
      best = end;
    }
  }
  return best;
}

/** The net with each block as one node, in the order of their first members. */
function quotient(net: Net, block: readonly number[], isMarked: (node: NetNode) => boolean): DrawnNet {
  const places = new Map<number, number>();
  const members: NetNode[][] = [];
  net.nodes.forEach((node, i) => {
    const place = places.get(block[i] as number);
    if (place === undefined) places.set(block[i] as number, members.push([node]) - 1);
    else (members[place] as NetNode[]).push(node);
  });
  const seen = new Set<string>();
  const edges = net.edges.flatMap(([from, to]): [number, number][] => {
    const pair: [number, number] = [
      places.get(block[from] as number) as number,
      places.get(block[to] as number) as number,
    ];
    if (pair[0] === pair[1] || seen.has(pair.join())) return [];
    seen.add(pair.join());
    return [pair];
  });
  const nodes = members.map((list) => ({
    members: list,
    onnx: [...new Set(list.flatMap((node) => node.onnx))].sort((a, b) => a - b),
    marked: list.some(isMarked),
  }));
  return { nodes, edges };
}
