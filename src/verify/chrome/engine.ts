import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { browserRuntime } from '../browser/runtime.js';
import type { EngineFacts } from '../checks.js';
import { sorted } from '../engines/console.js';
import type { Engine, Loaded, Outcome } from '../engines/engine.js';
import type { TfData, TfDType, TfTensor } from '../tftensor.js';
import type { WrittenModel } from '../written.js';
import { Browser, type Page } from './browser.js';
import { type Driver, drive, type Placed } from './driver.js';
import { findChrome } from './find.js';
import { PageServer } from './server.js';

/** The engines, by the backend of TensorFlow.js that each of them is. */
export const CHROME_ENGINES: Readonly<Record<string, string>> = {
  'chrome-webgl': 'webgl',
  'chrome-webgpu': 'webgpu',
  'chrome-wasm': 'wasm',
};

/** Of the WASM backend: the page is isolated, so that it takes the one with threads. */
const BINARIES = ['tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm', 'tfjs-backend-wasm.wasm'];

const HTML = '<!doctype html><meta charset="utf-8"><script src="tf.js"></script><script src="driver.js"></script>';

/** One browser and one server for all engines of the process. */
interface Stage {
  readonly browser: Browser;
  readonly version: string;
  readonly server: PageServer;
}

let stage: Stage | undefined;

async function staged(program: string): Promise<Stage> {
  if (stage && !stage.browser.ended) return stage;
  stage?.server.close();
  const server = await PageServer.start();
  try {
    const { browser, version } = await Browser.start(program, server.port);
    for (const [name, bytes] of browserRuntime(BINARIES)) server.put(name, bytes);
    server.put('page.html', Buffer.from(HTML));
    server.put('driver.js', Buffer.from(`(${drive.toString()})();`));
    stage = { browser, version, server };
    return stage;
  } catch (e) {
    server.close();
    throw e;
  }
}

/** Ends the browser; the next engine starts another. */
export function closeChrome(): void {
  stage?.browser.close();
  stage?.server.close();
  stage = undefined;
}

/**
 * TensorFlow.js in a headless Chrome or Chromium, WebGL and WebGPU by software rendering. `given`: the browser's program,
 * or undefined to look for one. Throws where there is no browser, or it hasn't got the backend.
 */
export async function openChrome(name: string, given: string | undefined): Promise<Engine> {
  const engine = new ChromeEngine(name, findChrome(given));
  await engine.describe();
  return engine;
}

class ChromeEngine implements Engine {
  readonly name: string;
  readonly damaged = false;
  readonly #backend: string;
  readonly #program: string;
  #facts: EngineFacts | undefined;

  constructor(name: string, program: string) {
    this.name = name;
    this.#backend = CHROME_ENGINES[name] as string;
    this.#program = program;
  }

  async describe(): Promise<EngineFacts> {
    if (!this.#facts) await (await this.#page(() => {})).page.close();
    return this.#facts as EngineFacts;
  }

  async load(model: WrittenModel): Promise<Loaded> {
    const lines: string[] = [];
    const { page, server } = await this.#page((line) => lines.push(line));
    try {
      server.clear('model/');
      server.put('model/model.json', readFileSync(join(model.folder, 'model.json')));
      for (const { paths } of model.manifest)
        for (const path of paths) server.put(`model/${path}`, { file: join(model.folder, path) });
      const face = await call(page, 'load', model.format, model.record.async);
      const { outputs } = model.record;
      return {
        ...face,
        printed: sorted(lines.splice(0)),
        run: (inputs, fetch = outputs.map((o) => o.tfjs.name)) => infer(page, server, inputs, fetch, lines),
        dispose: () => page.close(),
      };
    } catch (e) {
      await page.close();
      throw e;
    }
  }

  async dispose(): Promise<void> {
    closeChrome();
  }

  /** A page with the backend started: a new one for each model, so that nothing of one is left for the next. */
  async #page(print: (line: string) => void): Promise<{ page: Page; server: PageServer }> {
    const { browser, version, server } = await staged(this.#program);
    const page = await browser.open(server.address('page.html'), print);
    try {
      const started = await call(page, 'start', this.#backend);
      this.#facts ??= { name: this.name, version: started.version, details: { browser: version, ...started.details } };
      return { page, server };
    } catch (e) {
      await page.close();
      throw e;
    }
  }
}

/** Calls the driver in the page. */
function call<K extends keyof Driver>(page: Page, method: K, ...given: Parameters<Driver[K]>): ReturnType<Driver[K]> {
  const expression = `driver.${method}(${given.map((value) => JSON.stringify(value)).join(', ')})`;
  return page.evaluate(expression) as ReturnType<Driver[K]>;
}

async function infer(
  page: Page,
  server: PageServer,
  inputs: ReadonlyMap<string, TfTensor>,
  fetch: readonly string[],
  lines: string[],
): Promise<Outcome> {
  const placed: Placed[] = [...inputs].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));
  for (const [i, { data }] of [...inputs.values()].entries()) server.put(`feed/${i}`, bytesOf(data));
  try {
    const given = await call(page, 'run', placed, [...fetch]);
    const outputs = new Map<string, TfTensor>();
    for (const [i, { name, dtype, shape }] of given.outputs.entries()) {
      const bytes = server.take(`result/${i}`);
      if (!bytes) throw new Error(`the page sent no ${JSON.stringify(name)}`);
      outputs.set(name, { dtype: dtype as TfDType, shape, data: dataOf(dtype as TfDType, bytes) });
    }
    const printed = sorted(lines.splice(0));
    return { outputs, printed: { ...printed, failures: [...printed.failures, ...given.failures] } };
  } finally {
    server.clear('feed/');
    server.clear('result/');
  }
}

function bytesOf(data: TfData): Uint8Array {
  if (!ArrayBuffer.isView(data)) return Buffer.from(JSON.stringify(data));
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function dataOf(dtype: TfDType, bytes: Uint8Array): TfData {
  if (dtype === 'string') return JSON.parse(Buffer.from(bytes).toString('utf8')) as string[];
  if (dtype === 'bool') return bytes;
  const { buffer, byteOffset, byteLength } = bytes;
  return dtype === 'int32'
    ? new Int32Array(buffer, byteOffset, byteLength / 4)
    : new Float32Array(buffer, byteOffset, byteLength / 4);
}
