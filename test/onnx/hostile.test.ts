import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLfsPointer } from '../../src/onnx/lfs.js';
import { readModel, readModelBytes } from '../../src/onnx/read.js';
import { readTensorFile } from '../../src/onnx/tensorfile.js';
import { int64s } from '../../src/tensor/tensor.js';
import { delimited, diagnosticsOf, inFolder, integer, model, modelAround, varint } from './build.js';

const f32 = (...xs: number[]) => new Uint8Array(Float32Array.from(xs).buffer);

describe('files that are no model', () => {
  const inFile = (bytes: Uint8Array | string) =>
    inFolder((folder) => {
      const path = join(folder, 'm.onnx');
      writeFileSync(path, bytes);
      return diagnosticsOf(() => readModel(path, {}, 'm.onnx'))[0];
    });
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';
  test.each<[string, Uint8Array | string, string, RegExp]>([
    ['an empty one', '', 'empty-file', /empty/],
    ['a pointer of Git LFS', pointer, 'lfs-pointer', /Git LFS pointer/],
    ['a web page', '<!DOCTYPE html>\n<html lang="en"><head></head></html>', 'not-onnx', /an HTML page/],
    ['a ZIP archive', Buffer.from('504b0304140000000800', 'hex'), 'not-onnx', /a ZIP archive/],
    ['text', 'This model has moved. Ask the maintainers for it.\n', 'not-onnx', /a text file/],
    ['JSON', '{"format": "graph-model"}', 'not-onnx', /a JSON file/],
    [
      'an .ort file',
      Buffer.concat([Buffer.from([0x20, 0, 0, 0]), Buffer.from('ORTM'), Buffer.alloc(64, 0xff)]),
      'not-onnx',
      /ORT format/,
    ],
    ['a message without a graph', integer(1, 8), 'not-onnx', /without a graph/],
    ['noise', Buffer.alloc(64, 0xff), 'malformed-file', /damaged/],
  ])('%s', (_, bytes, code, message) => {
    const found = inFile(bytes);
    expect(found).toMatchObject({ code, severity: 'error', place: { file: 'm.onnx' } });
    expect(found?.message).toMatch(message);
  });

  test('the LFS pointer says what to set', () => {
    expect(inFile(pointer)?.remedy).toMatch(/`lfs: true` on the actions\/checkout step/);
    inFolder((folder) => {
      writeFileSync(join(folder, 'a'), pointer);
      writeFileSync(join(folder, 'b'), 'version 2');
      expect([
        isLfsPointer(join(folder, 'a')),
        isLfsPointer(join(folder, 'b')),
        isLfsPointer(join(folder, 'c')),
      ]).toEqual([true, false, false]);
    });
  });

  test('no file, a folder', () => {
    inFolder((folder) => {
      expect(diagnosticsOf(() => readModel(join(folder, 'none.onnx')))).toMatchObject([{ code: 'unreadable-file' }]);
      expect(diagnosticsOf(() => readModel(folder))).toMatchObject([{ code: 'not-a-file' }]);
      expect(diagnosticsOf(() => readTensorFile(join(folder, 'none.pb')))).toMatchObject([{ code: 'unreadable-file' }]);
    });
  });

  test('every prefix of a model is told as truncated, or by what it lacks, and where', () => {
    const whole = Buffer.from(
      model({
        graph: {
          node: [{ name: 'n', opType: 'Relu', input: ['x'] }],
          initializer: [{ name: 'conv1.weight', dims: [4], dataType: 1, floatData: [1, 2, 3, 4] }],
        },
      }),
    );
    // Writers put opset_import after the graph, so that a cut between the two leaves a graph without it.
    for (let n = 1; n < whole.length; n++)
      expect(['truncated-file', 'not-onnx', 'malformed-file', 'no-opset']).toContain(
        diagnosticsOf(() => readModelBytes(whole.subarray(0, n)))[0]?.code,
      );
    const named = modelAround(
      Buffer.concat([delimited(8, 'conv1.weight'), integer(1, 4), integer(2, 1), delimited(9, f32(1, 2, 3, 4))]),
    );
    expect(diagnosticsOf(() => readModelBytes(named.subarray(0, named.length - 5)))[0]).toMatchObject({
      code: 'truncated-file',
      message: `the file is truncated at byte ${named.length - 5}, in graph.initializer[0] "conv1.weight": at least 5 more bytes belong to it`,
    });
  });
});

describe('hostile files', () => {
  test('graphs nested without end', () => {
    let graph = delimited(2, 'innermost');
    for (let i = 0; i < 200; i++) graph = delimited(1, delimited(5, delimited(6, graph)));
    const bytes = Buffer.concat([integer(1, 8), delimited(7, graph)]);
    expect(diagnosticsOf(() => readModelBytes(bytes))[0]?.code).toBe('nested-too-deep');
  });

  test('groups nested without end, in an unknown field', () => {
    const bytes = Buffer.concat([integer(1, 8), Buffer.alloc(100_000, varint((50 << 3) | 3))]);
    expect(['nested-too-deep', 'malformed-file']).toContain(diagnosticsOf(() => readModelBytes(bytes))[0]?.code);
  });

  test('millions of empty nodes', () => {
    const nodes = Buffer.alloc(2_000_000, Buffer.from([0x0a, 0]));
    const bytes = Buffer.concat([integer(1, 8), delimited(7, nodes)]);
    expect(diagnosticsOf(() => readModelBytes(bytes, { maxStructure: 2 ** 24 }))[0]?.code).toBe('structure-too-large');
  });

  test('a length beyond what protobuf allows', () => {
    const bytes = Buffer.concat([integer(1, 8), varint((7 << 3) | 2), varint(2n ** 63n)]);
    expect(diagnosticsOf(() => readModelBytes(bytes))[0]?.code).toBe('malformed-file');
  });

  test('__proto__ and its like are names as any other', () => {
    const m = readModelBytes(
      model({
        graph: {
          initializer: [{ name: '__proto__', dims: [1], dataType: 7, int64Data: [5] }],
          node: [{ opType: 'constructor', attribute: [{ name: '__proto__', type: 2, i: 1 }] }],
        },
        metadataProps: [{ key: '__proto__', value: 'x' }],
      }),
    );
    expect(m.graph.initializers.get('__proto__')?.load()).toEqual(int64s([5]));
    expect(m.graph.nodes[0]?.attributes.get('__proto__')).toEqual({ kind: 'int', value: 1 });
    expect(m.metadata.get('__proto__')).toBe('x');
  });

  test('a model above the limit of bytes', () => {
    expect(diagnosticsOf(() => readModelBytes(model({ graph: {} }), { maxBytes: 4 }))[0]?.code).toBe('model-too-large');
  });
});
