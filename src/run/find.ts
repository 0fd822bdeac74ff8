/** Finds the models of a run: globs, folders and files, each with the root that its place in the output follows from. */
import { lstat, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { visible } from '../diag/escape.js';
import { globMatcher, isGlob } from './glob.js';
import { ConfigurationError } from './options.js';

export interface FoundModel {
  /** Absolute. */
  readonly file: string;
  /** Absolute; the folder that its place in the output is relative to. */
  readonly root: string;
  /** Relative to its root, with `/`: the model's name in every report, and its folder below the output directory. */
  readonly path: string;
  /** Relative to the workspace, or else the base, with `/`, where it is inside it; else as `path`: for people. */
  readonly shown: string;
  readonly bytes: number;
}

export interface Found {
  /** By `path`, in the order of its UTF-16 units: the same on every machine. */
  readonly models: FoundModel[];
  /** Patterns without wildcards at which there is nothing. */
  readonly missing: string[];
}

export interface Search {
  /** Globs, folders and files; a leading `!` excludes. On Windows `\` separates, elsewhere it escapes. */
  patterns: readonly string[];
  /** Absolute; what relative patterns start from. */
  base: string;
  /** Every model has to be inside this folder, symbolic links resolved. Absent: anywhere. */
  within?: string;
  /** Never searched, though it may lie in the way: where a former run wrote. */
  output?: string;
}

/** Folders that hold other people's files, or none to convert. */
const NEVER = ['node_modules', '.git'];

/** Names in the output directory that a model's folder can't have. */
const REPORTS = /^report(\/(report\.json|summary\.md|index\.html|junit\.xml|try|runtime|divergence))?$/i;

/**
 * Symbolic links are not followed below a root, and hidden files and folders are found only by a pattern that names the
 * dot. A file that two patterns match is one model, and the first pattern gives its root. Throws ConfigurationError
 * where two models would be written to the same place, and where a pattern leads out of `within`.
 */
export async function findModels(search: Search): Promise<Found> {
  const patterns = search.patterns.map(withSlashes);
  const isExcluded = exclusion(
    patterns.filter((p) => p.startsWith('!')).map((p) => p.slice(1)),
    search.base,
  );
  const within = search.within === undefined ? undefined : await realpath(search.within);
  const home = search.within ?? search.base;
  const models = new Map<string, FoundModel>();
  const missing: string[] = [];

  for (const pattern of patterns.filter((p) => !p.startsWith('!'))) {
    const start = await startOf(pattern, search.base);
    if (!start) {
      missing.push(pattern);
      continue;
    }
    const { root } = start;
    if (within !== undefined && !isInside(within, await realpath(root)))
      throw new ConfigurationError(`${JSON.stringify(visible(pattern))} leads out of the workspace`);
    for (const relative of await filesBelow(start)) {
      const file = path.join(root, relative);
      if (models.has(file) || neverSearched(file, search) || isExcluded(file, slashed(relative))) continue;
      const stat = await lstat(file).catch(() => undefined);
      if (!stat?.isFile()) continue;
      const shown = isInside(home, file) ? path.relative(home, file) : relative;
      models.set(file, { file, root, path: slashed(relative), shown: slashed(shown), bytes: stat.size });
    }
  }
  const found = [...models.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  refuseCollisions(found);
  return { models: found, missing };
}

interface Start {
  /** Absolute, the folder that the models' paths are relative to. */
  root: string;
  /** A file in the root, or a glob relative to it. */
  file?: string;
  glob?: string;
}

/** The root rule: of a folder given, the folder; of a file, its parent; of a glob, its literal prefix. */
async function startOf(pattern: string, base: string): Promise<Start | undefined> {
  const literal = path.resolve(base, pattern);
  const folder = await folderAt(literal);
  if (folder !== undefined) return { root: folder, glob: '**/*.onnx' };
  if (await lstat(literal).catch(() => undefined)) return { root: path.dirname(literal), file: path.basename(literal) };
  if (!isGlob(pattern)) return undefined;

  const segments = pattern.split('/');
  // A brace may span slashes, so that no segment alone has wildcards: then the root is the base.
  const magic = Math.max(segments.findIndex(isGlob), 0);
  const prefix = segments.slice(0, magic).join('/').replace(/\\(.)/g, '$1');
  const root = await folderAt(path.resolve(base, pattern.startsWith('/') ? `${prefix}/` : prefix));
  return { root: root ?? base, glob: root === undefined ? '' : segments.slice(magic).join('/') };
}

/** A root given by a link is the user's word (macOS has /tmp so); what it leads to is checked against `within`. */
async function folderAt(place: string): Promise<string | undefined> {
  const real = (await lstat(place).catch(() => undefined))?.isSymbolicLink()
    ? await realpath(place).catch(() => place)
    : place;
  return (await lstat(real).catch(() => undefined))?.isDirectory() ? real : undefined;
}

/** A name may hold a line end, which `.` of a regular expression matches only with this flag. */
const MATCHING = { windows: false, flags: 's' };

/** The files at a start that its glob matches, relative to the root. What can't be read is passed over. */
async function filesBelow({ root, file, glob = '' }: Start): Promise<string[]> {
  if (file !== undefined) return [file];
  if (glob === '') return [];
  const matches = globMatcher(glob, MATCHING);
  const depth = glob.includes('**') ? Infinity : glob.split('/').length;
  const namesHidden = /(?:^|[/{,(|])\\?\./.test(glob);
  const found: string[] = [];
  const walk = async (folder: string, level: number): Promise<void> => {
    const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const relative = path.join(folder, entry.name);
      if (entry.isFile() && matches(slashed(relative))) found.push(relative);
      // A link is neither: it is not followed.
      if (!entry.isDirectory() || level >= depth || NEVER.includes(entry.name)) continue;
      if (namesHidden || !entry.name.startsWith('.')) await walk(relative, level + 1);
    }
  };
  await walk('', 1);
  return found;
}

/** Whether some `!` pattern means a file or a folder that it is in. */
function exclusion(patterns: readonly string[], base: string): (file: string, fromRoot: string) => boolean {
  const matchers = patterns.map((given) => {
    const pattern = path.posix.normalize(given).replace(/\/+$/, '');
    const matches = globMatcher([pattern, `${pattern}/**`], { ...MATCHING, dot: true });
    return { matches, absolute: path.isAbsolute(pattern), anywhere: pattern.startsWith('**') };
  });
  return (file, fromRoot) => {
    const fromBase = slashed(path.relative(base, file));
    // `**` doesn't reach above the base, where it means any depth below the root.
    return matchers.some(({ matches, absolute, anywhere }) =>
      matches(absolute ? slashed(file) : anywhere && fromBase.startsWith('../') ? fromRoot : fromBase),
    );
  };
}

/** Below the base if it is there, else below its root: so that a checkout inside some `node_modules` can be worked in. */
function neverSearched(file: string, search: Search): boolean {
  if (search.output !== undefined && search.output !== search.base && isInside(search.output, file)) return true;
  if (!isInside(search.base, file)) return false;
  const steps = path.relative(search.base, file).split(path.sep);
  return steps.some((name) => NEVER.includes(name));
}

/** Equal places, places equal but for case, and one model's folder inside another's. */
function refuseCollisions(models: readonly FoundModel[]): void {
  const refuse = (one: FoundModel, other: FoundModel, why: string) => {
    throw new ConfigurationError(
      `${visible(one.file)} and ${visible(other.file)} ${why}: convert them in two runs, or rename one`,
    );
  };
  const places = new Map<string, FoundModel>();
  for (const model of models) {
    const key = folded(model.path);
    const other = places.get(key);
    if (other?.path === model.path) refuse(other, model, 'would be written to the same folder');
    if (other) refuse(other, model, 'would get folders whose names differ only in upper and lower case');
    if (REPORTS.test(model.path))
      throw new ConfigurationError(`${visible(model.file)} would be written where the reports go: rename it`);
    places.set(key, model);
  }
  for (const model of models)
    for (let at = model.path.indexOf('/'); at >= 0; at = model.path.indexOf('/', at + 1)) {
      const outer = places.get(folded(model.path.slice(0, at)));
      if (outer) refuse(outer, model, 'would be written one inside the other');
    }
}

/** As a file system that ignores case compares names; macOS ignores how accents are composed, too. */
const folded = (name: string): string => name.normalize('NFC').toLowerCase();

/** Whether a place is the folder or in it, by name alone: resolve links before. */
export function isInside(folder: string, place: string): boolean {
  const relative = path.relative(folder, place);
  return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
}

const slashed = (p: string): string => p.split(path.sep).join('/');
const withSlashes = (p: string): string => (path.sep === '\\' ? p.replaceAll('\\', '/') : p);
