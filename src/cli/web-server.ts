/**
 * Serves a folder to the browsers of this machine, and to nobody else: on loopback, files below the folder alone, reading
 * only, and a bounded number of connections.
 */
import { createReadStream } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { isInside } from '../run/find.js';

export interface WebServer {
  /** `http://127.0.0.1:8080/` */
  address: string;
  close(): Promise<void>;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.xml': 'text/xml; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Scripts and data come from here alone; WebAssembly may be compiled; inline scripts are those of index.html, by its own policy. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const MOST_CONNECTIONS = 64;
const TIMEOUT_MS = 30_000;

/** `port` 0: any that is free. Throws what the system says where the port is taken or the folder isn't there. */
export async function serveFolder(folder: string, port: number): Promise<WebServer> {
  const root = await realpath(folder);
  const server = createServer(
    { requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS, maxHeaderSize: 16_384 },
    (request, response) => {
      answer(root, server, request, response).catch(() => end(response, 500));
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(root: string, server: Server, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { port } = server.address() as AddressInfo;
  // A name that an attacker's page made point here would let it read what is served.
  if (![`127.0.0.1:${port}`, `localhost:${port}`].includes(request.headers.host ?? '')) return end(response, 403);
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405);
  let place: string;
  try {
    place = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
  } catch {
    return end(response, 400);
  }
  if (place.includes('\0')) return end(response, 400);
  // Browsers ask for it unbidden.
  if (place === '/favicon.ico') return end(response, 204);
  if (place === '/') {
    response.setHeader('location', '/report/index.html');
    return end(response, 302);
  }
  const file = path.join(root, ...place.split('/').filter((step) => step !== ''));
  const real = await realpath(file).catch(() => undefined);
  if (real === undefined || !isInside(root, real) || !(await lstat(real)).isFile()) return end(response, 404);
  await send(real, request, response);
}

async function send(file: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const isReport = path.basename(file) === 'index.html' && path.basename(path.dirname(file)) === 'report';
    response.writeHead(200, {
      'content-type': TYPES[path.extname(file).toLowerCase()] ?? 'application/octet-stream',
      'content-length': size,
      // With no-store, TensorFlow.js's loader would wait for ever on a model of many shards.
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      // The report's page names its own script and style by their hashes.
      ...(isReport ? {} : { 'content-security-policy': POLICY }),
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const stream = createReadStream('', { fd: handle.fd, autoClose: false });
    await new Promise<void>((resolve, reject) => {
      stream.on('error', reject);
      response.on('close', resolve);
      stream.pipe(response);
    });
    stream.destroy();
  } finally {
    await handle.close();
  }
}

function end(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'text/plain' });
  response.end(status >= 400 ? `${status}\n` : '');
}
