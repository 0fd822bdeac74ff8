import { sep } from 'node:path';
import { shippedFolder } from '../shipped.js';
import type { TfTensor } from '../tftensor.js';
import type { WrittenModel } from '../written.js';
import { withConsoleHeard } from './console.js';
import { activate } from './cpu.js';
import type { Engine, GuardedOutcome, HalfOutcome, Loaded } from './engine.js';
import { GUARDED, openGuarded } from './guarded.js';
import { HALF, openHalf } from './half.js';
import { loadModel } from './loaded.js';
import { bundled, type Core, tfjsCore, tfjsWasm } from './tfjs.js';

const BINARY = 'tfjs-backend-wasm-simd.wasm';

/**
 * A WASM heap has 4 GiB, and XNNPACK packs a second copy of the weights: about 1.9 GB of them fit (measured on Node 20 and
 * 24). Beyond that, allocations fail in silence.
 */
const MAX_WEIGHT_BYTES = 1.9e9;

/** TensorFlow.js's WebAssembly backend with SIMD, as users run it: no kernel exchanged, one thread (Node has no more). */
export async function openWasm(): Promise<Engine> {
  const folder = shippedFolder(BINARY, '@tensorflow/tfjs-backend-wasm/dist');
  const { result, thrown, printed } = await withConsoleHeard(() => start(folder));
  if (result === undefined)
    throw printed.other[0] === undefined ? thrown : new Error(`${reason(thrown)} (${printed.other.join('; ')})`);
  return new Wasm(result);
}

const reason = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

async function start(folder: string): Promise<Core> {
  const core = await tfjsCore();
  const { setWasmPaths } = await tfjsWasm();
  setWasmPaths(`${folder}${sep}`);
  await instantiate(core);
  return core;
}

async function instantiate(core: Core): Promise<void> {
  const before = [...process.listeners('uncaughtException'), ...process.listeners('unhandledRejection')] as unknown[];
  await activate(core, 'wasm');
  // emscripten adds listeners that throw again whatever they hear, and so end a process that would have handled it.
  for (const listener of process.listeners('uncaughtException'))
    if (!before.includes(listener)) process.off('uncaughtException', listener);
  for (const listener of process.listeners('unhandledRejection'))
    if (!before.includes(listener)) process.off('unhandledRejection', listener);
}

/**
 * Exchanges the WASM instance for a new one (some 10 ms). A heap never shrinks, and several kernels write past the end of
 * their output, so that what a model leaves behind could decide about the next one.
 */
async function renew(core: Core): Promise<void> {
  const old = core.findBackend('wasm');
  const factory = core.findBackendFactory('wasm');
  // Its own dispose would run code on a heap that may be damaged.
  old.dispose = () => {};
  for (const other of [GUARDED, HALF]) if (core.findBackendFactory(other)) core.removeBackend(other);
  core.removeBackend('wasm');
  core.registerBackend('wasm', factory, 2);
  await instantiate(core);
}

/** What a WASM instance throws when it can't go on: everything that it does afterwards is suspect. */
function isTrap(thrown: unknown): boolean {
  return (
    (thrown instanceof Error && thrown.name === 'RuntimeError') ||
    /Aborted\(|memory access out of bounds|unreachable/.test(reason(thrown))
  );
}

class Wasm implements Engine {
  readonly name = 'wasm';
  readonly maxWeightBytes = MAX_WEIGHT_BYTES;
  readonly #core: Core;
  /** Nothing was loaded into the instance yet. */
  #fresh = true;
  damaged = false;

  constructor(core: Core) {
    this.#core = core;
  }

  async describe() {
    const env = this.#core.env();
    const simd = await env.getAsync('WASM_HAS_SIMD_SUPPORT');
    const { getThreadsCount, version_wasm } = await tfjsWasm();
    return {
      name: this.name,
      version: version_wasm,
      details: { backend: 'wasm', simd: String(simd), threads: String(getThreadsCount()) },
    };
  }

  async load(model: WrittenModel): Promise<Loaded> {
    const loaded = await this.#loadOn('wasm', model);
    return {
      ...loaded,
      run: async (inputs, fetch) => {
        const outcome = await this.#watch(() => loaded.run(inputs, fetch));
        if (outcome.printed.failures.length > 0) this.damaged = true;
        return outcome;
      },
    };
  }

  async explain(
    model: WrittenModel,
    inputs: ReadonlyMap<string, TfTensor>,
    allow: (kernel: string) => boolean = () => true,
  ): Promise<GuardedOutcome> {
    const guarded = await openGuarded(this.#core);
    const exchanged = guarded.begin(allow);
    const loaded = await this.#loadOn(GUARDED, model);
    try {
      const outcome = await this.#watch(() => loaded.run(inputs));
      return { ...outcome, exchanged: [...exchanged].sort() };
    } finally {
      await loaded.dispose();
    }
  }

  async half(model: WrittenModel, inputs: ReadonlyMap<string, TfTensor>): Promise<HalfOutcome> {
    const trace = openHalf(this.#core);
    const loaded = await this.#loadOn(HALF, model);
    try {
      return { ...(await this.#watch(() => loaded.run(inputs))), ...trace };
    } finally {
      await loaded.dispose();
    }
  }

  async dispose(): Promise<void> {}

  async #loadOn(backend: string, model: WrittenModel): Promise<Loaded> {
    if (!this.#fresh) {
      const { thrown } = await withConsoleHeard(() => renew(this.#core));
      if (thrown !== undefined) throw thrown;
    }
    this.#fresh = false;
    if (backend !== 'wasm') this.#core.registerBackend(backend, () => this.#core.findBackend('wasm'), 0);
    const runtime = await bundled();
    return this.#watch(() => loadModel(runtime, model, () => activate(this.#core, backend)));
  }

  async #watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      if (isTrap(thrown)) this.damaged = true;
      throw thrown;
    }
  }
}
