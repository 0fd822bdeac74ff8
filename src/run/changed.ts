/**
 * Which models a change concerns: those whose bytes, external data or references it touches. Where that can't be told for
 * a model, it counts as changed; a change of the configuration or of the workflow concerns all.
 */
import path from 'node:path';
import type { FoundModel } from './find.js';
import { globMatcher } from './glob.js';

/** What changed between two commits, as far as it is known. Paths are relative to the repository, with `/`. */
export interface Changes {
  /** Added, changed, removed or renamed, under both names. */
  readonly files: ReadonlySet<string>;
  /** The repository's own files; absent where they aren't known. What isn't among them is nobody's earlier version. */
  readonly tracked?: ReadonlySet<string>;
  /** Absolute; the repository's folder. */
  readonly root: string;
  /** What they were compared with. */
  readonly base: string;
  /** Puts files, or what is in folders, as they were below a folder; whether the first was there. Absent where nobody can. */
  readonly earlier?: (files: readonly string[], to: string) => Promise<boolean>;
}

export interface Concerned {
  models: FoundModel[];
  /** Why all of them, where it is all. */
  all?: string;
}

/** Files that are neither external data nor references, whatever folder they are in: prose, pictures, code. */
const NEITHER =
  /\.(md|txt|rst|png|jpe?g|svg|gif|pdf|py|ipynb|[cm]?[jt]sx?|[ch](pp|xx|c)?|rs|go|java|kt|swift|sh|ps1|ya?ml|toml|lock|cfg|ini|html?|css)$/i;

/**
 * @param settings paths, relative to the repository, of files that hold settings for all models
 * @param templates of references, relative to `workspace` (absolute)
 */
export function concernedBy(
  changes: Changes,
  models: readonly FoundModel[],
  { settings, templates, workspace }: { settings: readonly string[]; templates: readonly string[]; workspace: string },
): Concerned {
  const changed = settings.find((file) => changes.files.has(file));
  if (changed !== undefined) return { models: [...models], all: `${changed} has changed` };
  const placed = models.map((model) => ({ model, place: placeIn(changes.root, model.file) }));
  const touched = new Set<FoundModel>();
  for (const { model, place } of placed) {
    if (place === undefined || changes.files.has(place) || changes.tracked?.has(place) === false) touched.add(model);
    // A submodule is one path to Git, with all that is in it.
    else if (ancestors(place).some((folder) => changes.files.has(folder))) touched.add(model);
    else if (templates.some((t) => matchesTemplate(t, model, workspace, changes))) touched.add(model);
  }
  for (const file of changes.files) for (const model of ownersOf(file, placed)) touched.add(model);
  return { models: models.filter((model) => touched.has(model)) };
}

type Placed = { model: FoundModel; place: string | undefined };

/**
 * The models that a file may be external data or a reference of: those in a folder that it is in. One whose name the file's
 * place begins with (`fcn.reference/…`, `fcn.onnx.data`) has it to itself.
 */
function ownersOf(file: string, placed: readonly Placed[]): FoundModel[] {
  if (/\.onnx$/i.test(file) || NEITHER.test(file)) return [];
  const near = placed.flatMap(({ model, place }) => {
    if (place === undefined) return [];
    const folder = path.posix.dirname(place);
    const below = folder === '.' ? file : file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : undefined;
    return below === undefined ? [] : [{ model, name: path.posix.basename(place).replace(/\.onnx$/i, ''), below }];
  });
  const named = near.filter(({ name, below }) => below.startsWith(`${name}.`) || below.startsWith(`${name}/`));
  return (named.length > 0 ? named : near).map(({ model }) => model);
}

function matchesTemplate(template: string, model: FoundModel, workspace: string, changes: Changes): boolean {
  const literal = (text: string) => text.replace(/[\\*?[\]{}()!+@|]/g, '\\$&');
  const pattern = template
    .replaceAll('{dir}', literal(slashed(path.dirname(model.file))))
    .replaceAll('{name}', literal(path.basename(model.file).replace(/\.onnx$/i, '')));
  const absolute = path.isAbsolute(pattern) ? pattern : `${literal(slashed(workspace))}/${pattern}`;
  // A template may name a folder.
  const matches = globMatcher([path.posix.normalize(absolute), `${path.posix.normalize(absolute)}/**`], {
    windows: false,
  });
  return [...changes.files].some((file) => matches(slashed(path.join(changes.root, file))));
}

function placeIn(root: string, file: string): string | undefined {
  const relative = path.relative(root, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? undefined : slashed(relative);
}

function ancestors(place: string): string[] {
  const steps = place.split('/').slice(0, -1);
  return steps.map((_, i) => steps.slice(0, i + 1).join('/'));
}

const slashed = (p: string): string => p.split(path.sep).join('/');
