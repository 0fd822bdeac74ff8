/**
 * Every version of every operator for every element type that its schema allows: converts a generated node of it and
 * compares with onnxruntime-web (in another type, rounded back, where onnxruntime has no kernel for the type).
 *
 *   npm run test:types -- [--op REGEX] [--type REGEX] [--seed TEXT] [--engine wasm,cpu] [--verbose]
 *
 * Prints what is wrong, what is refused (--verbose: each), and how many agreed. Ends with 1 where anything is wrong.
 */
import { parseArgs } from 'node:util';
import { sweep } from './oracle/sweep.js';
import type { Status } from './oracle/run.js';

async function main(): Promise<number> {
  const { values: o } = parseArgs({
    options: {
      op: { type: 'string', default: '.*' },
      type: { type: 'string', default: '.*' },
      seed: { type: 'string', default: '1' },
      engine: { type: 'string', default: 'wasm' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const all: Record<Status, number> = { agreed: 0, mismatch: 0, refused: 0, bug: 0, 'no-oracle': 0 };
  const refused = new Map<string, Set<string>>();
  const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
  const options = { engines: o.engine.split(',') };
  for await (const row of sweep(o.seed, whole(o.op), whole(o.type), options)) {
    all[row.status]++;
    const name = `${row.domain ? `${row.domain}::` : ''}${row.op}`;
    const line = `${name} ${row.since} ${row.parameter}=${row.dtype}${row.by ? ` (by ${row.by})` : ''}: ${row.status} ${row.reason}`;
    if (row.status === 'mismatch' || row.status === 'bug' || o.verbose) print(line);
    if (row.status !== 'refused') continue;
    const key = `${name}: ${row.reason}`;
    refused.set(key, (refused.get(key) ?? new Set()).add(row.dtype));
  }
  for (const [reason, dtypes] of refused) print(`refused ${[...dtypes].join(', ')}: ${reason}`);
  print(
    `\n${all.agreed} agreed, ${all.refused} refused, ${all.mismatch + all.bug} wrong, ${all['no-oracle']} converted without an oracle`,
  );
  return all.mismatch + all.bug > 0 ? 1 : 0;
}

process.exitCode = await main();
// onnxruntime's and emscripten's handles would keep the process alive.
process.exit();
