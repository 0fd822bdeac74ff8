/** What is fed to a source that has no stored inputs: no run, only which values and sizes are chosen. */
import { encodeModel } from '../../../src/onnx/encode.js';
import { readModelBytes } from '../../../src/onnx/read.js';
import { tensorOf } from '../../../src/tensor/tensor.js';
import type { RecordedTensor } from '../../../src/verify/record.js';
import { Random } from '../../../src/verify/source/random.js';
import { describeSizes, isOpen, shapeFor, sizesFor, TRIES } from '../../../src/verify/source/sizes.js';
import { randomOperator, usesOf } from '../../../src/verify/source/uses.js';
import { draw, drawFor } from '../../../src/verify/source/values.js';
import { type Sketch, sketched } from '../../convert/harness.js';
import { row } from '../written.js';

const read = (sketch: Sketch) => readModelBytes(sketched(sketch));

/** The draw for an input of a model. */
function drawOf(sketch: Sketch, name: string) {
  const { [name]: given } = sketch.inputs ?? {};
  const [dtype, dims] = given as [Parameters<typeof drawFor>[1], number[]];
  return drawFor(name, dtype, dims, usesOf(read(sketch), name));
}

describe('random numbers', () => {
  test('are the same for the same seed, and others for another', () => {
    const ten = (seed: string) =>
      Array.from(
        { length: 10 },
        (
          (r) => () =>
            r.next()
        )(new Random(seed)),
      );
    expect(ten('a')).toEqual(ten('a'));
    expect(ten('a')).not.toEqual(ten('b'));
    // They must not change between versions: a recorded reference names its seed alone.
    expect(new Random('0 0 x').next()).toBe(0.4735604580491781);
  });

  test('normal: mean 0, deviation 1, both signs', () => {
    const random = new Random('x');
    const values = Array.from({ length: 20000 }, () => random.normal());
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length).toBeCloseTo(1, 1);
  });
});

describe('values', () => {
  const table = { embedding: tensorOf('float32', [50, 4], new Float32Array(200)) };

  test('an index stays within the table, also behind a Cast and in the smaller of two', () => {
    const sketch: Sketch = {
      inputs: { ids: ['int64', [1, 8]] },
      outputs: ['y', 'z'],
      nodes: [
        { op: 'Cast', in: ['ids'], out: ['i'], with: { to: 6 } },
        { op: 'Gather', in: ['embedding', 'i'], out: ['y'] },
        { op: 'Gather', in: ['small', 'ids'], out: ['z'], with: { axis: -1 } },
      ],
      weights: { ...table, small: tensorOf('float32', [2, 7], new Float32Array(14)) },
    };
    expect(drawOf(sketch, 'ids')).toEqual({ kind: 'whole', low: 0, high: 6 });
  });

  test('a logarithm gets positive numbers, a divisor none near zero, an arccosine those within bounds', () => {
    const one = (op: string, at: number): Sketch => ({
      inputs: { x: ['float32', [4]] },
      outputs: ['y'],
      nodes: [{ op, in: at === 0 ? ['x'] : ['one', 'x'], out: ['y'] }],
      weights: { one: tensorOf('float32', [], [1]) },
    });
    const values = (op: string, at: number) =>
      [...draw(drawOf(one(op, at), 'x'), 'float32', [500], 's', 0).data] as number[];
    expect(Math.min(...values('Log', 0))).toBeGreaterThan(0);
    expect(Math.min(...values('Div', 1).map(Math.abs))).toBeGreaterThanOrEqual(0.5);
    expect(Math.min(...values('Div', 1))).toBeLessThan(0);
    expect(Math.max(...values('Acos', 0).map(Math.abs))).toBeLessThanOrEqual(1);
    const plain = values('Relu', 0);
    expect(plain.filter((v) => v < 0).length).toBeGreaterThan(200);
    expect(plain).toContain(0);
  });

  test('a branch of an If is seen, and its condition takes both values in two sets', () => {
    const model = readModelBytes(
      encodeModel({
        irVersion: 8,
        opsetImport: [{ version: 17 }],
        graph: {
          name: 'm',
          node: [
            {
              opType: 'If',
              input: ['c'],
              output: ['y'],
              attribute: (['then_branch', 'else_branch'] as const).map((name) => ({
                name,
                type: 5,
                g: { name, node: [{ opType: 'Sqrt', input: ['x'], output: ['s'] }], output: [{ name: 's' }] },
              })),
            },
          ],
          input: [{ name: 'x' }, { name: 'c' }],
          output: [{ name: 'y' }],
        },
      }),
    );
    expect(usesOf(model, 'x').map((use) => use.op)).toEqual(['Sqrt', 'Sqrt']);
    const how = drawFor('c', 'bool', [], usesOf(model, 'c'));
    expect([draw(how, 'bool', [], 's', 0).data, draw(how, 'bool', [], 's', 1).data]).toEqual([
      Uint8Array.of(1),
      Uint8Array.of(0),
    ]);
  });

  test('names hint at masks, positions and kinds of tokens', () => {
    const how = (name: string) => drawFor(name, 'int64', [2, 4], []);
    expect(draw(how('attention_mask'), 'int64', [2, 4], 's', 0).data).toEqual(
      BigInt64Array.of(1n, 1n, 1n, 0n, 1n, 1n, 0n, 0n),
    );
    expect(draw(how('position_ids'), 'int64', [2, 3], 's', 0).data).toEqual(BigInt64Array.of(0n, 1n, 2n, 0n, 1n, 2n));
    expect(how('token_type_ids')).toEqual({ kind: 'whole', low: 0, high: 1 });
  });

  test('an integer takes its type’s range where nothing can overflow', () => {
    expect(drawFor('image', 'uint8', [4], [])).toEqual({ kind: 'whole', low: 0, high: 255 });
    const sum: Sketch = {
      inputs: { a: ['int8', [4]], b: ['int8', [4]] },
      outputs: ['y'],
      nodes: [{ op: 'Add', in: ['a', 'b'], out: ['y'] }],
    };
    expect(drawOf(sum, 'a')).toEqual({ kind: 'whole', low: -9, high: 9 });
  });

  test('operators that draw at random are found, in subgraphs too', () => {
    const noise: Sketch = {
      inputs: {},
      outputs: ['y'],
      nodes: [{ op: 'RandomNormal', in: [], out: ['y'], with: { shape: [2] } }],
    };
    expect(randomOperator(read(noise))).toBe('RandomNormal');
    expect(randomOperator(read({ ...noise, nodes: [{ op: 'Relu', in: ['x'], out: ['y'] }] }))).toBeUndefined();
  });
});

describe('sizes', () => {
  const open = (name: string, dtype: string, shape: (number | string | null)[]): RecordedTensor => {
    const base = row(
      name,
      dtype,
      shape.map((d) => (typeof d === 'number' ? d : null)),
    );
    return { ...base, onnx: { ...base.onnx, shape } } as RecordedTensor;
  };

  test('a batch, a picture and a sequence are told apart; equal symbols get equal sizes; two tries differ everywhere', () => {
    const inputs = [open('ids', 'int64', ['batch', 'seq']), open('image', 'float32', ['batch', 3, null, null])];
    const [first, second] = [sizesFor(inputs, 0), sizesFor(inputs, 1)];
    expect(inputs.map((i) => shapeFor(i, first))).toEqual([
      [2, 7],
      [2, 3, 64, 96],
    ]);
    for (const [key, size] of first) expect([key, second.get(key)]).not.toEqual([key, size]);
    expect(describeSizes(first)).toBe('batch=2, seq=7, image:2=64, image:3=96');
  });

  test('a symbol that is a sum follows from its parts', () => {
    const inputs = [
      open('past', 'float32', ['n', 2, 'past_len', 4]),
      open('mask', 'int64', ['n', 'past_len + seq']),
      open('ids', 'int64', ['n', 'seq']),
    ];
    const sizes = sizesFor(inputs, 0);
    expect(sizes.get('past_len + seq')).toBe((sizes.get('past_len') as number) + (sizes.get('seq') as number));
  });

  test('what the written model has fixed is fixed, and a file’s 1 stays 1 where the batch is free', () => {
    const batch: RecordedTensor = {
      ...open('x', 'float32', [1, 3]),
      tfjs: { name: 'x', dtype: 'float32', shape: [null, 3] },
    };
    expect(isOpen([batch])).toBe(false);
    expect(shapeFor(batch, new Map())).toEqual([1, 3]);
    const fixed: RecordedTensor = {
      ...open('x', 'float32', ['n', 3]),
      tfjs: { name: 'x', dtype: 'float32', shape: [5, 3] },
    };
    expect(shapeFor(fixed, new Map())).toEqual([5, 3]);
    expect(TRIES).toBeGreaterThan(2);
  });
});
