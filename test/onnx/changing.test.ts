/** A file that changes between being read and its weights being taken: no half of the one and half of the other. */
import { appendFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readModel } from '../../src/onnx/read.js';
import { piecesOf, type Weight } from '../../src/tensor/tensor.js';
import { diagnosticsOf, inFolder, model } from './build.js';

const SIZE = 4096;
const DATA = new Uint8Array(SIZE * 4);

/** Whole, and piece by piece as it is written. */
const TAKING: readonly ((w: Weight) => void)[] = [(w) => w.load(), (w) => piecesOf(w)?.(() => {})];

const parts = (external: boolean) => ({
  graph: {
    initializer: [
      external
        ? { name: 'w', dims: [SIZE], dataType: 1, dataLocation: 1, externalData: [{ key: 'location', value: 'w.bin' }] }
        : { name: 'w', dims: [SIZE], dataType: 1, rawData: DATA },
    ],
  },
});

describe.each([
  ['in the model', false, 'm.onnx'],
  ['beside it', true, 'w.bin'],
])('weights %s', (_, external, changing) => {
  test.each<[string, (file: string) => void]>([
    ['is written anew, as long as before', (file) => later(file, () => writeFileSync(file, Buffer.alloc(fileSize, 7)))],
    ['is cut off', (file) => truncateSync(file, 100)],
    ['is emptied', (file) => truncateSync(file, 0)],
    ['grows', (file) => appendFileSync(file, 'more')],
    ['goes', (file) => rmSync(file)],
  ])('the file %s', (_, change) => {
    for (const take of TAKING) {
      const found = diagnosticsOf(() =>
        inFolder((folder) => {
          writeFileSync(join(folder, 'm.onnx'), model(parts(external)));
          writeFileSync(join(folder, 'w.bin'), DATA);
          const read = readModel(join(folder, 'm.onnx'), {}, 'm.onnx');
          fileSize = external ? DATA.length : model(parts(external)).length;
          change(join(folder, changing));
          take(read.graph.initializers.get('w') as Weight);
        }),
      );
      expect(found).toMatchObject([{ severity: 'error', place: { file: 'm.onnx' } }]);
      expect(found[0]?.code).not.toBe('internal-error');
    }
  });
});

let fileSize = 0;

/** With another time of change, however coarse the file system's clock is. */
function later(file: string, change: () => void): void {
  change();
  utimesSync(file, new Date(), new Date(Date.now() + 5000));
}
