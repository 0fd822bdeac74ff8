/** What is generated is fresh, and what the documentation names is there. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { inputName, optionsOf } from '../src/run/options.js';
import { withTables } from '../src/tools/readme.js';
import { TOOL } from '../src/version.js';

const ROOT = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const manifest = JSON.parse(read('package.json'));

/** Every Markdown file that is ours, by its path. */
const pages = ['.', 'docs', 'examples', 'src', 'test', 'bench', 'schema']
  .filter((folder) => existsSync(join(ROOT, folder)))
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: folder !== '.', encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file).replaceAll('\\', '/')),
  )
  // reports that tests compare with are not documentation
  .filter((file) => !file.startsWith('test/') || file.endsWith('README.md'));

test("README's tables are what action.yml says", () => {
  expect(withTables(read('README.md'), read('action.yml'))).toBe(read('README.md'));
});

test('a stale table would be noticed', () => {
  const other = read('action.yml').replace(/default: .*/, 'default: "something else"');
  expect(withTables(read('README.md'), other)).not.toBe(read('README.md'));
});

test('action.yml declares the inputs that the program reads, with the same defaults', () => {
  const { inputs } = parse(read('action.yml')) as { inputs: Record<string, { default?: string }> };
  const declared = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default ?? '']));
  const known = Object.fromEntries(optionsOf('action').map(([key, option]) => [inputName(key), option.default]));
  expect(declared).toEqual(expect.objectContaining(known));
  expect(Object.keys(declared).filter((name) => !Object.hasOwn(known, name))).toEqual([]);
});

test.each(pages)('%s: every relative link leads to a file', (page) => {
  const text = read(page).replaceAll(/```[\s\S]*?```/g, '');
  const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target as string);
  const dead = targets.filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(ROOT, dirname(page), target)));
  expect(dead).toEqual([]);
});

test.each(pages)('%s: every npm script that it names exists', (page) => {
  const named = [...read(page).matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name as string);
  expect(named.filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([]);
});

test('the version in the sources is that of package.json, and the changelog knows it', () => {
  expect(TOOL).toEqual({ name: manifest.name, version: manifest.version });
  expect(read('CHANGELOG.md')).toMatch(new RegExp(`^## (${manifest.version.replaceAll('.', '\\.')}|Unreleased)`, 'm'));
});

test('generated sources are what their generators write', () => {
  const generated = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    // made from ONNX's own list of schemas, which is not part of this repository
    .filter((file) => file.includes('.generated.') && !file.endsWith('schema.generated.ts'))
    .map((file) => join('src', file));
  expect(generated.length).toBeGreaterThan(2);
  const copy = mkdtempSync(join(tmpdir(), 'onnx2keras-generated-'));
  try {
    for (const name of ['src', 'package.json']) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
    for (const file of generated) rmSync(join(copy, file));
    for (const command of (manifest.scripts.generate as string).split(' && '))
      execFileSync(process.execPath, command.split(' ').slice(1), { cwd: copy, timeout: 150_000, stdio: 'pipe' });
    for (const file of generated) expect(readFileSync(join(copy, file), 'utf8')).toBe(read(file));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

describe('package-lock.json', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { resolved?: string; optionalDependencies?: object; hasInstallScript?: boolean }>;
  };

  test('names no registry, so that it serves with any', () => {
    expect(Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  });

  test('has an entry for every optional package of every platform (npm run lockfile)', () => {
    const keys = Object.keys(packages);
    const optional = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    expect(optional.length).toBeGreaterThan(10);
    expect(optional.filter((name) => !keys.some((key) => key.endsWith(`node_modules/${name}`)))).toEqual([]);
  });

  test('leaves out @tensorflow/tfjs-node, whose installer downloads', () => {
    expect(Object.keys(packages).filter((key) => key.endsWith('/tfjs-node'))).toEqual([]);
    expect(manifest.peerDependenciesMeta['@tensorflow/tfjs-node']).toEqual({ optional: true });
  });
});
