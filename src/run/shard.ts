/** A part of the models, so that several jobs share them: each job finds all and takes its own. */
import type { FoundModel } from './find.js';

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** What a model costs beside its size, in bytes that cost as much: a process, its engines, a small model's nodes. */
const COST_OF_MODEL = 8 * 2 ** 20;

const costOf = (model: FoundModel): number => COST_OF_MODEL + model.bytes;

/**
 * The models in `count` parts of about equal cost, each in its order: the dearest first, to the part that has the least. The
 * same models give the same parts on every machine.
 */
export function shardsOf(models: readonly FoundModel[], count: number): FoundModel[][] {
  const parts = Array.from({ length: count }, () => ({ cost: 0, models: new Set<FoundModel>() }));
  const byCost = [...models].sort((a, b) => costOf(b) - costOf(a) || (a.path < b.path ? -1 : 1));
  for (const model of byCost) {
    const least = parts.reduce((one, other) => (other.cost < one.cost ? other : one));
    least.models.add(model);
    least.cost += costOf(model);
  }
  return parts.map((part) => models.filter((model) => part.models.has(model)));
}

/** `1/4` */
export function shardText({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** For `fromJSON` in a job's `strategy.matrix`: a row per shard that has models, at most `most`. */
export function matrixOf(
  models: readonly FoundModel[],
  most: number,
): { include: { shard: string; models: number; bytes: number }[] } {
  const count = Math.min(most, models.length);
  const parts = count === 0 ? [] : shardsOf(models, count);
  return {
    include: parts.map((part, i) => ({
      shard: shardText({ index: i + 1, count }),
      models: part.length,
      bytes: part.reduce((sum, { bytes }) => sum + bytes, 0),
    })),
  };
}
