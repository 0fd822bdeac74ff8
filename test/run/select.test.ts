/** Which models a run works on: shards, and what a change concerns. */
import path from 'node:path';
import { type Changes, concernedBy } from '../../src/run/changed.js';
import type { FoundModel } from '../../src/run/find.js';
import { matrixOf, shardsOf } from '../../src/run/shard.js';

const ROOT = path.resolve('/repo');
const model = (place: string, bytes = 1000): FoundModel => ({
  file: path.join(ROOT, ...place.split('/')),
  root: ROOT,
  path: place,
  shown: place,
  bytes,
});
const places = (models: readonly FoundModel[]) => models.map((m) => m.path);

describe('shards', () => {
  const MB = 2 ** 20;
  const sizes = [900, 10, 500, 20, 400, 30, 300, 40, 200, 100, 5, 5].map((mb, i) =>
    model(`m${String(i).padStart(2, '0')}.onnx`, mb * MB),
  );

  test('hold each model once, in order', () => {
    const parts = shardsOf(sizes, 4);
    expect(places(parts.flat()).sort()).toEqual(places(sizes));
    for (const part of parts) expect(places(part)).toEqual(places(part).sort());
  });

  test('cost about the same', () => {
    const costs = shardsOf(sizes, 3).map((part) => part.reduce((sum, m) => sum + m.bytes, 0) / MB);
    // Graham's bound for the longest first: 4/3 of the best, which is at least the mean and the largest.
    const best = Math.max(900, costs.reduce((sum, c) => sum + c, 0) / 3);
    expect(Math.max(...costs)).toBeLessThanOrEqual((4 / 3) * best);
    expect(Math.min(...costs)).toBeGreaterThan(700);
  });

  test('are the same whatever the order in which the models were found', () => {
    const turned = shardsOf([...sizes].reverse(), 5).map((part) => places(part).sort());
    expect(turned).toEqual(shardsOf(sizes, 5).map(places));
  });

  test('of small models hold about as many each', () => {
    const small = Array.from({ length: 300 }, (_, i) => model(`s${i}.onnx`, 1000 + i));
    expect(shardsOf(small, 7).map((part) => part.length)).toEqual([43, 43, 43, 43, 43, 43, 42]);
  });

  test('in a matrix are no more than models, and none of no models', () => {
    expect(matrixOf(sizes.slice(0, 2), 5)).toEqual({
      include: [
        { shard: '1/2', models: 1, bytes: 900 * MB },
        { shard: '2/2', models: 1, bytes: 10 * MB },
      ],
    });
    expect(matrixOf([], 5)).toEqual({ include: [] });
  });
});

describe('a change', () => {
  const all = ['a/fcn.onnx', 'a/other.onnx', 'b/net.onnx', 'b/deep/er.onnx', 'top.onnx'].map((place) => model(place));
  const effect = (files: string[], more: Partial<Changes> = {}, given = {}) =>
    concernedBy({ files: new Set(files), root: ROOT, base: 'abc', ...more }, all, {
      settings: ['.github/workflows/models.yml'],
      templates: [],
      workspace: ROOT,
      ...given,
    });
  const concerned = (files: string[], more: Partial<Changes> = {}, given = {}) =>
    places(effect(files, more, given).models);

  test.each<[string, string[], string[]]>([
    ['of the model', ['a/fcn.onnx'], ['a/fcn.onnx']],
    ['of its external data, by its name', ['a/fcn.onnx.data'], ['a/fcn.onnx']],
    ['of its references, by their name', ['a/fcn.reference/test_data_set_0/input_0.pb'], ['a/fcn.onnx']],
    ['of its .npz', ['a/other.reference.npz'], ['a/other.onnx']],
    ['of a folder named as it', ['a/fcn/test_data_set_0/output_0.pb'], ['a/fcn.onnx']],
    [
      "of data in its folder that could be anybody's there",
      ['a/weights.bin'],
      ['a/fcn.onnx', 'a/other.onnx', 'top.onnx'],
    ],
    ['of a data set in its folder, or in one below', ['b/test_data_set_0/input_0.pb'], ['b/net.onnx', 'top.onnx']],
    ['of a file below the folder of several', ['b/deep/data.bin'], ['b/deep/er.onnx', 'b/net.onnx', 'top.onnx']],
    ['of another model', ['a/new.onnx'], []],
    ['of prose', ['a/README.md', 'docs/fcn.png'], []],
    ['of code', ['a/export.py', 'src/main.cpp', 'package.json5.md'], []],
    ['of a submodule that it is in', ['b/deep'], ['b/deep/er.onnx', 'b/net.onnx', 'top.onnx']],
    ['of nothing', [], []],
  ])('%s', (_, files, expected) => {
    expect(concerned(files).sort()).toEqual(expected);
  });

  test("of a template's files concerns the models that it leads to", () => {
    const given = { templates: ['refs/{name}/*', '{dir}/../shared/{name}.json'] };
    expect(concerned(['refs/net/output.npy'], {}, given)).toContain('b/net.onnx');
    expect(concerned(['refs/net/output.npy'], {}, given)).not.toContain('a/fcn.onnx');
    expect(concerned(['shared/fcn.json'], {}, given)).toContain('a/fcn.onnx');
  });

  test('of what holds settings concerns all, and says so', () => {
    expect(effect(['.github/workflows/models.yml', 'a/fcn.onnx'])).toEqual({
      models: all,
      all: '.github/workflows/models.yml has changed',
    });
  });

  test("can't be told of a model that Git doesn't hold, or that lies outside", () => {
    const tracked = new Set(['a/fcn.onnx', 'a/other.onnx', 'b/net.onnx', 'b/deep/er.onnx']);
    expect(concerned([], { tracked })).toEqual(['top.onnx']);
    expect(concerned([], { root: path.join(ROOT, 'a') })).toEqual(['b/net.onnx', 'b/deep/er.onnx', 'top.onnx']);
  });

  test('under a name with signs of its own is no pattern', () => {
    const odd = [model('a/[x]{y}.onnx'), model('a/x.onnx')];
    const changes = { files: new Set(['refs/[x]{y}.npz']), root: ROOT, base: 'abc' };
    const found = concernedBy(changes, odd, { settings: [], templates: ['refs/{name}.npz'], workspace: ROOT });
    expect(places(found.models)).toEqual(['a/[x]{y}.onnx']);
  });
});
