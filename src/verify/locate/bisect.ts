/** A value and those that it comes from, as far as the search goes. */
export interface Node {
  readonly name: string;
  readonly from: readonly string[];
}

/** What the search asks and is told. */
export interface Search<N extends Node> {
  /** The values that a value comes from, itself the last, each after those that it comes from; none of `known`. */
  cone(name: string, known: ReadonlySet<string>): readonly N[];
  /** Which of these values differ. One run; values that can't be compared are in neither set. */
  compare(values: readonly N[]): Promise<{ differ: ReadonlySet<string>; agree: ReadonlySet<string> }>;
}

export interface Found<N extends Node> {
  /** It differs, and what it comes from agrees (or couldn't be compared). */
  readonly value: N;
  readonly runs: number;
  /** How many values were compared. */
  readonly compared: number;
  /** Values between that could not be compared: the fault may be in what computes them as well. */
  readonly unknown: readonly N[];
}

/**
 * The first value that differs, from one that is known to differ. Each run compares `width` values that cut what is left
 * into equal parts, so that about log(n) runs to the base of width + 1 do. A value that agrees ends the search behind it:
 * what it comes from need not be right, but doesn't reach the difference by this way.
 */
export async function bisect<N extends Node>(
  start: string,
  search: Search<N>,
  width: number,
): Promise<Found<N> | undefined> {
  const agree = new Set<string>();
  const unknown = new Set<string>();
  let bad = start;
  let runs = 0;
  let compared = 0;
  for (;;) {
    const cone = search.cone(bad, agree);
    const value = cone.at(-1);
    if (value === undefined) return undefined;
    const candidates = cone.slice(0, -1).filter((n) => !unknown.has(n.name));
    if (candidates.length === 0)
      return { value, runs, compared, unknown: cone.slice(0, -1).filter((n) => unknown.has(n.name)) };
    const chosen = spread(candidates, width);
    const told = await search.compare(chosen);
    runs++;
    compared += chosen.length;
    for (const { name } of chosen) {
      if (told.agree.has(name)) agree.add(name);
      else if (!told.differ.has(name)) unknown.add(name);
    }
    const first = chosen.find((n) => told.differ.has(n.name));
    if (first) bad = first.name;
  }
}

/** Up to `count` of a list, in its order, that cut it into parts of about the same length. */
function spread<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, i) => list[Math.floor(((i + 1) * list.length) / (count + 1))] as T);
}
