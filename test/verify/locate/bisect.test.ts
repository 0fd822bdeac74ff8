/** The search alone, over graphs that are known: which node, and how many runs. */
import { bisect, type Node } from '../../../src/verify/locate/bisect.js';
import { Random } from '../../../src/verify/source/random.js';

/** Values by name with what they come from, in the order of computation; `wrong` differ. */
function searching(nodes: readonly Node[], wrong: ReadonlySet<string>, silent: ReadonlySet<string> = new Set()) {
  const byName = new Map(nodes.map((n) => [n.name, n]));
  return {
    cone(name: string, known: ReadonlySet<string>): Node[] {
      const found = new Set<string>();
      const waiting = [name];
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const node = byName.get(next);
        if (!node || found.has(next)) continue;
        found.add(next);
        waiting.push(...node.from.filter((f) => !known.has(f)));
      }
      return nodes.filter((n) => found.has(n.name));
    },
    compare: async (asked: readonly Node[]) => {
      const heard = asked.map((n) => n.name).filter((n) => !silent.has(n));
      return { differ: new Set(heard.filter((n) => wrong.has(n))), agree: new Set(heard.filter((n) => !wrong.has(n))) };
    },
  };
}

const chain = (length: number): Node[] =>
  Array.from({ length }, (_, i) => ({ name: `v${i}`, from: i === 0 ? [] : [`v${i - 1}`] }));

test.each([
  [8, 4],
  [1, 10],
])('a chain of 1000, %s values a run: at most %s runs', async (width, most) => {
  const nodes = chain(1000);
  for (const at of [0, 1, 499, 500, 998, 999]) {
    const wrong = new Set(nodes.slice(at).map((n) => n.name));
    const found = await bisect('v999', searching(nodes, wrong), width);
    expect([found?.value.name, found?.unknown]).toEqual([`v${at}`, []]);
    expect(found?.runs).toBeLessThanOrEqual(most);
  }
});

test('in any graph, what is found differs and what it comes from agrees', async () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = new Random(`graph ${seed}`);
    const size = random.whole(2, 120);
    const nodes: Node[] = Array.from({ length: size }, (_, i) => ({
      name: `v${i}`,
      from: [
        ...new Set(
          Array.from(
            { length: i === 0 ? 0 : random.whole(1, 3) },
            () => `v${random.whole(Math.max(0, i - 10), i - 1)}`,
          ),
        ),
      ],
    }));
    // A fault reaches what comes from it, unless something on the way hides it.
    const wrong = new Set<string>();
    const fault = random.whole(0, size - 1);
    for (const [i, node] of nodes.entries())
      if (i === fault || (node.from.some((f) => wrong.has(f)) && random.next() < 0.9)) wrong.add(node.name);
    const last = [...wrong].at(-1) as string;
    const found = await bisect(last, searching(nodes, wrong), 4);
    expect(wrong.has(found?.value.name ?? '')).toBe(true);
    expect(found?.value.from.filter((f) => wrong.has(f))).toEqual([]);
    expect(found?.runs).toBeLessThan(20);
  }
});

test('values that can not be compared are named beside what was found', async () => {
  const nodes = chain(10);
  const wrong = new Set(nodes.slice(4).map((n) => n.name));
  const found = await bisect('v9', searching(nodes, wrong, new Set(['v4', 'v5'])), 3);
  expect([found?.value.name, found?.unknown.map((n) => n.name)]).toEqual(['v6', ['v4', 'v5']]);
});
