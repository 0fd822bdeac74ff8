/** What goes into the bundle, and what the workflows may. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { packageOf } from '../src/tools/licences.js';
import { sbomOf } from '../src/tools/sbom.js';

const ROOT = path.join(import.meta.dirname, '..');
const json = (file: string) => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));
const lockfile = json('package-lock.json').packages as Record<
  string,
  { version?: string; integrity?: string; optional?: boolean }
>;

test('the bill of materials names each package with its hash, licence and address', () => {
  const packages = ['picomatch', '@actions/core'].map((name) => {
    const found = packageOf(path.join(ROOT, 'node_modules', ...name.split('/'), 'package.json'));
    if (!found) throw new Error(`${name} is not installed`);
    return found;
  });
  const root = { name: 'onnx2keras-action', version: '1.2.3' };
  const bill = JSON.parse(sbomOf(packages, lockfile, root));
  expect(bill).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: { type: 'application', name: root.name, version: root.version } },
  });
  const { version } = json('node_modules/@actions/core/package.json');
  expect(bill.components[0]).toMatchObject({
    type: 'library',
    group: '@actions',
    name: 'core',
    version,
    purl: `pkg:npm/%40actions/core@${version}`,
    licenses: [{ license: { id: 'MIT' } }],
  });
  const { integrity } = lockfile['node_modules/@actions/core'] as { integrity: string };
  expect(Buffer.from(bill.components[0].hashes[0].content, 'hex').toString('base64')).toBe(
    integrity.slice('sha512-'.length),
  );
  expect(bill.components[1]).toMatchObject({ name: 'picomatch' });
  expect(sbomOf([...packages].reverse(), lockfile, root)).toBe(sbomOf(packages, lockfile, root));
  expect(() => sbomOf(packages, {}, root)).toThrow('package-lock.json has no SHA-512 of @actions/core');
});

// Optional ones are binaries of the tools, for other machines than the one that made the lockfile.
test('every package that is always installed has a SHA-512, and none needs its install script', () => {
  const without = Object.entries(lockfile).filter(
    ([folder, one]) => folder !== '' && !one.optional && !one.integrity?.startsWith('sha512-'),
  );
  expect(without.map(([folder]) => folder)).toEqual([]);
  expect(readFileSync(path.join(ROOT, '.ci/run'), 'utf8')).toMatch(/npm ci --ignore-scripts/);
});

const workflows = readdirSync(path.join(ROOT, '.github/workflows'));
test.each(workflows)('%s may no more than it needs, and runs nobody else with its rights', (name) => {
  const text = readFileSync(path.join(ROOT, '.github/workflows', name), 'utf8');
  const { permissions, jobs, on } = parse(text) as {
    permissions?: Record<string, string>;
    on: Record<string, unknown>;
    jobs: Record<string, { permissions?: Record<string, string> }>;
  };
  expect(permissions).toBeDefined();
  expect(Object.values(permissions ?? {}).filter((right) => right === 'write')).toEqual([]);
  for (const { permissions: rights = {} } of Object.values(jobs)) {
    const writes = Object.entries(rights).filter(([, right]) => right === 'write');
    // one right a job at most: to move a tag, or to prove who publishes
    expect(writes.length).toBeLessThanOrEqual(1);
    expect(writes.filter(([what]) => what !== 'contents' && what !== 'id-token')).toEqual([]);
    if (writes.length > 0) expect(name).toBe('release.yml');
  }
  expect(Object.keys(on)).not.toContain('pull_request_target');
  expect(text).not.toMatch(/write-all|secrets\./);
});

test('the licences of all that is in dist/ stand beside it', () => {
  expect(existsSync(path.join(ROOT, 'dist/licenses.txt'))).toBe(true);
});
