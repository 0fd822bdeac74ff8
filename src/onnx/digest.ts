import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { type Source, SourceError } from './source.js';

/** Hexadecimal digest of a source, read in pieces. Throws SourceError. */
export function digestOf(source: Source, algorithm: 'sha256' | 'sha1'): string {
  const hash = createHash(algorithm);
  const piece = new Uint8Array(Math.min(2 ** 20, Math.max(1, source.size)));
  const file = source.open();
  try {
    for (let at = 0; at < source.size; ) {
      const n = file.read(piece, at);
      if (n === 0) throw new SourceError(source.name, 'the file became shorter while it was being read');
      hash.update(piece.subarray(0, n));
      at += n;
    }
  } finally {
    file.close();
  }
  return hash.digest('hex');
}

/** Smaller files are hashed before a thread has started. */
const LARGE_BYTES = 64 * 2 ** 20;
/** A thread that hasn't got on for so long is not waited for. */
const PATIENCE_MS = 2000;

/** Tells how many megabytes it has hashed (0), and whether it is done (1) or has failed (2); then the digest's bytes. */
const THREAD = `
  const { createHash } = require('node:crypto');
  const { closeSync, openSync, readSync } = require('node:fs');
  const { path, size, shared } = require('node:worker_threads').workerData;
  const [progress, state] = [new Int32Array(shared, 0, 1), new Int32Array(shared, 4, 1)];
  let end = 2;
  try {
    const hash = createHash('sha256');
    const piece = new Uint8Array(2 ** 20);
    const file = openSync(path, 'r');
    let at = 0;
    for (let n = 1; at < size && n > 0; at += n, Atomics.add(progress, 0, 1)) {
      n = readSync(file, piece, 0, Math.min(piece.length, size - at), at);
      hash.update(piece.subarray(0, n));
    }
    closeSync(file);
    new Uint8Array(shared, 8).set(hash.digest());
    if (at === size) end = 1;
  } catch {}
  Atomics.store(state, 0, end);
  Atomics.notify(state, 0);`;

/**
 * Has a large file hashed by a thread of its own. What is given waits for the SHA-256, and throws SourceError where the file
 * can't be read, or was changed; undefined where the source isn't worth a thread.
 */
export function sha256Beside(source: Source): (() => string) | undefined {
  const { path, size } = source;
  if (path === undefined || size < LARGE_BYTES) return undefined;
  const shared = new SharedArrayBuffer(8 + 32);
  const [progress, state] = [new Int32Array(shared, 0, 1), new Int32Array(shared, 4, 1)];
  const thread = new Worker(THREAD, { eval: true, env: {}, workerData: { path, size, shared } });
  // Whatever it ends by, it has been heard of by its state, or is not waited for.
  thread.on('error', () => {});
  thread.unref();
  let known: string | undefined;
  return () => {
    known ??= waited(progress, state) ? hexOf(shared, source) : digestOf(source, 'sha256');
    return known;
  };
}

/** Whether the thread has come to its end. */
function waited(progress: Int32Array, state: Int32Array): boolean {
  for (let before = -1; ; ) {
    if (Atomics.wait(state, 0, 0, PATIENCE_MS) !== 'timed-out') return Atomics.load(state, 0) === 1;
    const now = Atomics.load(progress, 0);
    if (now === before) return false;
    before = now;
  }
}

function hexOf(shared: SharedArrayBuffer, source: Source): string {
  // Throws where it isn't the file any more that was parsed.
  source.open().close();
  return Buffer.from(new Uint8Array(shared, 8)).toString('hex');
}
