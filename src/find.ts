/** Finds the models of a run: globs, folders and files, each with the root that its place in the output follows from. */
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { escapePath, glob, isDynamicPattern } from 'tinyglobby';
import { visible } from './diag/escape.js';
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
const REPORTS = /^report(\/(report\.json|summary\.md|index\.html|junit\.xml))?$/i;

/**
 * Symbolic links are not followed below a root, and hidden files and folders are found only by a pattern that names the
 * dot. A file that two patterns match is one model, and the first pattern gives its root. Throws ConfigurationError
 * where two models would be written to the same place, and where a pattern leads out of `within`.
 */
export async function findModels(search: Search): Promise<Found> {
  const patterns = search.patterns.map(withSlashes);
  const excludes = patterns.filter((p) => p.startsWith('!')).map((p) => p.slice(1));
  const ignore = excludes.flatMap((p) => [p, `${p.replace(/\/+$/, '')}/**`]);
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
    const realRoot = await realpath(start.root);
    if (within !== undefined && !isInside(within, realRoot))
      throw new ConfigurationError(`${JSON.stringify(visible(pattern))} leads out of the workspace`);
    // `**` doesn't reach above the base, so what lies there is said in full.
    const anywhere = isInside(search.base, start.root) ? '' : `${escapePath(slashed(start.root))}/`;
    const never = NEVER.map((name) => `${anywhere}**/${name}/**`);
    for (const file of await glob(start.pattern, {
      cwd: search.base,
      ignore: [...never, ...ignore],
      absolute: true,
      onlyFiles: true,
      followSymbolicLinks: false,
      expandDirectories: false,
      dot: false,
    })) {
      const absolute = path.resolve(file);
      const relative = path.relative(start.root, absolute);
      if (models.has(absolute) || !isInside(start.root, absolute) || neverSearched(absolute, search)) continue;
      const stat = await lstat(absolute).catch(() => undefined);
      // No link on the way from the root: the library follows those that a pattern names.
      if (!stat?.isFile() || (await realpath(absolute)) !== path.join(realRoot, relative)) continue;
      models.set(absolute, {
        file: absolute,
        root: start.root,
        path: slashed(relative),
        shown: isInside(home, absolute) ? slashed(path.relative(home, absolute)) : slashed(relative),
        bytes: stat.size,
      });
    }
  }
  const found = [...models.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  refuseCollisions(found);
  return { models: found, missing };
}

interface Start {
  /** Absolute, the folder that the models' paths are relative to. */
  root: string;
  /** What to hand to the glob library: as given, or absolute. */
  pattern: string;
}

/** The root rule: of a folder given, the folder; of a file, its parent; of a glob, its literal prefix. */
async function startOf(pattern: string, base: string): Promise<Start | undefined> {
  const literal = path.resolve(base, pattern);
  const there = await lstat(literal).catch(() => undefined);
  const root = await resolved(literal);
  if (await isFolder(root)) return { root, pattern: `${escapePath(slashed(root))}/**/*.onnx` };
  if (there) return { root: path.dirname(literal), pattern: escapePath(slashed(literal)) };
  if (!isDynamicPattern(pattern)) return undefined;

  const segments = pattern.split('/');
  const magic = segments.findIndex((segment) => isDynamicPattern(segment));
  // A brace may span slashes, so that no segment alone has wildcards: then the root is the base.
  const prefix = segments.slice(0, Math.max(magic, 0)).join('/').replace(/\\(.)/g, '$1');
  const named = path.resolve(base, pattern.startsWith('/') ? `${prefix}/` : prefix);
  const folder = await resolved(named);
  if (!(await isFolder(folder))) return { root: base, pattern };
  if (folder === named) return { root: folder, pattern };
  return { root: folder, pattern: `${escapePath(slashed(folder))}/${segments.slice(magic).join('/')}` };
}

/** A root given by a link is the user's word (macOS has /tmp so); what it leads to is checked against `within`. */
async function resolved(root: string): Promise<string> {
  const isLink = (await lstat(root).catch(() => undefined))?.isSymbolicLink();
  return isLink ? realpath(root).catch(() => root) : root;
}

async function isFolder(place: string): Promise<boolean> {
  return (await lstat(place).catch(() => undefined))?.isDirectory() ?? false;
}

/** Below the base if it is there, else below its root: so that a checkout inside some `node_modules` can be worked in. */
function neverSearched(file: string, search: Search): boolean {
  if (search.output !== undefined && search.output !== search.base && isInside(search.output, file)) return true;
  if (!isInside(search.base, file)) return false;
  return path
    .relative(search.base, file)
    .split(path.sep)
    .some((name) => NEVER.includes(name));
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
    const key = model.path.toLowerCase();
    const other = places.get(key);
    if (other?.path === model.path) refuse(other, model, 'would be written to the same folder');
    if (other) refuse(other, model, 'would get folders whose names differ only in upper and lower case');
    if (REPORTS.test(model.path))
      throw new ConfigurationError(`${visible(model.file)} would be written where the reports go: rename it`);
    places.set(key, model);
  }
  for (const model of models)
    for (let at = model.path.indexOf('/'); at >= 0; at = model.path.indexOf('/', at + 1)) {
      const outer = places.get(model.path.slice(0, at).toLowerCase());
      if (outer) refuse(outer, model, 'would be written one inside the other');
    }
}

/** Whether a place is the folder or in it, by name alone: resolve links before. */
export function isInside(folder: string, place: string): boolean {
  const relative = path.relative(folder, place);
  return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
}

const slashed = (p: string): string => p.split(path.sep).join('/');
const withSlashes = (p: string): string => (path.sep === '\\' ? p.replaceAll('\\', '/') : p);
