import { existsSync } from 'node:fs';
import { sourceChanged, sourceMissing, sourceNotRun } from '../../diag/catalogue-source.js';
import { DiagnosticError } from '../../diag/diagnostic.js';
import type { OnnxModel } from '../../onnx/model.js';
import { extraOutputs } from '../../onnx/encode.js';
import { readModel } from '../../onnx/read.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { EngineFacts } from '../checks.js';
import { residentBytes } from '../process/memory.js';
import { startSubprocess, type Subprocess, SubprocessError } from '../process/subprocess.js';
import type { OpenAnswer, OpenRequest, RunAnswer, RunRequest } from './session.js';

/** One process serves all models of this one, each in a session of its own: its start takes longer than most models. */
let shared: Subprocess | undefined;
/** A heap never shrinks: above this many bytes the process isn't used for another model. */
const RENEW_ABOVE = 2 ** 30;

/** What an instance of WebAssembly says when it can't go on; nothing that it does afterwards counts. */
const TRAP =
  /Aborted\(|memory access out of bounds|unreachable|table index|bad_alloc|out of memory|failed to allocate/i;

/** Runs a model that is in memory, once. Throws SourceRunError. */
export async function runBytes(
  bytes: Uint8Array,
  inputs: ReadonlyMap<string, Tensor>,
  fetch: readonly string[],
): Promise<Map<string, Tensor>> {
  const process = running();
  try {
    const open: OpenRequest = { path: '', more: bytes, externals: [] };
    const { session } = await process.call<OpenAnswer>('source.open', open);
    const request: RunRequest = { session, inputs: Object.fromEntries(inputs), fetch: [...fetch] };
    try {
      return new Map(Object.entries((await process.call<RunAnswer>('source.run', request)).outputs));
    } finally {
      await process.call('source.close', { session });
    }
  } catch (e) {
    if (e instanceof SubprocessError) throw new SourceRunError(shortened(e.message));
    throw e;
  }
}

/** onnxruntime failed on a model: its own words. */
export class SourceRunError extends Error {}

/**
 * A source model that onnxruntime-web can run, in another process that starts with the first run. It is the judge's
 * second opinion: nothing of the converter is used for it.
 */
export class SourceModel {
  readonly model: OnnxModel;
  readonly #path: string;
  #version = '';
  #open: { key: string; session: number } | undefined;

  /**
   * Reads the model; nothing is run yet. `sha256`: of the file that was converted, where that is known. Throws
   * DiagnosticError where the file isn't there, can't be read, or is another one.
   */
  constructor(path: string, file: string, sha256?: string) {
    if (!existsSync(path)) throw new DiagnosticError([sourceMissing(file)]);
    this.model = readModel(path, {}, file);
    this.#path = path;
    if (sha256 !== undefined && sha256 !== '' && sha256 !== this.model.sha256)
      throw new DiagnosticError([sourceChanged(file)]);
  }

  /**
   * Runs the model. `inputs` and the result by ONNX's names; `fetch` may name any value of the graph. Throws
   * SourceRunError.
   */
  async run(inputs: ReadonlyMap<string, Tensor>, fetch: readonly string[]): Promise<Map<string, Tensor>> {
    const declared = new Set(this.model.graph.outputs.map((o) => o.name));
    const extra = fetch.filter((name) => !declared.has(name));
    try {
      const session = await this.#session(extra);
      const request: RunRequest = { session, inputs: Object.fromEntries(inputs), fetch: [...fetch] };
      const { outputs } = await running().call<RunAnswer>('source.run', request);
      return new Map(Object.entries(outputs));
    } catch (e) {
      if (!(e instanceof SubprocessError)) throw e;
      if (TRAP.test(e.message)) this.#abandon();
      throw new SourceRunError(shortened(e.message));
    }
  }

  /** What ran it; known after the first run. */
  facts(): EngineFacts {
    return {
      name: 'onnxruntime',
      version: this.#version,
      details: { package: 'onnxruntime-web', backend: 'wasm', threads: '1', optimization: 'disabled' },
    };
  }

  /** Frees the model. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (!shared || !open) return;
    const large = (residentBytes(shared.pid) ?? 0) > RENEW_ABOVE;
    try {
      if (!large) return await shared.call<void>('source.close', { session: open.session });
    } catch {
      // A process that can't even free a session is worth no more.
    }
    this.#abandon();
  }

  #abandon(): void {
    this.#open = undefined;
    shared?.close();
    shared = undefined;
  }

  /** The session with these values among its outputs; one at a time is open, since each holds all weights. */
  async #session(extra: readonly string[]): Promise<number> {
    const key = JSON.stringify(extra);
    if (this.#open?.key === key && !shared?.ended) return this.#open.session;
    await this.close();
    const request: OpenRequest = {
      path: this.#path,
      more: extra.length > 0 ? extraOutputs(extra) : new Uint8Array(0),
      externals: this.model.externalFiles.map(({ location, path }) => ({ location, path })),
    };
    const { session, version } = await running().call<OpenAnswer>('source.open', request);
    this.#version = version;
    this.#open = { key, session };
    return session;
  }
}

function running(): Subprocess {
  if (shared?.ended) shared = undefined;
  shared ??= startSubprocess();
  return shared;
}

/** onnxruntime writes the place in its own sources before what it has to say. */
function shortened(message: string): string {
  const text = message
    .replace(/^.*?ERROR_MESSAGE:\s*/s, '')
    .replace(/\/\S*\/onnxruntime\/\S+:\d+\s+/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return withoutSignature(text).slice(0, 600);
}

/** Without the C++ function that it begins with: `int64_t onnxruntime::F(int64_t, int64_t) [with T = X] ` */
function withoutSignature(text: string): string {
  const head = /^[^()]*onnxruntime::/.exec(text);
  if (!head) return text;
  let depth = 0;
  let end = 0;
  for (let i = 0; i < text.length && end === 0; i++) {
    if (text[i] === '(') depth++;
    // `(anonymous namespace)` is part of a name
    else if (text[i] === ')' && --depth === 0 && text.slice(i + 1, i + 3) !== '::') end = i + 1;
  }
  return text
    .slice(end)
    .replace(/^ const\b/, '')
    .replace(/^ \[[^\]]*\]/, '')
    .trim();
}

/** Why there is no second opinion, as a diagnostic. */
export function whyNotRun(file: string, e: SourceRunError): DiagnosticError {
  return new DiagnosticError([sourceNotRun(file, e.message)]);
}
