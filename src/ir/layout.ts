/**
 * The order in which a value's axes lie in memory: layout[i] is the ONNX axis that stands at position i. Shapes and axes
 * stay ONNX's throughout; only the lowerings look at this. NHWC of an NCHW value is [0, 2, 3, 1].
 */
export type Layout = readonly number[];

/** The order that settings give a value, by its name; a model may call it `constructor`, which every object has. */
export function orderOf(orders: Readonly<Record<string, Layout>> | undefined, name: string): Layout | undefined {
  return orders && Object.hasOwn(orders, name) ? orders[name] : undefined;
}

/** ONNX's own order. */
export function identity(rank: number): Layout {
  return Array.from({ length: rank }, (_, i) => i);
}

/** Batch first, channels (ONNX's axis 1) last; below rank 3 nothing moves. */
export function channelsLast(rank: number): Layout {
  return rank < 3 ? identity(rank) : [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
}

export function isIdentity(layout: Layout): boolean {
  return layout.every((axis, i) => axis === i);
}

export function sameLayout(a: Layout, b: Layout): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

/** The perm of a Transpose that brings a value from one layout into another. */
export function permBetween(from: Layout, to: Layout): number[] {
  return to.map((axis) => from.indexOf(axis));
}

/** What lies at each position: ONNX's dims in the order of memory. */
export function arrange<T>(onnx: readonly T[], layout: Layout): T[] {
  return layout.map((axis) => onnx[axis]);
}

/** The layout of transpose(x, perm) when nothing is moved: the same bytes, read with other axes. */
export function relabel(layout: Layout, perm: readonly number[]): Layout {
  return layout.map((axis) => perm.indexOf(axis));
}
