/** A child of the pool that misbehaves on request. Plain JavaScript, since it is started as a program of its own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { serve } from '../../lib/run/serve.js';
import { leaveNetwork } from '../../lib/verify/process/network.js';

const kept = [];

leaveNetwork();
serve({
  echo: (request) => request,
  pid: () => process.pid,
  environment: () => process.env,
  steps: async (request, progress) => {
    for (const step of request) progress(step);
    return 'done';
  },
  write: (file) => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, 'written');
    return 'written';
  },
  fetch: (url) => fetch(url).then((r) => r.text()),
  get: (url) => new Promise((resolve, reject) => http.get(url, (r) => resolve(r.statusCode)).on('error', reject)),
  throw: () => {
    throw new TypeError('not what it should be');
  },
  exit: () => {
    process.stderr.write('goodbye');
    process.exit(7);
  },
  abort: () => process.abort(),
  hang: () => {
    for (;;);
  },
  shout: ({ bytes }) => {
    const line = `::error::forged\n${'x'.repeat(1000)}\n`;
    return new Promise((resolve) => {
      const go = (left) => (left <= 0 ? resolve('said') : process.stdout.write(line, () => go(left - line.length)));
      go(bytes);
    });
  },
  'fill the heap': () => {
    const all = [];
    for (;;) all.push(new Array(1000).fill({}));
  },
  'fill the memory': async ({ bytes }) => {
    for (let held = 0; held < bytes; held += 2 ** 24) {
      kept.push(Buffer.alloc(2 ** 24, 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return kept.length;
  },
  'allocate too much': () => new ArrayBuffer(2 ** 53 - 1).byteLength,
});
