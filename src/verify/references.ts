import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { escapePath, globSync, isDynamicPattern } from 'tinyglobby';
import * as say from '../diag/catalogue-verify.js';
import type { Diagnostic } from '../diag/diagnostic.js';
import { isProvenance, provenancePath } from './provenance.js';
import { type ConversionRecord, misfit } from './record.js';
import { type Pictures, readReference, type ReferenceFiles, shownPath } from './reference-set.js';

/** Where a model's references may be. */
export interface ReferencePlace {
  /** The .onnx file, absolute. */
  readonly model: string;
  /** Absolute; templates are relative to it, and no reference may lie outside. */
  readonly workspace: string;
  /** Globs of files or folders, in which `{dir}` is the model's folder and `{name}` its name without .onnx. */
  readonly templates: readonly string[];
  /** How pictures become inputs. */
  readonly pictures?: Pictures;
}

export interface FoundReferences {
  readonly sets: readonly ReferenceFiles[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The data sets of a model, not yet read, from the first place that has any: what the templates name; ONNX's
 * `test_data_set_N` folders (in the model's folder, in `<name>/` and in `<name>.reference/` beside it);
 * `<name>.reference.npz`; the .npy and .json files of `<name>.reference/`. Pictures (.png, .jpg) may be inputs in folders.
 * A data set in a folder with several models belongs to those whose names, types and shapes it fits; that is said aloud.
 */
export function findReferences(at: ReferencePlace, record: ConversionRecord): FoundReferences {
  const diagnostics: Diagnostic[] = [];
  const places = [
    () => fromTemplates(at, diagnostics),
    () => onnxConvention(at, record, diagnostics),
    () => npzBeside(at),
    () => folderBeside(at),
  ];
  for (const [i, place] of places.entries()) {
    const sets = place();
    if (i === 0 && sets.length === 0 && at.templates.length > 0 && diagnostics.length === 0)
      diagnostics.push(say.referencesUnmatched(shownPath(at.model, at.workspace), at.templates));
    if (sets.length === 0) continue;
    // Who names references means those; but two places of our own are likelier an oversight.
    const others = i === 0 ? [] : places.slice(Math.max(i + 1, 2)).flatMap((other) => other());
    // Pictures alone may well be there to be looked at.
    for (const { shown, files } of others)
      if (files.some((f) => !/\.(png|jpe?g)$/i.test(f)))
        diagnostics.push(say.referenceNotUsed(shown, sets[0]?.shown ?? ''));
    return { sets, diagnostics };
  }
  return { sets: [], diagnostics };
}

/** Every file that `findReferences` may come to use for this model, whether or not it fits: what a cache has to look at. */
export function candidateFiles(at: ReferencePlace): string[] {
  const folder = dirname(at.model);
  const name = basename(at.model, extname(at.model));
  const places = [folder, join(folder, name), join(folder, `${name}.reference`)];
  const sets = [
    ...fromTemplates(at, []),
    ...places.flatMap((p) => dataSets(p, at)),
    ...npzBeside(at),
    ...folderBeside(at),
  ];
  const provenances = sets.flatMap(({ files }) => provenancePath(files) ?? []).filter((file) => existsSync(file));
  return [...new Set([...sets.flatMap(({ files }) => files), ...provenances])].sort();
}

/** ONNX's name for the folder of one set. */
export const DATA_SET = /^test_data_set_(\d+)$/;

function fromTemplates(at: ReferencePlace, diagnostics: Diagnostic[]): ReferenceFiles[] {
  const folder = dirname(at.model);
  const name = basename(at.model, extname(at.model));
  const files = new Set<string>();
  for (const template of at.templates) {
    const literal = !isDynamicPattern(template) && !/\{(dir|name)\}/.test(template);
    const pattern = template
      .replaceAll('\\', '/')
      .replaceAll('{dir}', escapePath(slashed(folder)))
      .replaceAll('{name}', escapePath(name));
    const matches = globSync(pattern, {
      cwd: at.workspace,
      absolute: true,
      onlyFiles: false,
      expandDirectories: false,
      followSymbolicLinks: false,
      dot: false,
    }).sort();
    const named = matches.flatMap((match) => filesOf(match.replace(/\/$/, '')));
    // A wildcard may well catch a README; a file that is named is meant.
    for (const file of named) if (literal || isValue(file)) files.add(file);
    if (literal && matches.length === 0)
      diagnostics.push(say.referenceNotFound(shownPath(at.model, at.workspace), template));
  }
  return grouped([...files], at);
}

const slashed = (path: string): string => path.replaceAll('\\', '/');

/** A file; or those of a folder and of the data sets in it. */
function filesOf(path: string): string[] {
  if (!isFolder(path)) return [path];
  const within = namesIn(path);
  return [...valueFiles(path), ...within.filter((n) => DATA_SET.test(n)).flatMap((n) => valueFiles(join(path, n)))];
}

/** Files into sets: each .npz is one, and so are all the others of one folder together. */
function grouped(files: readonly string[], at: ReferencePlace): ReferenceFiles[] {
  const sets = new Map<string, string[]>();
  for (const file of files) {
    const key = extname(file).toLowerCase() === '.npz' ? file : dirname(file);
    sets.set(key, [...(sets.get(key) ?? []), file]);
  }
  return [...sets].map(([key, members]) => setOf(key, members, at)).sort(byNumber);
}

function onnxConvention(at: ReferencePlace, record: ConversionRecord, diagnostics: Diagnostic[]): ReferenceFiles[] {
  const folder = dirname(at.model);
  const name = basename(at.model, extname(at.model));
  const others = namesIn(folder).filter((n) => /\.onnx$/i.test(n) && n !== basename(at.model));
  const own = [name, `${name}.reference`].flatMap((n) => dataSets(join(folder, n), at));
  const shared = dataSets(folder, at);
  if (others.length === 0) return [...shared, ...own];
  const fitting = shared.filter((files) => {
    const wrong = whyNot(files, record, at);
    const finding = wrong ? say.referenceOfAnother(files.shown, wrong) : say.referenceShared(files.shown, others);
    diagnostics.push(finding);
    return wrong === undefined;
  });
  return [...fitting, ...own];
}

/** Why a data set isn't this model's; undefined where names, types and all shapes fit. */
function whyNot(files: ReferenceFiles, record: ConversionRecord, at: ReferencePlace): string | undefined {
  const { set, diagnostics } = readReference(files, record, at.workspace, at.pictures);
  const wrong = diagnostics.find((d) => d.severity === 'error');
  if (wrong) return wrong.message;
  for (const row of record.outputs) {
    const given = set?.outputs.get(row.onnx.name);
    const misfits = given && misfit(given.dims, row);
    if (misfits !== undefined) return `the output ${JSON.stringify(row.onnx.name)} ${misfits}`;
  }
  return undefined;
}

function dataSets(folder: string, at: ReferencePlace): ReferenceFiles[] {
  return namesIn(folder)
    .filter((n) => DATA_SET.test(n))
    .map((n) => join(folder, n))
    .filter(isFolder)
    .map((set) =>
      setOf(
        set,
        valueFiles(set).filter((f) => /\.pb$|[/\\]input_\d+\.(png|jpe?g)$/i.test(f)),
        at,
      ),
    )
    .filter((set) => set.files.length > 0)
    .sort(byNumber);
}

function npzBeside(at: ReferencePlace): ReferenceFiles[] {
  const file = `${withoutExtension(at.model)}.reference.npz`;
  return existsSync(file) ? [setOf(file, [file], at)] : [];
}

function folderBeside(at: ReferencePlace): ReferenceFiles[] {
  const folder = `${withoutExtension(at.model)}.reference`;
  const files = valueFiles(folder).filter((f) => extname(f) !== '.pb');
  return files.length > 0 ? [setOf(folder, files, at)] : [];
}

const withoutExtension = (path: string): string => path.slice(0, path.length - extname(path).length);

function setOf(place: string, files: readonly string[], at: ReferencePlace): ReferenceFiles {
  return { name: slashed(shownPath(place, dirname(at.model))), shown: shownPath(place, at.workspace), files };
}

/** test_data_set_10 after test_data_set_9. */
function byNumber(a: ReferenceFiles, b: ReferenceFiles): number {
  return a.shown.localeCompare(b.shown, 'en', { numeric: true });
}

const isValue = (name: string): boolean => /\.(pb|npz|npy|json|png|jpe?g)$/i.test(name) && !isProvenance(name);

/** The files of a folder that may hold values, sorted by number; none where there is no such folder. */
function valueFiles(folder: string): string[] {
  return namesIn(folder)
    .filter(isValue)
    .map((n) => join(folder, n));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
