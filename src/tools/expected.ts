import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Outcome as Whole } from './conformance.js';

/** What matters of an outcome here. */
type Outcome = Pick<Whole, 'id'> & {
  readonly kind?: string;
  readonly engines: Readonly<Record<string, { readonly status: string; readonly reason: string }>>;
};

/**
 * What isn't a pass is written down, one line each, sorted:
 *   <format> | <engine> | <set>/<case> | <status> | <reason>
 * A case without a line is expected to pass.
 */
export type Expected = Map<string, { status: string; reason: string }>;

const key = (variant: string, engine: string, id: string) => `${variant} | ${engine} | ${id}`;

/** @param file path; one that isn't there expects nothing but passes */
export function readExpected(file: string): Expected {
  const out: Expected = new Map();
  if (!existsSync(file)) return out;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [variant, engine, id, status, ...reason] = line.split(' | ');
    out.set(key(variant, engine, id), { status, reason: reason.join(' | ') });
  }
  return out;
}

/** Lines about what differs: regressions, other failures than expected, and passes where none was expected. */
export function compareWith(expected: Expected, variant: string, outcomes: readonly Outcome[]): string[] {
  const surprises: string[] = [];
  for (const o of outcomes)
    for (const [engine, { status, reason }] of Object.entries(o.engines)) {
      const wanted = expected.get(key(variant, engine, o.id))?.status ?? 'pass';
      if (wanted === status || (o.kind === 'random' && isDrawn(wanted) && isDrawn(status))) continue;
      surprises.push(
        `${status === 'pass' ? 'unexpected pass' : 'regression'}: ${o.id} on ${engine}: ${wanted} was expected, ${status} came${reason ? `: ${reason}` : ''}`,
      );
    }
  return surprises;
}

/** Ten elements drawn at random may be those of the reference: nothing follows from either. */
const isDrawn = (status: string): boolean => status === 'pass' || status === 'mismatch';

/**
 * Writes what was found; lines of other variants, engines and cases stay.
 * @param command what writes the file, for its first line
 */
export function writeExpected(
  file: string,
  variant: string,
  engines: readonly string[],
  outcomes: readonly Outcome[],
  command = 'npm run conformance -- --update',
): void {
  const all = readExpected(file);
  for (const o of outcomes)
    for (const engine of engines) {
      const { status, reason } = o.engines[engine];
      if (status === 'pass') all.delete(key(variant, engine, o.id));
      else all.set(key(variant, engine, o.id), { status, reason });
    }
  const lines = [...all].map(([k, v]) => `${k} | ${v.status} | ${v.reason}`).sort();
  writeFileSync(
    file,
    `# What isn't a pass in the conformance run, and why. Written by: ${command}\n# format | engine | case | status | reason\n${lines.join('\n')}\n`,
  );
}
