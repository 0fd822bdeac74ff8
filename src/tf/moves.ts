import { exactDiv, productOf, sameDim, type Dim } from '../ir/dim.js';

/** A factor of an axis: the source's axes are cut into these where a change of sizes cuts them. */
interface Atom {
  readonly size: Dim;
  /** In order, where it was cut itself. */
  parts?: readonly [Atom, Atom];
}

/**
 * What a chain of Reshapes and Transposes does, as one: its source is seen under finer sizes, these are permuted once, and
 * the result is given its sizes. Axes of size 1 are in nobody's way.
 */
export class Moves {
  private readonly source: readonly Atom[];
  private axes: readonly (readonly Atom[])[];

  /** @param dims of the source in memory order */
  constructor(dims: readonly Dim[]) {
    this.source = dims.map((size) => ({ size }));
    this.axes = this.source.map((atom) => (atom.size === 1 ? [] : [atom]));
  }

  transpose(perm: readonly number[]): void {
    this.axes = perm.map((p) => this.axes[p]);
  }

  /** False where the sizes don't divide each other; the object is of no use then. */
  reshape(dims: readonly Dim[]): boolean {
    const queue = this.axes.flat().flatMap(leaves);
    const axes: Atom[][] = [];
    for (const dim of dims) {
      const axis: Atom[] = [];
      let rest: Dim = dim;
      while (rest !== 1) {
        const atom = queue.shift();
        if (!atom) return false;
        if (sameDim(atom.size, rest)) {
          axis.push(atom);
          rest = 1;
          continue;
        }
        const quotient = exactDiv(rest, atom.size);
        if (quotient !== undefined) {
          axis.push(atom);
          rest = quotient;
          continue;
        }
        const remainder = exactDiv(atom.size, rest);
        if (remainder === undefined) return false;
        const parts: [Atom, Atom] = [{ size: rest }, { size: remainder }];
        atom.parts = parts;
        axis.push(parts[0]);
        queue.unshift(parts[1]);
        rest = 1;
      }
      axes.push(axis);
    }
    if (queue.length > 0) return false;
    this.axes = axes;
    return true;
  }

  /** The sizes under which the source is to be seen, and the order into which these axes go: as few as can be. */
  single(): { dims: Dim[]; perm: number[] } {
    const from = this.source.flatMap(leaves).filter((atom) => atom.size !== 1);
    const to = this.axes.flat().flatMap(leaves);
    const place = new Map(from.map((atom, i) => [atom, i]));
    // Neighbours that stay neighbours move as one.
    const groups: Atom[][] = [];
    for (const atom of to) {
      const last = groups.at(-1);
      if (last && place.get(atom) === (place.get(last[last.length - 1]) as number) + 1) last.push(atom);
      else groups.push([atom]);
    }
    const before = [...groups].sort((g, h) => (place.get(g[0]) as number) - (place.get(h[0]) as number));
    return { dims: before.map((g) => productOf(g.map((a) => a.size))), perm: groups.map((g) => before.indexOf(g)) };
  }
}

function leaves(atom: Atom): Atom[] {
  return atom.parts ? atom.parts.flatMap(leaves) : [atom];
}
