/** What serve gives away, and to whom. */
import { symlinkSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { serveFolder, type WebServer } from '../../src/cli/web-server.js';
import { folder, removeFolders } from './folders.js';

let server: WebServer;
let root: string;
beforeAll(async () => {
  const outside = folder({
    'secret.txt': 'secret',
    'out/report/index.html': '<p>report',
    'out/a b/m.json': '{}',
    'out/x.wasm': 'x',
  });
  root = path.join(outside, 'out');
  symlinkSync(path.join(outside, 'secret.txt'), path.join(root, 'link.txt'));
  server = await serveFolder(root, 0);
});
afterAll(async () => {
  await server.close();
  removeFolders();
});

/** Asks as no browser would, too: the path goes out as it stands. */
function ask(place: string, { method = 'GET', host }: { method?: string; host?: string } = {}) {
  const { hostname, port } = new URL(server.address);
  return new Promise<{ status?: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const asked = request(
      { hostname, port, path: place, method, headers: { host: host ?? `${hostname}:${port}` } },
      (response) => {
        let body = '';
        response
          .on('data', (chunk) => (body += chunk))
          .on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      },
    );
    asked.on('error', reject).end();
  });
}

test('files of the folder, with their types', async () => {
  expect(await ask('/report/index.html')).toMatchObject({
    status: 200,
    body: '<p>report',
    headers: { 'content-type': 'text/html; charset=utf-8' },
  });
  expect(await ask('/a%20b/m.json?x=1')).toMatchObject({ status: 200, body: '{}' });
  expect((await ask('/x.wasm')).headers['content-type']).toBe('application/wasm');
  expect(await ask('/report/index.html', { method: 'HEAD' })).toMatchObject({
    status: 200,
    body: '',
    headers: { 'content-length': '9' },
  });
});

test('the report for the root, and no more than that for folders', async () => {
  expect(await ask('/')).toMatchObject({ status: 302, headers: { location: '/report/index.html' } });
  expect((await ask('/report')).status).toBe(404);
  expect((await ask('/report/')).status).toBe(404);
});

test.each([
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/report/../../secret.txt',
  '/link.txt',
  '//etc/passwd',
  '/%00',
  '/%zz',
  '/nothing',
])('nothing from outside: %s', async (place) => {
  const { status, body } = await ask(place);
  expect([400, 404]).toContain(status);
  expect(body).not.toContain('secret');
});

test('reading only, and nobody who came by another name', async () => {
  expect((await ask('/report/index.html', { method: 'POST' })).status).toBe(405);
  expect((await ask('/report/index.html', { host: 'evil.test' })).status).toBe(403);
  expect((await ask('/report/index.html', { host: `localhost:${new URL(server.address).port}` })).status).toBe(200);
});

test('on loopback alone', () => expect(new URL(server.address).hostname).toBe('127.0.0.1'));
