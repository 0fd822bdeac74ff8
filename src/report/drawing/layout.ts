import dagre from '@dagrejs/dagre';

/** What is to be placed: boxes by their sizes, and who leads to whom. */
export interface Boxes {
  sizes: readonly { width: number; height: number }[];
  edges: readonly (readonly [number, number])[];
}

/** Where everything stands, in the unit of the sizes, rounded; y grows downwards. */
export interface Placed {
  width: number;
  height: number;
  /** The top left corner of each box. */
  corners: { x: number; y: number }[];
  /** For each edge the points that it runs along. */
  ways: { x: number; y: number }[][];
}

const MARGIN = 8;

/** What was placed before: checkpoints of one network are drawn alike, and placing takes two milliseconds a box. */
const known = new Map<string, Placed | undefined>();
const MOST_KNOWN = 64;

/**
 * Layers from top to bottom, few crossings: dagre's (after Gansner et al., A technique for drawing directed graphs). Undefined
 * where it can't: on very long graphs its recursion ends.
 */
export function place(boxes: Boxes): Placed | undefined {
  const key = JSON.stringify(boxes);
  if (known.has(key)) return known.get(key);
  const placed = layOut(boxes);
  const [oldest] = known.keys();
  if (known.size >= MOST_KNOWN && oldest !== undefined) known.delete(oldest);
  known.set(key, placed);
  return placed;
}

function layOut({ sizes, edges }: Boxes): Placed | undefined {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ nodesep: 18, edgesep: 12, ranksep: 26, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [i, size] of sizes.entries()) graph.setNode(String(i), { ...size });
  for (const [from, to] of edges) graph.setEdge(String(from), String(to));
  try {
    dagre.layout(graph);
  } catch (e) {
    if (e instanceof RangeError) return undefined;
    throw e;
  }
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    corners: sizes.map((size, i) => {
      const { x, y } = graph.node(String(i)) as Point;
      return { x: Math.round(x - size.width / 2), y: Math.round(y - size.height / 2) };
    }),
    ways: edges.map(([from, to]) => {
      const { points } = graph.edge(String(from), String(to)) as unknown as { points: Point[] };
      return points.map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) }));
    }),
  };
}

interface Point {
  x: number;
  y: number;
}
