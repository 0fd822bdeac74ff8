import type { QuantizationTrial, Storage } from '../../report/types.js';
import type { QuantizedType } from '../../tensor/quantization.js';
import { type Figure, figure } from '../checks.js';
import type { Choice, Weight } from './packed.js';

/** What a run with some weights stored narrower gave: the worst of all outputs and data sets. */
export interface Measured {
  /** Share of the tolerance that was used; Infinity where it is beyond all. */
  readonly used: number;
  readonly maxAbs: number;
  readonly passes: boolean;
}

/** What the search ended with. */
export interface Found {
  readonly curve: QuantizationTrial[];
  /** Choices within tolerance, the smallest first, each with a smaller error than the one before; the last is float32. */
  readonly choices: { readonly choice: Choice; readonly trial: number }[];
  /** By weight: the share of the tolerance that it uses at its smallest, alone or with the others of its group. */
  readonly sensitivity: ReadonlyMap<string, number>;
  readonly ended: 'complete' | 'time' | 'float32';
}

/** At most so many groups are measured by themselves, and so many runs are made in all. */
const MOST_GROUPS = 32;
const MOST_RUNS = 64;
/** Runs in the end that try to add single groups. */
const MOST_ADDED = 8;

/** How far down each weight is: a place in its rungs. */
type Depths = ReadonlyMap<Weight, number>;

interface Group {
  readonly weights: readonly Weight[];
  /** Bytes that the step down saves. */
  readonly saves: number;
  /** What it uses of the tolerance beside what is used already. */
  cost: number;
}

/**
 * Looks for the smallest way to store weights with which `run` still passes. All as small as they go, if that passes; else
 * all at two bytes, and of the rest those which cost the least error per byte: each group's cost is measured, then bisected
 * how many of them fit together, since errors add up in ways that only a run can tell. Ends when `until` (of
 * `performance.now()`) has come, with the best that was confirmed.
 */
export async function search(
  weights: readonly Weight[],
  run: (choice: Choice) => Promise<Measured>,
  until: number,
): Promise<Found> {
  const s = new Search(weights, run, until);
  const ended = await s.go();
  return s.found(ended);
}

class OutOfTime extends Error {}

class Search {
  readonly #weights: readonly Weight[];
  readonly #run: (choice: Choice) => Promise<Measured>;
  readonly #until: number;
  readonly #curve: QuantizationTrial[] = [];
  readonly #tried: { choice: Choice; depths: Depths; measured: Measured; bytes: number }[] = [];
  readonly #sensitivity = new Map<string, number>();
  #slowest = 0;

  constructor(weights: readonly Weight[], run: (choice: Choice) => Promise<Measured>, until: number) {
    this.#weights = weights.filter((w) => w.rungs.length > 0);
    this.#run = run;
    this.#until = until;
  }

  async go(): Promise<Found['ended']> {
    try {
      const top: Depths = new Map(this.#weights.map((w) => [w, 0]));
      const first = await this.#try(top, 'all float32');
      if (!first.passes) return 'float32';
      const bottom = this.#at(() => Number.POSITIVE_INFINITY);
      if ((await this.#try(bottom, 'all as small as they go')).passes) return 'complete';
      const middle = this.#at((w) => w.rungs.findLastIndex(({ as }) => as === 'uint16' || as === 'float16'));
      const narrowed = await this.#try(middle, 'all two bytes');
      await (narrowed.passes ? this.#descend(middle, narrowed.used) : this.#descend(top, first.used));
      return 'complete';
    } catch (e) {
      if (e instanceof OutOfTime) return 'time';
      throw e;
    }
  }

  found(ended: Found['ended']): Found {
    const passing = this.#tried
      .map((t, trial) => ({ ...t, trial }))
      .filter((t) => t.measured.passes)
      .sort((a, b) => a.bytes - b.bytes || a.measured.used - b.measured.used);
    // Each fallback leaves at least twice the room that the one before left.
    const choices: { choice: Choice; trial: number }[] = [];
    let room = Number.POSITIVE_INFINITY;
    for (const { choice, trial, measured } of passing)
      if (measured.used <= room || choice.size === 0) {
        choices.push({ choice, trial });
        room = measured.used / 2;
      }
    return {
      curve: this.#curve,
      choices,
      sensitivity: this.#sensitivity,
      ended,
    };
  }

  /** From a state that passes, one step down for as many weights as it goes. */
  async #descend(from: Depths, start: number): Promise<void> {
    const groups = groupsOf([...from].filter(([w, depth]) => depth < w.rungs.length - 1));
    for (const [i, group] of groups.entries()) {
      const { used } = await this.#try(stepped(from, [group]), `${i + 1} of ${groups.length} groups alone`);
      group.cost = Math.sqrt(Math.max(used ** 2 - start ** 2, 1e-12));
      for (const { name } of group.weights) this.#sensitivity.set(name, used);
    }
    // Independent errors add up as squares do.
    groups.sort((a, b) => a.cost ** 2 / a.saves - b.cost ** 2 / b.saves);
    let [low, high] = [0, groups.length + 1];
    while (high - low > 1) {
      const middle = guess(groups, low, high, start);
      const { passes } = await this.#try(
        stepped(from, groups.slice(0, middle)),
        `the ${middle} least sensitive groups`,
      );
      if (passes) low = middle;
      else high = middle;
    }
    const taken = groups.slice(0, low);
    let tries = 0;
    for (const group of groups.slice(low + 1).sort((a, b) => a.cost - b.cost)) {
      if (group.cost > 1 || ++tries > MOST_ADDED) break;
      const { passes } = await this.#try(stepped(from, [...taken, group]), `one more beside ${taken.length}`);
      if (passes) taken.push(group);
    }
  }

  #at(depthOf: (w: Weight) => number): Depths {
    return new Map(this.#weights.map((w) => [w, Math.max(0, Math.min(w.rungs.length - 1, depthOf(w)))]));
  }

  async #try(depths: Depths, what: string): Promise<Measured> {
    const choice = choiceOf(depths);
    const same = this.#tried.find((t) => isSame(t.choice, choice));
    if (same) return same.measured;
    // The first run is always made: it says whether there is anything to look for.
    const left = this.#until - performance.now();
    if (this.#tried.length > 0 && (left < this.#slowest || this.#tried.length >= MOST_RUNS)) throw new OutOfTime();
    const begun = performance.now();
    const measured = await this.#run(choice);
    this.#slowest = Math.max(this.#slowest, performance.now() - begun);
    const bytes = [...depths].reduce((n, [w, depth]) => n + (w.rungs[depth]?.bytes ?? 0), 0);
    this.#tried.push({ choice, depths, measured, bytes });
    const figures: { used: Figure; maxAbs: Figure } = {
      used: figure(measured.used),
      maxAbs: figure(measured.maxAbs),
    };
    this.#curve.push({ what, bytes, ...figures, passes: measured.passes });
    return measured;
  }
}

/** Large weights by themselves, the small ones together. */
function groupsOf(steps: readonly (readonly [Weight, number])[]): Group[] {
  const saves = ([w, depth]: readonly [Weight, number]) =>
    (w.rungs[depth] as { bytes: number }).bytes - (w.rungs[depth + 1] as { bytes: number }).bytes;
  const sorted = [...steps].sort((a, b) => saves(b) - saves(a));
  const alone = sorted.length <= MOST_GROUPS ? sorted.length : MOST_GROUPS - 8;
  const groups = sorted.slice(0, alone).map((step): Group => ({ weights: [step[0]], saves: saves(step), cost: 0 }));
  const rest = sorted.slice(alone);
  const each = Math.ceil(rest.length / 8);
  for (let i = 0; i < rest.length; i += each) {
    const part = rest.slice(i, i + each);
    groups.push({ weights: part.map(([w]) => w), saves: part.reduce((n, step) => n + saves(step), 0), cost: 0 });
  }
  return groups;
}

const stepped = (from: Depths, groups: readonly Group[]): Depths => {
  const down = new Set(groups.flatMap((g) => g.weights));
  return new Map([...from].map(([w, depth]) => [w, down.has(w) ? depth + 1 : depth]));
};

/** Between `low`, which passes, and `high`, which doesn't: where the costs say that the tolerance ends, or the middle. */
function guess(groups: readonly Group[], low: number, high: number, start: number): number {
  const middle = (low + high) >> 1;
  if (high - low < 4) return middle;
  let sum = start ** 2;
  let k = 0;
  while (k < groups.length && sum + (groups[k] as Group).cost ** 2 <= 1) {
    sum += (groups[k] as Group).cost ** 2;
    k++;
  }
  // An estimate outside of what is known is of no use.
  return k > low && k < high ? k : middle;
}

function choiceOf(depths: Depths): Choice {
  return new Map(
    [...depths].flatMap(([w, depth]): [string, QuantizedType][] => {
      const as: Storage = w.rungs[depth]?.as ?? 'float32';
      return as === 'float32' ? [] : [[w.name, as]];
    }),
  );
}

const isSame = (a: Choice, b: Choice): boolean => a.size === b.size && [...a].every(([name, as]) => b.get(name) === as);
