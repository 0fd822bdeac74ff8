/** What the fuzzer has found, and has been mended since: each a folder of `cases/`, run as the fuzzer runs it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CPU_LIMIT_MS, readCase } from './case.js';
import { codesOf, runCase } from './targets.js';

const CASES = join(import.meta.dirname, 'cases');
let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'fuzz-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test.each(readdirSync(CASES).sort())('%s gives nothing but diagnostics', (name) => {
  const c = readCase(join(CASES, name));
  const before = process.cpuUsage();
  expect(runCase(c, root)).toBeUndefined();
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(CPU_LIMIT_MS);
  if (c.codes) expect(codesOf(c, root)).toEqual(expect.arrayContaining([...c.codes]));
});
