/** Runs one case and says what is wrong with what came of it. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { configOf } from '../../src/run/config.js';
import { parse } from '../../src/run/config-file.js';
import { convertModel, inspectModel } from '../../src/convert/convert.js';
import type { ConvertRequest } from '../../src/convert/convert-types.js';
import { DiagnosticError, type Diagnostic } from '../../src/diag/diagnostic.js';
import { LIMITS } from '../../src/diag/limits.js';
import type { Attribute, Graph } from '../../src/onnx/model.js';
import { readModelBytes } from '../../src/onnx/read.js';
import { CONFIG_FILE, ConfigurationError, OPTIONS, type Settings } from '../../src/run/options.js';
import { sizeOf, type Weight } from '../../src/tensor/tensor.js';
import type { ConversionRecord } from '../../src/verify/record.js';
import { type Pictures, readReference } from '../../src/verify/reference-set.js';
import type { Case, Finding } from './case.js';

/** Of the model: more than any mutant has by itself. */
const MOST_MODEL_BYTES = 64 * 2 ** 20;
/** What a conversion may write beside its weights: what is said of nodes and layers. */
const MOST_BESIDE = 64 * 2 ** 20;
/** What is said of one model, as text: it goes into reports. */
const MOST_TEXT = 8 * 2 ** 20;

const nothing = undefined;

/** The error's kind and the functions it came through, without values and line numbers. */
export function signatureOf(stack: string): string {
  const lines = stack.split('\n');
  const frames = lines
    .flatMap((line) => /^\s*at (?:async )?(?:new )?([\w.<>$ [\]]+) \((.*)\)/.exec(line)?.slice(1, 3) ?? [])
    .filter((_, i) => i % 2 === 0)
    .slice(0, 4);
  const message = (lines[0] ?? '').replace(/^this is a fault of the converter, not of the model: /, '');
  return `${message.replace(/["'`].*?["'`]|\d+/g, '#').slice(0, 160)} < ${frames.join(' < ')}`;
}

function thrown(error: unknown): Finding {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'thrown', signature: signatureOf(stack), text: stack };
}

function judged(diagnostics: readonly Diagnostic[]): Finding | undefined {
  const bug = diagnostics.find((d) => d.code === 'internal-error');
  if (bug) return { kind: 'internal-error', signature: signatureOf(bug.message), text: bug.message };
  const length = diagnostics.reduce((sum, d) => sum + d.message.length, 0);
  if (length > MOST_TEXT)
    return {
      kind: 'output',
      signature: `diagnostics are too long: ${diagnostics[0]?.code}`,
      text: `${length} characters`,
    };
  return nothing;
}

function* weightsOf(graph: Graph): Generator<Weight> {
  yield* graph.initializers.values();
  for (const { attributes } of graph.nodes) for (const a of attributes.values()) yield* weightsOfAttribute(a);
}

function* weightsOfAttribute(a: Attribute): Generator<Weight> {
  if (a.kind === 'tensor' || a.kind === 'sparse_tensor') yield a.value;
  else if (a.kind === 'tensors' || a.kind === 'sparse_tensors') yield* a.value;
  else if (a.kind === 'graph') yield* weightsOf(a.value);
  else if (a.kind === 'graphs') for (const g of a.value) yield* weightsOf(g);
}

function reader(c: Case, folder: string): Finding | undefined {
  try {
    const bytes = Object.values(c.files)[0] as Uint8Array;
    const model = readModelBytes(bytes, { maxBytes: MOST_MODEL_BYTES }, 'model.onnx', folder);
    for (const weight of weightsOf(model.graph)) {
      if (sizeOf(weight.dims) > 2 ** 22) continue;
      const { data } = weight.load();
      const wide = weight.dtype.startsWith('complex') ? 2 : 1;
      if (data.length !== wide * sizeOf(weight.dims))
        return {
          kind: 'thrown',
          signature: 'a weight has another size than it says',
          text: `${weight.dims}: ${data.length}`,
        };
    }
    return judged(model.diagnostics);
  } catch (error) {
    return error instanceof DiagnosticError ? judged(error.diagnostics) : thrown(error);
  }
}

/** Every file below a folder, with its hash. */
function listing(folder: string, below = ''): Map<string, string> {
  const out = new Map<string, string>();
  for (const entry of readdirSync(path.join(folder, below), { withFileTypes: true })) {
    const name = path.posix.join(below, entry.name);
    if (entry.isDirectory()) for (const [k, v] of listing(folder, name)) out.set(k, v);
    else
      out.set(
        name,
        createHash('sha256')
          .update(readFileSync(path.join(folder, name)))
          .digest('hex'),
      );
  }
  return out;
}

const sizeBelow = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .reduce((sum, e) => sum + statSync(path.join(e.parentPath, e.name)).size, 0);

function convert(c: Case, folder: string, root: string): Finding | undefined {
  const { inspect, twice, ...given } = c.options as { inspect?: boolean; twice?: boolean } & Partial<ConvertRequest>;
  const once = (name: string) => {
    const outputFolder = path.join(root, name);
    rmSync(outputFolder, { recursive: true, force: true });
    mkdirSync(outputFolder, { recursive: true });
    const result = convertModel({
      formats: ['auto'],
      changeOrdering: true,
      namePolicy: 'keep',
      ...given,
      path: path.join(folder, 'model.onnx'),
      relativePath: 'model.onnx',
      outputFolder,
      limits: { maxModelBytes: MOST_MODEL_BYTES },
    });
    return { result, outputFolder };
  };
  try {
    if (inspect) {
      const seen = inspectModel({
        path: path.join(folder, 'model.onnx'),
        relativePath: 'model.onnx',
        limits: { maxModelBytes: MOST_MODEL_BYTES },
      });
      JSON.stringify(seen);
      return judged([...seen.diagnostics, ...seen.formats.flatMap((f) => f.obstacles)]);
    }
    const first = once('out');
    const text = JSON.stringify(first.result);
    const wrong = judged(first.result.diagnostics);
    if (wrong) return wrong;
    const bytes = sizeBelow(first.outputFolder);
    const source = Object.values(c.files).reduce((sum, file) => sum + file.length, 0);
    const formats = Math.max(1, given.formats?.length ?? 1);
    if (bytes > formats * (8 * source + LIMITS.outputBytes + MOST_BESIDE))
      return { kind: 'output', signature: 'the output is too large', text: `${bytes} bytes` };
    if (text.length > 4 * MOST_TEXT)
      return { kind: 'output', signature: 'the result is too long', text: `${text.length} characters` };
    if (first.result.status !== 'converted') return nothing;
    const written = listing(first.outputFolder);
    const told = first.result.artefacts.map((a) => a.path).sort();
    if ([...written.keys()].sort().join('\n') !== told.join('\n'))
      return {
        kind: 'outside',
        signature: 'other files than those told',
        text: `${[...written.keys()]} instead of ${told}`,
      };
    if (twice && bytes < 2 ** 22) {
      const second = once('again');
      if (
        JSON.stringify([...listing(second.outputFolder)]) !== JSON.stringify([...written]) ||
        JSON.stringify(second.result) !== text
      )
        return { kind: 'not-deterministic', signature: 'two conversions differ', text: '' };
      rmSync(second.outputFolder, { recursive: true, force: true });
    }
    return nothing;
  } catch (error) {
    return thrown(error);
  }
}

function references(c: Case, folder: string): Finding | undefined {
  try {
    const files = Object.keys(c.files).map((name) => path.join(folder, name));
    const { record, pictures } = c.options as { record: ConversionRecord; pictures?: Pictures };
    const read = readReference({ name: 'set', shown: 'set', files }, record, folder, pictures);
    return judged(read.diagnostics);
  } catch (error) {
    return thrown(error);
  }
}

const DEFAULTS = Object.fromEntries(
  Object.entries(OPTIONS).map(([key, option]) => [key, (option as { default?: unknown }).default]),
) as unknown as Settings;

function config(_: Case, folder: string): Finding | undefined {
  try {
    const file = path.join(folder, CONFIG_FILE);
    const read = configOf(file, parse(readFileSync(file, 'utf8'), CONFIG_FILE, file));
    const models = [
      'models/fcn.onnx',
      `models/${'a'.repeat(60)}.onnx`,
      'a/b/c/d/e/f/g/h/i/j/k.onnx',
      `${'a/'.repeat(40)}x`,
    ].map((m) => path.join(folder, m));
    for (const model of models) JSON.stringify(read.for(model, DEFAULTS));
    read.idle(models);
    return nothing;
  } catch (error) {
    if (error instanceof ConfigurationError)
      return error.message.length > 2 ** 20
        ? { kind: 'output', signature: 'the message is too long', text: `${error.message.length}` }
        : nothing;
    return thrown(error);
  }
}

const RUN: Readonly<Record<Case['target'], (c: Case, folder: string, root: string) => Finding | undefined>> = {
  reader,
  convert,
  references,
  config,
};

/** The codes of the diagnostics that a model or reference gives, for a case that is kept. */
export function codesOf(c: Case, root: string): string[] {
  const folder = path.join(root, 'a', 'b', 'in');
  if (c.target === 'references') {
    const files = Object.keys(c.files).map((name) => path.join(folder, name));
    const set = { name: 'set', shown: 'set', files };
    return readReference(set, c.options.record as ConversionRecord, folder).diagnostics.map((d) => d.code);
  }
  const outputFolder = mkdtempSync(path.join(root, 'codes-'));
  const { diagnostics } = convertModel({
    formats: ['auto'],
    changeOrdering: true,
    namePolicy: 'keep',
    ...c.options,
    path: path.join(folder, 'model.onnx'),
    relativePath: 'model.onnx',
    outputFolder,
    limits: { maxModelBytes: MOST_MODEL_BYTES },
  });
  rmSync(outputFolder, { recursive: true });
  return diagnostics.map((d) => d.code);
}

/** Names that a folder has to hold, and no others. */
function strangers(folder: string, known: readonly string[]): string[] {
  return readdirSync(folder).filter((name) => !known.includes(name));
}

/**
 * Runs a case within `root`, an empty folder of its own. The file lies in `root/a/b/in`, so that paths that lead out are
 * seen. Undefined where nothing is wrong.
 */
export function runCase(c: Case, root: string): Finding | undefined {
  const inner = path.join(root, 'a', 'b');
  const folder = path.join(inner, 'in');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(c.files)) writeFileSync(path.join(folder, name), bytes);
  const found = RUN[c.target](c, folder, inner);
  if (found) return found;
  const stray = [
    ...strangers(root, ['a', 'cwd']),
    ...strangers(path.join(root, 'a'), ['b']),
    ...strangers(inner, ['in', 'out', 'again']),
    ...strangers(folder, Object.keys(c.files)),
  ];
  if (stray.length > 0) return { kind: 'outside', signature: `${c.target} wrote elsewhere`, text: stray.join('\n') };
  if (Object.keys(Object.prototype).length > 0)
    return { kind: 'polluted', signature: Object.keys(Object.prototype).join(), text: c.target };
  return nothing;
}
