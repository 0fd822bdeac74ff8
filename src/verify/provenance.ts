import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import * as say from '../diag/catalogue-verify.js';
import type { Diagnostic } from '../diag/diagnostic.js';

/** The file beside recorded values that says how they came about. */
export const PROVENANCE = 'provenance.json';

/** What `record` writes beside a reference, and a later run checks. Plain JSON; equal for equal models and settings. */
export interface Provenance {
  readonly schema: 1;
  readonly tool: { readonly name: string; readonly version: string };
  readonly model: {
    readonly sha256: string;
    /** Files with weights, as the model names them. */
    readonly external: readonly { readonly location: string; readonly sha256: string }[];
  };
  /** What computed the outputs. */
  readonly engine: { readonly name: string; readonly version: string };
  readonly inputs:
    | { readonly kind: 'seeded'; readonly seed: string; readonly sizes: Readonly<Record<string, number>> }
    | { readonly kind: 'own' };
  /** The recorded files, by name. */
  readonly files: Readonly<Record<string, { readonly sha256: string }>>;
}

/** Where the provenance of a set is: in its folder, or beside its .npz file. */
export function provenancePath(files: readonly string[]): string | undefined {
  const [first] = files;
  if (first === undefined) return undefined;
  return extname(first).toLowerCase() === '.npz' ? npzProvenance(first) : join(dirname(first), PROVENANCE);
}

export const npzProvenance = (npz: string): string => `${npz.slice(0, -extname(npz).length)}.${PROVENANCE}`;

/** Whether a file is a provenance, by its name, and so holds no values. */
export const isProvenance = (path: string): boolean => path.toLowerCase().endsWith(PROVENANCE);

/**
 * Holds a recorded set against the model as it is now. No findings where it was recorded from this very model, or by other
 * means altogether. `sha256`: of the model file that was converted; `shown`: what diagnostics name as the set.
 */
export function provenanceFindings(
  files: readonly string[],
  shown: string,
  model: string,
  sha256: string | undefined,
): Diagnostic[] {
  const path = provenancePath(files);
  const text = path && statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'utf8') : undefined;
  if (text === undefined) return [];
  const provenance = provenanceOf(text);
  if (!provenance) return [say.provenanceUnreadable(shown)];
  const found: Diagnostic[] = [];
  const changed = changes(provenance, model, sha256);
  if (changed !== undefined) found.push(say.referenceStale(shown, changed));
  const edited = files.filter((file) => {
    const recorded = provenance.files[basename(file)]?.sha256;
    return recorded !== undefined && recorded !== sha256OfFile(file);
  });
  if (edited.length > 0)
    found.push(
      say.referenceEdited(
        shown,
        edited.map((file) => basename(file)),
      ),
    );
  return found;
}

/** Which of the model's files is another now; undefined where none is. */
function changes({ model: then }: Provenance, model: string, sha256: string | undefined): string | undefined {
  if (sha256 !== undefined && sha256 !== '' && sha256 !== then.sha256) return basename(model);
  for (const { location, sha256: before } of then.external) {
    const parts = location.split('/');
    const path = join(dirname(model), ...parts);
    if (parts.includes('..') || !statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
    if (sha256OfFile(path) !== before) return location;
  }
  return undefined;
}

function provenanceOf(text: string): Provenance | undefined {
  try {
    const json = JSON.parse(text) as Partial<Provenance> | null;
    const whole =
      json?.schema === 1 &&
      typeof json.model?.sha256 === 'string' &&
      Array.isArray(json.model.external) &&
      json.model.external.every((e) => typeof e?.location === 'string' && typeof e.sha256 === 'string') &&
      typeof json.files === 'object' &&
      json.files !== null;
    return whole ? (json as Provenance) : undefined;
  } catch {
    return undefined;
  }
}

/** A file's SHA-256 in hexadecimal, read piece by piece. */
export function sha256OfFile(path: string): string {
  const hash = createHash('sha256');
  const piece = new Uint8Array(2 ** 20);
  const fd = openSync(path, 'r');
  try {
    for (let n = readSync(fd, piece); n > 0; n = readSync(fd, piece)) hash.update(piece.subarray(0, n));
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}
