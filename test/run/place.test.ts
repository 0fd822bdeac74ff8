import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { statSync } from 'node:fs';
import path from 'node:path';
import { convertModel } from '../../src/convert/convert.js';
import { type Moment, mkdirInside, scratchBelow, stage, sweep, writeWhole } from '../../src/run/place.js';
import { makeFolder } from '../../src/verify/make-folder.js';
import { folder, removeFolders } from './folders.js';
import { onnxCase } from './repository.js';

afterAll(removeFolders);

const put = (root: string, name: string, text: string) => writeFileSync(path.join(root, name), text);
/** Stages `name` below `root`; without the scratch folder, the root is as the stage leaves it. */
const staged = (root: string, name: string, passed?: (moment: Moment) => void) =>
  stage(path.join(root, name), { draft: path.join(root, '.partial-1-00000000', 'model'), within: root, passed });
const scratch = '.partial-1-00000000';
const left = (root: string) => {
  expect(readdirSync(path.join(root, scratch))).toEqual([]);
  return readdirSync(root).filter((name) => name !== scratch);
};

test('a folder appears whole, in the stead of the old one, with nothing beside it', async () => {
  const root = folder({ 'm.onnx/model.json': 'old', 'm.onnx/old.bin': 'old' });
  const moments: Moment[] = [];
  const staging = await staged(root, 'm.onnx', (moment) => moments.push(moment));
  put(staging.folder, 'model.json', 'new');
  expect(readFileSync(path.join(root, 'm.onnx/model.json'), 'utf8')).toBe('old');
  await staging.commit();
  expect(left(root)).toEqual(['m.onnx']);
  expect(readdirSync(path.join(root, 'm.onnx'))).toEqual(['model.json']);
  expect(readFileSync(path.join(root, 'm.onnx/model.json'), 'utf8')).toBe('new');
  expect(moments).toEqual(['staged', 'written', 'synced', 'set aside', 'renamed', 'removed']);
});

test('a failure leaves nothing, not even what an earlier run wrote', async () => {
  const root = folder({ 'm.onnx/model.json': 'old' });
  const staging = await staged(root, 'm.onnx');
  put(staging.folder, 'group1-shard1of1.bin', 'half');
  await staging.discard();
  expect(left(root)).toEqual([]);
});

test('a cancelled run leaves what was there before', async () => {
  const root = folder({ 'm.onnx/model.json': 'old' });
  await (await staged(root, 'm.onnx')).abandon();
  expect(left(root)).toEqual(['m.onnx']);
});

test('where the new folder can not take its place, the old one stays', async () => {
  const root = folder({ 'm.onnx/model.json': 'old' });
  const staging = await staged(root, 'm.onnx', (moment) => {
    // As another program might, between the two renames.
    if (moment === 'set aside') rmSync(staging.folder, { recursive: true });
  });
  await expect(staging.commit()).rejects.toThrow('ENOENT');
  expect(left(root)).toEqual(['m.onnx']);
  expect(readFileSync(path.join(root, 'm.onnx/model.json'), 'utf8')).toBe('old');
});

test('a draft begins empty, whatever was there', async () => {
  const root = folder({ [`${scratch}/model/half.bin`]: 'half', [`${scratch}/model.old/model.json`]: 'old' });
  const staging = await staged(root, 'm.onnx');
  expect(readdirSync(staging.folder)).toEqual([]);
  await staging.commit();
  expect(left(root)).toEqual(['m.onnx']);
});

test('what is neither a file nor a folder takes no place', async () => {
  const root = folder({ 'secret.txt': '' });
  const staging = await staged(root, 'm.onnx');
  symlinkSync('../../secret.txt', path.join(staging.folder, 'model.json'));
  await expect(staging.commit()).rejects.toThrow('model.json is neither a file nor a folder');
  expect(existsSync(path.join(root, 'm.onnx'))).toBe(false);
});

test('a link that lay in the output directory leads nobody out of it', async () => {
  const outside = folder();
  const root = folder({ 'real/x': '' });
  symlinkSync(outside, path.join(root, 'models'));
  symlinkSync('real', path.join(root, 'inside'));
  await expect(staged(root, 'models/deep/m.onnx')).rejects.toThrow('is a symbolic link that leads out');
  await expect(mkdirInside(path.join(root, 'models'), root)).rejects.toThrow('is a symbolic link that leads out');
  expect(readdirSync(outside)).toEqual([]);
  await (await staged(root, 'inside/m.onnx')).commit();
  expect(readdirSync(path.join(root, 'real')).sort()).toEqual(['m.onnx', 'x']);
});

test('a run that was cut off leaves a folder that the next removes; one that goes on keeps its own', async () => {
  const root = folder({
    '.partial-999999999-0123abcd/1/model/half.bin': '',
    [`.partial-${process.pid}-0123abcd/1/model/half.bin`]: '',
    [`.partial-${process.ppid}-0123abcd/1/model/half.bin`]: '',
    '.partial-mine/x': '',
    'm.onnx/model.json': '',
  });
  expect(path.dirname(await scratchBelow(root))).toBe(root);
  expect(readdirSync(root).sort()).toEqual([`.partial-${process.ppid}-0123abcd`, '.partial-mine', 'm.onnx'].sort());
  expect(await scratchBelow(path.join(root, 'nix'))).toMatch(/nix.\.partial-\d+-[0-9a-f]{8}$/);
});

test('what a child of a dead run goes on writing into its folder does not bring the folder back', async () => {
  const root = folder({ '.partial-999999999-0123abcd/1/model/half.bin': '' });
  const own = path.join(root, '.partial-999999999-0123abcd', '1');
  let writes = 0;
  let stopped = false;
  // As the judge's child does, beside the removal.
  const writer = (async () => {
    for (; !stopped; await new Promise(setImmediate))
      try {
        makeFolder(path.join(own, 'page'));
        writeFileSync(path.join(own, 'page', `${writes}.bin`), 'x');
        writes += 1;
      } catch (e) {
        expect((e as NodeJS.ErrnoException).code).toBe('ENOENT');
      }
  })();
  while (writes < 10) await new Promise(setImmediate);
  await sweep(root);
  const before = writes;
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
  stopped = true;
  await writer;
  expect(writes).toBe(before);
  expect(readdirSync(root)).toEqual([]);
});

test('the converter makes no folder above those that it writes into', () => {
  const root = folder({ 'model.onnx': onnxCase('relu', '.')['model.onnx'] as Buffer });
  const convert = (outputFolder: string) =>
    convertModel({
      path: path.join(root, 'model.onnx'),
      relativePath: 'model.onnx',
      formats: ['graph-model', 'layers-model'],
      changeOrdering: true,
      namePolicy: 'keep',
      outputFolder,
      limits: { maxModelBytes: 2 ** 20 },
    });
  const lost = convert(path.join(root, 'gone', 'model'));
  expect([lost.status, lost.diagnostics.map((d) => d.code)]).toEqual(['error', ['cannot-write']]);
  expect(readdirSync(root)).toEqual(['model.onnx']);
  mkdirSync(path.join(root, 'there'));
  expect(convert(path.join(root, 'there')).status).toBe('converted');
  expect(readdirSync(path.join(root, 'there'))).toContain('layers-model');
});

const inLinux = process.platform === 'linux' ? test : test.skip;
inLinux('where no folder can be made although the one above is there, it says so and ends', async () => {
  await expect(mkdirInside('/proc/none/of/these', '/proc/none')).rejects.toThrow('ENOENT');
  const root = folder({ file: '' });
  await expect(mkdirInside(path.join(root, 'file', 'x'), path.join(root, 'file'))).rejects.toThrow('EEXIST');
  await expect(mkdirInside(path.join(root, 'file', 'x'), path.join(root, 'file', 'x'))).rejects.toThrow('ENOTDIR');
  await mkdirInside(path.join(root, 'a', 'b', 'c'), path.join(root, 'a', 'b'));
  expect(statSync(path.join(root, 'a', 'b', 'c')).isDirectory()).toBe(true);
});

test('a name as long as the file system takes has a place', async () => {
  const root = folder();
  const name = `${'n'.repeat(250)}.onnx`;
  await (await staged(root, name)).commit();
  expect(left(root)).toEqual([name]);
});

test('what was written keeps the usual permissions', async () => {
  const root = folder();
  await (await staged(root, 'm.onnx')).commit();
  mkdirSync(path.join(root, 'usual'));
  expect(statSync(path.join(root, 'm.onnx')).mode).toBe(statSync(path.join(root, 'usual')).mode);
});

test('a file is written whole, and not through a link', async () => {
  const outside = folder({ 'secret.txt': 'secret' });
  const root = folder({ 'report.json': 'old' });
  symlinkSync(path.join(outside, 'secret.txt'), path.join(root, 'summary.md'));
  symlinkSync(path.join(outside, 'secret.txt'), path.join(root, '.partial-report.json'));
  await writeWhole(path.join(root, 'report.json'), 'new');
  await writeWhole(path.join(root, 'summary.md'), 'new');
  expect(readdirSync(root).sort()).toEqual(['report.json', 'summary.md']);
  expect(readFileSync(path.join(root, 'summary.md'), 'utf8')).toBe('new');
  expect(readFileSync(path.join(outside, 'secret.txt'), 'utf8')).toBe('secret');
});
