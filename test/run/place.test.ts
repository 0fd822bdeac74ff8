import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stage } from '../../src/place.js';
import { folder, removeFolders } from './folders.js';

afterAll(removeFolders);

const put = (root: string, name: string, text: string) => writeFileSync(path.join(root, name), text);

test('a folder appears whole, in the stead of the old one, with nothing beside it', async () => {
  const root = folder({ 'm.onnx/model.json': 'old', 'm.onnx/old.bin': 'old' });
  const staging = await stage(path.join(root, 'm.onnx'));
  put(staging.folder, 'model.json', 'new');
  expect(readFileSync(path.join(root, 'm.onnx/model.json'), 'utf8')).toBe('old');
  await staging.commit();
  expect(readdirSync(root)).toEqual(['m.onnx']);
  expect(readdirSync(path.join(root, 'm.onnx'))).toEqual(['model.json']);
  expect(readFileSync(path.join(root, 'm.onnx/model.json'), 'utf8')).toBe('new');
});

test('a failure leaves nothing, not even what an earlier run wrote', async () => {
  const root = folder({ 'm.onnx/model.json': 'old' });
  const staging = await stage(path.join(root, 'm.onnx'));
  put(staging.folder, 'group1-shard1of1.bin', 'half');
  await staging.discard();
  expect(readdirSync(root)).toEqual([]);
});

test('a cancelled run leaves what was there before', async () => {
  const root = folder({ 'm.onnx/model.json': 'old' });
  await (await stage(path.join(root, 'm.onnx'))).abandon();
  expect(readdirSync(root)).toEqual(['m.onnx']);
});

test("what a run that was cut off left beside the place is removed, and nobody else's", async () => {
  const root = folder({ 'other.onnx/model.json': '' });
  const first = await stage(path.join(root, 'deep/m.onnx'));
  put(first.folder, 'model.json', 'half');
  const other = await stage(path.join(root, 'deep/n.onnx'));
  const again = await stage(path.join(root, 'deep/m.onnx'));
  expect(readdirSync(again.folder)).toEqual([]);
  expect(existsSync(other.folder)).toBe(true);
  await again.commit();
  await other.commit();
  expect(readdirSync(path.join(root, 'deep')).sort()).toEqual(['m.onnx', 'n.onnx']);
  expect(readdirSync(root).sort()).toEqual(['deep', 'other.onnx']);
});

test('a name as long as the file system takes has a place beside it', async () => {
  const root = folder();
  const name = `${'n'.repeat(250)}.onnx`;
  const staging = await stage(path.join(root, name));
  await staging.commit();
  expect(readdirSync(root)).toEqual([name]);
});

test('what was written keeps the usual permissions', async () => {
  const root = folder();
  const staging = await stage(path.join(root, 'm.onnx'));
  await staging.commit();
  mkdirSync(path.join(root, 'usual'));
  const { statSync } = await import('node:fs');
  expect(statSync(path.join(root, 'm.onnx')).mode).toBe(statSync(path.join(root, 'usual')).mode);
});
