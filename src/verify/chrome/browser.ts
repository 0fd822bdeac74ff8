/**
 * A headless Chrome, spoken to over a pipe by its own protocol (https://chromedevtools.github.io/devtools-protocol): no
 * port is opened, and it ends when the pipe does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const START_MS = 30_000;
const OUTPUT_KEPT = 4096;

/** WebGL and WebGPU in software, so that a verdict doesn't hang on the machine's graphics card; nothing calls home. */
const FLAGS = [
  '--headless',
  '--remote-debugging-pipe',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--mute-audio',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
];

interface Message {
  id?: number;
  sessionId?: string;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** A tab. */
export interface Page {
  /** Runs an expression, waits for its promise, and gives its value, which has to be JSON. Rejects where the tab crashes. */
  evaluate<T>(expression: string): Promise<T>;
  close(): Promise<void>;
}

interface Waiting {
  sessionId: string | undefined;
  resolve(result: Record<string, unknown>): void;
  reject(e: Error): void;
}

export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (method: string, params: Record<string, unknown>) => void>();
  #calls = 0;
  #end: Error | undefined;

  private constructor(child: ChildProcess, profile: string) {
    this.#child = child;
    this.#profile = profile;
    let output = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_KEPT);
    });
    const ended = (why: string) => {
      if (this.#end) return;
      const words = output.trim().split('\n').slice(-2).join(' ').slice(-300);
      this.#end = new Error(`${why}${words === '' ? '' : `: ${words}`}`);
      for (const { reject } of this.#waiting.values()) reject(this.#end);
      this.#waiting.clear();
    };
    child.on('error', (e) => ended(`the browser can't be started: ${e.message}`));
    child.on('exit', (code, signal) => ended(`the browser ended ${signal ? `by ${signal}` : `with code ${code}`}`));
    // A write into the pipe of a browser that has just ended; its end is reported by itself.
    (child.stdio[3] as Writable).on('error', () => {});
    this.#listen(child.stdio[4] as Readable);
    process.once('exit', this.#onExit);
  }

  /** Starts `program`; the only address that its pages can reach is 127.0.0.1:`port`. Rejects where it doesn't start. */
  static async start(program: string, port: number): Promise<{ browser: Browser; version: string }> {
    // Chrome's sandbox can't be had as root, and not in many containers either; what runs inside is our own page.
    const attempts = process.getuid?.() === 0 ? [['--no-sandbox']] : [[], ['--no-sandbox']];
    let failure: unknown;
    for (const more of attempts) {
      const profile = mkdtempSync(join(tmpdir(), 'onnx2keras-chrome-'));
      const flags = [
        ...FLAGS,
        ...more,
        `--user-data-dir=${profile}`,
        '--proxy-server=http://127.0.0.1:9',
        `--proxy-bypass-list=<-loopback>;127.0.0.1:${port}`,
        'about:blank',
      ];
      const child = spawn(program, flags, {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
        // A group of its own, so that all its processes can be ended at once.
        detached: process.platform !== 'win32',
        windowsHide: true,
      });
      const browser = new Browser(child, profile);
      const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
      try {
        const { product } = await browser.#send('Browser.getVersion', {});
        return { browser, version: String(product) };
      } catch (e) {
        failure = e;
        browser.close();
      } finally {
        clearTimeout(timer);
      }
    }
    throw failure;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Opens a tab at an address, once it has loaded. `print` hears what is written to its console. */
  async open(url: string, print: (line: string) => void): Promise<Page> {
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = (await this.#send('Target.attachToTarget', { targetId, flatten: true })) as {
      sessionId: string;
    };
    let loaded = () => {};
    const whole = new Promise<void>((resolve) => {
      loaded = resolve;
    });
    this.#listeners.set(sessionId, (method, params) => {
      if (method === 'Page.loadEventFired') loaded();
      else if (method === 'Inspector.targetCrashed') this.#failSession(sessionId, new Error('the page crashed'));
      else if (method === 'Runtime.consoleAPICalled') print(lineOf(params));
    });
    const send = (method: string, params: Record<string, unknown>) => this.#send(method, params, sessionId);
    await Promise.all([send('Page.enable', {}), send('Runtime.enable', {}), send('Inspector.enable', {})]);
    const { errorText } = await send('Page.navigate', { url });
    if (errorText) throw new Error(`the page can't be loaded: ${errorText}`);
    await whole;
    return {
      async evaluate<T>(expression: string): Promise<T> {
        const { result, exceptionDetails } = (await send('Runtime.evaluate', {
          expression,
          awaitPromise: true,
          returnByValue: true,
        })) as {
          result?: { value?: unknown };
          exceptionDetails?: { text?: string; exception?: { description?: string } };
        };
        if (exceptionDetails)
          throw new Error(firstLine(exceptionDetails.exception?.description ?? exceptionDetails.text ?? 'unknown'));
        return result?.value as T;
      },
      close: async () => {
        this.#listeners.delete(sessionId);
        if (!this.ended) await this.#send('Target.closeTarget', { targetId }).catch(() => {});
      },
    };
  }

  close(): void {
    process.off('exit', this.#onExit);
    this.#onExit();
  }

  readonly #onExit = (): void => {
    const { pid } = this.#child;
    try {
      if (pid !== undefined && process.platform !== 'win32') process.kill(-pid, 'SIGKILL');
      else this.#child.kill('SIGKILL');
    } catch {
      // It has ended by itself.
    }
    remove(this.#profile);
  };

  #send(method: string, params: Record<string, unknown>, sessionId?: string): Promise<Record<string, unknown>> {
    if (this.#end) return Promise.reject(this.#end);
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { sessionId, resolve, reject });
      const message: Message = { id, method, params, ...(sessionId === undefined ? {} : { sessionId }) };
      (this.#child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    });
  }

  #listen(stream: Readable): void {
    let pieces: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => {
      let from = 0;
      for (let at = chunk.indexOf(0); at >= 0; at = chunk.indexOf(0, from)) {
        pieces.push(chunk.subarray(from, at));
        this.#hear(JSON.parse(Buffer.concat(pieces).toString('utf8')) as Message);
        pieces = [];
        from = at + 1;
      }
      if (from < chunk.length) pieces.push(chunk.subarray(from));
    });
    stream.on('error', () => {});
  }

  #hear({ id, sessionId, method, params, result, error }: Message): void {
    if (id === undefined) {
      if (sessionId !== undefined && method !== undefined) this.#listeners.get(sessionId)?.(method, params ?? {});
      return;
    }
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) call?.reject(new Error(error.message));
    else call?.resolve(result ?? {});
  }

  /** A crashed page answers no more. */
  #failSession(sessionId: string, e: Error): void {
    for (const [id, call] of this.#waiting)
      if (call.sessionId === sessionId) {
        this.#waiting.delete(id);
        call.reject(e);
      }
  }
}

/** The browser's processes write files, and even make the folder anew, for a while after they were killed. */
function remove(folder: string): void {
  for (let tries = 0, gone = 0; tries < 40 && gone < 3; tries++) {
    gone = existsSync(folder) ? 0 : gone + 1;
    removeAll(folder);
    // Waits without an event loop, since this may be the process's end.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
}

/** Not rmSync: that of Node 24 ends the process where files come and go under its hands. */
function removeAll(path: string): void {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) removeAll(inner);
      else unlinkSync(inner);
    }
    rmdirSync(path);
  } catch {
    // Somebody was faster, or has just written into it.
  }
}

/** Runtime.consoleAPICalled as one line. */
function lineOf(params: Record<string, unknown>): string {
  const args = (params.args ?? []) as { value?: unknown; description?: string; unserializableValue?: string }[];
  return args.map((a) => String(a.value ?? a.unserializableValue ?? a.description ?? '')).join(' ');
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').replace(/^(Uncaught )?Error: /, '');
