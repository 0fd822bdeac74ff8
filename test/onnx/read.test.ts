import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extraOutputs } from '../../src/onnx/encode.js';
import type { Attribute, OnnxModel } from '../../src/onnx/model.js';
import { readModel, readModelBytes } from '../../src/onnx/read.js';
import { readTensorFile, readValueFile } from '../../src/onnx/tensorfile.js';
import { tensorOf } from '../../src/tensor/tensor.js';
import { delimited, diagnosticsOf, inFolder, integer, model, varint } from './build.js';

const cases = fileURLToPath(new URL('cases/', import.meta.url));
const text = (s: string) => new TextEncoder().encode(s);
const f32 = (...xs: number[]) => new Uint8Array(Float32Array.from(xs).buffer);
const attributesOf = (m: OnnxModel) => m.graph.nodes[0]?.attributes as ReadonlyMap<string, Attribute>;

describe("ONNX's own cases", () => {
  const at = (name: string) => readModel(`${cases}${name}/model.onnx`);
  const data = (name: string, file: string) => `${cases}${name}/test_data_set_0/${file}.pb`;

  test('a cast: node, types, opset', () => {
    const m = at('cast_FLOAT_to_INT4');
    expect(m).toMatchObject({
      irVersion: 13,
      producer: 'backend-test',
      bytes: 134,
      functions: [],
      externalFiles: [],
      diagnostics: [],
    });
    expect(m.opsets).toEqual(new Map([['', 25]]));
    expect(m.graph.nodes).toEqual([
      {
        name: '',
        op: 'Cast',
        domain: '',
        overload: '',
        inputs: ['input'],
        outputs: ['output'],
        attributes: new Map([['to', { kind: 'int', value: 22 }]]),
      },
    ]);
    expect(m.graph.inputs).toEqual([{ name: 'input', type: { kind: 'tensor', dtype: 'float32', dims: [5, 5] } }]);
    expect(m.graph.outputs[0]?.type).toEqual({ kind: 'tensor', dtype: 'int4', dims: [5, 5] });
    const output = readTensorFile(data('cast_FLOAT_to_INT4', 'output_0')).tensor;
    expect(Array.from(output.data as Int8Array).sort((a, b) => a - b)).toEqual(expect.arrayContaining([-8, 7]));
    expect(output).toMatchObject({ dtype: 'int4', dims: [5, 5] });
  });

  test('an If with graphs, an optional of a sequence', () => {
    const m = at('if_opt');
    expect(m.graph.outputs[0]?.type).toEqual({
      kind: 'optional',
      element: { kind: 'sequence', element: { kind: 'tensor', dtype: 'float32', dims: [5] } },
    });
    const branch = attributesOf(m).get('then_branch');
    expect(branch?.kind === 'graph' && branch.value.nodes.map((n) => n.op)).toEqual(['Optional']);
    const output = readValueFile(data('if_opt', 'output_0'), 'optional');
    expect(output).toMatchObject({
      kind: 'optional',
      value: { kind: 'sequence', values: [{ kind: 'tensor', tensor: { dims: [5] } }] },
    });
  });

  test('an optional, a sequence, strings', () => {
    expect(readValueFile(data('optional_get_element_sequence', 'input_0'), 'sequence')).toMatchObject({
      kind: 'sequence',
      name: 'optional_input',
      values: [{ tensor: tensorOf('int32', [4], [1, 2, 3, 4]) }],
    });
    expect(readValueFile(data('optional_get_element_sequence', 'output_0'), 'sequence')).toMatchObject({
      kind: 'sequence',
      values: [{ kind: 'tensor' }],
    });
    // Without a hint, bytes that are no tensor are taken for a sequence.
    expect(readValueFile(data('optional_get_element_sequence', 'output_0')).kind).toBe('sequence');
    expect(readTensorFile(data('equal_string', 'input_0')).tensor).toMatchObject({ dtype: 'string' });
  });
});

describe('the parts of a model', () => {
  test('attributes of all kinds, with and without a type', () => {
    const tensor = { dims: [1], dataType: 1, rawData: f32(2) };
    const sparse = {
      dims: [2, 3],
      values: { dims: [2], dataType: 1, rawData: f32(5, 6) },
      indices: { dims: [2], dataType: 7, int64Data: [1, 5] },
    };
    const type = {
      tensorType: { elemType: 7, shape: { dim: [{ dimValue: 2 }, { dimParam: 'n' }, {}, { dimValue: -1 }] } },
    };
    const values = {
      float: { type: 1, f: 0.5 },
      int: { type: 2, i: -(2n ** 63n) },
      string: { type: 3, s: text('ü') },
      tensor: { type: 4, t: tensor },
      graph: { type: 5, g: { name: 'g', node: [{ opType: 'Relu', domain: 'ai.onnx' }] } },
      floats: { type: 6, floats: [1, 2] },
      ints: { type: 7, ints: [2n ** 53n + 1n, 3] },
      strings: { type: 8, strings: [text('a'), Uint8Array.of(0x61, 0xff)] },
      tensors: { type: 9, tensors: [tensor, tensor] },
      graphs: { type: 10, graphs: [{ name: 'h' }] },
      sparse_tensor: { type: 11, sparseTensor: sparse },
      sparse_tensors: { type: 12, sparseTensors: [sparse] },
      type: { type: 13, tp: type },
      types: {
        type: 14,
        typeProtos: [{ sequenceType: { elemType: type } }, { mapType: { keyType: 8, valueType: type } }, {}],
      },
      absent_int: { type: 2 },
      empty_ints: { type: 7 },
      ref: { type: 1, refAttrName: 'alpha' },
      old_float: { f: 0 },
      old_ints: { ints: [1] },
      old_tensor: { t: tensor },
    };
    const attribute = Object.entries(values).map(([name, v]) => ({ name, ...v }));
    const found = attributesOf(readModelBytes(model({ graph: { node: [{ opType: 'X', attribute }] } })));
    const dims = [2, 'n', null, null];
    const plain = (name: string) => {
      const a = found.get(name);
      return a && 'value' in a ? a.value : a;
    };
    expect([...found].map(([name, a]) => [name, a.kind])).toEqual(
      Object.keys(values).map((name) => [
        name,
        { absent_int: 'int', empty_ints: 'ints', old_float: 'float', old_ints: 'ints', old_tensor: 'tensor' }[name] ??
          name,
      ]),
    );
    expect(plain('float')).toBe(0.5);
    expect(plain('int')).toBe(-(2n ** 63n));
    expect(plain('string')).toBe('ü');
    expect(plain('ints')).toEqual([2n ** 53n + 1n, 3]);
    expect(found.get('strings')).toEqual({
      kind: 'strings',
      value: ['a', 'a\\xff'],
      bytes: [text('a'), Uint8Array.of(0x61, 0xff)],
    });
    expect(plain('graph')).toMatchObject({ name: 'g', nodes: [{ op: 'Relu', domain: '' }] });
    expect(plain('type')).toEqual({ kind: 'tensor', dtype: 'int64', dims });
    expect(plain('types')).toEqual([
      { kind: 'sequence', element: { kind: 'tensor', dtype: 'int64', dims } },
      { kind: 'map', key: 'string', value: { kind: 'tensor', dtype: 'int64', dims } },
      undefined,
    ]);
    expect(plain('absent_int')).toBe(0);
    expect(found.get('ref')).toEqual({ kind: 'ref', name: 'alpha', type: 'float' });
    const dense = found.get('sparse_tensor');
    expect(dense?.kind === 'sparse_tensor' && dense.value.load()).toEqual(
      tensorOf('float32', [2, 3], [0, 5, 0, 0, 0, 6]),
    );
  });

  test('sparse initializers by coordinates; wrong indices are told when loading', () => {
    const sparse = (...coordinates: number[]) => ({
      dims: [2, 3],
      values: { name: 's', dims: [2], dataType: 6, int32Data: [7, 8] },
      indices: { dims: [2, 2], dataType: 7, int64Data: coordinates },
    });
    const weight = (...c: number[]) =>
      readModelBytes(model({ graph: { sparseInitializer: [sparse(...c)] } })).graph.initializers.get('s');
    expect(weight(0, 2, 1, 0)?.load()).toEqual(tensorOf('int32', [2, 3], [0, 0, 7, 8, 0, 0]));
    expect(diagnosticsOf(() => weight(0, 3, 1, 0)?.load())[0]?.code).toBe('bad-sparse-tensor');
    expect(diagnosticsOf(() => weight(1, 0, 0, 2)?.load())[0]?.code).toBe('bad-sparse-tensor');
    const huge = { ...sparse(0, 0, 1, 1), dims: [2 ** 20, 2 ** 11 - 1] };
    expect(diagnosticsOf(() => readModelBytes(model({ graph: { sparseInitializer: [huge] } })))[0]?.code).toBe(
      'bad-sparse-tensor',
    );
  });

  test('functions, opsets, metadata, value_info', () => {
    const m = readModelBytes(
      model({
        producerName: 'pytorch',
        producerVersion: '2.1.0',
        modelVersion: 3,
        domain: 'd',
        opsetImport: [
          { domain: 'ai.onnx', version: 17 },
          { domain: 'ai.onnx.ml', version: 3 },
        ],
        metadataProps: [{ key: 'k', value: 'v' }],
        graph: { name: 'g', valueInfo: [{ name: 'h', type: { tensorType: { elemType: 1 } } }] },
        functions: [
          {
            name: 'F',
            domain: 'my',
            overload: 'o',
            input: ['x'],
            output: ['y'],
            attribute: ['a'],
            attributeProto: [{ name: 'b', type: 1, f: 2 }],
            node: [{ opType: 'Relu' }],
            opsetImport: [{ domain: '', version: 16 }],
          },
        ],
      }),
    );
    expect(m).toMatchObject({ producer: 'pytorch 2.1.0', modelVersion: 3, domain: 'd', irVersion: 8 });
    expect([...m.opsets]).toEqual([
      ['', 17],
      ['ai.onnx.ml', 3],
    ]);
    expect([...m.metadata]).toEqual([['k', 'v']]);
    expect(m.graph.valueInfo.get('h')).toEqual({ kind: 'tensor', dtype: 'float32', dims: undefined });
    expect(m.functions[0]).toMatchObject({
      name: 'F',
      domain: 'my',
      overload: 'o',
      inputs: ['x'],
      outputs: ['y'],
      attributes: ['a'],
      attributeDefaults: new Map([['b', { kind: 'float', value: 2 }]]),
      opsets: new Map([['', 16]]),
    });
  });

  test('outputs appended to the bytes are merged into the graph', () => {
    const bytes = Buffer.concat([model({ graph: { output: [{ name: 'y' }] } }), extraOutputs(['h1', 'h2'])]);
    expect(readModelBytes(bytes).graph.outputs.map((o) => o.name)).toEqual(['y', 'h1', 'h2']);
  });

  test('before IR version 3 there is no opset_import', () => {
    expect([...readModelBytes(model({ irVersion: 2, opsetImport: [], graph: { name: 'g' } })).opsets]).toEqual([
      ['', 1],
    ]);
  });

  test('all problems are told at once, with their places; names that are no UTF-8 stay apart', () => {
    const bad = (name: string) => ({ name, dims: [2], dataType: 1, rawData: f32(1) });
    const found = diagnosticsOf(() =>
      readModelBytes(
        model({
          graph: {
            initializer: [bad('a'), bad('b'), { ...bad('c'), dims: [1] }, { ...bad('c'), dims: [1] }],
            node: [
              { opType: 'Relu' },
              { name: 'n', opType: 'Constant', attribute: [{ name: 'value', type: 4, t: bad('') }] },
              { output: ['o'] },
            ],
          },
        }),
        {},
        'm.onnx',
      ),
    );
    expect(found.map((d) => [d.code, d.place])).toEqual([
      ['tensor-wrong-size', { file: 'm.onnx', tensor: 'a' }],
      ['tensor-wrong-size', { file: 'm.onnx', tensor: 'b' }],
      ['duplicate-initializer', { file: 'm.onnx', tensor: 'c' }],
      ['tensor-wrong-size', { file: 'm.onnx', index: 1, node: 'n', op: 'Constant', tensor: 'value' }],
      ['malformed-node', { file: 'm.onnx', index: 2, node: 'o', op: '' }],
    ]);
    const odd = (byte: number) => delimited(1, Uint8Array.of(0x61, byte));
    const names = readModelBytes(
      Buffer.concat([
        integer(1, 8),
        delimited(8, integer(2, 17)),
        delimited(7, delimited(1, Buffer.concat([odd(0xfe), odd(0xff), delimited(4, 'X')]))),
      ]),
    ).graph.nodes[0]?.inputs;
    expect(names).toEqual(['a\\xfe', 'a\\xff']);
  });

  test.each([
    [{ opsetImport: [], graph: {} }, 'no-opset'],
    [{ opsetImport: [{ version: -1 }], graph: {} }, 'bad-opset'],
    [{ graph: { node: [{ opType: 'X', attribute: [{ name: 'a', type: 99 }] }] } }, 'malformed-node'],
    [{ graph: { node: [{ opType: 'X', attribute: [{ name: 'a', type: 4 }] }] } }, 'malformed-node'],
    [{ graph: { node: [{ opType: 'X', attribute: [{ name: 'a' }] }] } }, 'malformed-node'],
  ])('%j', (m, code) => {
    expect(diagnosticsOf(() => readModelBytes(model(m)))).toMatchObject([{ code, severity: 'error' }]);
  });

  test.each([
    [{ irVersion: 99, graph: {} }, 'newer-ir'],
    [
      {
        graph: {
          node: [
            {
              opType: 'X',
              attribute: [
                { name: 'a', type: 2, i: 1 },
                { name: 'a', type: 2, i: 2 },
              ],
            },
          ],
        },
      },
      'duplicate-attribute',
    ],
  ])('%j is a warning', (m, code) => {
    expect(readModelBytes(model(m)).diagnostics).toMatchObject([{ code, severity: 'warning' }]);
  });
});

describe('weights stay in the file', () => {
  test('a model of 256 MB takes no memory until a weight is loaded, and a changed file is noticed', () => {
    inFolder((folder) => {
      const path = join(folder, 'big.onnx');
      const n = 64 * 2 ** 20;
      const head = Buffer.concat([
        integer(1, n),
        integer(2, 1),
        delimited(8, 'big'),
        varint((9 << 3) | 2),
        varint(4 * n),
      ]);
      const tensor = Buffer.concat([varint((5 << 3) | 2), varint(head.length + 4 * n), head]);
      const small = delimited(
        5,
        Buffer.concat([integer(1, 1), integer(2, 1), delimited(8, 'small'), delimited(9, f32(7))]),
      );
      const start = Buffer.concat([
        integer(1, 8),
        delimited(8, integer(2, 17)),
        varint((7 << 3) | 2),
        varint(tensor.length + 4 * n + small.length),
        tensor,
      ]);
      const fd = openSync(path, 'w');
      writeSync(fd, start);
      ftruncateSync(fd, start.length + 4 * n);
      writeSync(fd, small, 0, small.length, start.length + 4 * n);
      closeSync(fd);

      const before = process.memoryUsage();
      const m = readModel(path, { maxBytes: 2 ** 30 });
      const after = process.memoryUsage();
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * 2 ** 20);
      expect(after.rss - before.rss).toBeLessThan(64 * 2 ** 20);
      expect(m.graph.initializers.get('big')?.dims).toEqual([n]);
      expect(m.graph.initializers.get('small')?.load()).toEqual(tensorOf('float32', [1], [7]));

      writeFileSync(path, readFileSync(join(cases, 'if_opt', 'model.onnx')));
      expect(diagnosticsOf(() => m.graph.initializers.get('small')?.load())[0]?.code).toBe('file-changed');
    });
  });
});

test('the generated decoder is fresh', () => {
  execFileSync(
    process.execPath,
    [fileURLToPath(new URL('../../src/tools/generate-proto.mjs', import.meta.url)), '--check'],
    { stdio: 'pipe' },
  );
});
