/** Written files are brought to the disk while the conversion goes on: what the disk has against one is the model's result. */
import { jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

type Done = (error: NodeJS.ErrnoException | null) => void;
const sync = jest.fn((_fd: number, done: Done): void => void setImmediate(done, null));
jest.unstable_mockModule('node:fs', () => ({ ...fs, default: fs, fdatasync: sync }));

const { convertToDisk } = await import('../../src/convert/to-disk.js');

const home = mkdtempSync(path.join(tmpdir(), 'disk-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const model = path.join(import.meta.dirname, '../../examples/fcn-resnet18/fcn-resnet18.onnx');
const convert = () =>
  convertToDisk({
    path: model,
    relativePath: 'model.onnx',
    formats: ['graph-model'],
    changeOrdering: true,
    namePolicy: 'keep',
    outputFolder: mkdtempSync(path.join(home, 'out-')),
    limits: { maxModelBytes: 2 ** 20 },
  });

test('a model is converted when the disk has its weights', async () => {
  let reached = false;
  sync.mockImplementationOnce((_fd, done) => {
    setTimeout(() => {
      reached = true;
      done(null);
    }, 50);
  });
  expect(await convert()).toMatchObject({ status: 'converted' });
  expect(sync).toHaveBeenCalledTimes(1);
  expect(reached).toBe(true);
});

test('a disk that fails is told of, once', async () => {
  const failed = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', syscall: 'fdatasync' });
  sync.mockImplementationOnce((_fd, done) => void setImmediate(done, failed));
  const result = await convert();
  expect(result).toMatchObject({ status: 'error', artefacts: [] });
  expect(result.diagnostics).toMatchObject([
    { code: 'cannot-write', message: "the model's folder can't be written: EIO: i/o error, fdatasync" },
  ]);
  expect(await convert()).toMatchObject({ status: 'converted' });
});
