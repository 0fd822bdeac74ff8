import { randomBytes } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';

/** What stands at an address: bytes, or a file. */
export type Content = Uint8Array | { readonly file: string };

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Own scripts alone, and the workers that TensorFlow.js's threads make of them; data from here alone. */
const POLICY =
  "default-src 'none'; script-src 'self' blob: 'unsafe-eval'; worker-src 'self' blob:; connect-src 'self' data: blob:";

/**
 * Serves a page on loopback to whoever knows its address, of which a random token is a part: what was put there is given,
 * and what the page posts is kept until it is taken. With the headers that threads in WebAssembly need.
 */
export class PageServer {
  readonly #server: Server;
  readonly #token = randomBytes(16).toString('hex');
  readonly #contents = new Map<string, Content>();
  readonly #posted = new Map<string, Uint8Array>();

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.maxConnections = 16;
  }

  static async start(): Promise<PageServer> {
    const server = new PageServer();
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `http://127.0.0.1:1234/<token>/<path>` */
  address(path: string): string {
    return `http://127.0.0.1:${this.port}/${this.#token}/${path}`;
  }

  put(path: string, content: Content): void {
    this.#contents.set(path, content);
  }

  /** Takes away what begins so. */
  clear(prefix: string): void {
    for (const map of [this.#contents, this.#posted])
      for (const path of map.keys()) if (path.startsWith(prefix)) map.delete(path);
  }

  /** What was posted there; it is given once. */
  take(path: string): Uint8Array | undefined {
    const bytes = this.#posted.get(path);
    this.#posted.delete(path);
    return bytes;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const prefix = `/${this.#token}/`;
    const url = (request.url ?? '').replace(/[?#].*$/, '');
    if (request.headers.host !== `127.0.0.1:${this.port}` || !url.startsWith(prefix)) {
      response.writeHead(404).end();
      return;
    }
    const path = decodeURIComponent(url.slice(prefix.length));
    if (request.method === 'POST') this.#receive(path, request, response);
    else this.#send(path, response);
  }

  #receive(path: string, request: IncomingMessage, response: ServerResponse): void {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      // A copy of its own: small buffers share memory, and typed arrays need their bytes aligned.
      this.#posted.set(path, new Uint8Array(Buffer.concat(pieces)));
      response.writeHead(204).end();
    });
    request.on('error', () => {});
  }

  #send(path: string, response: ServerResponse): void {
    const content = this.#contents.get(path);
    if (!content) {
      response.writeHead(404).end();
      return;
    }
    const isFile = !ArrayBuffer.isView(content);
    response.writeHead(200, {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'content-length': isFile ? statSync(content.file).size : content.byteLength,
      'content-security-policy': POLICY,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
    if (isFile)
      createReadStream(content.file)
        .on('error', () => response.destroy())
        .pipe(response);
    else response.end(content);
  }
}
