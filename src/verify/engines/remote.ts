import type { EngineFacts } from '../checks.js';
import { startSubprocess, type Subprocess } from '../process/subprocess.js';
import type { WrittenModel } from '../written.js';
import type { Engine, Loaded } from './engine.js';
import type { DisposeRequest, LoadAnswer, LoadRequest, OpenEngineRequest, RunAnswer, RunRequest } from './served.js';

/** An engine in a process of its own: its native code may crash without taking the judge with it. */
class Remote implements Engine {
  readonly name: string;
  /** Whatever happens, it happens elsewhere. */
  readonly damaged = false;
  readonly #request: OpenEngineRequest;
  /** In which the engine is open. */
  #process: Subprocess | undefined;
  #facts: EngineFacts | undefined;

  constructor(request: OpenEngineRequest) {
    this.name = request.name;
    this.#request = request;
  }

  async describe(): Promise<EngineFacts> {
    await this.#running();
    return this.#facts as EngineFacts;
  }

  async load(model: WrittenModel): Promise<Loaded> {
    const process = await this.#running();
    const request: LoadRequest = { engine: this.name, folder: model.folder, file: model.file };
    const { model: id, ...face } = await process.call<LoadAnswer>('engine.load', request);
    return {
      ...face,
      async run(inputs, fetch) {
        const asked: RunRequest = { model: id, inputs: [...inputs], ...(fetch ? { fetch } : {}) };
        const { outputs, printed } = await process.call<RunAnswer>('engine.run', asked);
        return { outputs: new Map(outputs), printed };
      },
      async dispose() {
        if (!process.ended) await process.call('engine.dispose', { model: id } satisfies DisposeRequest);
      },
    };
  }

  async dispose(): Promise<void> {
    this.#process?.close();
    this.#process = undefined;
  }

  /** Started when first needed, and anew after a crash. */
  async #running(): Promise<Subprocess> {
    if (this.#process && !this.#process.ended) return this.#process;
    const process = processFor(this.name);
    this.#facts = await process.call<EngineFacts>('engine.open', this.#request);
    this.#process = process;
    return process;
  }
}

/** By kind: all engines of a browser share it. */
const processes = new Map<string, Subprocess>();

function processFor(engine: string): Subprocess {
  const kind = engine.replace(/-.*/, '');
  const known = processes.get(kind);
  if (known && !known.ended) return known;
  const process = startSubprocess({ TF_CPP_MIN_LOG_LEVEL: '2' });
  processes.set(kind, process);
  return process;
}

/** Opens an engine in a process of its own. Throws where it can't be had. */
export async function openRemote(request: OpenEngineRequest): Promise<Engine> {
  const engine = new Remote(request);
  await engine.describe();
  return engine;
}
