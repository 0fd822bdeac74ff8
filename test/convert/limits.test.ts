/** Each limit of docs/limits.md has an error of its own, and what is just within it is not refused by it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel } from '../../src/convert/convert.js';
import { DiagnosticError } from '../../src/diag/diagnostic.js';
import { LIMITS } from '../../src/diag/limits.js';
import { readModelBytes } from '../../src/onnx/read.js';
import { encode, type Message, message } from '../fuzz/proto.js';
import { floats, graph, model, node, value, whole } from '../fuzz/hostile.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'limits-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function codes(bytes: Uint8Array): string[] {
  const path = join(folder, 'model.onnx');
  writeFileSync(path, bytes);
  const outputFolder = mkdtempSync(join(folder, 'out-'));
  return convertModel({
    path,
    relativePath: 'model.onnx',
    formats: ['graph-model'],
    changeOrdering: true,
    namePolicy: 'keep',
    outputFolder,
    limits: { maxModelBytes: 2 ** 31 },
  }).diagnostics.map((d) => d.code);
}

const readCodes = (bytes: Uint8Array): string[] => {
  try {
    return readModelBytes(bytes).diagnostics.map((d) => d.code);
  } catch (e) {
    if (e instanceof DiagnosticError) return e.diagnostics.map((d) => d.code);
    throw e;
  }
};

const x = value('x', 1n, [1n, 2n]);
const y = value('y', 1n, undefined);
const around = (nodes: readonly Message[], weights: readonly Message[] = [], functions: readonly Message[] = []) =>
  encode(model(graph(nodes, [x], [y], weights), functions));
const ones = (n: number): bigint[] => Array<bigint>(n).fill(1n);

/** Functions that call the one before, `calls` times each. */
const tower = (height: number, calls: number): Message[] =>
  Array.from({ length: height }, (_, i) =>
    message('FunctionProto', {
      1: `F${i}`,
      10: 'local',
      4: 'a0',
      5: `a${calls}`,
      7: Array.from({ length: calls }, (__, k) =>
        i === 0 ? node('Relu', [`a${k}`], [`a${k + 1}`]) : node(`F${i - 1}`, [`a${k}`], [`a${k + 1}`], {}, 'local'),
      ),
      9: [message('OperatorSetIdProto', { 1: '', 2: 18n }), message('OperatorSetIdProto', { 1: 'local', 2: 1n })],
    }),
  );

test.each([64, 65])('a stored tensor of %i axes', (rank) => {
  const bytes = around([node('Add', ['x', 'w'], ['y'])], [floats('w', ones(rank))]);
  expect(readCodes(bytes)).toEqual(rank > LIMITS.rank ? ['rank-too-high'] : []);
});

test.each([
  ['a computed tensor', around([node('Reshape', ['x', 's'], ['y'])], [whole('s', [...ones(64), 2n])])],
  ['an input', encode(model(graph([node('Relu', ['x'], ['y'])], [value('x', 1n, ones(65))], [y])))],
  ['a shape that the model computes', around([node('Expand', ['x', 'n'], ['y'])], [whole('n', ones(65))])],
])('%s of 65 axes', (_, bytes) => {
  expect(codes(bytes)).toContain('rank-too-high');
});

test.each([
  [[2n ** 16n, 2n ** 13n], false],
  [[2n ** 16n, 2n ** 15n], true],
  [[2n ** 62n, 2n ** 62n], true],
])('a computed tensor of %s elements', (dims, refused) => {
  const found = codes(
    around([node('Expand', ['x', 's'], ['k']), node('ReduceMax', ['k'], ['y'])], [whole('s', [...dims, 1n, 1n])]),
  );
  expect(found.includes('tensor-too-large')).toBe(refused);
});

test('functions that call functions are not written out without end', () => {
  expect(codes(around([node('F19', ['x'], ['y'], {}, 'local')], [], tower(20, 2)))).toContain('too-many-nodes');
  expect(codes(around([node('F3', ['x'], ['y'], {}, 'local')], [], tower(4, 2)))).toEqual([]);
});

test('functions nest 64 deep and no deeper', () => {
  expect(codes(around([node('F63', ['x'], ['y'], {}, 'local')], [], tower(64, 1)))).toEqual([]);
  expect(codes(around([node('F64', ['x'], ['y'], {}, 'local')], [], tower(65, 1)))).toContain('nested-too-deep');
});

test('a text, an attribute and a list that are too long', () => {
  const text = (n: number) => message('ModelProto', { 6: Buffer.alloc(n) });
  const ending = encode(model(graph([node('Relu', ['x'], ['y'])], [x], [y])));
  expect(readCodes(Buffer.concat([encode(text(LIMITS.textBytes)), ending]))).toEqual([]);
  expect(readCodes(Buffer.concat([encode(text(LIMITS.textBytes + 1)), ending]))).toEqual(['text-too-long']);
  const attribute = (fields: Parameters<typeof message>[1]) =>
    around([message('NodeProto', { 1: 'x', 2: 'y', 4: 'Relu', 5: message('AttributeProto', { 1: 'a', ...fields }) })]);
  expect(readCodes(attribute({ 4: Buffer.alloc(LIMITS.attributeBytes + 1), 20: 3n }))).toEqual(['attribute-too-large']);
  expect(readCodes(attribute({ 8: Buffer.alloc(LIMITS.attributeElements + 1), 20: 7n }))).toEqual([
    'attribute-too-large',
  ]);
});

test('a size that grows into a long expression', () => {
  const names = Array.from({ length: 9 }, (_, i) => `v${i}`);
  const inputs = names.map((name, i) => value(name, 1n, [`A${i}`, `B${i}`]));
  // (A0 + … + A8) * (B0 + … + B8) has 81 terms.
  const nodes = [
    ...names.flatMap((name) => [
      node('Reshape', [name, 'rows'], [`${name}r`]),
      node('ReduceMax', [name, 'one'], [`${name}a`], { keepdims: 0n }),
      node('ReduceMax', [name, 'zero'], [`${name}b`], { keepdims: 0n }),
    ]),
    node(
      'Concat',
      names.map((n) => `${n}a`),
      ['a'],
      { axis: 0n },
    ),
    node(
      'Concat',
      names.map((n) => `${n}b`),
      ['b'],
      { axis: 0n },
    ),
    node('Unsqueeze', ['a', 'one'], ['column']),
    node('Mul', ['column', 'b'], ['table']),
    node('Reshape', ['table', 'flat'], ['y']),
  ];
  const weights = [whole('rows', [-1n]), whole('flat', [-1n]), whole('zero', [0n]), whole('one', [1n])];
  expect(codes(encode(model(graph(nodes, inputs, [y], weights))))).toContain('size-too-complex');
});

test('weights out of all proportion to the source', () => {
  const n = 3;
  const names = Array.from({ length: n }, (_, i) => `k${i}`);
  const nodes = [
    ...names.map((name, i) => node('Tile', [`w${i}`, 's'], [name])),
    ...names.map((name, i) => node('Add', [i === 0 ? 'x' : `t${i - 1}`, name], [`t${i}`])),
    node('ReduceMax', [`t${n - 1}`], ['y']),
  ];
  const weights = [
    ...names.map((_, i) => message('TensorProto', { 1: 2n, 2: 1n, 8: `w${i}`, 9: Buffer.alloc(8, i + 1) })),
    whole('s', [2n ** 25n + 2n ** 24n]),
  ];
  const bytes = encode(model(graph(nodes, [value('x', 1n, [1n])], [y], weights)));
  expect(codes(bytes)).toContain('output-too-large');
});

test('docs/limits.md gives the figures of src/diag/limits.ts, and names every code', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/limits.md'), 'utf8');
  const figure = (n: number) => n.toLocaleString('en');
  for (const n of [
    LIMITS.elements,
    LIMITS.listedElements,
    LIMITS.nodes,
    LIMITS.attributeElements,
    LIMITS.foldedElements,
  ])
    expect(page).toContain(figure(n));
  expect(page).toContain(`| axes of a tensor | ${LIMITS.rank} |`);
  expect(page).toContain(`functions and subgraphs within one another | ${LIMITS.nesting} |`);
  expect(page).toContain(`${LIMITS.textBytes / 2 ** 20} MiB | \`text-too-long\``);
  expect(page).toContain(`${LIMITS.attributeBytes / 2 ** 20} MiB | \`attribute-too-large\``);
  expect(page).toContain(`${LIMITS.sizeTerms} and ${LIMITS.sizeFactors} |`);
  expect(page).toContain(`${LIMITS.outputBytes / 2 ** 30} GiB | \`output-too-large\``);
});
