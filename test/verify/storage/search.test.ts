/** The search alone, on error models whose best answer can be found by trying everything. */
import { jest } from '@jest/globals';
import type { Choice, Weight } from '../../../src/verify/storage/packed.js';
import { type Found, type Measured, search } from '../../../src/verify/storage/search.js';

const matrix = (name: string, elements: number): Weight => ({
  name,
  rungs: [
    { as: 'float32', bytes: 4 * elements },
    { as: 'uint16', bytes: 2 * elements },
    { as: 'uint8', bytes: elements },
  ],
});

/** A seeded sequence in 0…1. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const bytesOf = (weights: readonly Weight[], choice: Choice): number =>
  weights.reduce((n, w) => n + (w.rungs.find((r) => r.as === (choice.get(w.name) ?? 'float32'))?.bytes ?? 0), 0);

/** Independent errors: uint8 costs its own share, uint16 a 256th of that. */
const model =
  (costs: ReadonlyMap<string, number>) =>
  async (choice: Choice): Promise<Measured> => {
    let sum = 1e-8;
    for (const [name, as] of choice) sum += ((costs.get(name) as number) / (as === 'uint8' ? 1 : 256)) ** 2;
    const used = Math.sqrt(sum);
    return { used, maxAbs: used / 100, passes: used <= 1 };
  };

const never = Number.POSITIVE_INFINITY;

function consistent(found: Found, weights: readonly Weight[]): void {
  for (const { choice, trial } of found.choices) {
    const run = found.curve[trial];
    expect(run?.passes).toBe(true);
    expect(run?.bytes).toBe(bytesOf(weights, choice));
  }
  const sizes = found.choices.map(({ choice }) => bytesOf(weights, choice));
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  expect(found.choices.at(-1)?.choice.size).toBe(0);
}

test.each([1, 2, 3, 4, 5, 6])('comes near the best of all ways (%d)', async (seed) => {
  const next = sequence(seed);
  const weights = Array.from({ length: 12 }, (_, i) => matrix(`w${i}`, Math.round(10 ** (2 + 3 * next()))));
  const costs = new Map(weights.map((w) => [w.name, 10 ** (1.2 * next() - 0.8)]));
  const run = model(costs);
  const found = await search(weights, run, never);
  consistent(found, weights);
  expect(found.ended).toBe('complete');
  expect(found.curve.length).toBeLessThanOrEqual(40);

  // All 4096 ways of one or two bytes; with uint16 as cheap as here, more is never needed.
  let best = Number.POSITIVE_INFINITY;
  for (let bits = 0; bits < 2 ** weights.length; bits++) {
    const choice: Choice = new Map(weights.map((w, i) => [w.name, bits & (1 << i) ? 'uint8' : 'uint16']));
    if ((await run(choice)).passes) best = Math.min(best, bytesOf(weights, choice));
  }
  const chosen = found.choices[0]?.choice as Choice;
  expect(bytesOf(weights, chosen)).toBeGreaterThanOrEqual(best);
  expect(bytesOf(weights, chosen)).toBeLessThanOrEqual(1.15 * best);
});

test('two runs are enough where everything may be as small as it goes', async () => {
  const weights = [matrix('a', 1000), matrix('b', 2000)];
  const found = await search(
    weights,
    model(
      new Map([
        ['a', 0.1],
        ['b', 0.1],
      ]),
    ),
    never,
  );
  expect(found.curve.map((t) => t.bytes)).toEqual([12000, 3000]);
  expect(found.choices[0]?.choice).toEqual(
    new Map([
      ['a', 'uint8'],
      ['b', 'uint8'],
    ]),
  );
});

test('where two bytes are too few, some weights stay float32', async () => {
  const weights = [matrix('a', 1000), matrix('b', 2000), matrix('c', 500)];
  const costs = new Map([
    ['a', 10],
    ['b', 10],
    ['c', 1000],
  ]);
  const found = await search(weights, model(costs), never);
  consistent(found, weights);
  expect(found.choices[0]?.choice).toEqual(
    new Map([
      ['a', 'uint16'],
      ['b', 'uint16'],
    ]),
  );
});

test('a model out of tolerance as it is gets nothing smaller', async () => {
  const found = await search([matrix('a', 1000)], async () => ({ used: 3, maxAbs: 1, passes: false }), never);
  expect(found.ended).toBe('float32');
  expect(found.curve).toHaveLength(1);
  expect(found.choices).toEqual([]);
});

test('where the time is up, the best that was confirmed is taken', async () => {
  const weights = [matrix('a', 1000), matrix('b', 2000), matrix('c', 500)];
  const run = model(
    new Map([
      ['a', 0.7],
      ['b', 0.9],
      ['c', 0.8],
    ]),
  );
  let runs = 0;
  // Each run takes longer than is left after the third.
  let now = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
  const slow = async (choice: Choice): Promise<Measured> => {
    runs++;
    now += 130;
    return run(choice);
  };
  const found = await search(weights, slow, 400).finally(() => clock.mockRestore());
  consistent(found, weights);
  expect(found.ended).toBe('time');
  expect(runs).toBeLessThan(5);
  const passed = found.curve.filter((t) => t.passes).map((t) => t.bytes);
  expect(bytesOf(weights, found.choices[0]?.choice as Choice)).toBe(Math.min(...passed));
});

test('each way to fall back on leaves at least twice the room', async () => {
  const next = sequence(9);
  const weights = Array.from({ length: 9 }, (_, i) => matrix(`w${i}`, 1000 + i));
  const found = await search(weights, model(new Map(weights.map((w) => [w.name, 0.2 + 0.4 * next()]))), never);
  const used = found.choices.map(({ trial }) => Number(found.curve[trial]?.used));
  expect(used.length).toBeGreaterThan(2);
  for (const [i, u] of used.slice(1).entries())
    if (i < used.length - 2) expect(u).toBeLessThanOrEqual((used[i] as number) / 2);
});

test('many small weights are measured together', async () => {
  const weights = Array.from({ length: 300 }, (_, i) => matrix(`w${i}`, 100 + i));
  const costs = new Map(weights.map((w, i) => [w.name, i % 10 === 0 ? 0.5 : 0.02]));
  const found = await search(weights, model(costs), never);
  consistent(found, weights);
  expect(found.curve.length).toBeLessThanOrEqual(64);
  expect(found.sensitivity.size).toBe(300);
});
