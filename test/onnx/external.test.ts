import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readModel, readModelBytes } from '../../src/onnx/read.js';
import { tensorOf } from '../../src/tensor/tensor.js';
import { diagnosticsOf, inFolder, model } from './build.js';

const BYTES = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer);

/** A model with one float32[2] whose data is external, with these entries. */
const withData = (entries: Record<string, string>) =>
  model({
    graph: {
      initializer: [
        {
          name: 'w',
          dims: [2],
          dataType: 1,
          dataLocation: 1,
          externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
        },
      ],
    },
  });

/** Reads such a model from a folder that `prepare` has filled. */
function read(entries: Record<string, string>, prepare: (folder: string) => void = () => {}, limits = {}) {
  return inFolder((top) => {
    const folder = join(top, 'models');
    mkdirSync(folder);
    writeFileSync(join(folder, 'm.onnx'), withData(entries));
    writeFileSync(join(folder, 'w.bin'), BYTES);
    writeFileSync(join(top, 'outside.bin'), BYTES);
    prepare(folder);
    const m = readModel(join(folder, 'm.onnx'), limits, 'm.onnx');
    return {
      tensor: m.graph.initializers.get('w')?.load(),
      files: m.externalFiles.map((f) => [f.location, f.bytes]),
      diagnostics: m.diagnostics,
    };
  });
}

test.each<[string, Record<string, string>, number[]]>([
  ['the start', { location: 'w.bin', length: '8' }, [0, 1]],
  ['a range', { location: 'w.bin', offset: '8', length: '8' }, [2, 3]],
  ['no length', { location: './w.bin', offset: '16' }, [4, 5]],
])('%s of a file', (_, entries, values) => {
  expect(read(entries)).toEqual({ tensor: tensorOf('float32', [2], values), files: [['w.bin', 24]], diagnostics: [] });
});

test('a file in a sub-folder', () => {
  const found = read({ location: 'data/w.bin' }, (folder) => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data/w.bin'), BYTES);
  });
  expect(found.files).toEqual([['data/w.bin', 24]]);
});

test('a checksum that differs is a warning', () => {
  const right = createHash('sha1').update(BYTES).digest('hex');
  expect(read({ location: 'w.bin', checksum: right }).diagnostics).toEqual([]);
  expect(read({ location: 'w.bin', checksum: '00' }).diagnostics).toMatchObject([
    { code: 'external-checksum', severity: 'warning' },
  ]);
});

test.each<[string, Record<string, string>, string, RegExp]>([
  ['an absolute path', { location: '/etc/passwd' }, 'external-unsafe', /absolute/],
  ['a parent', { location: '../outside.bin' }, 'external-unsafe', /leads out/],
  ['a parent further in', { location: 'a/../../outside.bin' }, 'external-unsafe', /leads out/],
  ['a NUL', { location: 'w.bin\0.txt' }, 'external-unsafe', /NUL/],
  ['backslashes', { location: '..\\outside.bin' }, 'external-unsafe', /backslashes/],
  ['a drive', { location: 'C:w.bin' }, 'external-unsafe', /drive/],
  ['a Windows device', { location: 'data/NUL.bin' }, 'external-unsafe', /device/],
  ['an alternate stream', { location: 'w.bin:x' }, 'external-unsafe', /portable/],
  ['nothing', { location: '' }, 'external-unsafe', /no file is named/],
  ['the folder itself', { location: './' }, 'external-unsafe', /no file is named/],
  ['no location', {}, 'external-malformed', /no location/],
  ['an offset that is no number', { location: 'w.bin', offset: '1e3' }, 'external-malformed', /offset is "1e3"/],
  ['a negative offset', { location: 'w.bin', offset: '-8' }, 'external-malformed', /offset/],
  ['an offset beyond 2^53', { location: 'w.bin', offset: '99999999999999999999' }, 'external-malformed', /offset/],
  ['a file that is not there', { location: 'none.bin' }, 'external-missing', /"none.bin"/],
  ['a file as a folder', { location: 'w.bin/x' }, 'external-missing', /no such file/],
  [
    'a range beyond the end',
    { location: 'w.bin', offset: '20', length: '8' },
    'external-too-short',
    /reach to byte 28 of "w.bin", which has 24/,
  ],
  ['a shape beyond the end', { location: 'w.bin', offset: '20' }, 'external-too-short', /byte 28/],
  [
    'a length that is not the shape',
    { location: 'w.bin', length: '12' },
    'tensor-wrong-size',
    /needs 8 bytes but holds 12/,
  ],
])('%s is refused', (_, entries, code, message) => {
  const found = diagnosticsOf(() => read(entries));
  expect(found).toMatchObject([{ code, severity: 'error', place: { file: 'm.onnx', tensor: 'w' } }]);
  expect(found[0]?.message).toMatch(message);
});

test.each<[string, (folder: string) => void, RegExp]>([
  ['a symbolic link', (f) => symlinkSync('w.bin', join(f, 'x')), /symbolic link/],
  ['a link out of the folder', (f) => symlinkSync('../outside.bin', join(f, 'x')), /symbolic link/],
  ['a hard link', (f) => linkSync(join(f, '../outside.bin'), join(f, 'x')), /hard link/],
  ['a folder', (f) => mkdirSync(join(f, 'x')), /no regular file/],
  ['a pipe', (f) => execFileSync('mkfifo', [join(f, 'x')]), /no regular file/],
])('%s is refused', (_, prepare, message) => {
  expect(diagnosticsOf(() => read({ location: 'x' }, prepare))[0]?.message).toMatch(message);
});

test('a folder that is a symbolic link', () => {
  expect(
    diagnosticsOf(() => read({ location: 'd/outside.bin' }, (f) => symlinkSync('..', join(f, 'd'))))[0]?.message,
  ).toMatch(/symbolic link/);
});

test('a Git LFS pointer in place of the data', () => {
  const found = diagnosticsOf(() =>
    read({ location: 'x' }, (f) =>
      writeFileSync(join(f, 'x'), 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n'),
    ),
  );
  expect(found).toMatchObject([{ code: 'lfs-pointer', place: { file: 'x' } }]);
});

test('the limit counts external files', () => {
  expect(
    diagnosticsOf(() =>
      read({ location: 'w.bin' }, undefined, { maxBytes: withData({ location: 'w.bin' }).length + 23 }),
    ),
  ).toMatchObject([{ code: 'model-too-large' }]);
});

test('a model in memory has no folder', () => {
  expect(diagnosticsOf(() => readModelBytes(withData({ location: 'w.bin' })))).toMatchObject([
    { code: 'external-unsafe' },
  ]);
});
