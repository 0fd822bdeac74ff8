import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { findModels, isInside } from '../../src/run/find.js';
import { folder, removeFolders } from './folders.js';

afterAll(removeFolders);

const TREE = [
  'a.onnx',
  'b.ONNX',
  'models/z.onnx',
  'models/B.onnx',
  'models/a/deep.onnx',
  'models/old/x.onnx',
  'models/notes.md',
  'models/.hidden/h.onnx',
  'node_modules/p/n.onnx',
  'models/node_modules/q/n.onnx',
  '.git/g.onnx',
  'we [ird]/{x}.onnx',
];
const tree = (extra: string[] = []) => folder(Object.fromEntries([...TREE, ...extra].map((name) => [name, name])));
const paths = async (patterns: string[], base: string, more = {}) =>
  (await findModels({ patterns, base, ...more })).models.map((m) => m.path);

test('the default glob finds every model but those of others and hidden ones, in the order of their paths', async () => {
  expect(await paths(['**/*.onnx'], tree())).toEqual([
    'a.onnx',
    'models/B.onnx',
    'models/a/deep.onnx',
    'models/old/x.onnx',
    'models/z.onnx',
    'we [ird]/{x}.onnx',
  ]);
});

describe('the root', () => {
  test('of a glob is its literal prefix', async () => {
    expect(await paths(['models/**/*.onnx'], tree())).toEqual(['B.onnx', 'a/deep.onnx', 'old/x.onnx', 'z.onnx']);
    expect(await paths(['models/a*/*.onnx'], tree())).toEqual(['a/deep.onnx']);
    expect(await paths(['{a,models/z}.onnx'], tree())).toEqual(['a.onnx', 'models/z.onnx']);
  });
  test('of a folder is the folder', async () => {
    expect(await paths(['models'], tree())).toEqual(['B.onnx', 'a/deep.onnx', 'old/x.onnx', 'z.onnx']);
    expect(await paths(['./models/'], tree())).toHaveLength(4);
    expect(await paths(['we [ird]'], tree())).toEqual(['{x}.onnx']);
  });
  test('of a file is its parent, whatever it is called', async () => {
    expect(await paths(['models/a/deep.onnx', 'we [ird]/{x}.onnx', 'b.ONNX'], tree())).toEqual([
      'b.ONNX',
      'deep.onnx',
      '{x}.onnx',
    ]);
    expect(await paths(['models/notes.md'], tree())).toEqual(['notes.md']);
  });
  test('of an absolute pattern outside the base holds, too', async () => {
    const root = tree();
    expect(await paths([root], folder())).toEqual(await paths(['.'], root));
    expect(await paths([`${root}/models/*.onnx`], folder())).toEqual(['B.onnx', 'z.onnx']);
    expect(await paths([`../${path.basename(root)}/models`], folder())).toContain('a/deep.onnx');
  });
});

test('a model is shown from the base where it is inside, whatever its root', async () => {
  const root = tree();
  const [model] = (await findModels({ patterns: ['models/a'], base: root })).models;
  expect(model).toMatchObject({
    path: 'deep.onnx',
    shown: 'models/a/deep.onnx',
    file: path.join(root, 'models/a/deep.onnx'),
    bytes: 18,
  });
});

test('excludes hold for every pattern, for folders and in any order', async () => {
  const root = tree();
  expect(await paths(['!models/old', 'models', '!**/z.onnx'], root)).toEqual(['B.onnx', 'a/deep.onnx']);
  expect(await paths(['models/z.onnx', '!models/*.onnx'], root)).toEqual([]);
  expect(await paths([`${root}/models`, `!${root}/models/a/**`], folder())).toEqual(['B.onnx', 'old/x.onnx', 'z.onnx']);
});

test('node_modules and .git are never searched, even when named', async () => {
  expect(await paths(['node_modules/**/*.onnx', '.git', '.git/g.onnx', 'models/node_modules'], tree())).toEqual([]);
  expect(await paths([tree()], folder())).not.toContain('models/node_modules/q/n.onnx');
});

test('a hidden folder is found by a pattern that names it', async () => {
  expect(await paths(['models/.hidden/*.onnx'], tree())).toEqual(['h.onnx']);
});

test('symbolic links are not followed: neither folders, nor files, nor a file given', async () => {
  const root = tree();
  const outside = folder({ 'secret.onnx': 'x' });
  symlinkSync(outside, path.join(root, 'models/link'));
  symlinkSync(path.join(outside, 'secret.onnx'), path.join(root, 'models/link.onnx'));
  symlinkSync('nowhere', path.join(root, 'models/dangling.onnx'));
  const found = await paths(['**/*.onnx', 'models/link.onnx'], root);
  expect(found.filter((p) => p.includes('link') || p.includes('secret') || p.includes('dangling'))).toEqual([]);
});

test('names with line ends, wildcards and quotes are found as any other', async () => {
  const names = ['a\nb/m.onnx', '*.onnx', '[a].onnx', "it's.onnx", 'x\n.onnx', '$(x).onnx', '!not.onnx'];
  const root = folder(Object.fromEntries(names.map((name) => [name, ''])));
  expect(await paths(['**/*.onnx'], root)).toEqual([...names].sort());
  expect(await paths(['[[]a].onnx', './!not.onnx'], root)).toEqual(['!not.onnx', '[a].onnx']);
});

test('a folder named as a model is not one', async () => {
  const root = folder({ 'x.onnx/inner.txt': '' });
  expect(await paths(['**/*.onnx'], root)).toEqual([]);
});

test('what an earlier run wrote is not searched', async () => {
  const root = folder({ 'm.onnx': '', 'out/divergence/n.onnx': '' });
  expect(await paths(['**/*.onnx'], root, { output: path.join(root, 'out') })).toEqual(['m.onnx']);
});

test('a file that two patterns match is one model, and the first gives its root', async () => {
  expect(await paths(['models/a', '**/deep.onnx'], tree())).toEqual(['deep.onnx']);
});

test('a pattern without wildcards at which there is nothing is told', async () => {
  expect(await findModels({ patterns: ['nix.onnx', '*.nix'], base: tree() })).toEqual({
    models: [],
    missing: ['nix.onnx'],
  });
});

describe('a search within a workspace', () => {
  test.each(['..', '../**/*.onnx', '/', '{a,../..}/*.onnx'])('%s finds nothing outside', async (pattern) => {
    const root = tree();
    const found = await findModels({ patterns: [pattern], base: root, within: root }).catch((e) => e);
    if (found instanceof Error) expect(found.message).toContain('leads out of the workspace');
    else expect(found.models.filter((m: { file: string }) => !m.file.startsWith(root))).toEqual([]);
  });
  test('refuses a root that a link leads out of it', async () => {
    const root = tree();
    symlinkSync(folder({ 'secret.onnx': '' }), path.join(root, 'escape'));
    await expect(findModels({ patterns: ['escape'], base: root, within: root })).rejects.toThrow(
      'leads out of the workspace',
    );
    await expect(findModels({ patterns: ['escape/*.onnx'], base: root, within: root })).rejects.toThrow(
      'leads out of the workspace',
    );
    expect(await paths(['*/*.onnx', '{escape,models}/*.onnx'], root, { within: root })).not.toContain(
      'escape/secret.onnx',
    );
    expect(await paths(['escape/*.onnx'], root)).toEqual(['secret.onnx']);
  });
});

describe('places that collide are refused', () => {
  test.each([
    ['the same folder', { 'a/m.onnx': '', 'b/m.onnx': '' }, ['a', 'b'], 'the same folder'],
    ['equal but for case', { 'a/m.onnx': '', 'a/M.onnx': '' }, ['a'], 'upper and lower case'],
    ['equal folders but for case', { 'A/m.onnx': '', 'a/m.onnx': '' }, ['**/*.onnx'], 'upper and lower case'],
    [
      'equal but for how an accent is composed',
      { 'a/\u00e9.onnx': '', 'a/e\u0301.onnx': '' },
      ['a'],
      'upper and lower case',
    ],
    ['one inside the other', { 'a/m.onnx': '', 'b/m.onnx/n.onnx': '' }, ['a', 'b'], 'one inside the other'],
    ['where the reports go', { 'report/report.json': '' }, ['rep*/*.json'], 'where the reports go'],
  ])('%s', async (_, files, patterns, words) => {
    await expect(findModels({ patterns, base: folder(files) })).rejects.toThrow(words);
  });
  test('names that only look alike are not', async () => {
    expect(await paths(['**/*.onnx'], folder({ 'a.onnx': '', 'a.onnx.onnx': '', 'report/a.onnx': '' }))).toHaveLength(
      3,
    );
  });
});

test('inside is by whole names', () => {
  expect(isInside('/a/b', '/a/b/c')).toBe(true);
  expect(isInside('/a/b', '/a/b')).toBe(true);
  expect(isInside('/a/b', '/a/b-evil')).toBe(false);
  expect(isInside('/a/b', '/a')).toBe(false);
  expect(isInside('/a/b', '/a/b/..c')).toBe(true);
});
