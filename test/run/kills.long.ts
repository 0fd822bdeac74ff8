/** Two hundred runs that are cut off: `npm run test:kills`. KILLS_SEED chooses the moments. */
import type { Moment } from '../../src/run/place.js';
import { type Kill, type Scene, setScene } from './kills.js';
import { removeFolders } from './folders.js';

afterAll(removeFolders);

const LANES = 2;
const seed = Number(process.env.KILLS_SEED ?? Date.now() % 2 ** 31);

/** Mulberry32: numbers in [0, 1). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

let scene: Scene;
beforeAll(async () => {
  scene = await setScene();
}, 60_000);

/** What was wrong, kill by kill. */
async function all(kills: readonly Kill[]): Promise<string[]> {
  const waiting = [...kills];
  const wrong: string[] = [];
  const lane = async () => {
    for (let kill = waiting.shift(); kill; kill = waiting.shift())
      for (const line of await scene.cutOff(kill)) wrong.push(`${JSON.stringify(kill)}, seed ${seed}: ${line}`);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return wrong;
}

const MOMENTS: Moment[] = ['staged', 'written', 'synced', 'set aside', 'renamed', 'removed'];
const SIGNALS = ['SIGKILL', 'SIGTERM'] as const;

/** A hundred kills at points between write, sync, rename and the removal of the old folder. */
const points: Kill[] = [];
for (const replaces of [true, false])
  for (const signal of SIGNALS) {
    for (const moment of MOMENTS)
      for (const count of [1, 2, 3]) points.push({ signal, at: { moment, count }, replaces });
    for (const change of [1, 2, 3, 4, 5, 6, 8]) points.push({ signal, at: { change }, replaces });
  }

/** A hundred at random moments; how long a run takes is known when the scene is set. */
const random = randomNumbers(seed);
const moments = Array.from({ length: 100 }, (_, i) => ({
  signal: SIGNALS[i % 2] as Kill['signal'],
  share: random() * 1.1,
  group: random() < 0.5,
  replaces: random() < 0.7,
}));

const quarters = [0, 25, 50, 75];

test.each(quarters)(
  'a hundred kills at points between write, sync, rename and removal: 25 from %i on',
  async (from) => {
    expect(points).toHaveLength(100);
    expect(await all(points.slice(from, from + 25))).toEqual([]);
  },
  300_000,
);

test.each(quarters)(
  'a hundred kills at random moments: 25 from %i on',
  async (from) => {
    const kills = moments.slice(from, from + 25).map(({ share, ...kill }): Kill => {
      return { ...kill, at: { after: share * scene.duration } };
    });
    expect(await all(kills)).toEqual([]);
  },
  300_000,
);
