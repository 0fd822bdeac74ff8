import { tensorOf } from '../../src/tensor/tensor.js';
import { clean, convert, floats } from './harness.js';

afterEach(clean);

describe('inputs and outputs', () => {
  test('an output that is an input, a constant, or appears twice has a name of its own to fetch', async () => {
    const c = convert({
      inputs: { x: ['float32', [2]] },
      outputs: ['x', 'k', 'y', 'z'],
      weights: { k: tensorOf('float32', [2], [5, 6]) },
      nodes: [
        { op: 'Neg', in: ['x'], out: ['y'] },
        { op: 'Identity', in: ['y'], out: ['z'] },
      ],
    });
    expect(c.diagnostics).toEqual([]);
    const names = c.record.outputs.map((o) => o.tfjs.name);
    expect(c.record.outputs.map((o) => o.onnx.name)).toEqual(['x', 'k', 'y', 'z']);
    expect(new Set(names).size).toBe(4);
    for (const engine of ['wasm', 'cpu'] as const) {
      // Twice, since fetching an input or a weight itself would give it away.
      for (let i = 0; i < 2; i++) {
        const out = await c.run(engine, { x: floats([2], [1, -2]) });
        expect(names.map((n) => Array.from(out.get(n)?.data as Float32Array))).toEqual([
          [1, -2],
          [5, 6],
          [-1, 2],
          [-1, 2],
        ]);
      }
    }
  });

  test('the parts of a Split are fetched each by its own name, though they are one node', async () => {
    const c = convert({
      opset: 13,
      inputs: { x: ['float32', [4]] },
      outputs: ['b', 'a'],
      weights: { sizes: tensorOf('int64', [2], [1, 3]) },
      nodes: [{ op: 'Split', in: ['x', 'sizes'], out: ['a', 'b'], with: { axis: 0 } }],
    });
    expect(c.record.outputs.map((o) => o.tfjs.name)).toEqual(['b', 'a']);
    const out = await c.run('cpu', { x: floats([4], [1, 2, 3, 4]) });
    expect(Array.from(out.get('a')?.data as Float32Array)).toEqual([1]);
    expect(Array.from(out.get('b')?.data as Float32Array)).toEqual([2, 3, 4]);
  });

  test('an image keeps its symbolic sizes, and runs at two of them', async () => {
    const c = convert({
      inputs: { x: ['float32', ['N', 1, 'H', 'W']] },
      outputs: ['y'],
      weights: { w: tensorOf('float32', [1, 1, 3, 3], new Array(9).fill(1)) },
      nodes: [{ op: 'Conv', in: ['x', 'w'], out: ['y'], with: { strides: [2, 2], pads: [1, 1, 1, 1] } }],
    });
    expect(c.record.inputs[0].tfjs.shape).toEqual([null, null, null, 1]);
    for (const [n, h, w] of [
      [1, 3, 5],
      [2, 4, 4],
    ]) {
      const out = await c.run('wasm', { x: floats([n, h, w, 1], new Array(n * h * w).fill(1)) });
      expect(out.get('y')?.shape).toEqual([n, Math.floor((h - 1) / 2) + 1, Math.floor((w - 1) / 2) + 1, 1]);
      // The corner sees 2x2 ones, the rest is zeros.
      expect((out.get('y')?.data as Float32Array)[0]).toBe(4);
    }
  });

  test('names that are illegal in TensorFlow.js stay in conversion.json alone', async () => {
    const c = convert({
      inputs: { '/in:0': ['float32', [1, 2]] },
      outputs: ['out::put'],
      nodes: [{ op: 'Relu', in: ['/in:0'], out: ['out::put'] }],
    });
    expect(c.record.inputs[0].tfjs.name).toBe('in_0');
    expect(c.record.outputs[0]).toMatchObject({ onnx: { name: 'out::put' }, tfjs: { name: 'out__put' } });
    const out = await c.run('cpu', { in_0: floats([1, 2], [-1, 2]) });
    expect(Array.from(out.get('out__put')?.data as Float32Array)).toEqual([0, 2]);
  });
});

describe('refusals', () => {
  test('all nodes that stand in the way are named at once, with what to do', () => {
    const c = convert({
      inputs: { x: ['float32', [2]] },
      outputs: ['d'],
      nodes: [
        { op: 'Frobnicate', name: 'first', in: ['x'], out: ['a'] },
        { op: 'Relu', in: ['a'], out: ['b'] },
        { op: 'Frobnicate', name: 'second', in: ['b'], out: ['c'] },
        { op: 'Custom', domain: 'my.domain', name: 'third', in: ['c'], out: ['d'] },
      ],
    });
    expect(c.status).toBe('unsupported');
    expect(c.diagnostics.map((d) => [d.code, d.place.node, d.place.index])).toEqual([
      ['unsupported-operator', 'first', 0],
      ['unsupported-operator', 'second', 2],
      ['unsupported-operator', 'third', 3],
    ]);
    expect(c.diagnostics.every((d) => d.remedy !== '')).toBe(true);
  });

  test('a node that reads what nothing gives is a fault of the model', () => {
    const c = convert({
      inputs: { x: ['float32', [2]] },
      outputs: ['y'],
      nodes: [{ op: 'Add', in: ['x', 'ghost'], out: ['y'] }],
    });
    expect(c.status).toBe('error');
    expect(c.diagnostics[0]).toMatchObject({ code: 'unknown-name', place: { tensor: 'ghost', op: 'Add' } });
  });

  test('a constant that int32 cannot hold is refused, with the node that reads it', () => {
    const c = convert({
      inputs: { x: ['int64', [1]] },
      outputs: ['y'],
      weights: { k: tensorOf('int64', [1], [2n ** 40n]) },
      nodes: [{ op: 'Add', name: 'sum', in: ['x', 'k'], out: ['y'] }],
    });
    expect(c.status).toBe('unsupported');
    const [refused] = c.diagnostics.filter((d) => d.severity !== 'warning' && d.severity !== 'note');
    expect(refused.message).toContain('1099511627776');
    expect(refused.place.node).toBe('sum');
  });
});
