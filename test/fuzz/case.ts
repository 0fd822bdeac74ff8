/** One case: files and how they are used. On disk a folder with `case.json` and, in `files/`, the files. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const TARGETS = ['reader', 'convert', 'references', 'config'] as const;
export type TargetName = (typeof TARGETS)[number];

/** Processor time that a case may take; more counts as a hang. */
export const CPU_LIMIT_MS = 20_000;

export interface Case {
  readonly target: TargetName;
  /** What it was made by, for people. */
  readonly origin: string;
  /** The first is the one that is bent. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** What the target is told, as JSON. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Finding {
  readonly kind:
    | 'thrown'
    | 'internal-error'
    | 'hang'
    | 'memory'
    | 'outside'
    | 'not-deterministic'
    | 'polluted'
    | 'crash'
    | 'output';
  /** What tells it from others: no line numbers, no values. */
  readonly signature: string;
  readonly text: string;
}

export function writeCase(folder: string, c: Case, finding?: Finding): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'files'), { recursive: true });
  for (const [name, bytes] of Object.entries(c.files)) writeFileSync(path.join(folder, 'files', name), bytes);
  const { target, origin, options } = c;
  writeFileSync(
    path.join(folder, 'case.json'),
    `${JSON.stringify({ target, origin, options, ...(finding ? { finding } : {}) }, null, 1)}\n`,
  );
}

/** The case that is about to run, without its files: those lie where it runs. */
export function noteCase(file: string, { target, origin, options, files }: Case): void {
  writeFileSync(file, JSON.stringify({ target, origin, options, names: Object.keys(files) }));
}

/** The case that ran last, its files from the folder where it ran. */
export function notedCase(file: string, folder: string): Case {
  const { names, ...told } = JSON.parse(readFileSync(file, 'utf8')) as Omit<Case, 'files'> & { names: string[] };
  return {
    ...told,
    files: Object.fromEntries(names.map((n) => [n, new Uint8Array(readFileSync(path.join(folder, n)))])),
  };
}

/** `codes`: diagnostics that a kept case has to give. */
export function readCase(folder: string): Case & { finding?: Finding; codes?: readonly string[] } {
  const told = JSON.parse(readFileSync(path.join(folder, 'case.json'), 'utf8')) as Omit<Case, 'files'> & {
    finding?: Finding;
  };
  const files = Object.fromEntries(
    readdirSync(path.join(folder, 'files')).map((name) => [
      name,
      new Uint8Array(readFileSync(path.join(folder, 'files', name))),
    ]),
  );
  return { ...told, files };
}

/** Below a run's folder: the number of each case in which something was found, a line each. */
export const FOUND = 'found';
