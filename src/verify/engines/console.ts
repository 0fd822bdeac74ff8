import { format } from 'node:util';
import type { LibraryOutput } from './engine.js';

const METHODS = ['log', 'info', 'warn', 'error', 'debug'] as const;
const FAILURE = /XNN status|Got status \d|Aborted\(|Cannot enlarge memory|OOM/;

/** A library holds a bound console method for ever: what comes through it while nobody listens is dropped. */
const listening: string[][] = [];

function hear(...args: unknown[]): void {
  listening.at(-1)?.push(format(...args));
}

/** Runs `work` with the console's methods replaced, and returns what was printed beside its result or what it threw. */
export async function withConsoleHeard<T>(
  work: () => Promise<T>,
): Promise<{ result?: T; thrown?: unknown; printed: LibraryOutput }> {
  const lines: string[] = [];
  const saved = METHODS.map((method) => [method, console[method]] as const);
  listening.push(lines);
  for (const method of METHODS) console[method] = hear;
  try {
    return { result: await work(), printed: sorted(lines) };
  } catch (thrown) {
    return { thrown, printed: sorted(lines) };
  } finally {
    for (const [method, original] of saved) console[method] = original;
    listening.splice(listening.indexOf(lines), 1);
  }
}

/** Lines of a console, those that tell of a failure apart. */
export function sorted(lines: readonly string[]): LibraryOutput {
  return { failures: lines.filter((l) => FAILURE.test(l)), other: lines.filter((l) => !FAILURE.test(l)) };
}

/** What both printed, in order. */
export function joined(...outputs: readonly LibraryOutput[]): LibraryOutput {
  return { failures: outputs.flatMap((o) => o.failures), other: outputs.flatMap((o) => o.other) };
}
