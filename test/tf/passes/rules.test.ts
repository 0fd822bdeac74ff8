/**
 * Each pass on a graph made for it: what it makes of it, that it makes nothing more of that, and that stock TensorFlow.js
 * computes the same from both.
 */
import { ownOperands } from '../../../src/tf/passes/own-operands.js';
import { TF_PASSES, type TfPass } from '../../../src/tf/passes/index.js';
import { prune } from '../../../src/tf/rewrite.js';
import { computed, expectSame, handMade, opsOf, textOf, wave } from './graphs.js';
import { RULES } from './rules.js';

const passOf = (name: string): TfPass => {
  const pass = TF_PASSES.find((p) => p.name === name);
  if (!pass) throw new Error(`there is no pass ${name}`);
  return pass;
};

test('every pass has a graph here, on which it changes something', () => {
  const working = RULES.filter((r) => String(r.before) !== String(r.after)).map((r) => r.pass);
  expect([...new Set(working)].sort()).toEqual([...new Set(TF_PASSES.map((p) => p.name))].sort());
});

describe.each(RULES.map((r) => [r.pass, r.what, r.target, r] as const))('%s: %s (%s)', (name, _what, target, rule) => {
  const { graph, before, after } = rule;
  const { run } = passOf(name);
  const given = graph();
  const now = run(given, target);

  test('gives these ops', () => {
    expect(opsOf(prune(given))).toEqual(before);
    expect(opsOf(now)).toEqual(after);
  });
  test('twice is once', () => expect(textOf(run(now, target))).toBe(textOf(now)));
  test('computes the same', async () => expectSame(await computed(now), await computed(given)));
});

test('chain-concats: each layer of a block reads all before it, but along one axis', async () => {
  const given = handMade(
    Array.from({ length: 4 }, () => [1, 2, 3, 4]),
    (b, [x, y, z, w]) => [
      b.concat([x, y], 3),
      b.concat([x, y, z], 3),
      b.concat([x, y, z, w], 3),
      b.concat([x, y, z], 2),
      b.concat([y, x, z], 3),
    ],
  );
  const now = passOf('chain-concats').run(given, 'any');
  const joined = now.nodes.filter((n) => n.op === 'ConcatV2').map((n) => n.inputs.length - 1);
  expect(joined).toEqual([2, 2, 2, 3, 3]);
  expectSame(await computed(now), await computed(given));
});

test('own-operands: weights that two MatMuls read under different sizes, on WASM, where these would be taken for one', async () => {
  const shapes = [
    [3, 6],
    [3, 4],
  ];
  const tied = (own: boolean) =>
    handMade(shapes, (b, [x, y]) => {
      const w = b.constant(wave([6, 4]));
      const turned = own ? b.constant({ ...wave([6, 4]), dims: [4, 6], load: () => ({ ...wave([6, 4]).load(), dims: [4, 6] }) }) : b.reshape(w, [4, 6]); // biome-ignore format: one line
      const attrs = { transpose_a: false, transpose_b: false };
      return [b.op('MatMul', [x, w], attrs), b.op('MatMul', [y, turned], attrs)];
    });
  const now = ownOperands(tied(false));
  expect(now.nodes.filter((n) => n.op === 'Const' && n.dtypes[0] === 'float32')).toHaveLength(2);
  expect(textOf(ownOperands(now))).toBe(textOf(now));
  // The CPU backend has no cache of packed weights.
  expectSame(await computed(now, 'wasm'), await computed(tied(false), 'cpu'));
});

const plain = { transpose_a: false, transpose_b: false };
const floats = (graph: ReturnType<typeof handMade>) =>
  graph.nodes.filter((n) => n.op === 'Const' && n.dtypes[0] === 'float32').length;

test('weights that several nodes read, and a pass makes anew for each, are one again', async () => {
  const given = handMade(
    [
      [3, 4],
      [3, 4],
    ],
    (b, [x, y]) => {
      const [w, scale] = [b.constant(wave([4, 6])), b.constant(wave([6]))];
      const split = (v: typeof x) =>
        b.many('Split', [b.scalar(1, 'int32'), b.mul(b.op('MatMul', [v, w], plain), scale)], { num_split: 2 });
      const [a, c] = [split(x), split(y)];
      return [b.add2(a[0], c[1]), b.mul(a[1], c[0])];
    },
  );
  const cut = ['fold-affine', 'cut-products'].reduce((g, name) => passOf(name).run(g, 'any'), given);
  const now = prune(passOf('share').run(cut, 'any'));
  expect(floats(prune(cut))).toBe(4);
  expect(floats(now)).toBe(2);
  expectSame(await computed(now, 'wasm'), await computed(given, 'cpu'));
});

test('convolutions of one weight, with other strides, paddings and sizes, on WASM, which packs it once for each', async () => {
  const given = handMade(
    [
      [1, 5, 5, 2],
      [1, 8, 7, 2],
    ],
    (b, [x, y]) => {
      const conv = (v: typeof x, stride: number, padding: string) =>
        b.op('Conv2D', [v, b.constant(kernel)], {
          strides: [1, stride, stride, 1],
          padding,
          dilations: [1, 1, 1, 1],
          data_format: 'NHWC',
        });
      const kernel = wave([3, 3, 2, 4]);
      return [conv(x, 1, 'SAME'), conv(x, 2, 'SAME'), conv(x, 1, 'VALID'), conv(y, 1, 'VALID'), conv(y, 2, 'SAME')];
    },
  );
  const now = passOf('share').run(given, 'any');
  expect(floats(prune(now))).toBe(1);
  expectSame(await computed(now, 'wasm'), await computed(given, 'cpu'));
});
