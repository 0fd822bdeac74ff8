import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../../src/diag/diagnostic.js';
import type { DType } from '../../src/tensor/dtype.js';
import { encodeTensor } from '../../src/onnx/encode.js';
import { writeNpy } from '../../src/tensor/npy.js';
import { writeNpz } from '../../src/tensor/npz.js';
import { tensorOf } from '../../src/tensor/tensor.js';
import type { ConversionRecord } from '../../src/verify/record.js';
import { type ReferenceSet, readReference } from '../../src/verify/reference-set.js';
import { findReferences } from '../../src/verify/references.js';
import { row, scratch, type Values, writeDataSet, writeFile } from './written.js';

let home: ReturnType<typeof scratch>;
beforeEach(() => {
  home = scratch();
});
afterEach(() => home.remove());
const at = (...path: string[]) => join(home.folder, ...path);

const record = (more: Partial<ConversionRecord> = {}): ConversionRecord => ({
  source: { path: 'm/net.onnx' },
  format: 'graph-model',
  async: false,
  inputs: [row('a', 'float32', [1, 2]), row('/b:0', 'int64', [null])] as unknown as ConversionRecord['inputs'],
  outputs: [row('y', 'float32', [1, 2])] as unknown as ConversionRecord['outputs'],
  nodes: [],
  ...more,
});

const float = (data: number[], dims = [1, 2]) => ({ dtype: 'float32' as DType, dims, data });
const int = (data: bigint[]) => ({ dtype: 'int64' as DType, dims: [data.length], data });
const INPUTS: Values = { a: float([1, 2]), '/b:0': int([3n, 4n]) };
const OUTPUTS: Values = { y: float([5, 6]) };

function read(
  templates: string[] = [],
  of = record(),
): { names: string[]; sets: (ReferenceSet | undefined)[]; diagnostics: Diagnostic[] } {
  const found = findReferences({ model: at('m', 'net.onnx'), workspace: home.folder, templates }, of);
  const results = found.sets.map((files) => readReference(files, of, home.folder));
  return {
    names: found.sets.map((s) => s.name),
    sets: results.map((r) => r.set),
    diagnostics: [...found.diagnostics, ...results.flatMap((r) => r.diagnostics)],
  };
}

const codes = (diagnostics: readonly Diagnostic[]) => diagnostics.map((d) => d.code);
const asArrays = (values: Values) =>
  new Map(Object.entries(values).map(([name, v]) => [name, tensorOf(v.dtype, v.dims, v.data)]));

function expectWhole(set: ReferenceSet | undefined): void {
  expect([...(set?.inputs ?? [])].map(([name, t]) => [name, t.dtype, t.dims, [...t.data]])).toEqual([
    ['a', 'float32', [1, 2], [1, 2]],
    ['/b:0', 'int64', [2], [3n, 4n]],
  ]);
  expect([...(set?.outputs ?? [])].map(([name, t]) => [name, [...t.data]])).toEqual([['y', [5, 6]]]);
}

describe('where references are found', () => {
  test("ONNX's data sets in the model's folder, in number's order", () => {
    writeFile(at('m', 'net.onnx'), '');
    for (const n of [10, 2, 0]) writeDataSet(at('m', `test_data_set_${n}`), INPUTS, OUTPUTS);
    const { names, sets, diagnostics } = read();
    expect(names).toEqual(['test_data_set_0', 'test_data_set_2', 'test_data_set_10']);
    for (const set of sets) expectWhole(set);
    expect(diagnostics).toEqual([]);
  });

  test.each(['net', 'net.reference'])('in %s/ beside it', (folder) => {
    writeFile(at('m', 'net.onnx'), '');
    writeFile(at('m', 'other.onnx'), '');
    writeDataSet(at('m', folder, 'test_data_set_0'), INPUTS, OUTPUTS);
    const { names, sets, diagnostics } = read();
    expect(names).toEqual([`${folder}/test_data_set_0`]);
    expectWhole(sets[0]);
    expect(diagnostics).toEqual([]);
  });

  test('<name>.reference.npz', () => {
    writeFile(at('m', 'net.reference.npz'), writeNpz(asArrays({ ...INPUTS, ...OUTPUTS })));
    const { names, sets } = read();
    expect(names).toEqual(['net.reference.npz']);
    expectWhole(sets[0]);
  });

  test('<name>.reference/ with .npy and .json, under the names that are legal in files', () => {
    writeFile(at('m', 'net.reference', 'a.npy'), writeNpy(tensorOf('float32', [1, 2], [1, 2])));
    writeFile(at('m', 'net.reference', 'b_0.json'), '[3, "4"]');
    writeFile(at('m', 'net.reference', 'y.json'), '{"shape": [1, 2], "data": [5, 6], "dtype": "float32"}');
    const { names, sets, diagnostics } = read();
    expect(diagnostics).toEqual([]);
    expect(names).toEqual(['net.reference']);
    expectWhole(sets[0]);
  });

  test('the first place that has any wins: templates, data sets, .npz, folder', () => {
    const places: [string, () => void][] = [
      ['net.reference', () => writeFile(at('m', 'net.reference', 'a.json'), '[[1, 2]]')],
      ['net.reference.npz', () => writeFile(at('m', 'net.reference.npz'), writeNpz(asArrays(INPUTS)))],
      [
        'net.reference/test_data_set_0',
        () => writeDataSet(at('m', 'net.reference', 'test_data_set_0'), INPUTS, OUTPUTS),
      ],
      ['../refs/net-1.npz', () => writeFile(at('refs', 'net-1.npz'), writeNpz(asArrays({ ...INPUTS, ...OUTPUTS })))],
    ];
    for (const [name, make] of places) {
      make();
      const { names } = read(['refs/{name}-*.npz']);
      expect(names).toEqual([name.startsWith('..') ? name.slice(3) && at('refs', 'net-1.npz') : name]);
    }
    // Of those that are not used, it is said, unless someone has said which are.
    const unused = (templates: string[]) =>
      read(templates)
        .diagnostics.filter((d) => d.code === 'reference-not-used')
        .map((d) => d.place.file);
    expect(unused([])).toEqual(['m/net.reference.npz', 'm/net.reference']);
    expect(unused(['refs/{name}-*.npz'])).toEqual([]);
  });

  test('a template may name folders, files and data sets; braces and brackets in a name are no pattern', () => {
    const model = at('a[1]', 'net{x}.onnx');
    writeDataSet(at('a[1]', 'net{x}.reference', 'test_data_set_3'), INPUTS, OUTPUTS);
    writeFile(at('a[1]', 'net{x}.reference', 'README.md'), 'how it was made');
    const find = (template: string) =>
      findReferences({ model, workspace: home.folder, templates: [template] }, record()).sets;
    for (const template of [
      '{dir}/{name}.reference/*',
      '{dir}/{name}.reference',
      '{dir}/{name}.reference/test_data_set_*',
      '{dir}/{name}.reference/**/*.pb',
    ]) {
      expect(find(template).map((s) => [s.name, s.files.length])).toEqual([['net{x}.reference/test_data_set_3', 3]]);
    }
  });

  test('a path that is written out has to exist; a pattern that finds nothing leaves it to the next place, and says so', () => {
    writeFile(at('m', 'net.reference.npz'), writeNpz(asArrays({ ...INPUTS, ...OUTPUTS })));
    const { names, diagnostics } = read(['refs/{name}.npz']);
    expect(names).toEqual(['net.reference.npz']);
    expect(diagnostics).toMatchObject([{ code: 'references-unmatched', severity: 'note' }]);
    expect(diagnostics[0]?.message).toContain('refs/{name}.npz');
    expect(codes(read(['refs/net.npz']).diagnostics)).toEqual(['reference-not-found']);
  });
});

describe('a data set in a folder with several models', () => {
  beforeEach(() => {
    for (const name of ['net.onnx', 'other.onnx']) writeFile(at('m', name), '');
    writeDataSet(at('m', 'test_data_set_0'), INPUTS, OUTPUTS);
  });

  test('belongs to the one that it fits, and that is said', () => {
    const { names, diagnostics } = read();
    expect(names).toEqual(['test_data_set_0']);
    expect(diagnostics).toMatchObject([
      { code: 'reference-shared', severity: 'note', place: { file: 'm/test_data_set_0' } },
    ]);
    expect(diagnostics[0]?.message).toContain('"other.onnx"');
  });

  test('is left to the other one where an output has another shape', () => {
    const of = record({ outputs: [row('y', 'float32', [1, 3])] as unknown as ConversionRecord['outputs'] });
    const { names, diagnostics } = read([], of);
    expect(names).toEqual([]);
    expect(diagnostics[0]?.message).toMatch(/the output "y" has the shape \[1, 2\] where the model has \[1, 3\]/);
  });

  test('is left to the other one where it does not', () => {
    const of = record({ inputs: [row('x', 'float32', [1, 3])] as unknown as ConversionRecord['inputs'] });
    const { names, diagnostics } = read([], of);
    expect(names).toEqual([]);
    expect(diagnostics).toMatchObject([{ code: 'reference-of-another-model', severity: 'note' }]);
  });
});

describe('a reference has to be the model’s', () => {
  const pb = (inputs: Values, outputs: Values) => {
    writeDataSet(at('m', 'test_data_set_0'), inputs, outputs);
    return read().diagnostics;
  };
  test('an input is missing', () => {
    const [d] = pb({ a: float([1, 2]) }, OUTPUTS);
    expect(d).toMatchObject({
      code: 'reference-missing-input',
      severity: 'error',
      place: { file: 'm/test_data_set_0', tensor: '/b:0' },
    });
    expect(d?.message).toBe('the reference lacks the input "/b:0" (int64 [?]); it has "a"');
  });
  test('an output is missing', () => {
    const of = record({
      outputs: [row('y', 'float32', [1, 2]), row('z', 'bool', [3])] as unknown as ConversionRecord['outputs'],
    });
    writeDataSet(at('m', 'test_data_set_0'), INPUTS, OUTPUTS);
    expect(codes(read([], of).diagnostics)).toEqual(['reference-missing-output']);
  });
  test('inputs alone are nothing to compare with', () => {
    expect(pb(INPUTS, {})).toMatchObject([{ code: 'reference-without-outputs', severity: 'unverified' }]);
  });
  test('outputs alone lack the inputs', () => {
    expect(codes(pb({}, OUTPUTS))).toEqual(['reference-missing-input', 'reference-missing-input']);
  });
  test('a file too many', () => {
    expect(codes(pb({ ...INPUTS, c: float([0, 0]) }, OUTPUTS))).toEqual(['reference-superfluous']);
    expect(codes(pb(INPUTS, { ...OUTPUTS, z: float([0, 0]) }))).toContain('reference-superfluous');
  });
  test('a name too many, with the nearest', () => {
    writeFile(at('m', 'net.reference.npz'), writeNpz(asArrays({ ...INPUTS, yy: float([5, 6]) })));
    const [d] = read().diagnostics;
    expect(d).toMatchObject({ code: 'reference-superfluous', place: { tensor: 'yy' } });
    expect(d?.message).toMatch(
      /"yy", which is neither an input \("a", "\/b:0"\) nor an output \("y"\) of the model; is "y" meant\?/,
    );
  });
  test('the wrong type, with what to do', () => {
    const [d] = pb({ ...INPUTS, a: { dtype: 'float64', dims: [1, 2], data: [1, 2] } }, OUTPUTS);
    expect(d).toMatchObject({
      code: 'reference-dtype',
      remedy: 'store it with .astype(numpy.float32)',
      place: { tensor: 'a' },
    });
  });
  test.each([
    ['a size', [1, 3], 'has the shape [1, 3] where the model has [1, 2]'],
    ['a rank', [2], 'has rank 1 ([2]) where the model has rank 2 ([1, 2])'],
  ])('the wrong shape by %s', (_, dims, message) => {
    const [d] = pb({ ...INPUTS, a: float(dims[0] === 2 ? [1, 2] : [1, 2, 3], dims) }, OUTPUTS);
    expect(d?.code).toBe('reference-shape');
    expect(d?.message).toBe(`the reference's input "a" ${message}`);
  });
  test("an output's shape is held against what the model gives, since files are often wrong about it", () => {
    expect(pb(INPUTS, { y: float([5, 6, 7], [3]) })).toEqual([]);
  });
  test("a layers-model's batch may be another than the file's", () => {
    const open = (name: string) => ({
      onnx: { name, dtype: 'float32', shape: [1, 2] },
      tfjs: { name, dtype: 'float32', shape: [null, 2] },
      order: [0, 1],
    });
    const of = record({ inputs: [open('a')], outputs: [open('y')] } as unknown as Partial<ConversionRecord>);
    writeDataSet(at('m', 'test_data_set_0'), { a: float([1, 2, 3, 4], [2, 2]) }, { y: float([1, 2, 3, 4], [2, 2]) });
    expect(read([], of).diagnostics).toEqual([]);
  });
  test('files that carry the names of others: a warning, since ONNX goes by the number', () => {
    const of = record({
      inputs: ['a', 'b'].map((n) => row(n, 'float32', [1, 2])) as unknown as ConversionRecord['inputs'],
    });
    writeDataSet(at('m', 'test_data_set_0'), { b: float([1, 2]), a: float([3, 4]) }, OUTPUTS);
    const { sets, diagnostics } = read([], of);
    expect(diagnostics.map((d) => [d.code, d.severity])).toEqual([
      ['reference-order', 'warning'],
      ['reference-order', 'warning'],
    ]);
    expect([...(sets[0]?.inputs.get('a')?.data ?? [])]).toEqual([1, 2]);
  });
  test('one name for an input and an output is one tensor', () => {
    const same = record({
      inputs: [row('x', 'float32', [1, 2])],
      outputs: [row('x', 'float32', [1, 2])],
    } as unknown as Partial<ConversionRecord>);
    writeFile(at('m', 'net.reference', 'x.json'), '[[1, 2]]');
    const { sets, diagnostics } = read([], same);
    expect(diagnostics).toEqual([]);
    expect([sets[0]?.inputs.size, sets[0]?.outputs.size]).toEqual([1, 1]);
  });
});

describe('a reference that cannot be read', () => {
  test('a sequence', () => {
    // onnx-data.proto's SequenceProto: name (1) "s", elem_type (2) TENSOR, tensor_values (3), one.
    const tensor = encodeTensor(tensorOf('float32', [1, 2], [1, 2]), 't');
    writeDataSet(at('m', 'test_data_set_0'), INPUTS, OUTPUTS);
    writeFile(
      at('m', 'test_data_set_0', 'input_0.pb'),
      Buffer.from([0x0a, 1, 0x73, 0x10, 1, 0x1a, tensor.length, ...tensor]),
    );
    const found = read().diagnostics;
    expect(found[0]).toMatchObject({ code: 'reference-not-a-tensor', place: { file: 'm/test_data_set_0/input_0.pb' } });
    expect(found.every((d) => d.severity === 'error')).toBe(true);
  });
  test.each([
    ['y.npy', 'no numpy', 'it does not begin as a .npy file does'],
    [
      'y.npy',
      'version https://git-lfs.github.com/spec/v1\noid sha256:0',
      'it is a Git LFS pointer; check it out with lfs: true',
    ],
    ['y.json', '[[1, 2', 'it is not JSON'],
    ['y.json', '[[1, 2], [3]]', 'its lists are not all equally long and deep'],
    ['y.json', '[[1, "two"]]', 'the element "two" is no float32'],
    ['y.json', '{"shape": [1, 2], "data": [1]}', '"data" has 1 elements where the shape [1, 2] takes 2'],
    ['b_0.json', '[9223372036854775808]', 'is no int64'],
    ['b_0.json', '[1.5]', 'the element 1.5 is no int64'],
  ])('%s: %s', (name, content, why) => {
    writeFile(at('m', 'net.reference', name), content);
    const [d] = read().diagnostics;
    expect(d?.code).toBe('reference-unreadable');
    expect(d?.message).toContain(why);
  });
  test('numbers that JSON has no words for', () => {
    writeFile(at('m', 'net.reference', 'a.json'), '[["NaN", "-Infinity"]]');
    writeFile(at('m', 'net.reference', 'b_0.json'), '["-9223372036854775808"]');
    writeFile(at('m', 'net.reference', 'y.json'), '[[1, 2]]');
    const { sets } = read();
    expect([...(sets[0]?.inputs.get('a')?.data ?? [])]).toEqual([Number.NaN, -Infinity]);
    expect([...(sets[0]?.inputs.get('/b:0')?.data ?? [])]).toEqual([-(2n ** 63n)]);
  });
  test('a link that leads out of the workspace', () => {
    const outside = scratch();
    try {
      writeFile(join(outside.folder, 'secret.npy'), writeNpy(tensorOf('float32', [1, 2], [1, 2])));
      writeFile(at('m', 'net.reference', 'y.json'), '[[1, 2]]');
      symlinkSync(join(outside.folder, 'secret.npy'), at('m', 'net.reference', 'a.npy'));
      expect(codes(read().diagnostics)).toEqual(['reference-outside']);
    } finally {
      outside.remove();
    }
  });
  test('a data set named twice', () => {
    writeFile(at('m', 'net.reference', 'a.json'), '[[1, 2]]');
    writeFile(at('m', 'net.reference', 'a.npy'), writeNpy(tensorOf('float32', [1, 2], [1, 2])));
    expect(codes(read().diagnostics)).toContain('reference-twice');
  });
});
