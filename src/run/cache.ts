/**
 * A folder in which finished models are kept, so that a later run takes over what rests on the same bytes: the model, its
 * external data, its references, the settings and this very program. Nothing is taken over whose hash isn't what it was.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, copyFile, lstat, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelSettings } from './config.js';
import { type FoundModel, isInside } from './find.js';
import { sha256OfFile } from './hash.js';
import { ConfigurationError, effectiveSettings, type Settings } from './options.js';
import { stage, type Way } from './place.js';
import { WORKER } from './pool.js';
import { type ModelReport, STATUSES } from '../report/types.js';
import { candidateFiles } from '../verify/references.js';
import { TOOL } from '../version.js';
import { pageFolder } from './page-places.js';

export interface CacheRequest {
  /** Absolute. */
  folder: string;
  /** Absolute; where the models and reports go. */
  output: string;
  /** Absolute; below `output`, for what is on its way there. */
  scratch: string;
}

export interface Cache {
  /** The model's report, its folder put in place; undefined where there is none, or something has changed. */
  restore(model: FoundModel): Promise<ModelReport | undefined>;
  /** Keeps a finished model. What can't be written is not kept. */
  keep(model: FoundModel, report: ModelReport): Promise<void>;
}

/** A file by its place relative to some folder, with `/`. */
interface KnownFile {
  path: string;
  sha256: string;
}

interface Entry {
  schema: 1;
  /** What the result rests on beside the key, relative to the model's folder. */
  rests: KnownFile[];
  report: ModelReport;
  /** In the entry's `files/`: the model's folder. */
  files: KnownFile[];
  /** In the entry's `page/`: what its page shows. */
  page: KnownFile[];
}

/** Where a model's references are looked for. */
interface References {
  workspace: string;
  settings: Settings;
}

/** Settings that say what a verdict leads to, and not what it is. */
const WITHOUT = ['fail-on', 'if-no-models-found'];
/** Errors may be of the moment: too little time or memory. */
const KEPT: readonly ModelReport['status'][] = ['pass', 'mismatch', 'unverified', 'unsupported'];
/** An entry that nobody took for so long is removed. */
const FORGOTTEN_MS = 30 * 24 * 3600 * 1000;

/** Gives the cache for models whose references are looked for inside a workspace (absolute). Throws ConfigurationError. */
export async function openCache(request: CacheRequest): Promise<(workspace: string, own: ModelSettings) => Cache> {
  const { folder, output, scratch } = request;
  let drafts = 0;
  const way = () => ({ draft: path.join(scratch, `kept-${++drafts}`), within: output });
  try {
    await mkdir(folder, { recursive: true });
    await forget(folder);
  } catch (e) {
    throw new ConfigurationError(`cache-dir can't be used: ${(e as Error).message}`);
  }
  const common = JSON.stringify([TOOL, await programHash(), process.platform]);
  const entryOf = async ({ file, path: place }: FoundModel, own: ModelSettings) => {
    const { settings, waiver: _, ...rest } = own;
    const key = createHash('sha256')
      .update(common)
      .update(JSON.stringify([settingsOf(settings), rest]))
      .update(`\0${place}\0`)
      .update(await sha256OfFile(file));
    return path.join(folder, key.digest('hex'));
  };

  return (workspace, own) => ({
    async restore(model) {
      try {
        const { settings } = own;
        const at = await entryOf(model, own);
        const entry = JSON.parse(await readFile(path.join(at, 'entry.json'), 'utf8')) as Entry;
        if (!isEntry(entry, model) || !(await restsOnTheSame(entry, model, { workspace, settings }))) return undefined;
        await put(path.join(at, 'files'), entry.files, path.join(output, model.path), way());
        if (entry.page.length > 0) await put(path.join(at, 'page'), entry.page, pageFolder(output, model.path), way());
        await utimes(at, new Date(), new Date());
        const { file: _, ...report } = entry.report;
        return { ...report, ...(model.shown === model.path ? {} : { file: model.shown }), timings: {}, cached: true };
      } catch {
        // Absent, cut off, or not what it was: then it is done anew.
        return undefined;
      }
    },
    async keep(model, report) {
      if (!KEPT.includes(report.status) || report.cached || report.divergence?.artefact !== undefined) return;
      const { settings } = own;
      const at = await entryOf(model, own);
      const draft = `${at}.${process.pid}.part`;
      try {
        await rm(draft, { recursive: true, force: true });
        const inside = (place: string) => place.slice(model.path.length + 1);
        const files = await take(
          path.join(output, model.path),
          report.artefacts.map((a) => inside(a.path)),
          path.join(draft, 'files'),
        );
        const page = pageFolder(output, model.path);
        const shown = await take(
          page,
          (await namesIn(page)).filter((name) => name !== 'index.html'),
          path.join(draft, 'page'),
        );
        const rests = await known(model, restsOf(model, report.source?.external ?? [], { workspace, settings }));
        const entry: Entry = { schema: 1, rests, report: { ...report, timings: {} }, files, page: shown };
        await writeFile(path.join(draft, 'entry.json'), JSON.stringify(entry));
        await rm(at, { recursive: true, force: true });
        await rename(draft, at);
      } catch {
        await rm(draft, { recursive: true, force: true }).catch(() => {});
      }
    },
  });
}

/** Whether what was read can be an entry of this model: it came from a place that others may write to. */
function isEntry(entry: Entry, model: FoundModel): boolean {
  const { schema, rests, report, files, page } = entry;
  const areFiles = (list: unknown): boolean =>
    Array.isArray(list) && list.every((f) => typeof f?.path === 'string' && /^[0-9a-f]{64}$/.test(f.sha256));
  const artefacts = Array.isArray(report?.artefacts) ? report.artefacts.map((a) => a.path).sort() : [];
  return (
    schema === 1 &&
    [rests, files, page].every(areFiles) &&
    report.path === model.path &&
    STATUSES.includes(report.status) &&
    [report.diagnostics, report.checks].every(Array.isArray) &&
    JSON.stringify(artefacts) === JSON.stringify(files.map((f) => `${model.path}/${f.path}`).sort())
  );
}

/** The files beside the model that a result may rest on: external data, references, and other models that share a data set. */
function restsOf({ file }: FoundModel, external: readonly string[], { workspace, settings }: References): string[] {
  const folder = path.dirname(file);
  const templates = settings.references
    .split('\n')
    .map((t) => t.trim())
    .filter((t) => t !== '');
  const references = settings.verify ? candidateFiles({ model: file, workspace, templates }) : [];
  return [...new Set([...external.map((location) => path.join(folder, ...location.split('/'))), ...references])].sort();
}

async function restsOnTheSame(entry: Entry, model: FoundModel, where: References): Promise<boolean> {
  const now = await known(model, restsOf(model, entry.report.source?.external ?? [], where));
  return JSON.stringify(now) === JSON.stringify(entry.rests);
}

/** Each file with its hash; and the names of other models in the folder, which decide whose a data set is. */
async function known({ file }: FoundModel, files: readonly string[]): Promise<KnownFile[]> {
  const folder = path.dirname(file);
  const relative = (place: string) => path.relative(folder, place).split(path.sep).join('/');
  const others = (await namesIn(folder)).filter((name) => /\.onnx$/i.test(name)).sort();
  const names = createHash('sha256').update(others.join('\0')).digest('hex');
  const hashes: KnownFile[] = [{ path: '*.onnx', sha256: names }];
  for (const place of files) hashes.push({ path: relative(place), sha256: await sha256OfFile(place) });
  return hashes;
}

/** Copies files into a new folder and says their hashes. */
async function take(from: string, names: readonly string[], to: string): Promise<KnownFile[]> {
  await mkdir(to, { recursive: true });
  const files: KnownFile[] = [];
  for (const name of names) {
    const target = path.join(to, ...name.split('/'));
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(path.join(from, ...name.split('/')), target, constants.COPYFILE_FICLONE);
    files.push({ path: name, sha256: await sha256OfFile(target) });
  }
  return files;
}

/** Copies an entry's files to their place, whole or not at all. Throws where one isn't what it was. */
async function put(from: string, files: readonly KnownFile[], to: string, way: Way): Promise<void> {
  const staging = await stage(to, way);
  try {
    for (const { path: name, sha256 } of files) {
      const [source, target] = [from, staging.folder].map((f) => path.resolve(f, ...name.split('/'))) as [
        string,
        string,
      ];
      if (!isInside(staging.folder, target) || !(await lstat(source)).isFile())
        throw new Error(`${name} is no file of the entry`);
      await mkdir(path.dirname(target), { recursive: true });
      await copyFile(source, target, constants.COPYFILE_FICLONE);
      if ((await sha256OfFile(target)) !== sha256) throw new Error(`${name} is not what it was`);
    }
    await (files.length > 0 ? staging.commit() : staging.discard());
  } catch (e) {
    await staging.abandon();
    throw e;
  }
}

async function forget(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const place = path.join(folder, name);
    if (!/^[0-9a-f]{64}(\.\d+\.part)?$/.test(name)) continue;
    const { mtimeMs } = await lstat(place);
    if (Date.now() - mtimeMs > FORGOTTEN_MS) await rm(place, { recursive: true, force: true });
  }
}

function settingsOf(settings: Settings): Record<string, unknown> {
  const all = Object.entries(effectiveSettings(settings, 'convert')).filter(([name]) => !WITHOUT.includes(name));
  return { ...Object.fromEntries(all), timeout: settings.timeoutPerModel };
}

/** Of the bundle: two builds of a version may differ. From lib/, while one works on it, the version has to do. */
async function programHash(): Promise<string> {
  const bundle = path.join(path.dirname(WORKER), 'bundle.js');
  return (await access(bundle).then(
    () => true,
    () => false,
  ))
    ? sha256OfFile(bundle)
    : '';
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
