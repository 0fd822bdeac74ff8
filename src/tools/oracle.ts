/**
 * Compares converted operators with onnxruntime-web on generated models: seeded attributes, shapes, types and data.
 *
 *   npm run test:oracle -- [--family NAME]… [--op REGEX] [--cases N] [--seed TEXT] [--engine wasm,cpu] [--only I]
 *                          [--format graph-model|layers-model] [--keep DIR] [--verbose]
 *
 * Prints per operator how many cases ran, agreed, were refused, and how many onnxruntime itself doesn't run. A case is
 * made from seed, operator and its number alone, so `--op NAME --only I` runs one again; `--keep` leaves its files. As
 * layers-models, cases take turns in both orders of axes and the three name policies.
 * Ends with 1 where anything disagreed.
 */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FAMILIES } from './oracle/families.js';
import { Random } from './oracle/random.js';
import { runCase, type ConvertAs, type Status } from './oracle/run.js';

/** The case with this number as a layers-model: each order of axes with each policy in six. */
const asLayers = (i: number): ConvertAs => ({
  format: 'layers-model',
  changeOrdering: i % 2 === 0,
  namePolicy: (['keep', 'short', 'renumerate'] as const)[i % 3],
});

async function main(): Promise<number> {
  const { values: o } = parseArgs({
    options: {
      family: { type: 'string', multiple: true },
      op: { type: 'string', default: '.*' },
      cases: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      engine: { type: 'string', default: 'wasm,cpu' },
      only: { type: 'string' },
      format: { type: 'string', default: 'graph-model' },
      keep: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const unknown = (o.family ?? []).filter((f) => !Object.hasOwn(FAMILIES, f));
  if (unknown.length > 0) {
    print(`there is no family ${unknown.join(', ')}; there are ${Object.keys(FAMILIES).join(', ')}`);
    return 2;
  }
  const wanted = new RegExp(`^(?:${o.op})$`);
  const all: Record<Status, number> = { agreed: 0, mismatch: 0, refused: 0, bug: 0, 'no-oracle': 0 };
  print(
    `${'operator'.padEnd(48)}${['cases', 'agreed', 'refused', 'wrong', 'bug', 'not run by onnxruntime'].map((h) => h.padStart(9)).join('')}`,
  );
  for (const [family, generators] of Object.entries(FAMILIES)) {
    if (o.family && !o.family.includes(family)) continue;
    for (const [name, generate] of Object.entries(generators)) {
      if (!wanted.test(name)) continue;
      const counts: Record<Status, number> = { agreed: 0, mismatch: 0, refused: 0, bug: 0, 'no-oracle': 0 };
      const reasons = new Map<string, number[]>();
      const numbers = o.only === undefined ? Array.from({ length: Number(o.cases) }, (_, i) => i) : [Number(o.only)];
      for (const i of numbers) {
        const r = new Random(`${o.seed} ${family} ${name} ${i}`);
        // Every third case is fed in another order of axes: the layout rules have to hold.
        const layers = o.format === 'layers-model';
        const shuffle = i % 3 === 2 && !layers ? new Random(`${o.seed} ${name} ${i} order`) : undefined;
        if (o.keep) mkdirSync(o.keep, { recursive: true });
        const outcome = await runCase(generate(r), {
          engines: o.engine.split(','),
          ...(shuffle ? { shuffle } : {}),
          ...(layers ? { as: asLayers(i) } : {}),
          ...(o.keep ? { keep: o.keep } : {}),
        });
        counts[outcome.status]++;
        all[outcome.status]++;
        if (outcome.status !== 'agreed') {
          const key = `${outcome.status}: ${outcome.reason}`;
          reasons.set(key, [...(reasons.get(key) ?? []), i]);
        }
      }
      print(
        `${`${family} ${name}`.padEnd(48)}${[numbers.length, counts.agreed, counts.refused, counts.mismatch, counts.bug, counts['no-oracle']].map((n) => String(n).padStart(9)).join('')}`,
      );
      for (const [reason, cases] of reasons)
        if (o.verbose || /^(mismatch|bug)/.test(reason))
          print(`    ${reason} (cases ${cases.slice(0, 8).join(', ')}${cases.length > 8 ? ' …' : ''})`);
    }
  }
  print(
    `\n${all.agreed} agreed, ${all.refused} refused, ${all.mismatch + all.bug} wrong, ${all['no-oracle']} not run by onnxruntime`,
  );
  return all.mismatch + all.bug > 0 ? 1 : 0;
}

process.exitCode = await main();
// onnxruntime's and emscripten's handles would keep the process alive.
process.exit();
