/** The hash of a large file, made by a thread of its own, beside that by Node's one call for it. */
import { hash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sha256Beside } from '../../src/onnx/digest.js';
import { fileSource, memorySource, SourceError } from '../../src/onnx/source.js';

const folder = mkdtempSync(path.join(tmpdir(), 'digest-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of 64 MiB and some bytes. */
function large(name: string): string {
  const file = path.join(folder, name);
  // No two blocks of 64 KiB are the same.
  const bytes = new Uint32Array(2 ** 24);
  for (let i = 0; i < bytes.length; i += 16) bytes[i] = i;
  writeFileSync(file, bytes);
  appendFileSync(file, 'an odd end');
  return file;
}

test('a large file has the hash that it has, however often one asks', () => {
  const file = large('a');
  const digest = sha256Beside(fileSource(file));
  expect(digest?.()).toBe(hash('sha256', readFileSync(file)));
  expect(digest?.()).toBe(hash('sha256', readFileSync(file)));
});

test('a file that was changed meanwhile has none', () => {
  const file = large('b');
  const digest = sha256Beside(fileSource(file));
  appendFileSync(file, 'and more');
  expect(digest).toThrow(SourceError);
});

test('a small file, and what is in memory, is not worth a thread', () => {
  const file = path.join(folder, 'c');
  writeFileSync(file, 'short');
  expect(sha256Beside(fileSource(file))).toBeUndefined();
  expect(sha256Beside(memorySource(new Uint8Array(2 ** 26), 'm'))).toBeUndefined();
});
